#include "actors/agents/state_keeper.hpp"

#include "actors/core/errors.hpp"
#include "actors/store/ask.hpp"

#include <caf/action.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <stdexcept>

namespace weir {

namespace {

constexpr std::uint32_t max_attempts = 6;
constexpr std::uint32_t max_updates = 10;     // against an earlier life of the agent; two suffice
constexpr std::uint64_t counted_at_once = 16; // with values of 64 KiB: 1 MiB

std::int64_t pause_ms(std::uint32_t attempt) { return 50LL << attempt; }

bool worth_trying_again(const refusal& no, std::uint32_t attempt) {
  return (no.status == code::unavailable || no.status == code::too_many) && attempt < max_attempts;
}

refusal full(const std::string& agent) {
  return {code::too_large,
          "too_large",
          "state: the agent " + agent + " has all the keys it may have",
          0,
          {},
          agent_state::max_keys,
          agent_state::max_keys};
}

} // namespace

state_keeper::state_keeper(caf::event_based_actor* self, config settings)
  : self_(self), settings_(std::move(settings)), prefix_("agent/" + settings_.agent + '/'),
    link_(self, settings_.store, settings_.keep) {
  settings_.store = {}; // the link has it
}

// -- what is asked

void state_keeper::get(const std::string& key, on_entry then) {
  in_order(key, [this, key, then] {
    read(get_key{settings_.ns, path(key)}, [this, key, then](store_answer& got) {
      next(key);
      if (auto* no = std::get_if<refusal>(&got.what)) return then({}, *no);
      then(std::get<std::optional<key_entry>>(got.what), {});
    });
  });
}

void state_keeper::put(const std::string& key, std::string value, std::int64_t ttl_ms, on_done then) {
  in_order(key, [this, key, value = std::move(value), ttl_ms, then] {
    write_new(key, put_of(key, value, ttl_ms), [this, key, then](const refusal& no) {
      next(key);
      then(no);
    });
  });
}

void state_keeper::update(const std::string& key, change by, std::int64_t ttl_ms, on_change then) {
  in_order(key, [this, key, by, ttl_ms, then] {
    auto done = [this, key, then](const std::string& value, const refusal& no) {
      next(key);
      then(value, no);
    };
    try_update(key, by, ttl_ms, done, 1);
  });
}

void state_keeper::erase(const std::string& key, on_done then) {
  in_order(key, [this, key, then] {
    write({key_delete{settings_.ns, path(key)}}, [this, key, then](const refusal& no) {
      if (keys_ && !no.refused()) keys_->erase(key);
      next(key);
      then(no);
    });
  });
}

// -- how it is done

void state_keeper::in_order(const std::string& key, std::function<void()> start) {
  if (waiting_ >= agent_state::max_waiting)
    throw std::length_error("state: too much under way for one agent");
  ++waiting_;
  auto& queue = queues_[key];
  queue.push_back(std::move(start));
  if (queue.size() == 1) queue.front()();
}

void state_keeper::next(const std::string& key) {
  auto i = queues_.find(key);
  --waiting_;
  i->second.pop_front();
  if (i->second.empty())
    queues_.erase(i);
  else
    i->second.front()();
}

void state_keeper::try_update(const std::string& key, change by, std::int64_t ttl_ms, on_change then,
                              std::uint32_t attempt) {
  read(get_key{settings_.ns, path(key)}, [=, this](store_answer& got) {
    if (auto* no = std::get_if<refusal>(&got.what)) return then({}, *no);
    auto& found = std::get<std::optional<key_entry>>(got.what);
    auto value = by(found);
    if (!value) return then({}, errors::cancelled("there is no new value"));
    auto what = put_of(key, std::move(*value), ttl_ms);
    what.expected_version = found ? found->version : 0;
    write_new(key, what, [=, this, value = what.value](const refusal& no) {
      if (no.status == code::conflict && attempt < max_updates)
        return try_update(key, by, ttl_ms, then, attempt + 1);
      then(value, no);
    });
  });
}

void state_keeper::write_new(const std::string& key, key_put what, committed then) {
  with_room_for(key, false, [this, key, what = std::move(what), then](const refusal& no) {
    if (no.refused()) return then(no);
    auto added = keys_->insert(key).second;
    on_their_way_.insert(key);
    write({what}, [this, key, added, then](const refusal& refused) {
      on_their_way_.erase(key);
      if (refused.refused() && added) keys_->erase(key); // if it is there all the same, it is counted again
      then(refused);
    });
  });
}

/// @param fresh whether the keys have just been counted: some may have expired since they last were.
void state_keeper::with_room_for(const std::string& key, bool fresh, committed then) {
  if (keys_ && (keys_->count(key) > 0 || keys_->size() < agent_state::max_keys)) return then({});
  if (fresh) return then(full(settings_.agent));
  count_keys({}, [this, key, then](const refusal& no) {
    if (no.refused()) return then(no);
    with_room_for(key, true, then);
  });
}

void state_keeper::count_keys(std::set<std::string> found, std::function<void(const refusal&)> then) {
  auto after = found.empty() ? std::string{} : path(*found.rbegin());
  read(scan_keys{settings_.ns, prefix_, after, counted_at_once},
       [this, found = std::move(found), then](store_answer& got) mutable {
         if (auto* no = std::get_if<refusal>(&got.what)) return then(*no);
         auto& page = std::get<std::vector<key_entry>>(got.what);
         for (auto& x : page) found.insert(x.key.substr(prefix_.size()));
         if (page.size() == counted_at_once) return count_keys(std::move(found), then);
         found.insert(on_their_way_.begin(), on_their_way_.end());
         keys_ = std::move(found);
         then({});
       });
}

void state_keeper::read(store_link::request what, answered then, std::uint32_t attempt) {
  auto done = [this, what, then, attempt](store_answer& got) {
    auto* no = std::get_if<refusal>(&got.what);
    if (no == nullptr || !worth_trying_again(*no, attempt)) return then(got);
    later(pause_ms(attempt), [this, what, then, attempt] { read(what, then, attempt + 1); });
  };
  store_answer at_once;
  if (!link_.exists())
    at_once = ask(*settings_.memory, {0, what}, now_ms());
  else if (auto no = link_.read(what, done); no.refused())
    at_once.what = std::move(no);
  else
    return;
  later(0, [done, at_once]() mutable { done(at_once); });
}

void state_keeper::write(store_write what, committed then, std::uint32_t attempt) {
  auto done = [this, what, then, attempt](const refusal& no) {
    if (!worth_trying_again(no, attempt)) return then(no);
    later(pause_ms(attempt), [this, what, then, attempt] { write(what, then, attempt + 1); });
  };
  refusal at_once;
  if (!link_.exists())
    at_once = settings_.memory->write({0, durability::none, {what}}, now_ms()).batches[0][0].no;
  else if (at_once = link_.write({what}, [done](const store_committed& x) { done(x.first_refusal()); });
           !at_once.refused())
    return;
  later(0, [done, at_once] { done(at_once); });
}

template <class F>
void state_keeper::later(std::int64_t ms, F what) {
  auto guarded = [alive = alive_, what = std::move(what)]() mutable {
    if (*alive) what();
  };
  if (ms == 0)
    self_->send(self_, caf::make_action(std::move(guarded)));
  else
    self_->run_delayed(std::chrono::milliseconds{ms}, std::move(guarded));
}

/// What is in the memory of this process only needs no wall clock.
std::int64_t state_keeper::now_ms() const {
  if (link_.exists()) return settings_.expiry_clock_ms();
  auto since = self_->clock().now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

key_put state_keeper::put_of(const std::string& key, std::string value, std::int64_t ttl_ms) const {
  auto expires_ms = ttl_ms > 0 ? now_ms() + ttl_ms : 0;
  return {settings_.ns, path(key), std::move(value), expires_ms, {}};
}

} // namespace weir
