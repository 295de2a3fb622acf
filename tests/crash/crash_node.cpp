// The node that the crash tests kill: the stock one with agents whose work can be counted.
#include "apps/weir/app.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace {

/// A `chain.a.x` makes a `chain.b.x`, that one a `chain.c.x`: whatever happens in between, each must come out
/// once.
template <char From, char To>
class chain_link : public weir::agent {
public:
  std::vector<std::string> patterns() const override { return {prefix(From) + "*"}; }

  void on_event(const weir::event& what, weir::task job) override {
    job.emit(prefix(To) + what.type.substr(prefix(From).size()), {{"of", what.event_id()}});
  }

private:
  static std::string prefix(char link) { return std::string{"chain."} + link + '.'; }
};

/// Writes down that a step was begun, before anything else: one write, so it is there whole or not at all.
void trace(const weir::agent_call& what) {
  auto* path = std::getenv("WEIR_CRASH_TRACE");
  if (path == nullptr) return;
  static const int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  auto line = what.run_id + ' ' + what.origin + '\n';
  if (write(file, line.data(), line.size()) < 0) std::abort();
}

/// A step of a workflow: counts up, says who it was, and takes a model's time for it. What comes out depends
/// on what went in alone.
class worker : public weir::agent {
public:
  explicit worker(std::string name) : name_(std::move(name)) {}

  std::uint32_t concurrency() const override { return 64; }

  void on_call(const weir::agent_call& what, weir::task job) override {
    trace(what);
    auto in = nlohmann::json::parse(what.input);
    auto out = work(in);
    job.ask("slow", {{"user", what.origin}}, [job, out](const weir::model_answer&) mutable {
      if (out.contains("fail"))
        job.fail(out["fail"].get<std::string>());
      else
        job.reply(out);
    });
  }

private:
  nlohmann::json work(const nlohmann::json& in) const {
    if (name_ == "broken") return {{"fail", "it never works"}};
    auto n = in.is_object() && in.contains("n") ? in["n"].get<int>() : 0;
    auto text = in.is_object() && in.contains("text") ? in["text"].get<std::string>() : in.dump();
    nlohmann::json out = {{"n", n + 1}, {"by", name_}, {"text", text.substr(0, 200) + '+' + name_}};
    if (name_ == "first") out["handoff"] = "second";
    if (name_ == "second") out["handoff"] = "third";
    return out;
  }

  std::string name_;
};

} // namespace

int main(int argc, char** argv) {
  auto agents = weir::agent_registry::with_builtins();
  agents.add<chain_link<'a', 'b'>>("chain_ab");
  agents.add<chain_link<'b', 'c'>>("chain_bc");
  agents.add("worker", [](const weir::agent_config& cfg) { return std::make_unique<worker>(cfg.name); });
  return weir::run_app(argc, argv, std::move(agents));
}
