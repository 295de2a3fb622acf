#include "actors/runs/workflow/plan_object.hpp"

#include "actors/core/json_type.hpp"
#include "actors/core/plain_name.hpp"

#include "actors/core/json_text.hpp"
#include "actors/core/nearest_word.hpp"

#include <algorithm>

namespace weir {

using nlohmann::json;

namespace {

constexpr std::size_t max_names = 64;
constexpr std::size_t max_levels = 200; // every one of 32 steps takes three or four

bool deeper_than(const json& x, std::size_t levels) {
  if (!x.is_structured()) return false;
  if (levels == 0) return true;
  return std::any_of(x.begin(), x.end(), [levels](const json& y) { return deeper_than(y, levels - 1); });
}

} // namespace

std::string join_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + '.' + key;
}

std::string at_index(const std::string& path, std::size_t index) {
  return path + '[' + std::to_string(index) + ']';
}

void plan_problems::add(const std::string& path, std::string message) {
  if (paths_.insert(path).second) all_.push_back({path, std::move(message)});
}

plan_object::plan_object(const json& from, std::string path, plan_problems& out)
  : from_(from), path_(std::move(path)), out_(out), good_(from.is_object()) {
  if (!good_) out_.add(path_, "must be an object, is " + type_of(from));
}

bool plan_object::only(const std::vector<std::string>& known) {
  bool all_known = true;
  for (auto& [key, value] : from_.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    problem(key, unknown_key(key, known));
    all_known = false;
  }
  return all_known;
}

bool plan_object::read_integer(const char* key, std::int64_t& to, std::int64_t min, std::int64_t max) {
  if (!has(key)) return false;
  auto& x = at(key);
  if (!x.is_number_integer()) {
    problem(key, "must be a whole number, is " + type_of(x));
    return false;
  }
  bool huge = x.is_number_unsigned() && x.get<std::uint64_t>() > static_cast<std::uint64_t>(max);
  if (huge || x.get<std::int64_t>() < min || x.get<std::int64_t>() > max) {
    problem(key, print_json(x) + " is out of range, must be " + std::to_string(min) + " to "
                     + std::to_string(max));
    return false;
  }
  to = x.get<std::int64_t>();
  return true;
}

void plan_object::boolean(const char* key, bool& to) {
  if (!has(key)) return;
  if (!at(key).is_boolean()) return problem(key, "must be true or false, is " + type_of(at(key)));
  to = at(key).get<bool>();
}

void plan_object::name(const char* key, std::string& to) {
  if (!has(key)) return;
  if (!at(key).is_string()) return problem(key, "must be a text, is " + type_of(at(key)));
  to = at(key).get<std::string>();
  if (auto wrong = check_plain_name(to); !wrong.empty()) problem(key, print_json(at(key)) + ": " + wrong);
}

void plan_object::names(const char* key, std::vector<std::string>& to) {
  if (!needs(key)) return;
  auto& list = at(key);
  if (!list.is_array()) return problem(key, "must be a list, is " + type_of(list));
  if (list.empty() || list.size() > max_names) return problem(key, "must have 1 to 64 entries");
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto where = at_index(path_of(key), i);
    if (!list[i].is_string()) {
      out_.add(where, "must be a text, is " + type_of(list[i]));
      continue;
    }
    auto name = list[i].get<std::string>();
    if (auto wrong = check_plain_name(name); !wrong.empty())
      out_.add(where, print_json(list[i]) + ": " + wrong);
    if (std::find(to.begin(), to.end(), name) != to.end())
      out_.add(where, print_json(list[i]) + " is named twice");
    to.push_back(std::move(name));
  }
}

bool plan_object::needs(const char* key) {
  if (has(key)) return true;
  if (good_) problem(key, "is needed");
  return false;
}

bool is_nested_too_deep(const json& x) { return deeper_than(x, max_levels); }

} // namespace weir
