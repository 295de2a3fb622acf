#include "actors/models/piece_buffer.hpp"

#include "actors/core/utf8.hpp"

#include <utility>

namespace weir {

std::string piece_buffer::add(std::string_view text, time_point now) {
  waiting_ += text;
  if (last_sent_ && now - *last_sent_ < max_wait && waiting_.size() < enough_bytes) return {};
  return flush(now);
}

std::optional<piece_buffer::time_point> piece_buffer::due() const {
  if (!last_sent_ || utf8::whole_prefix(waiting_) == 0) return std::nullopt;
  return *last_sent_ + max_wait;
}

std::string piece_buffer::flush(time_point now) {
  auto ready = waiting_.substr(0, utf8::whole_prefix(waiting_));
  waiting_.erase(0, ready.size());
  if (!ready.empty()) last_sent_ = now;
  return ready;
}

std::string piece_buffer::drain() {
  auto rest = std::exchange(waiting_, {});
  auto whole = utf8::whole_prefix(rest);
  if (whole < rest.size()) rest.replace(whole, std::string::npos, "\xEF\xBF\xBD");
  return rest;
}

} // namespace weir
