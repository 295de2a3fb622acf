#include "net/openai_answer.hpp"

#include "net/openai_chunk.hpp"

#include <algorithm>
#include <charconv>

namespace weir {

namespace {

constexpr std::int64_t default_retry_after_ms = 1000;
constexpr std::int64_t max_retry_after_s = 3600;

// Seconds; the other form, a date, is not read: it means a time that is too long for a model call anyway.
std::int64_t retry_after_ms(std::string_view header) {
  std::int64_t seconds = 0;
  auto result = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (result.ec != std::errc{} || seconds < 0) return default_retry_after_ms;
  return std::max<std::int64_t>(std::min(seconds, max_retry_after_s) * 1000, 1);
}

} // namespace

openai_answer::openai_answer(std::string secret, limits bounds)
  : secret_(std::move(secret)), limits_(bounds), parser_(bounds.sse) {}

void openai_answer::on_header(unsigned status, std::string_view content_type, std::string_view retry_after) {
  status_ = status;
  retry_after_ = retry_after;
  if (status != 200) return; // the body will say more
  if (content_type.substr(0, 17) != "text/event-stream")
    fail("the model server answered with content type '" + excerpt(std::string{content_type})
             + "', not text/event-stream",
         false);
}

void openai_answer::on_body(std::string_view bytes) {
  if (over()) return;
  if (status_ != 200) {
    auto room = limits_.excerpt_bytes * 4 - std::min(error_body_.size(), limits_.excerpt_bytes * 4);
    error_body_ += bytes.substr(0, room);
    return;
  }
  std::vector<std::string> events;
  auto status = parser_.feed(bytes, events);
  for (auto& x : events) on_event(x);
  check(status);
}

void openai_answer::on_end() {
  if (over()) return;
  if (status_ != 200) return on_http_error();
  std::vector<std::string> events;
  auto status = parser_.finish(events);
  for (auto& x : events) on_event(x);
  check(status);
  if (over()) return;
  if (finish_reason_)
    done_ = true;
  else
    fail("the model server ended the stream before the answer was whole", true);
}

void openai_answer::on_broken(const std::string& what, bool retryable) {
  if (over()) return;
  if (status_ != 0 && status_ != 200) return on_http_error();
  if (finish_reason_)
    done_ = true; // all of the answer had come
  else
    fail(what, retryable);
}

void openai_answer::on_event(const std::string& data) {
  if (over()) return;
  if (data == "[DONE]")
    done_ = true;
  else
    on_chunk(data);
}

void openai_answer::on_chunk(const std::string& data) {
  auto chunk = parse_openai_chunk(data);
  if (!chunk.malformed.empty())
    return fail("the model server sent a malformed chunk (" + chunk.malformed + "): " + excerpt(data), false);
  if (chunk.is_error)
    return fail("the model server reported an error: " + excerpt(chunk.error), chunk.error_retryable);
  if (chunk.usage) usage_ = *chunk.usage;
  finish_reason_ = finish_reason_ || chunk.finished;
  text_bytes_ += chunk.text.size();
  if (text_bytes_ > limits_.text_bytes)
    return fail("the model's answer is longer than " + std::to_string(limits_.text_bytes) + " bytes", false);
  if (!chunk.text.empty()) pieces_.push_back(std::move(chunk.text));
}

void openai_answer::on_http_error() {
  auto what = "the model server answered " + std::to_string(status_) + ": " + excerpt(error_body_);
  if (status_ == 429) return fail(what, true, code::too_many, retry_after_ms(retry_after_));
  auto asked_ms = retry_after_.empty() ? 0 : retry_after_ms(retry_after_);
  fail(what, status_ >= 500, code::unavailable, status_ >= 500 ? asked_ms : 0);
}

void openai_answer::check(sse_parser::status status) {
  if (over()) return;
  if (status == sse_parser::status::line_too_long)
    fail("the model server sent a line of more than " + std::to_string(limits_.sse.line_bytes) + " bytes",
         false);
  if (status == sse_parser::status::event_too_long)
    fail("the model server sent an event of more than " + std::to_string(limits_.sse.event_bytes) + " bytes",
         false);
}

void openai_answer::fail(const std::string& what, bool retryable, code status, std::int64_t retry_after_ms) {
  refusal error{status, "unavailable", what, retry_after_ms, {}, 0, 0};
  if (status == code::too_many) {
    error.reason = "quota";
    error.scope = "model";
  }
  failure_ = failure{std::move(error), retryable};
}

// For a person, and for logs: short, on one line, printable, without the key.
std::string openai_answer::excerpt(std::string text) const {
  if (!secret_.empty())
    for (auto at = text.find(secret_); at != std::string::npos; at = text.find(secret_, at + 3))
      text.replace(at, secret_.size(), "***");
  if (text.size() > limits_.excerpt_bytes) text.resize(limits_.excerpt_bytes);
  for (auto& x : text)
    if (x < 0x20 || x > 0x7E) x = x == '\n' || x == '\r' || x == '\t' ? ' ' : '?';
  return text;
}

} // namespace weir
