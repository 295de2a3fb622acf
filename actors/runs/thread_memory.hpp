#pragma once

#include "actors/messages/models.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <vector>

namespace weir {

/// The earlier questions and answers of a thread, oldest first; always whole pairs.
using conversation = std::vector<chat_message>;

/// What a conversation is as the value of a key: JSON text; and back. What is not one is an empty one.
std::string encode_conversation(const conversation& x);
conversation decode_conversation(const std::string& text);

/// Adds a question and its answer, then drops the oldest pairs until it keeps to both bounds. A pair that is
/// larger than `max_bytes` is not remembered, nor is what came before it.
void remember(conversation& x, std::string question, std::string answer, std::size_t max_messages,
              std::size_t max_bytes);

/// The conversations that were used last, by key. Where a store has them too it is a cache; without one,
/// what is dropped here is forgotten.
///
/// Bounded by `max_threads` and `max_bytes`; overflow policy: the one that was used longest ago is dropped,
/// and counted. One that has not been used for `ttl_ms` is not there any more.
class thread_memory {
public:
  thread_memory(std::size_t max_threads, std::size_t max_bytes, std::int64_t ttl_ms)
    : max_threads_(max_threads), max_bytes_(max_bytes), ttl_ms_(ttl_ms) {}

  /// @returns null: it is not here. Good until the next `put`.
  const conversation* find(const std::string& key, std::int64_t now_ms);

  void put(const std::string& key, conversation x, std::int64_t now_ms);

  std::size_t size() const noexcept { return entries_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }
  std::uint64_t dropped() const noexcept { return dropped_; }

private:
  struct entry {
    conversation what;
    std::size_t bytes = 0;
    std::int64_t used_ms = 0;
    std::list<std::string>::iterator place;
  };

  void erase(std::map<std::string, entry>::iterator i);

  std::size_t max_threads_;
  std::size_t max_bytes_;
  std::int64_t ttl_ms_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::map<std::string, entry> entries_;
  std::list<std::string> order_; // used last at the end
};

} // namespace weir
