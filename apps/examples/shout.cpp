// A node of one's own: the whole command line, with one more agent type, `shout`.
#include <nlohmann/json.hpp>
#include <weir/agent.hpp>
#include <weir/app.hpp>

#include <algorithm>
#include <cctype>

namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

class shout : public weir::agent {
public:
  // An event say.<room> with the text T is answered by an event shout.<room> with the text in capitals.
  std::vector<std::string> patterns() const override { return {"say.*"}; }

  void on_event(const weir::event& what, weir::task job) override {
    auto text = nlohmann::json::parse(what.data).get<std::string>();
    job.emit("shout." + what.type.substr(4), upper(text));
  }

  // `weir call shout '"hello"'` gives "HELLO".
  void on_call(const weir::agent_call& what, weir::task job) override {
    job.reply(upper(nlohmann::json::parse(what.input).get<std::string>()));
  }
};

} // namespace

int main(int argc, char** argv) {
  auto agents = weir::agent_registry::with_builtins();
  agents.add<shout>("shout");
  return weir::run_app(argc, argv, std::move(agents));
}
