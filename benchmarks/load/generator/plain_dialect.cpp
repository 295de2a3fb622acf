#include "benchmarks/load/generator/dialects.hpp"

namespace weir::bench {

namespace {

class plain_dialect : public dialect {
public:
  traits can() const override { return {scope::group, false, false, false}; }

  std::string path(const endpoint& of) const override {
    return (of.subscribes ? "/sub/" : "/pub/") + std::string{of.ns} + '.' + std::to_string(of.group);
  }

  void on_open(const endpoint&, std::string_view, std::uint64_t, dialect_sink& to) const override {
    to.on_ready();
  }

  void on_message(const endpoint&, std::string_view payload, std::string&, dialect_sink& to) const override {
    to.on_delivery(payload, 0);
  }

  void append_publish(std::string& out, const endpoint&, const event_name&,
                      std::string_view body) const override {
    append_frame(out, ws_op::text, body);
  }
};

} // namespace

std::unique_ptr<dialect> make_plain_dialect() { return std::make_unique<plain_dialect>(); }

} // namespace weir::bench
