#include "actors/runs/workflow/workflow_condition.hpp"

#include "actors/core/json_text.hpp"

#include <algorithm>
#include <vector>

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

verdict negated(verdict x) {
  if (x == verdict::unreadable) return x;
  return x == verdict::yes ? verdict::no : verdict::yes;
}

// One part that is `decisive` decides; else one that cannot be read.
verdict joined(const std::vector<condition>& parts, const json& value, verdict decisive) {
  auto out = negated(decisive);
  for (auto& x : parts) {
    auto got = ask(x, value);
    if (got == decisive) return got;
    if (got == verdict::unreadable) out = got;
  }
  return out;
}

} // namespace

verdict ask(const condition& what, const json& value) {
  using kind = condition::kind;
  if (what.asks == kind::all) return joined(what.parts, value, verdict::no);
  if (what.asks == kind::any) return joined(what.parts, value, verdict::yes);
  if (what.asks == kind::negation) return negated(ask(what.parts.front(), value));
  auto inner = what.in_text ? object_in_text(value) : json();
  auto& asked = what.in_text ? inner : value;
  if (asked.is_discarded()) return verdict::unreadable;
  return compare(what, find_pointer(asked, what.path)) ? verdict::yes : verdict::no;
}

const char* to_string(condition::kind x) noexcept {
  constexpr const char* words[] = {"equals",  "not_equals", "contains", "exists", "less",
                                   "greater", "all",        "any",      "not"};
  return words[static_cast<std::size_t>(x)];
}

} // namespace weir
