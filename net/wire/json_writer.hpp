#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::wire {

/// Writes one JSON object, field by field, into a string.
class json_writer {
public:
  json_writer() { out_.reserve(256); }
  explicit json_writer(std::string_view op) : json_writer() { text("op", op); }

  json_writer& text(std::string_view field, std::string_view value);
  json_writer& number(std::string_view field, std::int64_t value);
  json_writer& number(std::string_view field, std::uint64_t value);
  json_writer& number(std::string_view field, double value);
  json_writer& flag(std::string_view field, bool value);

  /// A value that is JSON text already.
  json_writer& raw(std::string_view field, std::string_view json);

  /// The object; the writer is done with.
  std::string take();

private:
  void begin(std::string_view field);

  std::string out_ = "{";
};

} // namespace weir::wire
