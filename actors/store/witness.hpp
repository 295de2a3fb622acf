#pragma once

#include "actors/messages/store_types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace weir {

/// Remembers of each log how far its writers were told that it goes, apart from the store that holds it: what
/// a store has lost is noticed by this (`witnessed_store`).
///
/// With a path it is a file of lines, each with a checksum. `flush` hands lines to the operating system
/// before anybody is told of the writes, so they survive `kill -9`. `sync` makes those of `durability::power`
/// survive a power cut: it is called once a second, so such a cut can take the witness of the last second.
/// What was written at a lower durability nobody can vouch for after the machine has stopped: such logs are
/// `suspect`.
///
/// Lines that cannot be read are skipped: then less is known. The file is written anew when most of it is out
/// of date, or when it could not be written to before. Without a path nothing outlives this.
///
/// Bounded by `max_logs`; overflow policy: further logs are not witnessed, and counted.
class witness {
public:
  static constexpr std::size_t max_logs = 200'000;
  static constexpr std::uint64_t min_rewrite_bytes = 4 * 1024 * 1024; ///< A smaller file is left as it is.

  struct entry {
    std::string epoch{};
    std::uint64_t head = 0;
    bool synced = false;  ///< The last write was at `durability::power`.
    bool suspect = false; ///< The machine stopped after it was written, and it was not synced.
  };

  witness() = default;

  /// Opens or creates the file. What is wrong with it is logged, and then this is kept in memory only.
  /// @param machine_life names the time since the machine was started; empty: the system's own.
  explicit witness(std::string path, std::string machine_life = {});

  struct look_only {};

  /// What a file says, and nothing is written.
  witness(const std::string& path, look_only);

  ~witness();

  witness(const witness&) = delete;
  witness& operator=(const witness&) = delete;

  /// What is known of a log, or null.
  const entry* find(const std::string& ns) const;

  /// The log is at `head`, and somebody is about to be told.
  void note(const std::string& ns, const std::string& epoch, std::uint64_t head, bool synced);

  /// The log is no more, and nobody is to know of it.
  void forget(const std::string& ns);

  /// Hands what was noted to the operating system.
  void flush();

  /// Makes what was noted of `durability::power` survive a power cut. To be called once a second.
  void sync();

  std::size_t size() const noexcept { return entries_.size(); }
  std::uint64_t not_witnessed() const noexcept { return not_witnessed_; }

private:
  struct numbered : entry {
    std::uint64_t number = 0; // in the file
  };

  void read_file(const std::string& path);
  void read(const std::string& text);
  void take_line(std::string_view line);
  void take_life(const std::string& life);
  void rewrite();
  void add_name(const std::string& ns, const numbered& x);
  void add_head(const numbered& x);
  void add_line(std::string body);
  void give_up(const char* what);

  std::string path_;
  std::string life_;
  int file_ = -1;
  std::string waiting_; // lines that the operating system does not have yet
  std::uint64_t file_bytes_ = 0;
  std::uint64_t next_number_ = 1;
  std::uint64_t not_witnessed_ = 0;
  bool unsynced_ = false;
  bool lost_ = false;          // the file could not be written; tried again by `sync`
  bool ended_in_order_ = true; // while reading: the last life of the file
  std::string life_read_;      // while reading
  std::unordered_map<std::string, numbered> entries_;
  std::unordered_map<std::uint64_t, std::string> names_; // while reading: by number
};

} // namespace weir
