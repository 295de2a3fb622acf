#include "tests/support/config.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

using namespace weir;
using namespace weir::test;

namespace {

struct refusal_case {
  std::string text;
  lines errors;
};

/// A namespace that runs `echo` and the workflow `w` with this plan.
std::string with_plan(const std::string& plan) {
  return R"({"workflows":{"w":)" + plan + R"(},"namespaces":{"n":{"agents":["echo"],"workflows":["w"]}}})";
}

} // namespace

TEST_CASE("workflows are read and linked, and read back as they are printed", "[config]") {
  auto cfg = good(R"({"workflows":{"inner":{"agent":"echo"},
                                   "outer":{"timeout_ms":5000,"kept":false,"sequence":[{"workflow":"inner"}]}},
                      "namespaces":{"n":{"agents":["echo"],"workflows":["outer","inner"]}}})");
  CHECK(cfg.workflows.at("outer").timeout_ms == 5000);
  CHECK_FALSE(cfg.workflows.at("outer").kept);
  CHECK(targets_of(cfg.workflows.at("outer")).count("echo") == 1);
  CHECK(cfg.namespace_for("n").workflows == lines{"outer", "inner"});
  auto again = good(print_config(cfg));
  CHECK(print_workflow(again.workflows.at("outer")) == print_workflow(cfg.workflows.at("outer")));
}

TEST_CASE("what is wrong with a workflow is told with its path", "[config]") {
  auto x = GENERATE(values<refusal_case>({
      {with_plan("7"), {"workflows.w: must be an object, is a whole number"}},
      {R"({"workflows":{"v":7,"w":{"agent":"echo"}},"namespaces":{"n":{"agents":["echo"],"workflows":["v","w"]}}})",
       {"workflows.v: must be an object, is a whole number"}},
      {with_plan(R"({"agent":"gone"})"),
       {R"(namespaces.n.workflows[0]: w calls the agent "gone", which the namespace does not run)"}},
      {with_plan(R"({"await":{"on":"sys.run.finished"}})"),
       {R"(namespaces.n.workflows[0]: w awaits "sys.run.finished": the server's own events cannot be awaited)"}},
      {with_plan(R"({"await":{"on":"sys"}})"),
       {R"(namespaces.n.workflows[0]: w awaits "sys": the server's own events cannot be awaited)"}},
      {R"({"namespaces":{"n":{"agents":["echo"],"workflows":["gone"]}}})",
       {R"(namespaces.n.workflows[0]: no workflow "gone")"}},
      {R"({"workflows":{"echo":{"agent":"echo"}},"namespaces":{"n":{"agents":["echo"],"workflows":["echo"]}}})",
       {R"(namespaces.n.workflows[0]: "echo" is an agent's name too)"}},
      {R"({"workflows":{"w":{"agent":"echo"}},"namespaces":{"n":{"agents":["echo"],"workflows":["w","w"]}}})",
       {R"(namespaces.n.workflows[1]: "w" is named twice)"}},
  }));
  CAPTURE(x.text);
  CHECK(bad(x.text) == x.errors);
}

TEST_CASE("a problem deep in a plan has its whole path", "[config]") {
  auto wrong =
      bad(with_plan(R"({"sequence":[{"agent":"echo"},{"loop":{"do":{"agent":"echo"},"untill":1}}]})"));
  REQUIRE_FALSE(wrong.empty());
  CHECK(wrong[0].rfind("workflows.w.sequence[1].loop", 0) == 0);
  CHECK(wrong[0].find("did you mean until?") != std::string::npos);
  auto circle = bad(R"({"workflows":{"a":{"workflow":"b"},"b":{"workflow":"a"}}})");
  REQUIRE_FALSE(circle.empty());
  CHECK(circle[0].rfind("workflows.", 0) == 0);
}
