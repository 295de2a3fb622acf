#include "actors/runs/workflow/workflow_engine.hpp"

namespace weir {

namespace {

class parallel_frame : public workflow_frame {
public:
  parallel_frame(workflow_engine& engine, const place& where, const plan::parallel& what)
    : workflow_frame(engine, where), what_(what) {}

protected:
  void start(std::string value) override {
    outputs_.resize(what_.steps.size());
    for (std::uint32_t i = 0; i < what_.steps.size(); ++i) begin(i, *what_.steps[i], value);
  }

  void on_child(std::uint32_t branch, step_result what) override {
    if (!what.good()) return on_failure(std::move(what));
    so_far_.add(what);
    ++succeeded_;
    if (what_.is_any) return conclude(so_far_.with(std::move(what.output)));
    bytes_ += what.output.size();
    if (bytes_ > engine_.limits().output_bytes)
      return conclude(
          failure(code::too_large, "too_large",
                  "its outputs are more than " + std::to_string(engine_.limits().output_bytes) + " bytes"));
    outputs_[branch] = std::move(what.output);
    if (succeeded_ == needed()) conclude(so_far_.with(list()));
  }

  void on_time() override {
    if (succeeded_ == 0) return workflow_frame::on_time();
    auto out = failure(code::deadline, "deadline",
                       "its time is over, " + std::to_string(succeeded_) + " of "
                           + std::to_string(what_.steps.size()) + " have ended");
    out.status = run_status::partial;
    out.output = list();
    conclude(std::move(out));
  }

private:
  std::size_t needed() const { return what_.enough == 0 ? what_.steps.size() : what_.enough; }

  void on_failure(step_result what) {
    ++failed_;
    if (what_.steps.size() - failed_ < needed() || is_mistake(what.error)) conclude(std::move(what));
  }

  std::string list() const {
    std::string out = "[";
    for (auto& x : outputs_) {
      if (out.size() > 1) out += ',';
      out += x.empty() ? "null" : x;
    }
    return out + ']';
  }

  const plan::parallel& what_;
  std::vector<std::string> outputs_; // one for each branch; empty: not there
  standing so_far_;
  std::size_t bytes_ = 0;
  std::size_t succeeded_ = 0;
  std::size_t failed_ = 0;
};

} // namespace

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where,
                     const plan::parallel& what) {
  return std::make_unique<parallel_frame>(engine, where, what);
}

} // namespace weir
