#pragma once

#include "actors/store/redis/redis_url.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct redisContext;
struct redisReply;

namespace weir {

/// What went wrong between us and a Redis. Thrown inside the Redis store only, whose public functions turn it
/// into a refusal.
struct redis_error {
  std::string message;
  /// A word for metrics: `lost` (the connection), `full`, `locked`, `corrupt`, `io` or `other`.
  const char* cause = "other";
};

/// A command in Redis' own format, put together an argument at a time.
class redis_command {
public:
  redis_command() = default;
  template <class... Ts>
  explicit redis_command(const Ts&... xs) {
    (add(xs), ...);
  }

  redis_command& add(std::string_view x);
  redis_command& add(std::uint64_t x) { return add(std::to_string(x)); }
  redis_command& add(std::int64_t x) { return add(std::to_string(x)); }
  redis_command& add(const char* x) { return add(std::string_view{x}); }

  std::string bytes() const;

private:
  std::size_t count_ = 0;
  std::string body_;
};

/// A reply, or a part of one that lives as long as the whole.
class redis_value {
public:
  explicit redis_value(const redisReply* x) noexcept : x_(x) {}

  bool is_nil() const noexcept;
  bool is_array() const noexcept;
  bool is_error() const noexcept;
  std::string_view text() const noexcept; ///< Of a string, a status or an error; else empty.
  std::size_t size() const noexcept;      ///< Of an array; else 0.

  /// Throws `redis_error` where the reply is not as it should be, as do `number` and `signed_number`.
  redis_value at(std::size_t i) const;
  std::uint64_t number() const; ///< Of an integer or of a text that is one.
  std::int64_t signed_number() const;

private:
  const redisReply* x_;
};

class redis_reply {
public:
  explicit redis_reply(void* x) : x_(static_cast<redisReply*>(x)) {}

  redis_value value() const noexcept { return redis_value{x_.get()}; }

  /// The value; throws what the server refused with.
  redis_value checked() const;

private:
  struct freer {
    void operator()(redisReply* x) const noexcept;
  };
  std::unique_ptr<redisReply, freer> x_;
};

/// What an error reply means.
redis_error error_of(std::string_view reply);

/// One connection, used by one thread at a time. Once it has thrown it is of no more use. Nothing waits for
/// longer than its timeout, but for the look-up of the host's name, which has the resolver's own.
class redis_connection {
public:
  using clock = std::chrono::steady_clock;

  /// Connects. Throws `redis_error` with the cause `lost`, as all of it does.
  redis_connection(const redis_address& to, clock::time_point deadline);

  /// Puts a command behind those that wait to be sent.
  void send(const redis_command& what);

  /// Sends what waits, and gives the reply to the oldest command that has had none.
  redis_reply receive(clock::time_point deadline);

  redis_reply ask(const redis_command& what, clock::time_point deadline) {
    send(what);
    return receive(deadline);
  }

private:
  struct freer {
    void operator()(redisContext* x) const noexcept;
  };
  std::unique_ptr<redisContext, freer> context_;
};

} // namespace weir
