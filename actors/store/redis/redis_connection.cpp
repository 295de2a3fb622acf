#include "actors/store/redis/redis_connection.hpp"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace weir {

namespace {

/// What is left until then; never nothing, which would mean for ever.
timeval time_until(redis_connection::clock::time_point deadline) {
  auto left = deadline - redis_connection::clock::now();
  auto us = std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(left).count(), 1000);
  return {static_cast<time_t>(us / 1'000'000), static_cast<suseconds_t>(us % 1'000'000)};
}

/// Only to be called with an error there.
[[noreturn]] void fail(const redisContext& x) {
  if (x.err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK))
    throw redis_error{"no answer in time", "lost"};
  throw redis_error{x.errstr, "lost"};
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

template <class T>
T parse_number(std::string_view text) {
  T out = 0;
  auto end = text.data() + text.size();
  auto [at, failed] = std::from_chars(text.data(), end, out);
  if (failed != std::errc{} || at != end)
    throw redis_error{"a reply is not the number that it should be", "corrupt"};
  return out;
}

} // namespace

redis_command& redis_command::add(std::string_view x) {
  ++count_;
  body_ += '$';
  body_ += std::to_string(x.size());
  body_ += "\r\n";
  body_ += x;
  body_ += "\r\n";
  return *this;
}

std::string redis_command::bytes() const { return '*' + std::to_string(count_) + "\r\n" + body_; }

bool redis_value::is_nil() const noexcept { return x_->type == REDIS_REPLY_NIL; }
bool redis_value::is_array() const noexcept { return x_->type == REDIS_REPLY_ARRAY; }
bool redis_value::is_error() const noexcept { return x_->type == REDIS_REPLY_ERROR; }

std::string_view redis_value::text() const noexcept {
  if (x_->type != REDIS_REPLY_STRING && x_->type != REDIS_REPLY_STATUS && x_->type != REDIS_REPLY_ERROR)
    return {};
  return {x_->str, static_cast<std::size_t>(x_->len)};
}

std::size_t redis_value::size() const noexcept { return is_array() ? x_->elements : 0; }

redis_value redis_value::at(std::size_t i) const {
  if (i >= size()) throw redis_error{"a reply is shorter than it should be", "corrupt"};
  return redis_value{x_->element[i]};
}

std::uint64_t redis_value::number() const {
  if (x_->type == REDIS_REPLY_INTEGER) return static_cast<std::uint64_t>(x_->integer);
  return parse_number<std::uint64_t>(text());
}

std::int64_t redis_value::signed_number() const {
  if (x_->type == REDIS_REPLY_INTEGER) return x_->integer;
  return parse_number<std::int64_t>(text());
}

redis_value redis_reply::checked() const {
  auto out = value();
  if (out.is_error()) throw error_of(out.text());
  return out;
}

void redis_reply::freer::operator()(redisReply* x) const noexcept { freeReplyObject(x); }

redis_error error_of(std::string_view reply) {
  const char* cause = "other";
  if (starts_with(reply, "OOM")) cause = "full";
  if (starts_with(reply, "MISCONF") || starts_with(reply, "NOREPLICAS")) cause = "io";
  if (starts_with(reply, "BUSY") || starts_with(reply, "LOADING") || starts_with(reply, "READONLY")
      || starts_with(reply, "MASTERDOWN"))
    cause = "locked";
  if (starts_with(reply, "WRONGTYPE")) cause = "corrupt";
  return {std::string{reply}, cause};
}

redis_connection::redis_connection(const redis_address& to, clock::time_point deadline)
  : context_(redisConnectWithTimeout(to.host.c_str(), to.port, time_until(deadline))) {
  if (!context_) throw redis_error{"no memory for a connection", "lost"};
  if (context_->err != 0) fail(*context_);
}

void redis_connection::send(const redis_command& what) {
  auto bytes = what.bytes();
  if (redisAppendFormattedCommand(context_.get(), bytes.data(), bytes.size()) != REDIS_OK) fail(*context_);
}

redis_reply redis_connection::receive(clock::time_point deadline) {
  void* out = nullptr;
  // What has come already is taken without a look at the clock.
  if (redisReaderGetReply(context_->reader, &out) == REDIS_OK && out != nullptr) return redis_reply{out};
  if (clock::now() >= deadline) throw redis_error{"no answer in time", "lost"};
  redisSetTimeout(context_.get(), time_until(deadline));
  if (redisGetReply(context_.get(), &out) != REDIS_OK) fail(*context_);
  return redis_reply{out};
}

void redis_connection::freer::operator()(redisContext* x) const noexcept { redisFree(x); }

} // namespace weir
