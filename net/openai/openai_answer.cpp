#include "net/openai/openai_answer.hpp"

#include "net/openai/openai_chunk.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>

namespace weir {

namespace {

constexpr std::int64_t default_retry_after_ms = 1000;
constexpr std::size_t min_secret_bytes = 4; // of a cut secret's beginning; less tells nothing
constexpr unsigned no_content = 204;

bool is_redirect(unsigned status) { return status >= 300 && status < 400; }
bool is_success(unsigned status) { return status >= 200 && status < 300 && status != no_content; }

// The request was not looked at, or not in time: the same one can do better.
bool is_retryable(unsigned status) { return status == 408 || status == 425 || status >= 500; }

bool is_stream_type(std::string_view content_type) {
  constexpr std::string_view wanted = "text/event-stream";
  auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == b; };
  return content_type.size() >= wanted.size()
         && std::equal(wanted.begin(), wanted.end(), content_type.begin(),
                       [same](char b, char a) { return same(a, b); });
}

constexpr auto blank = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  auto from = text.find_first_not_of(blank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blank) - from + 1);
}

bool is_done(std::string_view data) { return data == "[DONE]" || data == "\"[DONE]\"" || data == "[done]"; }

// Some servers name the events that only keep a connection open.
bool is_keep_alive(std::string_view name) {
  return name == "ping" || name == "heartbeat" || name == "keepalive" || name == "keep-alive";
}

} // namespace

openai_answer::openai_answer(std::vector<std::string> secrets, std::string call_ids, limits bounds)
  : secrets_(std::move(secrets)), limits_(bounds), parser_(bounds.sse), tool_calls_(std::move(call_ids)) {}

void openai_answer::on_header(header what) {
  header_ = std::move(what);
  auto& encoding = header_.content_encoding;
  if (!is_success(header_.status)) // the body will say more
    kind_ = body_kind::error;
  else if (!encoding.empty() && encoding != "identity")
    fail("the model server answered with content encoding '" + excerpt(encoding)
             + "', although it was asked for none",
         false);
  else if (is_stream_type(header_.content_type))
    kind_ = body_kind::stream;
}

void openai_answer::on_body(std::string_view bytes) {
  if (over() || bytes.empty()) return;
  if (kind_ == body_kind::unknown) begin_body(bytes);
  if (over() || kind_ == body_kind::unknown) return;
  switch (kind_) {
  case body_kind::stream:
    return on_stream(bytes, false);
  case body_kind::object:
    if (body_.size() + bytes.size() > limits_.object_bytes)
      return fail("the model's answer is longer than " + std::to_string(limits_.object_bytes) + " bytes",
                  false);
    body_ += bytes;
    return;
  default:
    auto most = limits_.excerpt_bytes * 4;
    body_ += bytes.substr(0, most - std::min(body_.size(), most));
  }
}

// What it says of itself is not to be relied on: there are servers that send a stream as something else, and
// those that answer in one object although they were asked for a stream.
void openai_answer::begin_body(std::string_view& bytes) {
  bytes.remove_prefix(std::min(bytes.find_first_not_of(blank), bytes.size()));
  if (bytes.empty()) return;
  if (bytes.front() == '{' || bytes.front() == '[')
    kind_ = body_kind::object;
  else if (bytes.front() == '<')
    not_a_stream();
  else
    kind_ = body_kind::stream;
}

void openai_answer::on_stream(std::string_view bytes, bool is_last) {
  std::vector<sse_event> events;
  auto status = parser_.feed(bytes, events);
  if (is_last && status == sse_parser::status::ok) status = parser_.finish(events);
  for (auto& x : events) on_event(x);
  check(status);
}

void openai_answer::on_end() {
  if (over()) return;
  if (kind_ == body_kind::error) return on_http_error();
  auto is_object = kind_ == body_kind::object;
  if (is_object)
    on_chunk(body_, false);
  else
    on_stream({}, true);
  if (over()) return;
  auto said = text_bytes_ > 0 || !tool_calls_.empty();
  if (sign_ != end_sign::none || (said && (trailer_ || is_object)))
    end_well();
  else if (is_object || (!has_chunk_ && !is_stream_type(header_.content_type)))
    not_a_stream();
  else
    fail("the model server ended the stream before the answer was whole", true);
}

void openai_answer::on_broken(const std::string& what, bool retryable) {
  if (over()) return;
  if (kind_ == body_kind::error) return on_http_error();
  if (sign_ != end_sign::none && !goes_on_after_finish_)
    end_well(); // all of the answer had come
  else
    fail(what, retryable);
}

void openai_answer::on_silence() {
  if (!over() && sign_ != end_sign::none) end_well();
}

void openai_answer::on_event(const sse_event& event) {
  if (over() || is_keep_alive(event.name)) return;
  auto data = trimmed(event.data);
  if (data.empty()) return;
  if (is_done(data))
    end_well();
  else
    on_chunk(event.data, event.name == "error");
}

void openai_answer::on_chunk(const std::string& data, bool is_error) {
  auto chunk = parse_openai_chunk(data, is_error);
  if (!chunk.malformed.empty())
    return fail_saying("the model server sent a malformed chunk (" + chunk.malformed + ")", data, false);
  has_chunk_ = true;
  if (chunk.is_error)
    return fail_saying("the model server reported an error", chunk.error, chunk.error_retryable);
  if (chunk.usage) usage_ = *chunk.usage;
  trailer_ = chunk.trailer;
  note_finish(chunk);
  if (chunk.whole && (text_bytes_ > 0 || !tool_calls_.empty())) return; // what the pieces have said
  for (auto& x : chunk.tool_calls)
    if (auto wrong = tool_calls_.add(x); !wrong.empty())
      return fail_saying("the model server sent " + wrong, data, false);
  add_text(chunk);
}

// There are servers that send a `finish_reason` with each piece. It is the end where nothing follows.
void openai_answer::note_finish(const openai_chunk& chunk) {
  auto goes_on = chunk.says_more() || chunk.thinks;
  if (goes_on && sign_ != end_sign::none && !chunk.whole) goes_on_after_finish_ = true;
  if (chunk.finish) {
    finish_ = *chunk.finish;
    sign_ = goes_on ? end_sign::likely : end_sign::sure;
  } else if (goes_on && !chunk.whole) {
    sign_ = end_sign::none;
  }
}

void openai_answer::add_text(const openai_chunk& chunk) {
  auto text = halves_.add(chunk.text, chunk.marked);
  text_bytes_ += text.size();
  if (text_bytes_ > limits_.text_bytes)
    return fail("the model's answer is longer than " + std::to_string(limits_.text_bytes) + " bytes", false);
  auto no = refusal_halves_.add(chunk.refusal_text, chunk.marked);
  if (refusal_.size() + no.size() <= limits_.refusal_bytes) refusal_ += no;
  if (chunk.says_more()) pieces_.push_back(std::move(text));
}

void openai_answer::end_well() {
  if (auto wrong = tool_calls_.finish(); !wrong.empty())
    return fail("the model server sent a malformed answer: " + wrong, false);
  if (auto rest = halves_.finish(); !rest.empty() && text_bytes_ + rest.size() <= limits_.text_bytes)
    pieces_.push_back(std::move(rest));
  refusal_ += refusal_halves_.finish();
  done_ = true;
}

answer_end openai_answer::take_end() {
  answer_end out;
  out.usage = usage_;
  out.tool_calls = tool_calls_.take();
  out.finish = finish_ == finish_reason::none ? finish_reason::stop : finish_;
  // Whatever the server calls it: it goes on with the tools' results.
  if (!out.tool_calls.empty() && out.finish == finish_reason::stop) out.finish = finish_reason::tool_calls;
  if (out.tool_calls.empty() && out.finish == finish_reason::tool_calls) out.finish = finish_reason::stop;
  out.refusal_text = std::move(refusal_);
  return out;
}

void openai_answer::on_http_error() {
  auto status = header_.status;
  auto what = "the model server answered " + std::to_string(status);
  if (is_redirect(status))
    return fail_saying(what + ", a redirect that is not followed", header_.location, false);
  auto wanted_ms = retry_after_ms(header_.retry, std::chrono::system_clock::now());
  if (status == 429)
    return fail_saying(what, body_, true, code::too_many, wanted_ms.value_or(default_retry_after_ms));
  auto retryable = is_retryable(status);
  fail_saying(what, body_, retryable, code::unavailable, retryable ? wanted_ms.value_or(0) : 0);
}

void openai_answer::not_a_stream() {
  if (header_.content_type.empty())
    return fail("the model server answered without a content type, and not with a stream", false);
  fail("the model server answered with content type '" + excerpt(header_.content_type)
           + "', not text/event-stream",
       false);
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

// What a server said may hold anything, also of other tenants: it is for the log.
void openai_answer::fail_saying(const std::string& what, const std::string& said, bool retryable, code status,
                                std::int64_t retry_after_ms) {
  fail(what, retryable, status, retry_after_ms);
  failure_->error.detail = excerpt(said);
}

// For a person, and for logs: short, on one line, printable, without the secrets.
std::string openai_answer::excerpt(std::string text) const {
  for (auto& secret : secrets_) {
    if (secret.empty()) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
    for (auto n = std::min(text.size(), secret.size()); n >= min_secret_bytes; --n) { // one that was cut off
      if (text.compare(text.size() - n, n, secret, 0, n) != 0) continue;
      text.replace(text.size() - n, n, "***");
      break;
    }
  }
  if (text.size() > limits_.excerpt_bytes) text.resize(limits_.excerpt_bytes);
  for (auto& x : text)
    if (x < 0x20 || x > 0x7E) x = x == '\n' || x == '\r' || x == '\t' ? ' ' : '?';
  return text;
}

} // namespace weir
