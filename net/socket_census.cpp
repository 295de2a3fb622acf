#include "net/socket_census.hpp"

#include <cassert>

namespace weir {

namespace {

constexpr auto sweep_every = std::chrono::seconds{1};

} // namespace

refusal socket_census::enter(const std::string& address, time_point now) {
  std::lock_guard guard{lock_};
  if (most_.max_of_node > 0 && sockets_ >= most_.max_of_node)
    return {code::unavailable, "unavailable", "too many sockets", 1000, "node", sockets_, most_.max_of_node};
  if (now - swept_ >= sweep_every) forget_old(now);
  auto rate = most_.per_s_of_address;
  auto i = entries_.try_emplace(address, entry{0, token_bucket{rate, rate, now}}).first;
  auto& x = i->second;
  if (most_.max_of_address > 0 && x.sockets >= most_.max_of_address)
    return {code::too_many,
            "quota",
            "this address has all the connections it may have",
            5000,
            "address",
            x.sockets,
            most_.max_of_address};
  if (rate > 0)
    if (auto retry_after_ms = x.rate.take(now); retry_after_ms > 0)
      return {code::too_many,
              "rate",
              "too many connections of this address in a second",
              retry_after_ms,
              "address",
              x.rate.used(),
              rate};
  ++x.sockets;
  ++sockets_;
  return {};
}

void socket_census::leave(const std::string& address) {
  std::lock_guard guard{lock_};
  auto i = entries_.find(address);
  assert(i != entries_.end() && i->second.sockets > 0 && sockets_ > 0);
  --sockets_;
  // While its rate counts, an address is remembered until a sweep: a bucket that is made anew is full.
  if (--i->second.sockets == 0 && most_.per_s_of_address == 0) entries_.erase(i);
}

std::uint64_t socket_census::sockets() const {
  std::lock_guard guard{lock_};
  return sockets_;
}

std::size_t socket_census::addresses() const {
  std::lock_guard guard{lock_};
  return entries_.size();
}

/// Those without sockets whose bucket is full again: nothing is known of them that matters.
void socket_census::forget_old(time_point now) {
  swept_ = now;
  std::erase_if(entries_,
                [now](const auto& x) { return x.second.sockets == 0 && x.second.rate.is_full(now); });
}

} // namespace weir
