#include "actors/calls/json_check.hpp"

#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace weir {

namespace {

using json = nlohmann::json;

const json* find(const json& schema, const char* keyword) {
  auto i = schema.find(keyword);
  return i == schema.end() ? nullptr : &*i;
}

std::string type_of(const json& x) {
  if (x.is_number_integer()) return "integer";
  return x.type_name();
}

// 1.0 is an integer there too.
bool is_integer(const json& x) {
  return x.is_number_integer() || (x.is_number_float() && std::trunc(x.get<double>()) == x.get<double>());
}

bool is_a(const json& value, const std::string& type) {
  if (type == "integer") return is_integer(value);
  for (auto* known : {"null", "boolean", "number", "string", "array", "object"})
    if (type == known) return value.type_name() == type;
  return true;
}

std::string check_type(const json& type, const json& value, const std::string& path) {
  auto fits = [&value](const json& x) { return !x.is_string() || is_a(value, x.get<std::string>()); };
  if (type.is_array() ? std::any_of(type.begin(), type.end(), fits) : fits(type)) return {};
  auto wanted = type.is_string() ? type.get<std::string>() : "one of " + print_json(type);
  return path + ": must be " + wanted + ", is " + type_of(value);
}

std::string check_object(const json& schema, const json& value, const std::string& path) {
  if (auto* required = find(schema, "required"); required != nullptr && required->is_array())
    for (auto& key : *required)
      if (key.is_string() && !value.contains(key.get<std::string>()))
        return path + '.' + key.get<std::string>() + ": missing";
  auto* known = find(schema, "properties");
  auto* others = find(schema, "additionalProperties");
  auto closed = others != nullptr && others->is_boolean() && !others->get<bool>();
  for (auto& [key, x] : value.items()) {
    auto* is = known != nullptr && known->is_object() ? find(*known, key.c_str()) : nullptr;
    if (is == nullptr && closed) return path + '.' + key + ": unknown";
    if (is == nullptr) continue;
    if (auto wrong = check_json(*is, x, path + '.' + key); !wrong.empty()) return wrong;
  }
  return {};
}

} // namespace

std::string check_json(const json& schema, const json& value, const std::string& path) {
  if (!schema.is_object()) return {};
  if (auto* type = find(schema, "type"))
    if (auto wrong = check_type(*type, value, path); !wrong.empty()) return wrong;
  if (auto* words = find(schema, "enum"); words != nullptr && words->is_array())
    if (std::find(words->begin(), words->end(), value) == words->end())
      return path + ": must be one of " + words->dump();
  if (value.is_object()) return check_object(schema, value, path);
  auto* items = value.is_array() ? find(schema, "items") : nullptr;
  for (std::size_t i = 0; items != nullptr && i < value.size(); ++i)
    if (auto wrong = check_json(*items, value[i], path + '[' + std::to_string(i) + ']'); !wrong.empty())
      return wrong;
  return {};
}

} // namespace weir
