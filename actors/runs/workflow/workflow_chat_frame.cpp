#include "actors/core/json_text.hpp"
#include "actors/runs/workflow/workflow_engine.hpp"

#include <deque>

namespace weir {

using nlohmann::json;

namespace {

constexpr std::size_t max_lines = 100;
constexpr std::size_t max_bytes = 64 * 1024;

/// What was said. The oldest is dropped above 100 turns and above 64 KiB, and counted; the newest stays
/// whatever its length.
class transcript {
public:
  void add(std::string who, std::string text) {
    bytes_ += who.size() + text.size();
    lines_.push_back({std::move(who), std::move(text)});
    while (lines_.size() > max_lines || (bytes_ > max_bytes && lines_.size() > 1)) {
      bytes_ -= lines_.front().who.size() + lines_.front().text.size();
      lines_.pop_front();
      ++dropped_;
    }
  }

  const std::string& last() const { return lines_.back().text; }

  /// With all of it as the text, for who is to speak.
  json shown() const {
    std::string text;
    for (auto& x : lines_) text += (text.empty() ? "" : "\n") + x.who + ": " + x.text;
    auto out = print();
    out["text"] = text;
    return out;
  }

  json print() const {
    auto lines = json::array();
    for (auto& x : lines_) lines.push_back({{"agent", x.who}, {"text", x.text}});
    json out = {{"transcript", std::move(lines)}};
    if (dropped_ > 0) out["dropped"] = dropped_;
    return out;
  }

private:
  struct line {
    std::string who, text;
  };

  std::deque<line> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

class chat_frame : public workflow_frame {
public:
  chat_frame(workflow_engine& engine, const place& where, const plan::group_chat& what)
    : workflow_frame(engine, where), what_(what) {}

protected:
  void start(std::string value) override {
    said_.add("user", plain_text(value));
    next_turn();
  }

  void on_call(workflow_machine::outcome got) override {
    auto one = result_of(std::move(got), *current_);
    if (!one.good()) return conclude(std::move(one));
    so_far_.add(one);
    if (moderates_) return on_moderator(parse_json(one.output));
    said_.add(*current_, plain_text(one.output));
    ++turns_;
    if (what_.until && holds(*what_.until, parse_json(one.output))) return end();
    next_turn();
  }

  const std::string& open_on() const override { return *current_; }

private:
  void next_turn() {
    if (turns_ == what_.turns) return end();
    if (what_.moderator.empty()) return ask(what_.agents[turns_ % what_.agents.size()]);
    moderates_ = true;
    current_ = &what_.moderator;
    auto input = said_.shown();
    input["agents"] = what_.agents;
    fails(engine_.call(*this, *current_, print_json(input), 1, false));
  }

  void on_moderator(const json& answer) {
    auto name = named_in(answer, "next");
    auto* next = find_named(what_.agents, name);
    if (next == nullptr && find_named({"done"}, name) != nullptr) return end();
    if (next == nullptr)
      return conclude(failure(code::conflict, "no_such_agent",
                              *current_ + " names \"" + name + "\", who is not in the chat"));
    ask(*next);
  }

  void ask(const std::string& who) {
    moderates_ = false;
    current_ = &who;
    fails(engine_.call(*this, who, print_json(said_.shown()), 1, false));
  }

  void end() {
    auto out = said_.print();
    out["text"] = said_.last();
    conclude(so_far_.with(print_json(out)));
  }

  const plan::group_chat& what_;
  const std::string* current_ = nullptr;
  transcript said_;
  standing so_far_;
  std::uint32_t turns_ = 0;
  bool moderates_ = false;
};

} // namespace

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where,
                     const plan::group_chat& what) {
  return std::make_unique<chat_frame>(engine, where, what);
}

} // namespace weir
