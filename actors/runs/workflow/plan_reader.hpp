#pragma once

#include "actors/runs/workflow/plan_object.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace weir {

/// Reads the steps of one plan from JSON, and collects what is wrong with them.
class plan_reader {
public:
  explicit plan_reader(plan_problems& out) : out_(out) {}

  /// The root: a step whose object has keys of the workflow's too, which are left alone.
  step_ptr root(const nlohmann::json& from);

  /// Tells templates that point at outputs that no step of this plan leaves. After all steps are read.
  void check_references();

private:
  struct place {
    std::string path;
    std::size_t depth = 0;
    bool undoable = false; ///< A part of a `compensate`, which may have an `undo`.
    bool is_root = false;
  };

  struct reference {
    std::string path;
    std::string pointer;
  };

  step_ptr step(const nlohmann::json& from, const place& at);
  step_ptr inner(const nlohmann::json& from, const std::string& path, const place& outer,
                 bool undoable = false);
  std::vector<step_ptr> list(const nlohmann::json& from, const std::string& path, const place& outer,
                             std::size_t max);
  void options(plan_object& from, workflow_step& to, const place& at);
  void pattern(const std::string& key, plan_object& from, workflow_step& to, const place& at);
  void own_time(plan_object& inside, workflow_step& to);

  void read(plan_object& from, plan::agent& to, workflow_step& step, const place& at);
  void read(plan_object& from, plan::reference& to, workflow_step& step, const place& at);
  void read(plan_object& from, plan::sequence& to, workflow_step& step, const place& at);
  void read(plan_object& from, plan::parallel& to, workflow_step& step, const place& at);
  void read(plan_object& from, plan::route& to, workflow_step& step, const place& at);
  void read(plan_object& from, plan::loop& to, workflow_step& step, const place& at);
  void read(plan_object& from, plan::await& to, workflow_step& step, const place& at);
  void read(plan_object& from, plan::handoff& to, workflow_step& step, const place& at);
  void read(plan_object& from, plan::group_chat& to, workflow_step& step, const place& at);
  void read(plan_object& from, plan::fallback& to, workflow_step& step, const place& at);
  void read(plan_object& from, plan::compensate& to, workflow_step& step, const place& at);

  void enough(plan_object& inside, plan::parallel& to);
  plan::route::way way(const nlohmann::json& from, const std::string& path, bool last, const place& at);

  plan_problems& out_;
  std::size_t steps_ = 0;
  std::set<std::string> ids_;
  std::vector<reference> references_;
};

} // namespace weir
