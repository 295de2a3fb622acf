#pragma once

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace weir {

/// A question about a value, as `{"path": "/score", "less": 5}` asks it.
struct condition {
  enum class kind { equals, not_equals, contains, exists, less, greater, all, any, negation };

  kind asks = kind::exists;
  std::string path;             ///< JSON pointer into the value; empty: the whole.
  bool in_text = false;         ///< Into the JSON object in the value's `text`, instead of the value.
  nlohmann::json with;          ///< What it is compared with; for `exists` true or false.
  std::vector<condition> parts; ///< Of `all`, `any`, and the one of `negation`.
};

using condition_ptr = std::shared_ptr<const condition>;

/// What a condition comes to. It is unreadable where there is nothing that it could be asked about: the value
/// is no JSON, or with `in_text` its text holds no JSON object.
enum class verdict { no, yes, unreadable };

/// Whether it is so. What a path does not find is equal to nothing, contains nothing, and is neither less nor
/// greater than anything. Numbers compare with numbers and texts with texts, else nothing is less or greater.
/// What is unreadable in a part only matters where the other parts do not decide.
verdict ask(const condition& what, const nlohmann::json& value);

/// Whether it is so and could be read.
inline bool holds(const condition& what, const nlohmann::json& value) {
  return ask(what, value) == verdict::yes;
}

/// The key of JSON for it.
const char* to_string(condition::kind x) noexcept;

} // namespace weir
