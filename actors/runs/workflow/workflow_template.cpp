#include "actors/runs/workflow/workflow_template.hpp"

#include "actors/core/json_text.hpp"

#include <map>

namespace weir {

using nlohmann::json;

namespace {

constexpr std::string_view opening = "{{/";

bool is_pointer(const json& x) {
  return x.is_object() && x.size() == 1 && x.contains("$") && x["$"].is_string();
}

/// Calls `plain` with what is between placeholders and `pointer` with each one's pointer.
template <class Plain, class Pointer>
void split(std::string_view text, Plain plain, Pointer pointer) {
  while (true) {
    auto from = text.find(opening);
    auto to = from == std::string_view::npos ? from : text.find("}}", from);
    if (to == std::string_view::npos) return plain(text);
    plain(text.substr(0, from));
    pointer(text.substr(from + 2, to - from - 2));
    text.remove_prefix(to + 2);
  }
}

class expansion {
public:
  explicit expansion(const template_context& with) : with_(with) {}

  json expand(const json& x) {
    if (x.is_string()) return fill(x.get_ref<const std::string&>());
    if (is_pointer(x)) {
      auto* found = find(x["$"].get_ref<const std::string&>());
      return found == nullptr ? json{} : json(*found);
    }
    if (!x.is_structured()) return x;
    json out = x;
    for (auto& y : out) y = expand(json(y));
    return out;
  }

  /// The text that a pointer to a whole value means, which then need not be read.
  const std::string* whole(std::string_view pointer) const {
    if (pointer == "/value") return &with_.value;
    if (pointer == "/input") return &with_.input;
    return nullptr;
  }

private:
  json fill(const std::string& text) {
    if (text.find(opening) == std::string::npos) return text;
    std::string out;
    split(
        text, [&](std::string_view x) { out += x; },
        [&](std::string_view pointer) {
          auto* found = find(pointer);
          if (found == nullptr) return;
          out += found->is_string() ? found->get<std::string>() : print_json(*found);
        });
    return out;
  }

  const json* find(std::string_view pointer) {
    if (pointer.empty() || pointer[0] != '/') return nullptr;
    auto root = next_pointer_token(pointer);
    if (root == "steps" && !pointer.empty()) root = "steps/" + next_pointer_token(pointer);
    auto& x = read(root);
    return x.is_discarded() ? nullptr : find_pointer(x, pointer);
  }

  /// Each is read once for a template, and only if it is pointed at.
  const json& read(const std::string& root) {
    auto [i, added] = read_.try_emplace(root, json(json::value_t::discarded));
    if (!added) return i->second;
    if (root == "input") i->second = parse_json(with_.input);
    if (root == "value") i->second = parse_json(with_.value);
    if (root == "run_id") i->second = with_.run_id;
    if (root.rfind("steps/", 0) == 0)
      if (auto* output = with_.output_of(std::string_view{root}.substr(6))) i->second = parse_json(*output);
    return i->second;
  }

  const template_context& with_;
  std::map<std::string, json> read_;
};

void collect(const json& x, const std::string& where, std::vector<template_pointer>& out) {
  if (is_pointer(x)) return out.push_back({where + ".$", x["$"].get<std::string>()});
  if (x.is_string())
    return split(
        x.get_ref<const std::string&>(), [](std::string_view) {},
        [&](std::string_view pointer) {
          out.push_back({where, std::string{pointer}});
        });
  if (x.is_object())
    for (auto& [key, y] : x.items()) collect(y, where + '.' + key, out);
  if (x.is_array())
    for (std::size_t i = 0; i < x.size(); ++i) collect(x[i], where + '[' + std::to_string(i) + ']', out);
}

} // namespace

std::string expand_template(const json& what, const template_context& with) {
  expansion x{with};
  if (is_pointer(what))
    if (auto* text = x.whole(what["$"].get_ref<const std::string&>())) return *text;
  return print_json(x.expand(what));
}

std::vector<template_pointer> pointers_of(const json& what) {
  std::vector<template_pointer> out;
  collect(what, {}, out);
  return out;
}

std::string check_template_pointer(std::string_view pointer) {
  if (auto wrong = check_pointer(pointer); !wrong.empty()) return wrong;
  constexpr auto roots = "must begin with /input, /value, /steps/<id> or /run_id";
  if (pointer.empty()) return roots;
  auto root = next_pointer_token(pointer);
  if (root == "steps") return pointer.size() < 2 ? roots : "";
  return root == "input" || root == "value" || root == "run_id" ? "" : roots;
}

} // namespace weir
