// What a node does with WebSocket frames as RFC 6455 has it: tables of bytes and of what has to come back.
// One node serves them all.

#include "tests/integration/node_process.hpp"
#include "tests/integration/raw_socket.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <vector>

using namespace weir::test;
using nlohmann::json;

namespace {

constexpr unsigned continuation = 0, text = 1, binary = 2, closing = 8, ping = 9, pong = 10; // opcodes

struct frame_form {
  bool fin = true;
  unsigned reserved = 0; // three bits
  bool masked = true;
  std::string mask = "\x12\x34\x56\x78";
  int length_bytes = 0; // of the extended length; 0: the shortest way
};

std::string frame(unsigned op, const std::string& payload, const frame_form& form = {}) {
  auto size = static_cast<std::uint64_t>(payload.size());
  auto extended = form.length_bytes > 0 ? form.length_bytes : size > 0xffff ? 8 : size > 125 ? 2 : 0;
  std::string out{static_cast<char>((form.fin ? 0x80U : 0U) | form.reserved << 4U | op)};
  auto length = extended == 8 ? 127U : extended == 2 ? 126U : static_cast<unsigned>(size);
  out += static_cast<char>((form.masked ? 0x80U : 0U) | length);
  for (int i = extended - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i) & 0xffU);
  if (!form.masked) return out + payload;
  out += form.mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ form.mask[i % 4]);
  return out;
}

frame_form not_last() {
  frame_form out;
  out.fin = false;
  return out;
}

std::string close_payload(unsigned code, const std::string& reason = {}) {
  return std::string{static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)} + reason;
}

struct server_frame {
  unsigned op = 0;
  std::string payload;
};

/// A client that says what it likes after its hello.
class wire {
public:
  explicit wire(int receive_buffer = 0) : socket_(node().port(), receive_buffer) {
    socket_.send(
        "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: weir.v1\r\n\r\n"
        + frame(text,
                json{{"op", "hello"}, {"namespace", "demo"}, {"client_id", "w" + std::to_string(++clients)}}
                    .dump()));
    while (received_.find("\r\n\r\n") == std::string::npos) more();
    received_.erase(0, received_.find("\r\n\r\n") + 4);
    REQUIRE(next_json()["op"] == "welcome");
  }

  /// One node for all of the tables: that it survives them is the point.
  static node_process& node() {
    static node_process all(R"({"limits":{"publish_per_s":1000000,"burst":1000000}})");
    if (all.pid() < 0) all.start();
    return all;
  }

  void send(const std::string& bytes, std::size_t pieces = 0) {
    if (pieces > 0)
      socket_.send_in_pieces(bytes, pieces);
    else
      socket_.send(bytes);
  }

  /// The next frame; nothing when the node has closed the socket. Checks its form.
  std::optional<server_frame> next() {
    for (;;) {
      if (received_.size() >= 2) {
        auto first = static_cast<unsigned char>(received_[0]),
             second = static_cast<unsigned char>(received_[1]);
        CHECK((first & 0xf0U) == 0x80U); // whole, and without reserved bits
        CHECK((second & 0x80U) == 0U);   // not masked
        std::size_t header = 2;
        std::uint64_t size = second;
        if (size >= 126) {
          header += size == 126 ? 2 : 8;
          if (received_.size() >= header) {
            size = 0;
            for (std::size_t i = 2; i < header; ++i)
              size = size << 8U | static_cast<unsigned char>(received_[i]);
          }
        }
        if (received_.size() >= header && received_.size() >= header + size) {
          server_frame out{first & 0x0fU, received_.substr(header, size)};
          received_.erase(0, header + size);
          return out;
        }
      }
      if (!more()) {
        CHECK(received_.empty());
        return std::nullopt;
      }
    }
  }

  json next_json() {
    auto got = next();
    REQUIRE(got);
    REQUIRE(got->op == text);
    return json::parse(got->payload);
  }

  /// The code of the close frame that comes, 1005 for one without; 0: the socket is closed without. Nothing
  /// may come behind it.
  unsigned closed_with() {
    unsigned code = 0;
    while (auto got = next()) {
      CHECK(code == 0);
      if (got->op != closing) continue;
      code = got->payload.size() < 2
                 ? 1005U
                 : static_cast<unsigned>(static_cast<unsigned char>(got->payload[0])) << 8U
                       | static_cast<unsigned char>(got->payload[1]);
    }
    return code;
  }

  /// Whether it is still served.
  bool is_served() {
    send(frame(text, R"({"op":"ping","id":"still there"})"));
    for (;;) {
      auto got = next();
      if (!got || got->op == closing) return false;
      if (got->op == text && json::parse(got->payload).value("id", "") == "still there") return true;
    }
  }

private:
  bool more() {
    auto got = socket_.read_some();
    received_ += got;
    return !got.empty();
  }

  static inline int clients = 0;
  raw_socket socket_;
  std::string received_;
};

/// The close code for what is sent; 0: the client is served on.
unsigned outcome(const std::string& bytes, std::size_t pieces = 0) {
  wire client;
  client.send(bytes, pieces);
  // A close may be under way: ask, and see what comes.
  client.send(frame(text, R"({"op":"ping","id":"on"})"));
  for (;;) {
    auto got = client.next();
    if (!got) return 1006;
    if (got->op == closing)
      return got->payload.size() < 2
                 ? 1005U
                 : static_cast<unsigned>(static_cast<unsigned char>(got->payload[0])) << 8U
                       | static_cast<unsigned char>(got->payload[1]);
    if (got->op == text && json::parse(got->payload).value("id", "") == "on") return 0;
  }
}

/// A protocol `ping` frame whose id is this text.
std::string ping_with(const std::string& id) { return R"({"op":"ping","id":")" + id + "\"}"; }

std::string in_two(const std::string& payload, std::size_t cut) {
  return frame(text, payload.substr(0, cut), not_last()) + frame(continuation, payload.substr(cut));
}

std::string in_bytes(const std::string& payload) {
  std::string out;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame_form form;
    form.fin = i + 1 == payload.size();
    out += frame(i == 0 ? text : continuation, payload.substr(i, 1), form);
  }
  return out;
}

} // namespace

TEST_CASE("every opcode, whole or in fragments, masked or not, gets what it should", "[conformance]") {
  for (unsigned op = 0; op < 16; ++op)
    for (bool fin : {true, false})
      for (bool masked : {true, false})
        for (unsigned reserved : {0U, 1U, 2U, 4U, 7U}) {
          INFO("opcode " << op << (fin ? ", fin" : "") << (masked ? ", masked" : "") << ", reserved "
                         << reserved);
          frame_form form;
          form.fin = fin;
          form.masked = masked;
          form.reserved = reserved;
          auto payload = op == closing ? close_payload(1000) : ping_with("x");
          auto known = op <= binary || (op >= closing && op <= pong);
          auto broken = !known || !masked || reserved != 0 || op == continuation || (op >= closing && !fin);
          auto wanted = broken               ? 1002U
                        : op == binary       ? (fin ? 1003U : 1003U)
                        : op == closing      ? 1000U
                        : op == text && !fin ? 1002U // the next text is a message within a message
                                             : 0U;
          auto got = outcome(frame(op, payload, form));
          if (op == binary && !fin && !broken)
            CHECK((got == 1002 || got == 1003));
          else
            CHECK(got == wanted);
        }
}

TEST_CASE("lengths are taken in their shortest form, up to the limit", "[conformance]") {
  for (std::size_t size : {22, 125, 126, 127, 128, 1000, 65535, 65536}) {
    INFO(size << " bytes");
    auto message = R"({"op":"ping"})" + std::string(size - 13, ' ');
    CHECK(outcome(frame(text, message)) == 0);
    CHECK(outcome(in_two(message, size / 2)) == 0);
  }
  for (auto [size, bytes] : {std::pair{22, 2}, {22, 8}, {125, 2}, {126, 8}, {65535, 8}}) {
    INFO(size << " bytes, with a length of " << bytes);
    frame_form form;
    form.length_bytes = bytes;
    CHECK(
        outcome(frame(text, R"({"op":"ping"})" + std::string(static_cast<std::size_t>(size) - 13, ' '), form))
        == 1002);
  }
  CHECK(outcome(frame(text, std::string(65537, ' '))) == 1009);
  CHECK(outcome(in_two(std::string(65537, ' '), 1)) == 1009);
  CHECK(outcome(in_two(std::string(65537, ' '), 65536)) == 1009);
  auto header = [](std::uint64_t size) {
    std::string out{'\x81', '\xff'};
    for (int i = 7; i >= 0; --i) out += static_cast<char>(size >> (8 * i) & 0xffU);
    return out + std::string(4, '\0');
  };
  CHECK(outcome(header(1ULL << 62)) == 1009); // refused for what it announces
  CHECK(outcome(header(1ULL << 63)) == 1002); // the highest bit is never set
  CHECK(outcome(header(~0ULL)) == 1002);
}

TEST_CASE("a mask may be any four bytes", "[conformance]") {
  for (std::string mask : {std::string(4, '\0'), std::string(4, '\xff'), std::string{"\0\0\0\x01", 4},
                           std::string{"\x80\0\0\0", 4}}) {
    frame_form form;
    form.mask = mask;
    wire client;
    client.send(frame(text, ping_with("masked"), form));
    CHECK(client.next_json()["id"] == "masked");
  }
}

TEST_CASE("a ping is answered with what it carries", "[conformance]") {
  for (std::size_t size : {0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 124, 125}) {
    INFO(size << " bytes");
    std::string payload;
    for (std::size_t i = 0; i < size; ++i) payload += static_cast<char>(i * 37); // any bytes
    wire client;
    client.send(frame(ping, payload));
    auto got = client.next();
    REQUIRE(got);
    CHECK(got->op == pong);
    CHECK(got->payload == payload);
    CHECK(client.is_served());
  }
  for (std::size_t size : {126, 127, 65535, 65536}) {
    INFO(size << " bytes");
    for (auto op : {ping, pong, closing}) CHECK(outcome(frame(op, std::string(size, 'x'))) == 1002);
  }
}

TEST_CASE("of many pings the last is answered", "[conformance]") {
  wire client;
  std::string all;
  for (int i = 0; i < 100; ++i) all += frame(ping, std::to_string(i));
  client.send(all);
  for (std::string payload; payload != "99";) {
    auto got = client.next();
    REQUIRE(got);
    REQUIRE(got->op == pong);
    payload = got->payload;
  }
  CHECK(client.is_served());
}

TEST_CASE("pongs that nobody asked for are ignored", "[conformance]") {
  CHECK(outcome(frame(pong, "")) == 0);
  CHECK(outcome(frame(pong, std::string(125, '\xff'))) == 0);
}

TEST_CASE("a message may be cut anywhere, with control frames in between", "[conformance]") {
  const auto message = ping_with("c\xc3\xa4t \xe6\xb0\xb4 \xf0\x9f\x8c\x8a");
  for (std::size_t cut = 0; cut <= message.size(); ++cut) {
    INFO("cut at " << cut);
    wire client;
    client.send(frame(text, message.substr(0, cut), not_last()) + frame(ping, "between") + frame(pong, "")
                + frame(continuation, "", not_last()) + frame(continuation, message.substr(cut)));
    bool ponged = false, answered = false;
    while (!ponged || !answered) {
      auto got = client.next();
      REQUIRE(got);
      ponged = ponged || got->op == pong;
      if (got->op == text) answered = json::parse(got->payload)["id"] == json::parse(message)["id"];
    }
  }
  wire client;
  client.send(in_bytes(message));
  CHECK(client.next_json()["id"] == json::parse(message)["id"]);
}

TEST_CASE("fragments in an order that is none close with 1002", "[conformance]") {
  auto part = frame(text, "{", not_last());
  CHECK(outcome(frame(continuation, "{}")) == 1002);
  CHECK(outcome(frame(continuation, "{", not_last())) == 1002);
  CHECK(outcome(part + frame(text, "}")) == 1002);
  CHECK(outcome(part + frame(text, "}", not_last())) == 1002);
  CHECK(outcome(part + frame(binary, "}")) == 1002);
  CHECK(outcome(part + frame(ping, "", not_last())) == 1002);
  CHECK(outcome(frame(text, ping_with("a")) + frame(continuation, "")) == 1002);
  CHECK(outcome(part + frame(continuation, "}") + frame(continuation, "")) == 1002);
}

TEST_CASE("bytes may come one by one", "[conformance]") {
  wire client;
  client.send(frame(text, ping_with("slow")) + frame(ping, "p") + in_two(ping_with("slower"), 5), 1);
  std::vector<std::string> got; // the pong's place among the answers is the node's
  while (got.size() < 3) {
    auto x = client.next();
    REQUIRE(x);
    got.push_back(x->op == pong ? x->payload : json::parse(x->payload)["id"].get<std::string>());
  }
  CHECK(std::count(got.begin(), got.end(), "p") == 1);
  got.erase(std::find(got.begin(), got.end(), "p"));
  CHECK(got == std::vector<std::string>{"slow", "slower"});
  for (std::size_t pieces : {1, 2, 3, 5}) CHECK(outcome(frame(text, "\xff"), pieces) == 1007);
}

TEST_CASE("a text is UTF-8, wherever it is cut", "[conformance]") {
  for (std::string good : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe1\x80\x80", "\xec\xbf\xbf",
                           "\xed\x80\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xef\xbf\xbe",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf1\x80\x80\x80", "\xf3\xbf\xbf\xbf",
                           "\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbf", "\xef\xbb\xbf", "a\xcc\x88"}) {
    auto message = ping_with(good);
    for (std::size_t cut :
         {message.find(good), message.find(good) + 1, message.find(good) + good.size() - 1}) {
      wire client;
      client.send(in_two(message, cut) + frame(text, message) + in_bytes(message));
      for (int i = 0; i < 3; ++i) CHECK(client.next_json()["id"] == good);
    }
  }
  for (std::string bad : {"\x80",
                          "\xbf",
                          "\xc0\x80",
                          "\xc1\xbf",
                          "\xc2",
                          "\xc2\x41",
                          "\xc2\xc2\x80",
                          "\xe0\x80\x80",
                          "\xe0\x9f\xbf",
                          "\xe1\x80",
                          "\xe1\x80\xc0",
                          "\xe1\x41\x80",
                          "\xed\xa0\x80",
                          "\xed\xad\xbf",
                          "\xed\xae\x80",
                          "\xed\xbf\xbf",
                          "\xed\xa0\xbd\xed\xb8\x80",
                          "\xf0\x80\x80\x80",
                          "\xf0\x8f\xbf\xbf",
                          "\xf1\x80\x80",
                          "\xf1\x80\x80\xc0",
                          "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80",
                          "\xf8\x88\x80\x80\x80",
                          "\xfc\x84\x80\x80\x80\x80",
                          "\xfe",
                          "\xff",
                          "\xc3\xa4\x80"}) {
    auto message = ping_with(bad);
    INFO(json(message).dump(-1, ' ', true, json::error_handler_t::replace));
    CHECK(outcome(frame(text, message)) == 1007);
    CHECK(outcome(frame(text, bad)) == 1007);
    CHECK(outcome(in_bytes(message)) == 1007);
    for (std::size_t cut = message.find(bad); cut <= message.find(bad) + bad.size(); ++cut)
      CHECK(outcome(in_two(message, cut)) == 1007);
  }
}

TEST_CASE("a close is answered with its code, if that may be said", "[conformance]") {
  for (unsigned code :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
    INFO(code);
    wire client;
    client.send(frame(closing, close_payload(code, "bye")));
    CHECK(client.closed_with() == code);
  }
  for (unsigned code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    INFO(code);
    wire client;
    client.send(frame(closing, close_payload(code)));
    CHECK(client.closed_with() == 1002);
  }
  wire silent, half, longest, bad;
  silent.send(frame(closing, ""));
  CHECK(silent.closed_with() == 1005);
  half.send(frame(closing, "\x03"));
  CHECK(half.closed_with() == 1002);
  longest.send(frame(closing, close_payload(1000, std::string(123, 'x'))));
  CHECK(longest.closed_with() == 1000);
  bad.send(frame(closing, close_payload(1000, "\xff")));
  CHECK(bad.closed_with() == 1007);
}

TEST_CASE("what comes before a close is answered, what comes behind it is not heard", "[conformance]") {
  auto publish = [](const std::string& id) {
    return frame(
        text, json{{"op", "publish"}, {"type", "conformance.close"}, {"message_id", id}, {"data", 1}}.dump());
  };
  for (int round = 0; round < 20; ++round) {
    wire client;
    client.send(publish("before") + frame(text, ping_with("before")) + frame(closing, close_payload(1000))
                + publish("behind") + frame(ping, "behind"));
    int answers = 0;
    bool closed = false;
    while (auto got = client.next()) {
      CHECK_FALSE(closed);
      closed = got->op == closing;
      if (got->op != text) continue;
      auto x = json::parse(got->payload);
      CHECK(x.value("message_id", "before") == "before");
      ++answers;
    }
    CHECK(closed);
    CHECK(answers == 2);
  }
}

TEST_CASE("what breaks the protocol takes no answer from what came before it", "[conformance]") {
  for (int round = 0; round < 20; ++round) {
    wire client;
    client.send(
        frame(
            text,
            json{{"op", "publish"}, {"type", "conformance.broken"}, {"message_id", "m"}, {"data", 1}}.dump())
        + frame(3, ""));
    CHECK(client.next_json()["op"] == "ok");
    CHECK(client.closed_with() == 1002);
  }
}

TEST_CASE("nothing comes behind a close frame, however much is being written", "[conformance]") {
  wire reader(4096), writer;
  reader.send(frame(text, R"({"op":"subscribe","id":"s","pattern":"conformance.large"})"));
  CHECK(reader.next_json()["op"] == "ok");
  std::string large(60'000, 'x');
  for (int i = 0; i < 20; ++i) {
    writer.send(frame(text, json{{"op", "publish"},
                                 {"type", "conformance.large"},
                                 {"message_id", "l" + std::to_string(i)},
                                 {"data", large}}
                                .dump()));
    CHECK(writer.next_json()["op"] == "ok");
  }
  reader.send(frame(ping, "last") + frame(closing, close_payload(1000)));
  CHECK(reader.closed_with() == 1000);
}

TEST_CASE("JSON that breaks the protocol is told so, and the connection goes on", "[conformance]") {
  struct row {
    std::string text, reason;
  };
  const row rows[] = {{"", "malformed"},
                      {"{", "malformed"},
                      {"[]", "malformed"},
                      {"\"text\"", "malformed"},
                      {std::string{"{\"op\":\"ping\"}\0garbage", 21}, "malformed"},
                      {std::string{"{\"op\":\"ping\"}\0", 14}, "malformed"},
                      {"\xef\xbb\xbf{\"op\":\"ping\"}", "malformed"},
                      {"{\"op\":\"ping\"}{}", "malformed"},
                      {R"({"op":"ping","id":"a","id":"b"})", "bad_field"},
                      {R"({"op":"publish","type":"a","type":"b","message_id":"m","data":1})", "bad_field"},
                      {R"({"op":"dance"})", "unknown_op"}};
  for (auto& x : rows) {
    INFO(x.text);
    wire client;
    client.send(frame(text, x.text));
    auto got = client.next_json();
    CHECK(got["op"] == "error");
    CHECK(got["reason"] == x.reason);
    CHECK(client.is_served());
  }
}

TEST_CASE("data reaches its readers to the byte as it was written", "[conformance]") {
  wire client;
  client.send(frame(text, R"({"op":"subscribe","id":"s","pattern":"conformance.data"})"));
  CHECK(client.next_json()["op"] == "ok");
  int n = 0;
  for (std::string data : {"12345678901234567890123", "1e2", "-0", "1.10", R"({"a":1,"a":2})",
                           R"({"b":1,"a":2})", "[ 1,\t2 ]", R"("\u00e4\ud83d\ude00")", "1E400", "{}"}) {
    auto id = "d" + std::to_string(++n);
    client.send(frame(text, R"({"op":"publish","type":"conformance.data","message_id":")" + id
                                + R"(","data":)" + data + "}"));
    std::string event;
    for (bool answered = false; !answered || event.empty();) {
      auto got = client.next();
      REQUIRE(got);
      auto x = json::parse(got->payload, nullptr, false);
      if (got->payload.find("\"op\":\"event\"") != std::string::npos) event = got->payload;
      if (got->payload.find("\"op\":\"ok\"") != std::string::npos) answered = true;
      if (got->payload.find("\"op\":\"error\"") != std::string::npos) break;
    }
    INFO(data);
    if (data == "1E400") continue; // beyond what numbers can be: refused
    CHECK(event.find("\"data\":" + data + "}") != std::string::npos);
  }
}
