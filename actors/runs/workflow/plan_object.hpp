#pragma once

#include "actors/runs/workflow/workflow_plan.hpp"

#include <cstdint>
#include <string>
#include <vector>

// How the parts of a plan are read from JSON: see workflow_reader.cpp.

namespace weir {

/// `path.key`, or the key alone at the top.
std::string join_path(const std::string& path, const std::string& key);

std::string at_index(const std::string& path, std::size_t index);

/// What is wrong so far. The first problem of a path is kept, as what follows from it would only confuse.
class plan_problems {
public:
  void add(const std::string& path, std::string message);
  std::vector<plan_problem> take() { return std::move(all_); }
  bool empty() const noexcept { return all_.empty(); }

private:
  std::vector<plan_problem> all_;
  std::set<std::string> paths_;
};

/// An object of a plan: reads its keys with checks, and tells those that nobody knows.
class plan_object {
public:
  /// @param from must outlive this.
  plan_object(const nlohmann::json& from, std::string path, plan_problems& out);

  /// Whether it is an object at all; if not, that is a problem by now, and nothing is read from it.
  bool good() const noexcept { return good_; }

  /// Tells every key that is none of these. @returns whether there was none.
  bool only(const std::vector<std::string>& known);

  bool has(const char* key) const { return good_ && from_.contains(key); }
  const nlohmann::json& at(const char* key) const { return from_.at(key); }
  std::string path_of(const std::string& key) const { return join_path(path_, key); }
  void problem(const std::string& key, std::string message) { out_.add(path_of(key), std::move(message)); }

  /// A key that is not there leaves `to` as it is.
  template <class Int>
  void integer(const char* key, Int& to, std::int64_t min, std::int64_t max) {
    std::int64_t value = 0;
    if (read_integer(key, value, min, max)) to = static_cast<Int>(value);
  }
  void boolean(const char* key, bool& to);
  void name(const char* key, std::string& to);
  void names(const char* key, std::vector<std::string>& to);
  bool needs(const char* key); ///< @returns whether it is there; if not, that is a problem.

private:
  bool read_integer(const char* key, std::int64_t& to, std::int64_t min, std::int64_t max);

  const nlohmann::json& from_;
  std::string path_;
  plan_problems& out_;
  bool good_;
};

/// Whether it is nested deeper than the JSON of a plan may be.
bool is_nested_too_deep(const nlohmann::json& x);

/// Reads a condition. What is wrong goes to `out`.
condition read_condition(const nlohmann::json& from, const std::string& path, plan_problems& out);

} // namespace weir
