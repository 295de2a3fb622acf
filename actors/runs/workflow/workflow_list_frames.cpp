// One step after another: sequence, route, loop, fallback.

#include "actors/core/json_text.hpp"
#include "actors/runs/workflow/workflow_engine.hpp"

namespace weir {

namespace {

class sequence_frame : public workflow_frame {
public:
  sequence_frame(workflow_engine& engine, const place& where, const plan::sequence& what)
    : workflow_frame(engine, where), steps_(what.steps) {}

protected:
  void start(std::string value) override { begin(0, *steps_[0], std::move(value)); }

  void on_child(std::uint32_t branch, step_result what) override {
    if (!what.good()) return conclude(std::move(what));
    so_far_.add(what);
    if (branch + 1 == steps_.size()) return conclude(so_far_.with(std::move(what.output)));
    begin(branch + 1, *steps_[branch + 1], std::move(what.output));
  }

private:
  const std::vector<step_ptr>& steps_;
  standing so_far_;
};

class route_frame : public workflow_frame {
public:
  route_frame(workflow_engine& engine, const place& where, const plan::route& what)
    : workflow_frame(engine, where), ways_(what.ways) {}

protected:
  void start(std::string value) override {
    auto x = parse_json(value);
    for (std::uint32_t i = 0; i < ways_.size(); ++i) {
      auto so = ways_[i].when ? ask(*ways_[i].when, x) : verdict::yes;
      if (so == verdict::unreadable) return conclude(unreadable());
      if (so == verdict::yes) return begin(i, *ways_[i].to, std::move(value));
    }
    conclude(failure(code::conflict, "no_route", "no way is for this value, and there is no else"));
  }

  void on_child(std::uint32_t, step_result what) override { conclude(std::move(what)); }

private:
  const std::vector<plan::route::way>& ways_;
};

class loop_frame : public workflow_frame {
public:
  loop_frame(workflow_engine& engine, const place& where, const plan::loop& what)
    : workflow_frame(engine, where), what_(what) {}

protected:
  void start(std::string value) override {
    ++rounds_;
    begin(0, *what_.body, std::move(value));
  }

  void on_child(std::uint32_t, step_result what) override {
    if (!what.good()) return conclude(std::move(what));
    so_far_.add(what);
    auto is_end = ask(*what_.until, parse_json(what.output));
    if (is_end == verdict::unreadable) return conclude(unreadable());
    if (is_end == verdict::yes) return conclude(so_far_.with(std::move(what.output)));
    if (rounds_ < what_.max) return start(std::move(what.output));
    if (!what_.fails_at_max) return conclude(so_far_.with(std::move(what.output)));
    conclude(failure(code::conflict, "too_many_rounds",
                     "not at its end after " + std::to_string(what_.max) + " rounds"));
  }

private:
  const plan::loop& what_;
  standing so_far_;
  std::uint32_t rounds_ = 0;
};

class fallback_frame : public workflow_frame {
public:
  fallback_frame(workflow_engine& engine, const place& where, const plan::fallback& what)
    : workflow_frame(engine, where), steps_(what.steps) {}

protected:
  void start(std::string value) override {
    value_ = std::move(value);
    begin(0, *steps_[0], value_);
  }

  void on_child(std::uint32_t branch, step_result what) override {
    if (!what.good() && branch + 1 < steps_.size() && !is_mistake(what.error)) {
      last_error_ = std::make_unique<refusal>(std::move(what.error));
      return begin(branch + 1, *steps_[branch + 1], value_);
    }
    if (what.status == run_status::complete && branch > 0) {
      what.status = run_status::degraded;
      what.error = *last_error_;
    }
    conclude(std::move(what));
  }

private:
  const std::vector<step_ptr>& steps_;
  std::string value_;
  std::unique_ptr<refusal> last_error_;
};

} // namespace

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where,
                     const plan::sequence& what) {
  return std::make_unique<sequence_frame>(engine, where, what);
}

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::route& what) {
  return std::make_unique<route_frame>(engine, where, what);
}

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::loop& what) {
  return std::make_unique<loop_frame>(engine, where, what);
}

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where,
                     const plan::fallback& what) {
  return std::make_unique<fallback_frame>(engine, where, what);
}

} // namespace weir
