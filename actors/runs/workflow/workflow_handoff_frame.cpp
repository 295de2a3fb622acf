#include "actors/core/json_text.hpp"
#include "actors/runs/workflow/workflow_engine.hpp"

namespace weir {

using nlohmann::json;

namespace {

/// What an answer says to the next one: its `note`, or its text without the line that hands off.
std::string said_in(const json& answer, const std::string& output) {
  for (auto& x : {object_in_text(answer), answer})
    if (auto i = x.is_object() ? x.find("note") : x.end(); x.is_object() && i != x.end() && i->is_string())
      return i->get<std::string>();
  return without_naming_line(plain_text(output), "handoff");
}

class handoff_frame : public workflow_frame {
public:
  handoff_frame(workflow_engine& engine, const place& where, const plan::handoff& what)
    : workflow_frame(engine, where), what_(what), current_(&what.first) {}

protected:
  void start(std::string value) override {
    original_ = value;
    ask(std::move(value));
  }

  void on_call(workflow_machine::outcome got) override {
    auto one = result_of(std::move(got), *current_);
    if (!one.good()) return conclude(std::move(one));
    so_far_.add(one);
    auto answer = parse_json(one.output);
    auto name = named_in(answer, "handoff");
    auto* next = find_named(what_.among, name);
    if (name.empty() || next == current_ || name == *current_)
      return conclude(so_far_.with(std::move(one.output)));
    if (next == nullptr)
      return conclude(failure(code::conflict, "no_such_agent",
                              *current_ + " hands off to \"" + name + "\", who is not among them"));
    if (++handoffs_ > what_.max)
      return conclude(failure(code::conflict, "too_many_handoffs",
                              "more than " + std::to_string(what_.max) + " hand-offs"));
    auto input = for_next(said_in(answer, one.output));
    current_ = next;
    ask(std::move(input));
  }

  const std::string& open_on() const override { return *current_; }

private:
  void ask(std::string input) { fails(engine_.call(*this, *current_, std::move(input), 1, false)); }

  std::string for_next(const std::string& note) const {
    return R"({"from":)" + print_json(*current_) + R"(,"input":)" + (original_.empty() ? "null" : original_)
           + R"(,"note":)" + print_json(note) + R"(,"text":)"
           + print_json(plain_text(original_) + "\n\n" + *current_ + ": " + note) + '}';
  }

  const plan::handoff& what_;
  const std::string* current_;
  std::string original_;
  standing so_far_;
  std::uint32_t handoffs_ = 0;
};

} // namespace

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where, const plan::handoff& what) {
  return std::make_unique<handoff_frame>(engine, where, what);
}

} // namespace weir
