#include "actors/runs/run_viewers.hpp"

#include "actors/core/utf8.hpp"

#include <caf/event_based_actor.hpp>

#include <algorithm>

namespace weir {

void run_viewers::add(watcher who) {
  drop({who.relay, who.subscriber});
  if (who.stream) tell(who, 0, code_points_, text_);
  viewers_.push_back(std::move(who));
}

void run_viewers::drop(const drop_watcher& who) {
  std::erase_if(viewers_,
                [&who](const watcher& x) { return x.relay == who.relay && x.subscriber == who.subscriber; });
}

void run_viewers::append(const std::string& text) {
  auto at = code_points_;
  text_ += text;
  code_points_ += utf8::code_points(text);
  for (auto& who : viewers_)
    if (who.stream) tell(who, at, code_points_, text);
}

/// The part of a text from code point `at` up to `end` that this one has not had.
void run_viewers::tell(watcher& who, std::uint64_t at, std::uint64_t end, std::string_view text) {
  if (who.at >= end) return;
  if (who.at > at) text = utf8::after_code_points(text, who.at - at);
  run_update out;
  out.subscriber = who.subscriber;
  out.delta = {run_id_, std::max(who.at, at), std::string{text}};
  who.at = end;
  self_->send(who.relay, std::move(out));
}

} // namespace weir
