#include "actors/runs/workflow/plan_object.hpp"

#include <algorithm>

namespace weir {

namespace {

/// Replaces references depth first; each workflow once.
class linker {
public:
  explicit linker(std::map<std::string, workflow>& all) : all_(all) {}

  std::vector<plan_problem> run() {
    for (auto& [name, x] : all_) link(name);
    return wrong_.take();
  }

private:
  struct size {
    std::size_t steps = 0;
    std::size_t depth = 0;
  };

  bool link(const std::string& name) {
    if (done_.count(name) > 0) return true;
    way_.push_back(name);
    auto& x = all_.at(name);
    x.root = replace(x.root, name);
    way_.pop_back();
    done_.insert(name);
    auto is = size_of(*x.root);
    if (is.steps > max_plan_steps)
      wrong_.add(name, "more than 1000 steps with those of the workflows that it names");
    if (is.depth > max_plan_depth)
      wrong_.add(name, "more than 32 steps in each other with those of the workflows that it names");
    bool good = is.steps <= max_plan_steps && is.depth <= max_plan_depth;
    // What names it must not grow from it further.
    if (!good) x.root = std::make_shared<workflow_step>();
    return good;
  }

  step_ptr replace(const step_ptr& from, const std::string& path) {
    if (auto* x = std::get_if<plan::reference>(&from->what))
      return resolve(from, *x, join_path(path, "workflow"));
    auto children = children_of(*from);
    bool changed = false;
    for (auto& child : children) {
      auto linked = replace(child.to, join_path(path, child_key(*from, child.branch)));
      changed |= linked != child.to;
      child.to = std::move(linked);
    }
    if (!changed) return from;
    auto out = std::make_shared<workflow_step>(*from);
    for (auto& child : children) set_child(*out, child);
    return out;
  }

  step_ptr resolve(const step_ptr& from, const plan::reference& to, const std::string& path) {
    auto i = all_.find(to.workflow);
    if (i == all_.end()) {
      wrong_.add(path, "no workflow \"" + to.workflow + '"');
      return from;
    }
    if (auto at = std::find(way_.begin(), way_.end(), to.workflow); at != way_.end()) {
      std::string circle;
      for (; at != way_.end(); ++at) circle += *at + " -> ";
      wrong_.add(path, "goes in a circle: " + circle + to.workflow);
      return from;
    }
    link(to.workflow);
    auto out = std::make_shared<workflow_step>(*from);
    if (out->timeout_ms == 0) out->timeout_ms = i->second.timeout_ms;
    out->what = plan::sequence{{i->second.root}};
    return out;
  }

  static void set_child(workflow_step& of, const plan_child& child) {
    auto n = child.branch;
    if (auto* x = std::get_if<plan::sequence>(&of.what)) x->steps[n] = child.to;
    if (auto* x = std::get_if<plan::parallel>(&of.what)) x->steps[n] = child.to;
    if (auto* x = std::get_if<plan::fallback>(&of.what)) x->steps[n] = child.to;
    if (auto* x = std::get_if<plan::loop>(&of.what)) x->body = child.to;
    if (auto* x = std::get_if<plan::await>(&of.what)) x->otherwise = child.to;
    if (auto* x = std::get_if<plan::route>(&of.what)) x->ways[n].to = child.to;
    if (auto* x = std::get_if<plan::compensate>(&of.what))
      (n % 2 == 0 ? x->parts[n / 2].to : x->parts[n / 2].undo) = child.to;
  }

  static size size_of(const workflow_step& x) {
    size out{1, 1};
    for (auto& child : children_of(x)) {
      auto inner = size_of(*child.to);
      out.steps += inner.steps;
      out.depth = std::max(out.depth, inner.depth + 1);
    }
    return out;
  }

  std::map<std::string, workflow>& all_;
  plan_problems wrong_;
  std::vector<std::string> way_;
  std::set<std::string> done_;
};

} // namespace

std::vector<plan_problem> link_workflows(std::map<std::string, workflow>& all) { return linker{all}.run(); }

} // namespace weir
