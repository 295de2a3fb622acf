#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// What a template can point at: `/input`, `/value`, `/steps/<id>`, `/run_id`, and into them.
struct template_context {
  const std::string& input; ///< The run's, JSON text.
  const std::string& value; ///< The current one, JSON text.
  const std::string& run_id;
  std::function<const std::string*(std::string_view id)> output_of; ///< Of a finished step; null: none.
};

/// The JSON text that a template makes. `{"$": pointer}` becomes what the pointer finds, null for nothing; in
/// a text `{{pointer}}` becomes it too: a text as it is, anything else as JSON, and nothing for nothing.
std::string expand_template(const nlohmann::json& what, const template_context& with);

/// All pointers of a template, each with where it is, as `.a[1]`.
struct template_pointer {
  std::string where;
  std::string pointer;
};
std::vector<template_pointer> pointers_of(const nlohmann::json& what);

/// What is wrong with a template's pointer, or an empty string.
std::string check_template_pointer(std::string_view pointer);

} // namespace weir
