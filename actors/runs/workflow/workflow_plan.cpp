#include "actors/runs/workflow/workflow_plan.hpp"

namespace weir {

namespace {

std::vector<plan_child> numbered(const std::vector<step_ptr>& steps) {
  std::vector<plan_child> out;
  for (auto& x : steps) out.push_back({static_cast<std::uint32_t>(out.size()), x});
  return out;
}

struct children {
  std::vector<plan_child> operator()(const plan::sequence& x) const { return numbered(x.steps); }
  std::vector<plan_child> operator()(const plan::parallel& x) const { return numbered(x.steps); }
  std::vector<plan_child> operator()(const plan::fallback& x) const { return numbered(x.steps); }
  std::vector<plan_child> operator()(const plan::loop& x) const { return {{0, x.body}}; }

  std::vector<plan_child> operator()(const plan::await& x) const {
    if (!x.otherwise) return {};
    return {{0, x.otherwise}};
  }

  std::vector<plan_child> operator()(const plan::route& x) const {
    std::vector<plan_child> out;
    for (auto& way : x.ways) out.push_back({static_cast<std::uint32_t>(out.size()), way.to});
    return out;
  }

  /// Even numbers do, odd ones undo.
  std::vector<plan_child> operator()(const plan::compensate& x) const {
    std::vector<plan_child> out;
    for (std::uint32_t i = 0; i < x.parts.size(); ++i) {
      out.push_back({2 * i, x.parts[i].to});
      if (x.parts[i].undo) out.push_back({2 * i + 1, x.parts[i].undo});
    }
    return out;
  }

  template <class Leaf>
  std::vector<plan_child> operator()(const Leaf&) const {
    return {};
  }
};

template <class Visit>
void visit_all(const workflow_step& from, Visit& visit) {
  visit(from);
  for (auto& x : children_of(from)) visit_all(*x.to, visit);
}

std::string in_list(const char* key, std::uint32_t index) {
  return std::string{key} + '[' + std::to_string(index) + ']';
}

} // namespace

std::vector<plan_child> children_of(const workflow_step& of) { return std::visit(children{}, of.what); }

const char* pattern_key(const workflow_step& x) noexcept {
  constexpr const char* keys[] = {"agent", "workflow", "sequence",   "parallel", "route",     "loop",
                                  "await", "handoff",  "group_chat", "fallback", "compensate"};
  static_assert(std::size(keys) == std::variant_size_v<decltype(x.what)>);
  return keys[x.what.index()];
}

bool is_plain_list(const workflow_step& x) noexcept {
  return std::holds_alternative<plan::sequence>(x.what) && x.id.empty() && !x.input && x.timeout_ms == 0;
}

std::string child_key(const workflow_step& of, std::uint32_t branch) {
  auto* key = pattern_key(of);
  if (std::holds_alternative<plan::loop>(of.what)) return "loop.do";
  if (std::holds_alternative<plan::await>(of.what)) return "await.otherwise";
  if (auto* x = std::get_if<plan::route>(&of.what))
    return in_list(key, branch) + (x->ways[branch].when ? ".do" : ".else");
  if (std::holds_alternative<plan::compensate>(of.what))
    return in_list(key, branch / 2) + (branch % 2 == 0 ? "" : ".undo");
  if (auto* x = std::get_if<plan::parallel>(&of.what); x != nullptr && (x->enough > 0 || of.timeout_ms > 0))
    return in_list("parallel.do", branch);
  return in_list(key, branch);
}

std::set<std::string> targets_of(const workflow& what) {
  std::set<std::string> out;
  auto visit = [&out](const workflow_step& x) {
    if (auto* one = std::get_if<plan::agent>(&x.what)) out.insert(one->name);
    if (auto* some = std::get_if<plan::handoff>(&x.what)) out.insert(some->among.begin(), some->among.end());
    if (auto* chat = std::get_if<plan::group_chat>(&x.what)) {
      out.insert(chat->agents.begin(), chat->agents.end());
      if (!chat->moderator.empty()) out.insert(chat->moderator);
    }
  };
  visit_all(*what.root, visit);
  return out;
}

std::vector<const plan::await*> awaits_of(const workflow_step& from) {
  std::vector<const plan::await*> out;
  auto visit = [&out](const workflow_step& x) {
    if (auto* found = std::get_if<plan::await>(&x.what)) out.push_back(found);
  };
  visit_all(from, visit);
  return out;
}

std::set<std::string> patterns_of(const workflow& what) {
  std::set<std::string> out;
  for (auto* x : awaits_of(*what.root)) out.insert(x->pattern);
  return out;
}

std::set<std::string> patterns_of_any_run(const workflow& what) {
  std::set<std::string> out;
  for (auto* x : awaits_of(*what.root))
    if (x->any_run) out.insert(x->pattern);
  return out;
}

} // namespace weir
