#include "net/wire/ws_reader.hpp"

#include "actors/core/utf8.hpp"

#include <cstring>
#include <utility>

namespace weir {

namespace {

// RFC 6455, 5.2.
enum opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

constexpr std::size_t max_control_bytes = 125;

// RFC 6455, 7.4.1.
constexpr std::uint16_t protocol_error = 1002, unsupported = 1003, no_status = 1005, bad_payload = 1007,
                        too_big = 1009;

bool is_control(std::uint8_t opcode) { return opcode >= close; }

/// Whether a peer may say this in a close frame (RFC 6455, 7.4, and the codes registered since).
bool may_be_said(std::uint16_t code) {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

std::uint64_t big_endian(const unsigned char* bytes, std::size_t n) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < n; ++i) out = out << 8 | bytes[i];
  return out;
}

void unmask(std::span<char> bytes, const char (&mask)[4]) {
  std::uint64_t word = 0;
  std::memcpy(&word, mask, 4);
  word |= word << 32;
  std::size_t i = 0;
  for (std::uint64_t x; i + 8 <= bytes.size(); i += 8) {
    std::memcpy(&x, bytes.data() + i, 8);
    x ^= word;
    std::memcpy(bytes.data() + i, &x, 8);
  }
  for (; i < bytes.size(); ++i) bytes[i] = static_cast<char>(bytes[i] ^ mask[i % 4]);
}

} // namespace

void ws_reader::begin(std::span<char> received) {
  if (rest_.empty()) {
    in_ = received;
    return;
  }
  rest_.append(received.data(), received.size());
  in_ = rest_;
}

void ws_reader::end() {
  if (std::exchange(given_, false)) message_ = {};
  if (in_.empty()) {
    rest_ = {};
  } else if (in_.size() < rest_.size() || rest_.empty()) {
    rest_ = std::string(in_.data(), in_.size());
  }
  in_ = {};
}

bool ws_reader::read_header(header& out) const {
  if (in_.size() < 2) return false;
  auto* bytes = reinterpret_cast<const unsigned char*>(in_.data());
  out.fin = (bytes[0] & 0x80) != 0;
  out.opcode = bytes[0] & 0x0f;
  auto length = bytes[1] & 0x7fU;
  auto extended = length == 127 ? 8U : length == 126 ? 2U : 0U;
  out.size = 2 + extended + 4;
  if (in_.size() < out.size) return false;
  out.payload = extended > 0 ? big_endian(bytes + 2, extended) : length;
  std::memcpy(out.mask, bytes + 2 + extended, 4);
  return true;
}

/// What can be wrong with a frame whatever its payload; empty: nothing. Looks at two bytes at least.
std::string_view ws_reader::problem_of(const header& x) const {
  auto first = static_cast<unsigned char>(in_[0]), second = static_cast<unsigned char>(in_[1]);
  if ((first & 0x70) != 0) return "reserved bits are set";
  if ((second & 0x80) == 0) return "a frame is not masked";
  if (x.opcode > pong || (x.opcode > binary && x.opcode < close)) return "an unknown opcode";
  if (is_control(x.opcode)) {
    if (!x.fin) return "a control frame in fragments";
    if ((second & 0x7f) > max_control_bytes) return "a control frame is too long";
  } else {
    if (x.opcode == continuation && !fragments_) return "a continuation of nothing";
    if (x.opcode != continuation && fragments_) return "a message within a message";
  }
  return {};
}

/// A length has as few bytes as it needs, and its highest bit is not set (RFC 6455, 5.2).
bool ws_reader::has_shortest_length(const header& x) {
  constexpr std::size_t plain = 2 + 4, two_bytes = plain + 2;
  if (x.size == plain) return true;
  if (x.size == two_bytes) return x.payload > 125;
  return x.payload > 0xffff && x.payload >> 63 == 0;
}

ws_reader::item ws_reader::next() {
  if (std::exchange(given_, false)) message_ = {};
  if (failed_ || in_.size() < 2) return item{};
  header frame;
  auto complete = read_header(frame);
  if (auto why = problem_of(frame); !why.empty()) return fail(protocol_error, why);
  if (!complete) return item{};
  if (!has_shortest_length(frame)) return fail(protocol_error, "a length that is none");
  if (!is_control(frame.opcode) && frame.payload > max_bytes_ - message_.size())
    return fail(too_big, "a message is too large");
  if (in_.size() - frame.size < frame.payload) return item{};
  auto payload = in_.subspan(frame.size, frame.payload);
  in_ = in_.subspan(frame.size + frame.payload);
  unmask(payload, frame.mask);
  if (is_control(frame.opcode)) return on_control(frame, {payload.data(), payload.size()});
  return on_data(frame, {payload.data(), payload.size()});
}

ws_reader::item ws_reader::on_data(const header& frame, std::string_view payload) {
  if (frame.opcode == binary) return fail(unsupported, "binary frames are not taken");
  if (fragments_ || !frame.fin) {
    fragments_ = !frame.fin;
    message_.append(payload);
    if (!frame.fin) return {kind::part, {}, 0};
    given_ = true;
    payload = message_;
  }
  if (!utf8::is_well_formed(payload)) return fail(bad_payload, "a text is not UTF-8");
  return item{kind::text, payload, 0};
}

ws_reader::item ws_reader::on_control(const header& frame, std::string_view payload) {
  if (frame.opcode == ping) return {kind::ping, payload, 0};
  if (frame.opcode == pong) return {kind::pong, payload, 0};
  if (payload.empty()) return {kind::close, {}, no_status};
  if (payload.size() == 1) return fail(protocol_error, "half a close code");
  auto code =
      static_cast<std::uint16_t>(big_endian(reinterpret_cast<const unsigned char*>(payload.data()), 2));
  if (!may_be_said(code)) return fail(protocol_error, "a close code that is none");
  if (!utf8::is_well_formed(payload.substr(2))) return fail(bad_payload, "a reason is not UTF-8");
  return {kind::close, payload.substr(2), code};
}

ws_reader::item ws_reader::fail(std::uint16_t code, std::string_view why) {
  failed_ = true;
  in_ = {};
  message_ = {};
  return {kind::failed, why, code};
}

} // namespace weir
