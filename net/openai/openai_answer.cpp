#include "net/openai/openai_answer.hpp"

#include "net/openai/openai_chunk.hpp"

#include <algorithm>
#include <chrono>

namespace weir {

namespace {

constexpr std::int64_t default_retry_after_ms = 1000;
constexpr std::size_t min_secret_bytes = 4; // of a cut secret's beginning; less tells nothing

bool is_redirect(unsigned status) { return status >= 300 && status < 400; }

} // namespace

openai_answer::openai_answer(std::string secret, std::string call_ids, limits bounds)
  : secret_(std::move(secret)), limits_(bounds), parser_(bounds.sse), tool_calls_(std::move(call_ids)) {}

void openai_answer::on_header(header what) {
  header_ = std::move(what);
  if (header_.status != 200) return; // the body will say more
  if (header_.content_type.empty())
    fail("the model server answered without a content type, not with text/event-stream", false);
  else if (header_.content_type.substr(0, 17) != "text/event-stream")
    fail("the model server answered with content type '" + excerpt(header_.content_type)
             + "', not text/event-stream",
         false);
}

void openai_answer::on_body(std::string_view bytes) {
  if (over()) return;
  if (header_.status != 200) {
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
  if (header_.status != 200) return on_http_error();
  std::vector<std::string> events;
  auto status = parser_.finish(events);
  for (auto& x : events) on_event(x);
  check(status);
  if (over()) return;
  if (finish_reason_)
    end_well();
  else
    fail("the model server ended the stream before the answer was whole", true);
}

void openai_answer::on_broken(const std::string& what, bool retryable) {
  if (over()) return;
  if (header_.status != 0 && header_.status != 200) return on_http_error();
  if (finish_reason_)
    end_well(); // all of the answer had come
  else
    fail(what, retryable);
}

void openai_answer::on_event(const std::string& data) {
  if (over()) return;
  if (data == "[DONE]")
    end_well();
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
  for (auto& x : chunk.tool_calls)
    if (auto wrong = tool_calls_.add(x); !wrong.empty())
      return fail("the model server sent " + wrong + ": " + excerpt(data), false);
  if (!chunk.text.empty() || !chunk.tool_calls.empty()) pieces_.push_back(std::move(chunk.text));
}

void openai_answer::end_well() {
  if (auto wrong = tool_calls_.finish(); !wrong.empty())
    return fail("the model server sent a malformed answer: " + wrong, false);
  done_ = true;
}

void openai_answer::on_http_error() {
  auto status = header_.status;
  auto what = "the model server answered " + std::to_string(status);
  if (is_redirect(status))
    return fail(what + ", a redirect to '" + excerpt(header_.location) + "', which is not followed", false);
  what += ": " + excerpt(error_body_);
  auto wanted_ms = retry_after_ms(header_.retry, std::chrono::system_clock::now());
  if (status == 429) return fail(what, true, code::too_many, wanted_ms.value_or(default_retry_after_ms));
  fail(what, status >= 500, code::unavailable, status >= 500 ? wanted_ms.value_or(0) : 0);
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
  for (auto n = std::min(text.size(), secret_.size()); n >= min_secret_bytes; --n) { // one that was cut off
    if (text.compare(text.size() - n, n, secret_, 0, n) != 0) continue;
    text.replace(text.size() - n, n, "***");
    break;
  }
  if (text.size() > limits_.excerpt_bytes) text.resize(limits_.excerpt_bytes);
  for (auto& x : text)
    if (x < 0x20 || x > 0x7E) x = x == '\n' || x == '\r' || x == '\t' ? ' ' : '?';
  return text;
}

} // namespace weir
