#include "actors/runs/workflow/workflow_condition.hpp"

#include "actors/core/json_text.hpp"

#include <algorithm>

namespace weir {

using nlohmann::json;

namespace {

bool contains(const json& found, const json& what) {
  if (found.is_string())
    return what.is_string()
           && found.get_ref<const std::string&>().find(what.get_ref<const std::string&>())
                  != std::string::npos;
  return found.is_array() && std::find(found.begin(), found.end(), what) != found.end();
}

bool comparable(const json& a, const json& b) {
  return (a.is_number() && b.is_number()) || (a.is_string() && b.is_string());
}

bool compare(const condition& what, const json* found) {
  using kind = condition::kind;
  switch (what.asks) {
  case kind::equals:
    return found != nullptr && *found == what.with;
  case kind::not_equals:
    return found == nullptr || *found != what.with;
  case kind::contains:
    return found != nullptr && contains(*found, what.with);
  case kind::less:
    return found != nullptr && comparable(*found, what.with) && *found < what.with;
  case kind::greater:
    return found != nullptr && comparable(*found, what.with) && *found > what.with;
  default:
    return (found != nullptr) == (what.with != false);
  }
}

} // namespace

bool holds(const condition& what, const json& value) {
  auto so = [&value](const condition& x) { return holds(x, value); };
  if (what.asks == condition::kind::all) return std::all_of(what.parts.begin(), what.parts.end(), so);
  if (what.asks == condition::kind::any) return std::any_of(what.parts.begin(), what.parts.end(), so);
  if (what.asks == condition::kind::negation) return std::none_of(what.parts.begin(), what.parts.end(), so);
  if (!what.in_text) return compare(what, value.is_discarded() ? nullptr : find_pointer(value, what.path));
  auto inner = object_in_text(value);
  return compare(what, inner.is_object() ? find_pointer(inner, what.path) : nullptr);
}

const char* to_string(condition::kind x) noexcept {
  constexpr const char* words[] = {"equals",  "not_equals", "contains", "exists", "less",
                                   "greater", "all",        "any",      "not"};
  return words[static_cast<std::size_t>(x)];
}

} // namespace weir
