#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Where in a log the events of each type are, so that a reader of a few types need not look at the events of
/// all others: a thousand clients that come back would each look at all that they have missed. Bounded by
/// its log: 8 bytes for each event, and an entry for each type that it holds.
class type_index {
public:
  /// The newest event is of this type.
  void add(const std::string& type, std::uint64_t seq);

  /// The oldest event, of this type, is gone.
  void drop_oldest(const std::string& type);

  /// The places of each type that one of the patterns matches; nothing when there are more than `max` types.
  /// Good until the next change.
  std::optional<std::vector<std::span<const std::uint64_t>>> find(const std::vector<std::string>& patterns,
                                                                  std::size_t max) const;

  /// Types of which there is an event.
  std::size_t types() const noexcept { return by_type_.size(); }

private:
  /// Seqs in ascending order; those before `first` are gone.
  struct places {
    std::vector<std::uint64_t> seqs;
    std::size_t first = 0;

    std::span<const std::uint64_t> all() const noexcept { return std::span{seqs}.subspan(first); }
  };

  std::map<std::string, places, std::less<>> by_type_;
};

} // namespace weir
