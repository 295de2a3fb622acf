#include "actors/store/redis/redis_log.hpp"

#include "actors/messages/log_filter.hpp"
#include "actors/store/event_ages.hpp"
#include "actors/store/store.hpp"

#include <algorithm>

namespace weir {

namespace {

// Where the write script puts the values of an event, among names.
enum field : std::size_t {
  client_id = 1,
  message_id = 3,
  type = 5,
  prev_event_id = 7,
  to = 9,
  ts_ms = 11,
  causal_gap = 13,
  hash = 15,
  data = 19,
};

std::uint64_t seq_of(const redis_value& entry) {
  auto id = entry.at(0).text();
  std::uint64_t out = 0;
  for (auto c : id.substr(0, id.find('-'))) out = out * 10 + static_cast<std::uint64_t>(c - '0');
  return out;
}

log_record record_of(const redis_value& entry) {
  auto fields = entry.at(1);
  auto x = std::make_shared<event>();
  x->seq = seq_of(entry);
  x->client_id = fields.at(client_id).text();
  x->message_id = fields.at(message_id).text();
  x->type = fields.at(type).text();
  x->prev_event_id = fields.at(prev_event_id).text();
  x->to = fields.at(to).text();
  x->ts_ms = fields.at(ts_ms).signed_number();
  x->set_stored_flags(static_cast<std::uint32_t>(fields.at(causal_gap).number()));
  x->data = fields.at(data).text();
  return {std::move(x), fields.at(hash).number()};
}

/// A read of a log that goes on chunk by chunk until one of its bounds is met.
class log_reader {
public:
  log_reader(const log_request& what) : what_(what), back_(what.before_seq > 0) {
    out_.read_to = back_ ? what.before_seq : what.after_seq;
  }

  bool more() const {
    return !at_end_ && scanned_ < store::max_scanned_events
           && !what_.has_enough(bytes_, store::max_read_bytes) && out_.records.size() < what_.limit;
  }

  /// The direction, where from and how many, as the script wants them.
  void add_to(redis_command& call) const {
    call.add(back_ ? "backward" : "forward").add(out_.read_to).add(chunk());
  }

  void take(const redis_value& reply) {
    out_.first_kept = reply.at(0).number();
    out_.head = reply.at(1).number();
    if (back_)
      out_.read_to = std::min(out_.read_to, out_.head + 1);
    else
      out_.read_to = std::max(out_.read_to, out_.first_kept - 1);
    auto entries = reply.at(2);
    at_end_ = entries.size() < chunk();
    for (std::size_t i = 0; i < entries.size() && bounds_left(); ++i) take_entry(entries.at(i));
  }

  log_read finish() {
    if (back_) std::reverse(out_.records.begin(), out_.records.end());
    return std::move(out_);
  }

private:
  bool bounds_left() const {
    return scanned_ < store::max_scanned_events && !what_.has_enough(bytes_, store::max_read_bytes)
           && out_.records.size() < what_.limit;
  }

  void take_entry(const redis_value& entry) {
    ++scanned_;
    auto x = record_of(entry);
    scanned_bytes_ += x.what->size_bytes();
    out_.read_to = x.what->seq;
    if (!wanted(what_, x.what->type, x.what->to)) return;
    bytes_ += x.what->size_bytes();
    out_.records.push_back(std::move(x));
  }

  /// As many as fit into what may be read, if they are as large as those so far.
  std::uint64_t chunk() const {
    auto left = store::max_scanned_events - scanned_;
    if (scanned_ == 0)
      return std::min(left, std::clamp<std::uint64_t>(what_.limit, 1, redis_log::first_chunk));
    auto mean = std::max<std::uint64_t>(scanned_bytes_ / scanned_, 1);
    return std::min(left, std::clamp<std::uint64_t>(store::max_read_bytes / mean, 1, redis_log::max_chunk));
  }

  const log_request& what_;
  bool back_;
  bool at_end_ = false;
  std::uint64_t scanned_ = 0, bytes_ = 0, scanned_bytes_ = 0;
  log_read out_;
};

} // namespace

log_state redis_log::state(const session& with, const std::string& ns) const {
  auto call = with.link.call(redis_script::read_state, 3);
  for (auto* part : {"state", "log", "ids"}) call.add(keys_.of(ns, part));
  auto reply = with.ask(call);
  auto x = reply.checked();
  log_state out;
  if (x.size() == 0) return out;
  out.epoch = x.at(0).text();
  out.first_kept = x.at(1).number();
  out.head = x.at(2).number();
  out.bytes = x.at(3).number() - x.at(4).number();
  if (x.at(6).text() != "1") {
    out.integrity = log_integrity::broken;
    out.why = "not all events between " + std::to_string(out.first_kept) + " and " + std::to_string(out.head)
              + " are there";
  } else if (auto life = x.at(5).text();
             !life.empty() && life != with.link.life() && !with.link.keeps_all()) {
    out.integrity = log_integrity::behind;
    out.why = "the server was started again or took over from another one, and may have lost events";
  }
  return out;
}

log_read redis_log::read(const session& with, const std::string& ns, const log_request& what) const {
  log_reader reader{what};
  do {
    auto call = with.link.call(redis_script::read_log, 2);
    call.add(keys_.of(ns, "state")).add(keys_.of(ns, "log"));
    reader.add_to(call);
    auto reply = with.ask(call);
    reader.take(reply.checked());
  } while (reader.more());
  return reader.finish();
}

std::optional<event_place> redis_log::find(const session& with, const std::string& ns,
                                           const std::string& event_id) const {
  auto call = with.link.call(redis_script::find_event, 3);
  call.add(keys_.of(ns, "state")).add(keys_.of(ns, "ids")).add(keys_.of(ns, "log")).add(event_id);
  auto reply = with.ask(call);
  auto x = reply.checked();
  if (x.is_nil()) return {};
  return event_place{x.at(0).number(), x.at(1).number()};
}

std::vector<event_mark> redis_log::newest_ids(const session& with, const std::string& ns, std::uint64_t limit,
                                              std::int64_t max_age_ms) const {
  auto log = state(with, ns);
  std::vector<event_mark> out; // newest first
  event_ages ages{max_age_ms};
  auto first = log.head + 1 - std::min(limit, log.count());
  auto end = log.head + 1;
  auto window = 1ULL; // most namespaces are done with the first answer
  for (auto more = true; more && end > first; window = marks_window) {
    std::vector<redis_reply> replies;
    for (std::uint64_t i = 0; i < window && end > first; ++i) {
      auto from = end - std::min(marks_at_once, end - first);
      auto call = with.link.call(redis_script::newest_ids, 1);
      call.add(keys_.of(ns, "log")).add(from).add(end - 1);
      with.connection.send(call);
      replies.emplace_back(nullptr);
      end = from;
    }
    for (auto& x : replies) x = with.connection.receive(with.deadline); // all, before one may throw
    for (auto& reply : replies) {
      auto x = reply.checked();
      for (auto i = x.size() / 4; more && i-- > 0;) {
        auto ts_ms = x.at(4 * i + 3).signed_number();
        more = ages.next(ts_ms).has_value();
        if (more)
          out.push_back(
              {std::string{x.at(4 * i).text()}, x.at(4 * i + 1).number(), x.at(4 * i + 2).number(), ts_ms});
      }
    }
  }
  std::reverse(out.begin(), out.end());
  return out;
}

} // namespace weir
