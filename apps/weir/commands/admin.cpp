#include "apps/weir/commands/admin.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/secret_source.hpp"
#include "actors/core/url.hpp"
#include "apps/weir/app.hpp"
#include "apps/weir/commands/find_token.hpp"
#include "apps/weir/commands/protocol.hpp"
#include "apps/weir/commands/terminal.hpp"
#include "apps/weir/config/rules.hpp"
#include "net/client/http_client.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>

namespace weir {

namespace {

using nlohmann::json;

constexpr const char* root = "/v1/admin/namespaces";

/// Prints what the node says: each item of a list on a line of its own.
int print(const http_answer& got) {
  auto what = json::parse(got.body, nullptr, false);
  if (got.status != 200 || what.is_discarded()) {
    std::cerr << "weir: " << got.status << ": " << printable(got.body);
    return exit_refused;
  }
  if (!what.is_array()) what = json::array({what});
  for (auto& x : what) print_line(printable_json(print_json(x)));
  return exit_done;
}

/// The token that the caller has, else, for calls that change something, the one that the node has made,
/// where it is on this machine.
std::string token_for(const admin_options& at, const std::string& method) {
  auto given = read(secret_source{at.token_env, at.token_file});
  if (!given.wrong.empty()) throw std::runtime_error(given.wrong);
  if (given.value || method == "GET") return given.value.value_or("");
  auto parsed = parse_server_url(at.url, {"http", "https"});
  auto* where = std::get_if<server_url>(&parsed);
  auto is_here = where != nullptr && (where->at.host == "localhost" || is_loopback(where->at.host));
  return is_here ? find_admin_token(where->at.port.value_or(where->scheme == "https" ? 443 : 80))
                 : std::string{};
}

http_answer fetch(const admin_options& at, const std::string& method, const std::string& path,
                  const std::string& body = {}) {
  http_answer got;
  until_listening([&] {
    got = http_fetch(at.url, method, path, body, token_for(at, method),
                     std::chrono::milliseconds{at.timeout_ms});
  });
  return got;
}

int ask(const admin_options& at, const std::string& method, const std::string& path,
        const std::string& body = {}) {
  return print(fetch(at, method, path, body));
}

} // namespace

int namespaces_command(const admin_options& at) { return ask(at, "GET", root); }

int namespace_delete_command(const admin_options& at, const std::string& ns) {
  return ask(at, "DELETE", root + ('/' + ns));
}

int namespace_export_command(const admin_options& at, const std::string& ns) {
  try {
    for (std::uint64_t after = 0;;) {
      auto got =
          fetch(at, "GET", root + ('/' + ns) + "/events?limit=1000&after_seq=" + std::to_string(after));
      auto part = json::parse(got.body, nullptr, false);
      if (got.status != 200 || !part.is_object()) return print(got);
      for (auto& x : part.value("events", json::array())) std::cout << print_json(x) << '\n';
      auto read_to = part.value("read_to", after);
      if (read_to >= part.value("head", read_to) || read_to == after) break;
      after = read_to;
    }
  } catch (const std::exception& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return exit_refused;
  }
  std::cout << std::flush;
  return std::cout ? 0 : exit_refused;
}

int backup_command(const admin_options& at, const std::string& file) {
  namespace fs = std::filesystem;
  try {
    if (fs::exists(file)) throw std::runtime_error(file + " is there already");
    auto got = fetch(at, "POST", "/v1/admin/backup", "{}");
    auto made = json::parse(got.body, nullptr, false);
    if (got.status != 200 || !made.is_object() || !made.contains("file")) return print(got);
    auto from = fs::path{made["file"].get<std::string>()};
    std::error_code other_disk;
    fs::rename(from, file, other_disk);
    if (other_disk) {
      fs::copy_file(from, file);
      fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
      fs::remove(from);
    }
    std::cout << print_json(json{{"file", file}, {"bytes", fs::file_size(file)}}) << std::endl;
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "weir: " << error.what() << '\n';
    return exit_refused;
  }
}

int nodes_command(const admin_options& at) { return ask(at, "GET", "/v1/admin/nodes"); }

int dead_command(const admin_options& at, const std::string& ns, std::uint32_t limit,
                 const std::string& retry) {
  auto path = root + ('/' + ns) + "/dead";
  if (retry.empty()) return ask(at, "GET", path + "?limit=" + std::to_string(limit));
  json body = {{"event_id", retry}};
  return ask(at, "POST", path + "/retry", print_json(body));
}

int drain_command(const admin_options& at, const std::string& node) {
  auto body = node.empty() ? std::string{} : print_json(json{{"node", node}});
  return ask(at, "POST", "/v1/admin/drain", body);
}

int agents_command(const admin_options& at, const std::string& ns) {
  return ask(at, "GET", "/v1/admin/agents" + (ns.empty() ? "" : "?namespace=" + ns));
}

int restart_agent_command(const admin_options& at, const std::string& ns, const std::string& agent) {
  json body = {{"agent", agent}};
  if (!ns.empty()) body["namespace"] = ns;
  return ask(at, "POST", "/v1/admin/agents/restart", print_json(body));
}

int runs_command(const admin_options& at, const std::string& ns, std::uint32_t limit) {
  return ask(at, "GET", root + ('/' + ns) + "/runs?limit=" + std::to_string(limit));
}

int reload_command(const admin_options& at) { return ask(at, "POST", "/v1/admin/reload"); }

} // namespace weir
