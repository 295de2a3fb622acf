#pragma once

// Counts the words that are said in rooms: state that survives a restart, a timer, a question to a model, and
// a call of another agent.

#include <weir/agent.hpp>

#include <nlohmann/json.hpp>

#include <sstream>
#include <utility>

/// Settings, all optional: `report_ms` (60000) between reports; `milestone` (1000): each time that a room has
/// so many words more, `notify` ("echo") is called.
class word_count : public weir::agent {
public:
  using json = nlohmann::json;

  explicit word_count(const weir::agent_config& cfg) {
    auto given = json::parse(cfg.settings);
    report_ms_ = given.value("report_ms", 60'000);
    milestone_ = given.value("milestone", 1000);
    notify_ = given.value("notify", "echo");
  }

  std::vector<std::string> patterns() const override { return {"say.*"}; }

  void on_start() override {
    context().every(report_ms_, [this](weir::task job) { report(job); });
  }

  /// `say.<room>` with a text: counted, and told as `words.<room>`.
  void on_event(const weir::event& what, weir::task job) override {
    auto room = what.type.substr(4);
    auto words = count_words(json::parse(what.data).get<std::string>());
    metrics().count("words", words);
    ++changes_;
    auto seq = what.seq;
    // An event that is handled again after a crash must not count again.
    auto add = [words, seq](const json& before) {
      if (!before.is_null() && before["seq"] >= seq) return before;
      auto total = before.is_null() ? 0 : before["words"].get<int>();
      return json{{"words", total + words}, {"before", total}, {"seq", seq}};
    };
    job.state().update("room/" + room, add, [this, room, job](const json& now, const weir::refusal& no) {
      if (no.refused()) return log().warn(room + " is not counted: " + no.message);
      job.emit("words." + room, now["words"]);
      if (now["words"].get<int>() / milestone_ > now["before"].get<int>() / milestone_) celebrate(room, job);
    });
  }

  /// `{"room": R}` is answered with its count, and with what the model has to say about it.
  void on_call(const weir::agent_call& what, weir::task job) override {
    auto input = json::parse(what.input);
    if (!input.is_object() || !input.contains("room")) return job.fail("say {\"room\": a name}");
    auto room = input["room"].get<std::string>();
    job.state().get("room/" + room, [room, job](const json& kept) {
      auto words = kept.is_null() ? 0 : kept["words"].get<int>();
      auto question = "Comment in five words: " + std::to_string(words) + " words were said in " + room + ".";
      job.ask("default", {{"user", question}}, [room, words, job](const weir::model_answer& said) {
        job.reply({{"room", room}, {"words", words}, {"comment", said.text}});
      });
    });
  }

private:
  static int count_words(const std::string& text) {
    std::istringstream in{text};
    int n = 0;
    for (std::string word; in >> word;) ++n;
    return n;
  }

  void celebrate(const std::string& room, const weir::task& job) {
    auto told = [this, room, job](const weir::call_result& got) {
      if (!got.ok()) return log().warn(notify_ + " did not hear of " + room + ": " + got.error.message);
      job.emit("milestone." + room, json::parse(got.output));
    };
    job.call(notify_, {{"room", room}}, told, 5000);
  }

  void report(const weir::task& job) {
    metrics().gauge("messages_since_report", changes_);
    job.emit("report.words", {{"messages", std::exchange(changes_, 0)}});
  }

  int report_ms_, milestone_;
  std::string notify_;
  int changes_ = 0;
};
