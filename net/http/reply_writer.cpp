#include "net/http/reply_writer.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace weir {

namespace {

constexpr std::int64_t usual_retry_ms = 1000;

const char* phrase_of(unsigned status) {
  switch (status) {
  case 100:
    return "Continue";
  case 101:
    return "Switching Protocols";
  case 200:
    return "OK";
  case 201:
    return "Created";
  case 202:
    return "Accepted";
  case 204:
    return "No Content";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 408:
    return "Request Timeout";
  case 409:
    return "Conflict";
  case 413:
    return "Content Too Large";
  case 414:
    return "URI Too Long";
  case 415:
    return "Unsupported Media Type";
  case 417:
    return "Expectation Failed";
  case 421:
    return "Misdirected Request";
  case 426:
    return "Upgrade Required";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 500:
    return "Internal Server Error";
  case 501:
    return "Not Implemented";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  case 505:
    return "HTTP Version Not Supported";
  default:
    return "Other";
  }
}

void add_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  // Values come from our own code, some of them echo a request's: none may end the line.
  std::transform(value.begin(), value.end(), std::back_inserter(out),
                 [](char c) { return c == '\r' || c == '\n' || c == '\0' ? ' ' : c; });
  out += "\r\n";
}

std::string status_line(unsigned status) {
  return "HTTP/1.1 " + std::to_string(status) + ' ' + phrase_of(status) + "\r\n";
}

bool says(const http_reply& x, std::string_view name) {
  return std::any_of(x.fields.begin(), x.fields.end(), [name](auto& y) { return y.name == name; });
}

void add_retry_after(std::string& out, const http_reply& x) {
  if (x.status != 429 && x.status != 503) return;
  auto ms = x.retry_after_ms > 0 ? x.retry_after_ms : usual_retry_ms;
  add_field(out, "retry-after", std::to_string(std::max<std::int64_t>((ms + 999) / 1000, 1)));
  add_field(out, "retry-after-ms", std::to_string(ms));
}

bool has_no_content(unsigned status) { return status < 200 || status == 204 || status == 304; }

} // namespace

std::string http_date(std::time_t time) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm x{};
  gmtime_r(&time, &x);
  char out[64];
  std::snprintf(out, sizeof out, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                days[static_cast<std::size_t>(x.tm_wday)], x.tm_mday,
                months[static_cast<std::size_t>(x.tm_mon)], x.tm_year + 1900, x.tm_hour, x.tm_min, x.tm_sec);
  return out;
}

std::string write_head(const http_reply& reply, const reply_framing& framing, std::time_t now) {
  auto out = status_line(reply.status);
  add_field(out, "date", http_date(now));
  if (!framing.request_id.empty()) add_field(out, "x-request-id", framing.request_id);
  if (!reply.content_type.empty()) {
    add_field(out, "content-type", reply.content_type);
    add_field(out, "x-content-type-options", "nosniff");
  }
  add_retry_after(out, reply);
  for (auto& x : reply.fields) add_field(out, x.name, x.value);
  if (framing.streamed) {
    if (framing.version >= 11) add_field(out, "transfer-encoding", "chunked");
  } else if (!has_no_content(reply.status)) {
    add_field(out, "content-length", std::to_string(reply.content().size()));
  }
  if (!says(reply, "connection")) {
    if (!framing.keep_alive)
      add_field(out, "connection", "close");
    else if (framing.version < 11)
      add_field(out, "connection", "keep-alive");
  } else if (!framing.keep_alive) {
    add_field(out, "connection", "close"); // beside what it says: one list
  }
  return out += "\r\n";
}

std::string write_chunk(std::string_view piece) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
  std::string out = size;
  out += piece;
  return out += "\r\n";
}

std::string write_upgrade(const websocket_handshake& handshake, const std::string& request_id,
                          std::time_t now) {
  auto out = status_line(101);
  add_field(out, "date", http_date(now));
  add_field(out, "x-request-id", request_id);
  add_field(out, "upgrade", "websocket");
  add_field(out, "connection", "upgrade");
  add_field(out, "sec-websocket-accept", handshake.accept);
  if (!handshake.subprotocol.empty()) add_field(out, "sec-websocket-protocol", handshake.subprotocol);
  return out += "\r\n";
}

} // namespace weir
