#include "benchmarks/load/generator/dialects.hpp"

#include <charconv>
#include <stdexcept>

namespace weir::bench {

namespace {

constexpr std::string_view line_end = "\r\n";

std::string subject(const endpoint& of) { return std::string{of.ns} + '.' + subject_of(of.group); }

/// The client protocol of NATS in binary frames, whose borders mean nothing: lines and payloads may share a
/// frame or be split between two. https://docs.nats.io/reference/reference-protocols/nats-protocol
class nats_dialect : public dialect {
public:
  traits can() const override { return {scope::all, true, false, false}; }
  std::string path(const endpoint&) const override { return "/"; }
  void on_open(const endpoint&, std::string_view, std::uint64_t, dialect_sink&) const override {
  } // INFO is first

  void on_message(const endpoint& of, std::string_view text, std::string& pending,
                  dialect_sink& to) const override {
    std::string joined;
    if (!pending.empty()) {
      joined.swap(pending);
      joined.append(text);
      text = joined;
    }
    while (auto used = take_one(of, text, to)) text.remove_prefix(used);
    pending.assign(text);
  }

  void append_publish(std::string& out, const endpoint& to, const event_name&,
                      std::string_view body) const override {
    text_ = "PUB " + subject(to) + ' ' + std::to_string(body.size());
    text_.append(line_end).append(body).append(line_end);
    append_frame(out, ws_op::binary, text_);
  }

private:
  /// Gives the bytes that it took; 0 where the message is not there in full.
  static std::size_t take_one(const endpoint& of, std::string_view text, dialect_sink& to) {
    auto end = text.find(line_end);
    if (end == std::string_view::npos) return 0;
    auto line = text.substr(0, end);
    auto used = end + line_end.size();
    if (line.starts_with("MSG ")) {
      auto size = last_number(line);
      if (text.size() < used + size + line_end.size()) return 0;
      to.on_delivery(text.substr(used, size), 0);
      return used + size + line_end.size();
    }
    take_line(of, line, to);
    return used;
  }

  static void take_line(const endpoint& of, std::string_view line, dialect_sink& to) {
    if (line.starts_with("INFO ")) return to.send(ws_op::binary, greeting(of));
    if (line == "PING") return to.send(ws_op::binary, "PONG\r\n");
    if (line == "PONG") return to.on_ready(); // so the subscription before it has been taken
    if (line != "+OK") to.on_notice(line);
  }

  static std::string greeting(const endpoint& of) {
    std::string out =
        "CONNECT "
        "{\"verbose\":false,\"pedantic\":false,\"lang\":\"c++\",\"version\":\"1\",\"protocol\":1}\r\n";
    if (of.subscribes) out += "SUB " + subject(of) + " 1\r\n";
    return out + "PING\r\n";
  }

  static std::size_t last_number(std::string_view line) {
    auto at = line.rfind(' ') + 1;
    std::size_t out = 0;
    auto [end, error] = std::from_chars(line.data() + at, line.data() + line.size(), out);
    if (error != std::errc{} || end != line.data() + line.size())
      throw std::runtime_error("no NATS message: " + std::string{line});
    return out;
  }

  mutable std::string text_; // kept for its memory
};

} // namespace

std::unique_ptr<dialect> make_nats_dialect() { return std::make_unique<nats_dialect>(); }

} // namespace weir::bench
