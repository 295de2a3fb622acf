#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace weir {

/// Which of the nodes that have a pool is asked next, and what is on its way to each of them. Plain.
///
/// A request goes to the first node in the rank of its key (rendezvous hashing) that has not been asked for
/// it and has room; to one that is silent, because it has not read what was sent to it for a while, only
/// when there is no other.
///
/// Bounded for each node, see `bounds`. A request takes a place until it is over *and* the node has read it:
/// one that was given up still lies in memory before a node that reads nothing. Overflow policy: the next
/// node in rank; when none has room `verdict::full`.
class remote_links {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct bounds {
    std::uint64_t unanswered = 1024;                 ///< Requests at one node.
    std::uint64_t unread_bytes = 8ULL * 1024 * 1024; ///< Of requests that one node has not read yet; a single
                                                     ///< one may be larger.
    std::chrono::milliseconds silence{1000}; ///< A node that has a request for so long and has not read it.
  };

  /// Why nobody can be asked.
  enum class verdict {
    no_node,   ///< There are none, or none but such as retire.
    all_asked, ///< Each has been asked already.
    full,      ///< Those that have not been asked have no room.
  };

  explicit remote_links(bounds limits) : limits_(limits) {}

  void add(const std::string& node) { nodes_.try_emplace(node); }

  /// It ends what it has been asked for, and is asked for nothing more.
  void retire(const std::string& node) { nodes_.at(node).retiring = true; }

  /// It is gone, and with it all that was on its way to it.
  void remove(const std::string& node);

  std::variant<std::string, verdict> choose(std::string_view key, std::uint64_t bytes,
                                            const std::vector<std::string>& asked, time_point now) const;

  /// As above, but nobody who is silent.
  std::optional<std::string> choose_awake(std::string_view key, std::uint64_t bytes,
                                          const std::vector<std::string>& asked, time_point now) const;

  /// @param number larger than that of every request before.
  void on_sent(const std::string& node, std::uint64_t number, std::uint64_t bytes, time_point now);

  /// The node has said something of this request, so it has read it.
  void on_word(std::uint64_t number);

  /// The request is answered, or was given up.
  void on_over(std::uint64_t number);

  /// The requests that nodes have had for so long that these count as silent.
  std::vector<std::uint64_t> unread_too_long(time_point now) const;
  bool has_unread() const noexcept { return unread_bytes_ > 0; }

  std::size_t nodes() const noexcept { return nodes_.size(); }
  std::uint64_t unanswered() const noexcept { return requests_.size(); } ///< At all nodes.
  std::uint64_t unread_bytes() const noexcept { return unread_bytes_; }  ///< As above.
  const bounds& limits() const noexcept { return limits_; }

private:
  struct request {
    std::string node;
    std::uint64_t bytes;
    time_point since;
    bool read = false;
    bool over = false;
  };

  struct node {
    bool retiring = false;
    std::uint64_t unanswered = 0;
    std::uint64_t unread_bytes = 0;
    std::set<std::uint64_t> unread; // numbers, and so in the order of time
  };

  bool has_room(const node& x, std::uint64_t bytes) const;
  bool is_silent(const node& x, time_point now) const;
  void forget_if_done(std::uint64_t number);

  bounds limits_;
  std::map<std::string, node, std::less<>> nodes_;
  std::unordered_map<std::uint64_t, request> requests_;
  std::uint64_t unread_bytes_ = 0;
};

} // namespace weir
