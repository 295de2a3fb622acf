#include "net/http/request_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace weir {

namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using error_code = boost::system::error_code;

std::string_view plain(string_view x) { return {x.data(), x.size()}; }

/// Puts what Beast's parser finds into a request.
class message_parser final : public http::basic_parser<true> {
public:
  http_request request;
  bool head_done = false;

private:
  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       error_code&) override {
    request.method = plain(method);
    request.target = plain(target);
    request.version = static_cast<unsigned>(version);
  }

  void on_response_impl(int, string_view, int, error_code&) override {}

  void on_field_impl(http::field, string_view name, string_view value, error_code& error) override {
    if (head_done) { // trailer fields are checked, and left out
      trailer_bytes_ += name.size() + value.size();
      if (trailer_bytes_ > request_parser::max_line_bytes) error = http::error::bad_field;
      return;
    }
    request.fields.push_back({to_lower(plain(name)), std::string{plain(value)}});
  }

  void on_header_impl(error_code&) override {
    head_done = true;
    request.keep_alive = keep_alive();
    request.has_body = chunked() || content_length().value_or(0) > 0;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}

  std::size_t on_body_impl(string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& error) override {
    if (extensions.size() > request_parser::max_line_bytes) error = http::error::bad_chunk_extension;
  }

  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }

  void on_finish_impl(error_code&) override {}

  std::size_t trailer_bytes_ = 0;
};

/// Whether a request line ends like one of another version, such as `PRI * HTTP/2.0`.
bool names_another_version(std::string_view bytes) {
  auto line = bytes.substr(0, bytes.find('\r'));
  auto space = line.rfind(' ');
  if (std::count(line.begin(), line.end(), ' ') != 2) return false;
  auto version = line.substr(space + 1);
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 8 && version.substr(0, 5) == "HTTP/" && digit(version[5]) && version[6] == '.'
         && digit(version[7]);
}

/// @param bytes of the head that are not consumed yet.
http_reply head_too_large(const http_request& request, std::string_view bytes) {
  auto has_line = !request.method.empty() || bytes.find("\r\n") < request_parser::max_head_bytes;
  auto limit = " more than " + std::to_string(request_parser::max_head_bytes) + " bytes";
  if (!has_line) return error_reply(414, "too_large", "the request line has" + limit);
  return error_reply(431, "too_large", "the header fields have" + limit);
}

} // namespace

struct request_parser::state {
  state() {
    parser.header_limit(max_head_bytes);
    parser.body_limit(boost::none);
  }

  void fail(http_reply reply) {
    error = std::move(reply);
    current = phase::failed;
  }

  void on_error(error_code what, std::string_view bytes) {
    if (what == http::error::header_limit) return fail(head_too_large(parser.request, bytes));
    if (what == http::error::body_limit) return fail(error_reply(413, "too_large", "the body is too large"));
    if (what == http::error::bad_version && names_another_version(bytes))
      return fail(error_reply(505, "bad_version", "only HTTP/1.1 and HTTP/1.0 are spoken here"));
    fail(error_reply(400, "malformed", what.message()));
  }

  message_parser parser;
  phase current = phase::head;
  std::size_t head_bytes = 0;
  http_reply error;
};

request_parser::request_parser() : state_(std::make_unique<state>()) {}

request_parser::~request_parser() = default;

std::size_t request_parser::take(std::string_view bytes) {
  auto& x = *state_;
  std::size_t taken = 0;
  while ((x.current == phase::head || x.current == phase::body) && taken < bytes.size()) {
    auto rest = bytes.substr(taken);
    auto was_head = x.current == phase::head;
    error_code error;
    auto n = x.parser.put(boost::asio::buffer(rest.data(), rest.size()), error);
    taken += n;
    if (was_head) x.head_bytes += n; // Beast's own limit is one of what it has not consumed
    auto waits = error == http::error::need_more;
    if (error && !waits) {
      x.on_error(error, rest);
    } else if (x.parser.is_done() && !was_head) {
      x.current = phase::complete;
    } else if (was_head && x.head_bytes + (waits ? rest.size() - n : 0) > max_head_bytes) {
      x.fail(head_too_large(x.parser.request, rest));
    } else if (was_head && x.parser.head_done) {
      x.current = phase::decide;
    } else if (waits) {
      if (rest.size() - n > max_line_bytes)
        x.fail(error_reply(400, "malformed", "a line between chunks is too long"));
      break;
    }
  }
  return taken;
}

void request_parser::begin_body(std::uint64_t max_bytes) {
  auto& x = *state_;
  if (x.parser.is_done()) {
    x.current = phase::complete;
  } else if (content_length().value_or(0) > max_bytes) {
    x.on_error(http::error::body_limit, {});
  } else {
    x.parser.body_limit(max_bytes);
    x.current = phase::body;
  }
}

request_parser::phase request_parser::current() const noexcept { return state_->current; }

http_request& request_parser::request() noexcept { return state_->parser.request; }

std::optional<std::uint64_t> request_parser::content_length() const {
  auto x = state_->parser.content_length();
  return x ? std::optional<std::uint64_t>{*x} : std::nullopt;
}

const http_reply& request_parser::error() const noexcept { return state_->error; }

} // namespace weir
