// What waits for the world: a call of an agent, and an event.

#include "actors/core/json_text.hpp"
#include "actors/runs/workflow/workflow_engine.hpp"

#include <algorithm>

namespace weir {

namespace {

class agent_frame : public workflow_frame {
public:
  agent_frame(workflow_engine& engine, const place& where, const plan::agent& what)
    : workflow_frame(engine, where), what_(what) {}

protected:
  void set_time(std::int64_t own_ms, std::int64_t end_ms) override {
    workflow_frame::set_time(own_ms, end_ms);
    if (timer_ms_ != never) timer_ms_ += workflow_engine::answer_grace_ms;
  }

  void start(std::string value) override {
    if (what_.retries > 0) input_ = value;
    attempt(std::move(value));
  }

  void on_call(workflow_machine::outcome got) override {
    if (got.status == run_status::failed && try_again(got.error)) return;
    conclude(result_of(std::move(got)));
  }

  void on_time() override {
    if (again_at_ms_ == never || engine_.now_ms() < again_at_ms_) return workflow_frame::on_time();
    timer_ms_ = deadline_ms_;
    again_at_ms_ = never;
    attempt(input_);
  }

  const std::string& open_on() const override { return what_.name; }

private:
  void attempt(std::string value) {
    fails(engine_.call(*this, what_.name, std::move(value), ++attempts_, what_.stream));
  }

  /// At once, or when the refusal says that it can help, if there is time.
  bool try_again(const refusal& why) {
    if (attempts_ > what_.retries || is_mistake(why)) return false;
    auto at_ms = engine_.now_ms() + std::max<std::int64_t>(why.retry_after_ms, 0);
    if (at_ms >= until_ms_) return false;
    if (why.retry_after_ms <= 0) {
      attempt(input_);
      return true;
    }
    deadline_ms_ = timer_ms_;
    again_at_ms_ = at_ms;
    timer_ms_ = std::min(timer_ms_, at_ms);
    return true;
  }

  const plan::agent& what_;
  std::string input_; // kept for retries only
  std::int64_t again_at_ms_ = never;
  std::int64_t deadline_ms_ = never;
  std::uint32_t attempts_ = 0;
};

class await_frame : public workflow_frame {
public:
  await_frame(workflow_engine& engine, const place& where, const plan::await& what)
    : workflow_frame(engine, where), what_(what) {}

protected:
  /// What is done at its deadline has the time that is left around it.
  void set_time(std::int64_t own_ms, std::int64_t end_ms) override {
    workflow_frame::set_time(own_ms, end_ms);
    until_ms_ = end_ms;
  }

  void start(std::string value) override {
    if (what_.otherwise) value_ = std::move(value);
    if (auto held = engine_.take_held(what_)) return take(*held);
    fails(engine_.wait(*this, what_.pattern));
  }

  bool on_event(const held_event& what) override {
    if (!workflow_engine::wants(what_, what)) return false;
    take(what);
    return true;
  }

  void on_time() override {
    if (!what_.otherwise || engine_.now_ms() >= until_ms_) return workflow_frame::on_time();
    timer_ms_ = is_root() ? until_ms_ : never;
    engine_.stop(*this);
    begin(0, *what_.otherwise, std::move(value_));
  }

  void on_child(std::uint32_t, step_result what) override { conclude(std::move(what)); }

  const std::string& open_on() const override { return what_.pattern; }

private:
  void take(const held_event& x) {
    step_result out;
    out.output = R"({"client_id":)" + print_json(x.client_id) + R"(,"data":)"
                 + (x.data.empty() ? "null" : x.data) + R"(,"type":)" + print_json(x.type) + '}';
    conclude(std::move(out));
  }

  const plan::await& what_;
  std::string value_; // kept for `otherwise` only
};

/// A plan that was not linked.
class reference_frame : public workflow_frame {
public:
  using workflow_frame::workflow_frame;

protected:
  void start(std::string) override {
    conclude(failure(code::internal, "failed", "the workflow was not linked"));
  }
};

} // namespace

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::agent& what) {
  return std::make_unique<agent_frame>(engine, where, what);
}

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::await& what) {
  return std::make_unique<await_frame>(engine, where, what);
}

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::reference&) {
  return std::make_unique<reference_frame>(engine, where);
}

} // namespace weir
