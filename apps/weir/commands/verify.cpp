#include "apps/weir/commands/verify.hpp"

#include "actors/store/redis/verify_redis.hpp"
#include "actors/store/sqlite/verify_sqlite.hpp"
#include "apps/weir/app.hpp"
#include "apps/weir/config/load.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>

namespace weir {

namespace {

using findings = std::variant<store_findings, refusal>;

/// Nothing: the URL is wrong, which is said.
std::optional<findings> look_at_redis(const std::string& url, const char* password) {
  auto address = parse_redis_url(url);
  if (auto* wrong = std::get_if<std::string>(&address)) {
    std::cerr << "weir verify: " << *wrong << '\n';
    return std::nullopt;
  }
  redis_config cfg;
  cfg.server = std::get<redis_address>(address);
  if (password != nullptr) cfg.server.password = password;
  return verify_redis_store(cfg);
}

findings look_at_file(const std::filesystem::path& where) {
  std::error_code ignored;
  auto file = std::filesystem::is_directory(where, ignored) ? where / "weir.db" : where;
  return verify_sqlite_store(file.string());
}

std::optional<findings> look_at_configured(const config_options& options) {
  auto any_kind = [&](const node_config&) { return known_kinds{*options.agents, false}; };
  auto loaded = load_config(options.file, options.sets, any_kind);
  if (auto* wrong = std::get_if<config_errors>(&loaded)) {
    for (auto& line : wrong->lines) std::cerr << line << '\n';
    return std::nullopt;
  }
  auto& cfg = std::get<node_config>(loaded);
  if (cfg.store.kind == "redis") {
    auto password = read(cfg.store.password);
    if (!password.wrong.empty()) {
      std::cerr << "weir verify: store.password_file: " << password.wrong << '\n';
      return std::nullopt;
    }
    return look_at_redis(cfg.store.url, password.value ? password.value->c_str() : nullptr);
  }
  return look_at_file(cfg.node.data_dir);
}

int print(const findings& found) {
  if (auto* no = std::get_if<refusal>(&found)) {
    std::cerr << "weir verify: " << no->message << '\n';
    return exit_refused;
  }
  auto& x = std::get<store_findings>(found);
  for (auto& line : x.notes) std::cout << "note: " << line << '\n';
  for (auto& line : x.problems) std::cout << "problem: " << line << '\n';
  std::cout << x.logs << " logs, " << x.events << " events, " << x.keys << " keys: " << x.problem_count
            << (x.problem_count == 1 ? " problem\n" : " problems\n");
  return x.problem_count == 0 ? exit_done : exit_refused;
}

} // namespace

int verify_command(const config_options& options, const std::string& where) {
  auto is_redis = where.compare(0, 8, "redis://") == 0;
  auto found = where.empty() ? look_at_configured(options)
               : is_redis    ? look_at_redis(where, std::getenv("WEIR_STORE_PASSWORD"))
                             : std::optional<findings>{look_at_file(where)};
  return found ? print(*found) : exit_usage;
}

} // namespace weir
