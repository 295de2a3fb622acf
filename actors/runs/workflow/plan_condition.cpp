#include "actors/core/json_text.hpp"
#include "actors/core/json_type.hpp"
#include "actors/runs/workflow/plan_object.hpp"

namespace weir {

using nlohmann::json;

namespace {

using kind = condition::kind;

constexpr kind comparisons[] = {kind::equals, kind::not_equals, kind::contains,
                                kind::exists, kind::less,       kind::greater};

class condition_reader {
public:
  condition_reader(const json& from, const std::string& path, plan_problems& out)
    : object_(from, path, out), path_(path), out_(out) {}

  condition read() {
    condition out;
    if (!object_.good()) return out;
    if (object_.has("all")) return list(kind::all);
    if (object_.has("any")) return list(kind::any);
    if (object_.has("not")) return negation();
    return comparison();
  }

private:
  condition list(kind asks) {
    condition out;
    out.asks = asks;
    auto* key = to_string(asks);
    object_.only({key});
    auto& parts = object_.at(key);
    if (!parts.is_array()) {
      object_.problem(key, "must be a list, is " + type_of(parts));
      return out;
    }
    if (parts.empty()) object_.problem(key, "must not be empty");
    for (std::size_t i = 0; i < parts.size(); ++i)
      out.parts.push_back(read_condition(parts[i], at_index(object_.path_of(key), i), out_));
    return out;
  }

  condition negation() {
    condition out;
    out.asks = kind::negation;
    object_.only({"not"});
    out.parts.push_back(read_condition(object_.at("not"), object_.path_of("not"), out_));
    return out;
  }

  condition comparison() {
    condition out;
    bool known = object_.only({"path", "in_text", "equals", "not_equals", "contains", "exists", "less",
                               "greater", "all", "any", "not"});
    std::size_t count = 0;
    for (auto asks : comparisons)
      if (object_.has(to_string(asks))) {
        out.asks = asks;
        out.with = object_.at(to_string(asks));
        ++count;
      }
    if (count > 1 || (count == 0 && known))
      out_.add(path_, "must have one of equals, not_equals, contains, exists, less, greater, all, any, not");
    if (count == 1) check(out);
    object_.boolean("in_text", out.in_text);
    if (object_.needs("path")) path(out.path);
    return out;
  }

  void check(const condition& x) {
    auto* key = to_string(x.asks);
    if (x.asks == kind::exists && !x.with.is_boolean())
      object_.problem(key, "must be true or false, is " + type_of(x.with));
    if ((x.asks == kind::less || x.asks == kind::greater) && !x.with.is_number() && !x.with.is_string())
      object_.problem(key, "must be a number or a text, is " + type_of(x.with));
  }

  void path(std::string& to) {
    if (!object_.at("path").is_string())
      return object_.problem("path", "must be a text, is " + type_of(object_.at("path")));
    to = object_.at("path").get<std::string>();
    if (auto wrong = check_pointer(to); !wrong.empty())
      object_.problem("path", print_json(object_.at("path")) + ": " + wrong);
  }

  plan_object object_;
  std::string path_;
  plan_problems& out_;
};

} // namespace

condition read_condition(const json& from, const std::string& path, plan_problems& out) {
  return condition_reader{from, path, out}.read();
}

} // namespace weir
