#include "actors/namespace/sequencer.hpp"

#include "actors/namespace/content_hash.hpp"

#include <nlohmann/json.hpp>

namespace weir {

std::string call_event_type(const std::string& target) { return "sys.call." + target; }

std::string call_event_data(const call_request& what) {
  // The input is JSON text already: spliced in, not parsed again.
  return R"({"target":)" + nlohmann::json(what.target).dump() + R"(,"timeout_ms":)"
         + std::to_string(what.timeout_ms) + R"(,"input":)" + what.input + "}";
}

sequencer::sequencer(const limits& bounds, std::string epoch, event_encoder encode)
  : log_({bounds.log_events, bounds.log_bytes, bounds.log_age_ms}),
    window_(bounds.dedupe_ids, bounds.dedupe_ms), epoch_(std::move(epoch)), encode_(encode) {}

answer sequencer::publish(const publish_request& what, std::int64_t now_ms) {
  event x;
  x.type = what.type;
  x.client_id = what.client_id;
  x.message_id = what.message_id;
  x.prev_event_id = what.prev_event_id;
  x.to = what.to;
  x.ts_ms = now_ms;
  x.data = what.data;
  if (!what.ephemeral) return accept(std::move(x));
  auto shared = std::make_shared<const event>(std::move(x));
  fresh_.push_back({shared, encode_ ? encode_(*shared) : nullptr});
  return {};
}

answer sequencer::call(const call_request& what, std::int64_t now_ms) {
  event x;
  x.type = call_event_type(what.target);
  x.client_id = what.client_id;
  x.message_id = what.message_id;
  x.ts_ms = now_ms;
  x.data = call_event_data(what);
  return accept(std::move(x));
}

std::uint64_t sequencer::announce(const server_event& what, std::int64_t now_ms) {
  event x;
  x.type = what.type;
  x.client_id = "sys";
  x.message_id = epoch_ + '.' + std::to_string(++announced_);
  x.ts_ms = now_ms;
  x.data = what.data;
  append(std::move(x));
  return log_.head();
}

answer sequencer::accept(event x) {
  answer out;
  auto hash = content_hash(x);
  auto id = x.event_id();
  if (auto* seen = window_.find(id, x.ts_ms)) {
    if (seen->content_hash != hash) {
      out.no = {code::conflict, "conflict", id + " was accepted before with other content", 0, {}, 0, 0};
      return out;
    }
    out.seq = seen->seq;
    out.duplicate = true;
    return out;
  }
  out.seq = log_.head() + 1;
  window_.add(std::move(id), {out.seq, hash}, x.ts_ms);
  append(std::move(x));
  return out;
}

void sequencer::append(event x) {
  x.seq = log_.head() + 1;
  auto shared = std::make_shared<const event>(std::move(x));
  delivery out{shared, encode_ ? encode_(*shared) : nullptr};
  log_.append(out);
  fresh_.push_back(std::move(out));
}

} // namespace weir
