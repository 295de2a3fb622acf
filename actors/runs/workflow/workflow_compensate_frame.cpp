#include "actors/runs/workflow/workflow_engine.hpp"

namespace weir {

namespace {

/// A sequence that is taken back, newest first, if it does not come to its end.
class compensate_frame : public workflow_frame {
public:
  compensate_frame(workflow_engine& engine, const place& where, const plan::compensate& what)
    : workflow_frame(engine, where), parts_(what.parts) {}

protected:
  void start(std::string value) override { begin(0, *parts_[0].to, std::move(value)); }

  void on_child(std::uint32_t branch, step_result what) override {
    if (!what.good()) return conclude(std::move(what));
    so_far_.add(what);
    auto index = branch / 2;
    bool last = index + 1 == parts_.size();
    if (!last && parts_[index].undo) done_.push_back({index, what.output});
    if (last) return conclude(so_far_.with(std::move(what.output)));
    bytes_ += what.output.size();
    if (bytes_ > 4 * engine_.limits().output_bytes)
      return conclude(failure(code::too_large, "too_large",
                              "what it would have to undo is more than "
                                  + std::to_string(4 * engine_.limits().output_bytes) + " bytes"));
    begin(branch + 2, *parts_[index + 1].to, std::move(what.output));
  }

  bool unwind() override {
    if (decided_->good() || done_.empty()) return false;
    auto next = std::move(done_.back());
    done_.pop_back();
    undoing_ = true;
    begin(2 * next.index + 1, *parts_[next.index].undo, std::move(next.output), true);
    return true;
  }

  void absorb(const step_result& what) override {
    if (undoing_ && !what.good()) note("not undone: " + what.error.message);
  }

private:
  struct done {
    std::uint32_t index;
    std::string output;
  };

  const std::vector<plan::compensate::part>& parts_;
  std::vector<done> done_; // those with an undo; their outputs are 4 × output_bytes at most
  standing so_far_;
  std::size_t bytes_ = 0;
  bool undoing_ = false;
};

} // namespace

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where,
                     const plan::compensate& what) {
  return std::make_unique<compensate_frame>(engine, where, what);
}

} // namespace weir
