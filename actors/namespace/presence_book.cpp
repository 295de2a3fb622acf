#include "actors/namespace/presence_book.hpp"

#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

namespace weir {

namespace {

constexpr const char* joined_type = "sys.presence.joined";
constexpr const char* left_type = "sys.presence.left";

} // namespace

std::optional<server_event> presence_book::join(const std::string& client_id, const std::string& meta,
                                                instant now) {
  auto [i, first] = clients_.try_emplace(client_id, present_client{client_id, now.wall_ms, 0, meta});
  ++i->second.connections;
  if (!first) return std::nullopt;
  if (!within_rate(now.now_ms)) return ++joined_, std::nullopt;
  auto data = R"({"client_id":)" + json_string(client_id) + R"(,"meta":)" + meta + R"(,"count":)"
              + std::to_string(count()) + "}";
  return server_event{joined_type, std::move(data)};
}

std::optional<server_event> presence_book::leave(const std::string& client_id, std::int64_t now_ms) {
  auto i = clients_.find(client_id);
  if (i == clients_.end() || --i->second.connections > 0) return std::nullopt;
  clients_.erase(i);
  if (!within_rate(now_ms)) return ++left_, std::nullopt;
  nlohmann::json data = {{"client_id", client_id}, {"count", count()}};
  return server_event{left_type, print_json(data)};
}

std::vector<server_event> presence_book::flush(std::int64_t now_ms) {
  std::vector<server_event> out;
  if (next_flush_ms() == 0 || now_ms < next_flush_ms()) return out;
  auto tell = [&](const char* type, const char* what, std::uint64_t& n) {
    if (n == 0) return;
    nlohmann::json data = {{what, n}, {"count", count()}};
    out.push_back({type, print_json(data)});
    n = 0;
  };
  tell(joined_type, "joined", joined_);
  tell(left_type, "left", left_);
  second_ms_ = now_ms;
  told_ = 0;
  return out;
}

/// Once something was counted, all is, until the second is over: so the order of what is told stays true.
bool presence_book::within_rate(std::int64_t now_ms) {
  if (joined_ + left_ > 0) return false;
  if (now_ms - second_ms_ >= 1000) {
    second_ms_ = now_ms;
    told_ = 0;
  }
  return told_++ < per_s_;
}

std::vector<present_client> presence_book::list(const presence_request& what, bool& more) const {
  std::vector<present_client> out;
  std::uint64_t bytes = 0;
  auto i = clients_.upper_bound(what.after);
  for (; i != clients_.end() && out.size() < what.limit; ++i) {
    bytes += i->second.size_bytes();
    if (what.max_bytes > 0 && bytes > what.max_bytes && !out.empty()) break;
    out.push_back(i->second);
  }
  more = i != clients_.end();
  return out;
}

} // namespace weir
