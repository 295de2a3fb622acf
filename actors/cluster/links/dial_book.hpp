#pragma once

#include "actors/core/backoff.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// Which addresses to dial, and when. Seeds are tried for ever, with back-off; an address that another node
/// told of is forgotten after `max_failures`. Of those at most `max_learned`; overflow policy: more are not
/// taken, their nodes dial themselves. Plain.
class dial_book {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t max_learned = 64;
  static constexpr std::uint32_t max_failures = 20;

  /// Of two nodes that hear of each other the one with the lower address dials at once and the other this
  /// much later, so that they do not meet half-way with two connections.
  static constexpr std::chrono::milliseconds courtesy{300};

  dial_book(std::string own, backoff retry, std::uint64_t seed)
    : own_(std::move(own)), retry_(retry), random_(seed) {}

  void add_seed(const std::string& address, time_point now);
  void learn(const std::string& address, time_point now);

  /// There is a member at this address: it is not dialled.
  void connected(const std::string& address, time_point now);
  void lost(const std::string& address, time_point now);

  /// Gives what is to be dialled now; each is then under way until `connected` or `failed`.
  std::vector<std::string> take_due(time_point now);
  void failed(const std::string& address, time_point now);

  /// Not yet: it is tried again soon, and counts neither as reached nor as failed.
  void busy(const std::string& address, time_point now);

  /// When to ask again; nothing: not before something changes.
  std::optional<time_point> next_due() const;

  /// Whether each seed has been reached or has failed once.
  bool is_settled() const;

private:
  struct entry {
    bool seed = false;
    bool connected = false;
    bool under_way = false;
    bool tried = false;
    std::uint32_t failures = 0;
    time_point due{};
  };

  entry& add(const std::string& address, time_point now);

  std::string own_;
  backoff retry_;
  jitter_source random_;
  std::map<std::string, entry> entries_;
};

} // namespace weir
