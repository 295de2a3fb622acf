#include "net/outbound.hpp"

#include "actors/core/utf8.hpp"
#include "net/wire/encode.hpp"

#include <algorithm>
#include <utility>

namespace weir {

void outbound::push(lane& to, frame_ptr frame) {
  to.bytes += frame->size();
  ++to.frames;
  to.queue.push(std::move(frame));
}

void outbound::control(frame_ptr frame) { push(control_, std::move(frame)); }

bool outbound::data(frame_ptr frame) {
  auto fits = data_.bytes + frame->size() <= max_bytes_ && data_.frames + 1 <= max_frames_;
  if (!fits && data_.frames > 0) return false;
  push(data_, std::move(frame));
  return true;
}

void outbound::marker(frame_ptr frame) { push(data_, std::move(frame)); }

outbound::delta_iterator outbound::find(const std::string& run_id) {
  return std::find_if(deltas_.begin(), deltas_.end(),
                      [&run_id](const waiting_delta& x) { return x.what.run_id == run_id; });
}

void outbound::delta(const run_delta& x) {
  auto end = x.at + utf8::code_points(x.text);
  auto waiting = find(x.run_id);
  if (waiting != deltas_.end() && waiting->end == x.at) {
    control_.bytes += x.text.size();
    waiting->what.text += x.text;
    waiting->end = end;
    return;
  }
  if (waiting != deltas_.end()) delta_to_control(waiting); // it does not go on there: keep the order
  control_.bytes += x.text.size();
  ++control_.frames;
  deltas_.push_back({x, end});
}

void outbound::result(const std::string& run_id, frame_ptr frame) {
  if (auto waiting = find(run_id); waiting != deltas_.end()) delta_to_control(waiting);
  push(control_, std::move(frame));
}

void outbound::delta_to_control(delta_iterator i) {
  auto x = std::move(i->what);
  deltas_.erase(i);
  control_.bytes -= x.text.size();
  --control_.frames;
  push(control_, wire::make_frame(wire::encode(x)));
}

void outbound::take_from(lane& from, std::vector<frame_ptr>& out) {
  while (!from.queue.empty() && control_.bytes_in_flight + data_.bytes_in_flight < max_gathered_bytes) {
    from.bytes_in_flight += from.queue.front()->size();
    ++from.frames_in_flight;
    out.push_back(from.queue.pop());
  }
}

void outbound::take(std::vector<frame_ptr>& out) {
  while (!deltas_.empty()) delta_to_control(deltas_.begin());
  deltas_ = {}; // with its memory
  take_from(control_, out);
  take_from(data_, out);
  writing_ = !out.empty();
}

void outbound::written(lane& x) {
  x.bytes -= std::exchange(x.bytes_in_flight, 0);
  x.frames -= std::exchange(x.frames_in_flight, 0);
}

void outbound::written() {
  writing_ = false;
  written(control_);
  written(data_);
}

} // namespace weir
