#include "apps/weir/config/start_checks.hpp"

#include "apps/weir/config/auth_setup.hpp"
#include "apps/weir/config/tls_schema.hpp"
#include "net/kept_secret.hpp"
#include "net/openai/openai_backend.hpp"

#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <unistd.h>

namespace weir {

namespace {

namespace fs = std::filesystem;

class checks {
public:
  explicit checks(const node_config& cfg) : cfg_(cfg) {}

  std::vector<std::string> all() {
    check_data_dir();
    check_file("admin.token_file", cfg_.admin.token);
    check_kept_token();
    if (cfg_.store.kind == "redis") check_file("store.password_file", cfg_.store.password);
    check_session();
    check_cluster();
    check_listeners();
    if (cfg_.has_role("models"))
      for (auto& x : cfg_.models) check_model(x);
    return std::move(found_);
  }

private:
  void add(const std::string& path, const std::string& what) {
    if (!what.empty()) found_.push_back(path + ": " + what);
  }

  void check_file(const std::string& path, const secret_source& where) {
    if (!where.file.empty()) add(path, read(where).wrong);
  }

  void check_kept_token() {
    try {
      if (!has_secret(cfg_.admin.token))
        read_kept_secret((fs::path{cfg_.node.data_dir} / "admin.token").string());
    } catch (const std::runtime_error& error) {
      add("node.data_dir", error.what());
    }
  }

  /// The folder, or the one in which it is to be made.
  void check_data_dir() {
    std::error_code wrong;
    auto at = fs::absolute(cfg_.node.data_dir, wrong).lexically_normal();
    while (!wrong && !fs::exists(at, wrong) && at.has_relative_path()) at = at.parent_path();
    if (wrong) return add("node.data_dir", at.string() + ": " + wrong.message());
    if (!fs::is_directory(at, wrong)) return add("node.data_dir", at.string() + " is not a folder");
    if (::access(at.c_str(), W_OK | X_OK) != 0) add("node.data_dir", at.string() + " cannot be written");
  }

  void check_session() {
    add(cfg_.session.secrets.empty() ? "session" : "session.secrets",
        check_session_secrets(session_secrets_of(cfg_)));
  }

  void check_cluster() {
    if (!cfg_.is_clustered()) return;
    if (cfg_.session.secrets.empty() && !has_secret(cfg_.session.secret)
        && read(cfg_.session.secret).wrong.empty())
      add("session.secret_env",
          cfg_.session.secret.env
              + " is not set: the nodes of a cluster need one secret, so that each takes the "
                "others' sessions");
    if (!cfg_.cluster.tls.is_set()) return;
    auto loaded = load_tls_credentials(cfg_.cluster.tls);
    if (auto* wrong = std::get_if<std::string>(&loaded)) found_.push_back("cluster.tls." + *wrong);
  }

  void check_listeners() {
    auto authentication = load_authentication(cfg_);
    if (auto* wrong = std::get_if<std::string>(&authentication)) found_.push_back(*wrong);
    for (auto& wrong :
         {check_tls_files("listen.tls", cfg_.listen.tls), check_tls_files("admin.tls", cfg_.admin.tls)})
      if (!wrong.empty()) found_.push_back(wrong);
  }

  void check_model(const model_config& x) {
    auto* server = std::get_if<openai_config>(&x.backend);
    if (server == nullptr) return;
    if (auto no = check_openai_config(*server); no.refused())
      found_.push_back("models." + x.name + '.' + no.message);
  }

  const node_config& cfg_;
  std::vector<std::string> found_;
};

} // namespace

std::vector<std::string> check_start(const node_config& cfg) { return checks{cfg}.all(); }

session_secret_sources session_secrets_of(const node_config& cfg) {
  return {cfg.session.secrets, cfg.session.secret, cfg.node.data_dir};
}

} // namespace weir
