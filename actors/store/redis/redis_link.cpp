#include "actors/store/redis/redis_link.hpp"

#include <spdlog/spdlog.h>

#include <charconv>
#include <random>
#include <utility>

namespace weir {

namespace {

/// The value of a line `name:value` of what INFO says.
std::string_view info_line(std::string_view info, std::string_view name) {
  for (std::size_t at = 0; (at = info.find(name, at)) != std::string_view::npos; ++at) {
    auto colon = at + name.size();
    if ((at > 0 && info[at - 1] != '\n') || colon >= info.size() || info[colon] != ':') continue;
    auto value = info.substr(colon + 1);
    return value.substr(0, value.find_first_of("\r\n"));
  }
  return {};
}

/// The first two numbers of a version, as one.
unsigned version_number(std::string_view text) {
  unsigned major = 0, minor = 0;
  auto end = text.data() + text.size();
  auto [at, failed] = std::from_chars(text.data(), end, major);
  if (failed == std::errc{} && at != end) std::from_chars(at + 1, end, minor);
  return major * 100 + minor;
}

/// What CONFIG GET said, if it is allowed.
std::string_view setting_of(const redis_reply& reply) {
  auto x = reply.value();
  return x.size() == 2 ? x.at(1).text() : std::string_view{};
}

[[noreturn]] void unfit(std::string why) { throw redis_error{std::move(why), "other"}; }

} // namespace

redis_link::redis_link(redis_address to, backoff retry)
  : to_(std::move(to)), retry_(retry), jitter_(std::random_device{}()) {}

redis_connection& redis_link::connected(clock::time_point deadline) {
  if (std::exchange(unfit_, false)) drop();
  if (connection_) return *connection_;
  if (clock::now() < next_attempt_) throw redis_error{"no connection; it is tried again soon", "lost"};
  try {
    redis_connection made{to_, deadline};
    greet(made, deadline);
    if (attempts_ > 0) spdlog::info("redis at {}:{} is there again", to_.host, to_.port);
    attempts_ = 0;
    return connection_.emplace(std::move(made));
  } catch (const redis_error& error) {
    if (attempts_ == 0) spdlog::warn("redis at {}:{}: {}", to_.host, to_.port, error.message);
    next_attempt_ = clock::now() + retry_.delay(attempts_++, jitter_.next());
    throw;
  }
}

/// Says who we are, and looks at what the server is.
void redis_link::greet(redis_connection& with, clock::time_point deadline) {
  if (!to_.password.empty()) {
    redis_command auth{"AUTH"};
    if (!to_.user.empty()) auth.add(to_.user);
    with.ask(auth.add(to_.password), deadline).checked();
  }
  with.ask(redis_command{"SELECT", std::uint64_t{to_.database}}, deadline).checked();
  look(with, deadline);
  load_into(with, deadline);
}

void redis_link::look(redis_connection& with, clock::time_point deadline) {
  with.send(redis_command{"INFO"});
  with.send(redis_command{"CONFIG", "GET", "appendonly"});
  with.send(redis_command{"CONFIG", "GET", "appendfsync"});
  auto info = with.receive(deadline);
  auto appends = with.receive(deadline), syncs = with.receive(deadline);
  auto said = info.checked().text();
  check_server(said);
  syncs_first_ = setting_of(appends) == "yes" && setting_of(syncs) == "always";
  life_ = info_line(said, "master_replid");
  auto before = info_line(said, "master_replid2");
  took_over_ = before.find_first_not_of('0') != std::string_view::npos;
}

void redis_link::look_again(clock::time_point deadline) {
  auto& with = connected(deadline);
  try {
    look(with, deadline);
  } catch (const redis_error&) {
    drop();
    throw;
  }
}

void redis_link::check_server(std::string_view info) const {
  auto version = info_line(info, "redis_version");
  if (version_number(version) < 602)
    unfit("the server's version " + std::string{version} + " is too old: it must be 6.2 or newer");
  if (info_line(info, "cluster_enabled") == "1")
    unfit("the server is a node of a Redis Cluster, which this version cannot follow");
  if (info_line(info, "role") == "slave") unfit("the server is a replica; the store must be at the primary");
  auto policy = info_line(info, "maxmemory_policy");
  if (policy.substr(0, 7) == "allkeys" && info_line(info, "maxmemory") != "0")
    unfit("the server's maxmemory-policy " + std::string{policy}
          + " throws away what is kept: it must be noeviction");
}

redis_command redis_link::call(redis_script what, std::size_t keys) const {
  return redis_command{"EVALSHA", hashes_[static_cast<std::size_t>(what)], std::uint64_t{keys}};
}

void redis_link::load_scripts(clock::time_point deadline) { load_into(connected(deadline), deadline); }

void redis_link::load_into(redis_connection& with, clock::time_point deadline) {
  for (int i = 0; i < redis_script_count; ++i)
    with.send(redis_command{"SCRIPT", "LOAD", text_of(static_cast<redis_script>(i))});
  for (auto& hash : hashes_) hash = with.receive(deadline).checked().text();
}

} // namespace weir
