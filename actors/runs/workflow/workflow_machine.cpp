#include "actors/runs/workflow/workflow_machine.hpp"

#include "actors/runs/workflow/workflow_engine.hpp"

namespace weir {

workflow_machine::workflow_machine(std::shared_ptr<const workflow> plan, std::string run_id, bounds limits)
  : engine_(std::make_unique<workflow_engine>(std::move(plan), std::move(run_id), limits)) {}

workflow_machine::workflow_machine(std::shared_ptr<const workflow> plan, std::string run_id)
  : workflow_machine(std::move(plan), std::move(run_id), bounds{}) {}

workflow_machine::~workflow_machine() = default;

std::vector<workflow_machine::action> workflow_machine::apply(const record& what) {
  return engine_->apply(what);
}
std::optional<std::int64_t> workflow_machine::next_deadline_ms() const { return engine_->next_deadline_ms(); }
bool workflow_machine::over() const { return engine_->over(); }
std::vector<workflow_machine::open_step> workflow_machine::open() const { return engine_->open(); }
std::uint64_t workflow_machine::dropped_events() const { return engine_->dropped_events(); }

} // namespace weir
