#include "net/wire/json_writer.hpp"

#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

namespace weir::wire {

void json_writer::begin(std::string_view field) {
  if (out_.size() > 1) out_ += ',';
  out_ += '"';
  out_ += field;
  out_ += "\":";
}

json_writer& json_writer::text(std::string_view field, std::string_view value) {
  begin(field);
  append_json_string(out_, value);
  return *this;
}

json_writer& json_writer::number(std::string_view field, std::int64_t value) {
  begin(field);
  out_ += std::to_string(value);
  return *this;
}

json_writer& json_writer::number(std::string_view field, std::uint64_t value) {
  begin(field);
  out_ += std::to_string(value);
  return *this;
}

json_writer& json_writer::number(std::string_view field, double value) {
  begin(field);
  out_ += print_json(nlohmann::json(value));
  return *this;
}

json_writer& json_writer::flag(std::string_view field, bool value) {
  return raw(field, value ? "true" : "false");
}

json_writer& json_writer::raw(std::string_view field, std::string_view json) {
  begin(field);
  out_ += json;
  return *this;
}

std::string json_writer::take() {
  out_ += '}';
  return std::move(out_);
}

} // namespace weir::wire
