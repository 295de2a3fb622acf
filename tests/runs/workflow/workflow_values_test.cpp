// Conditions, templates, and the JSON text under them.

#include "actors/core/json_text.hpp"
#include "actors/runs/workflow/workflow_builder.hpp"
#include "actors/runs/workflow/workflow_template.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using json = nlohmann::json;

TEST_CASE("a condition asks what it says", "[workflows]") {
  using namespace weir::flow;
  auto value = json::parse(R"({"n":5,"text":"{\"score\":8,\"tags\":[\"x\"]}","list":[1,"two"],"a/b":null})");
  CHECK(holds(equals("/n", 5), value));
  CHECK_FALSE(holds(equals("/n", 6), value));
  CHECK(holds(not_equals("/n", 6), value));
  CHECK(holds(not_equals("/gone", 5), value));
  CHECK_FALSE(holds(equals("/gone", nullptr), value));
  CHECK(holds(equals("/a~1b", nullptr), value));
  CHECK(holds(contains("/list", "two"), value));
  CHECK_FALSE(holds(contains("/list", 2), value));
  CHECK(holds(contains("/text", "score"), value));
  CHECK_FALSE(holds(contains("/text", 8), value));
  CHECK_FALSE(holds(contains("/n", 5), value));
  CHECK(holds(exists("/a~1b"), value));
  CHECK(holds(exists("/gone", false), value));
  CHECK_FALSE(holds(exists("/list/2"), value));
  CHECK_FALSE(holds(exists("/list/01"), value));
  CHECK_FALSE(holds(exists("/list/-1"), value));
  CHECK(holds(exists("/list/1"), value));
  CHECK(holds(less("/n", 5.5), value));
  CHECK_FALSE(holds(less("/n", 5), value));
  CHECK(holds(greater("/n", 4), value));
  CHECK_FALSE(holds(greater("/text", 4), value));
  CHECK_FALSE(holds(less("/a~1b", 4), value));
  CHECK(holds(greater("/list/1", "a"), value));
  CHECK(holds(flow::all({equals("/n", 5), exists("/text")}), value));
  CHECK_FALSE(holds(flow::all({equals("/n", 5), exists("/gone")}), value));
  CHECK(holds(flow::any({equals("/n", 6), exists("/text")}), value));
  CHECK(holds(negate(equals("/n", 6)), value));
  CHECK(holds(in_text(greater("/score", 7)), value));
  CHECK(holds(in_text(contains("/tags", "x")), value));
  CHECK_FALSE(holds(in_text(exists("/n")), value));
  CHECK_FALSE(holds(in_text(exists("")), json{{"text", "[1]"}}));
  CHECK_FALSE(holds(exists(""), json(json::value_t::discarded)));
}

TEST_CASE("a condition that there is nothing to ask about is unreadable, unless the other parts decide",
          "[workflows]") {
  using namespace weir::flow;
  json prose{{"text", "Approved."}, {"n", 1}};
  auto in_prose = in_text(exists("/approved", false));
  CHECK(ask(in_prose, prose) == verdict::unreadable);
  CHECK(ask(in_text(exists("")), json{{"text", "[1]"}}) == verdict::unreadable);
  CHECK(ask(in_text(exists("")), json("Approved.")) == verdict::unreadable);
  CHECK(ask(exists("", false), json(json::value_t::discarded)) == verdict::unreadable);
  CHECK(ask(negate(in_prose), prose) == verdict::unreadable);
  CHECK(ask(flow::all({in_prose, equals("/n", 1)}), prose) == verdict::unreadable);
  CHECK(ask(flow::all({in_prose, equals("/n", 2)}), prose) == verdict::no);
  CHECK(ask(flow::any({in_prose, equals("/n", 2)}), prose) == verdict::unreadable);
  CHECK(ask(flow::any({in_prose, equals("/n", 1)}), prose) == verdict::yes);
  CHECK(ask(exists("/approved"), prose) == verdict::no);
}

TEST_CASE("a model's JSON is found in its text, in a fence or not", "[workflows]") {
  auto found = [](const char* text) { return object_in_text(json{{"text", text}}); };
  auto object = json::parse(R"({"score":8})");
  CHECK(found(" {\"score\":8}\n") == object);
  CHECK(found("```json\n{\"score\":8}\n```") == object);
  CHECK(found("```\n{\"score\":8}\n```\n") == object);
  CHECK(found("Here it is:\n\n```JSON\r\n{\"score\":8}\r\n```\nAnything else?") == object);
  CHECK(found("```json\n{\"score\":8}") == object); // cut at the end
  CHECK(found("```json").is_discarded());
  CHECK(found("```").is_discarded());
  CHECK(found("score: 8").is_discarded());
  CHECK(found("```json\n[8]\n```").is_discarded());
}

TEST_CASE("what is nested without end is no value, and nothing falls over it", "[workflows]") {
  std::string deep(200'000, '[');
  CHECK(parse_json(deep).is_discarded());
  CHECK(parse_json(deep + std::string(200'000, ']')).is_discarded());
  CHECK(parse_json(R"(["[[[", "\"[["])").is_array());
  CHECK(plain_text(deep) == deep);
  CHECK(plain_text(R"({"text":"a"})") == "a");
  CHECK(plain_text(R"("b")") == "b");
  CHECK(plain_text(R"({"n":1})") == R"({"n":1})");
  CHECK(plain_text(R"({"text":1})") == R"({"text":1})");
  CHECK(print_json("\xff") == "\"\xef\xbf\xbd\"");
}

TEST_CASE("an answer names somebody in any of three ways", "[workflows]") {
  CHECK(named_in(json{{"handoff", "a"}}, "handoff") == "a");
  CHECK(named_in(json{{"handoff", 7}}, "handoff").empty());
  CHECK(named_in(json{{"text", R"({"handoff":"a"})"}}, "handoff") == "a");
  CHECK(named_in(json{{"text", "I am no help.\n\nHANDOFF:  a \n"}}, "handoff") == "a");
  CHECK(named_in(json{{"text", "HANDOFF: a\nno, I can"}}, "handoff").empty());
  CHECK(named_in(json{{"text", "NEXT: a"}}, "handoff").empty());
  CHECK(named_in(json{{"text", ""}}, "handoff").empty());
  CHECK(named_in(json("HANDOFF: a"), "handoff").empty());
  CHECK(named_in(json(json::value_t::discarded), "handoff").empty());
}

TEST_CASE("markup and case do not matter where an answer names somebody", "[workflows]") {
  for (auto* line : {"NEXT: writer", "NEXT: **writer**", "**NEXT:** writer", "**NEXT: writer**",
                     "Next: writer", "next : `writer`.", "> NEXT: \"writer\"", "- Next: writer",
                     "### NEXT: writer", "NEXT:writer", "NEXT: [writer]\n\n---\n", "NEXT: writer\r\n```"}) {
    INFO(line);
    CHECK(named_in(json{{"text", std::string{"It lacks an end.\n"} + line}}, "next") == "writer");
  }
  CHECK(named_in(json{{"text", "```json\n{\"Next\": \"writer\"}\n```"}}, "next") == "writer");
  CHECK(named_in(json{{"NEXT", "**writer**"}}, "next") == "writer");
  CHECK(named_in(json{{"text", "NEXT: my_writer-2"}}, "next") == "my_writer-2");
  CHECK(named_in(json{{"text", "NEXTER: writer"}}, "next").empty());
  CHECK(named_in(json{{"text", "***"}}, "next").empty());
  std::vector<std::string> among{"writer", "Critic", "critic"};
  CHECK(find_named(among, "writer") == &among[0]);
  CHECK(find_named(among, "WRITER") == &among[0]);
  CHECK(find_named(among, "critic") == &among[2]);
  CHECK(find_named(among, "CRITIC") == nullptr); // two could be meant
  CHECK(find_named(among, "") == nullptr);
}

TEST_CASE("a text goes on without the line that names somebody, and is whole without one", "[workflows]") {
  CHECK(without_naming_line("I am no help.\n\n**Handoff:** billing\n", "handoff") == "I am no help.");
  CHECK(without_naming_line("HANDOFF: billing", "handoff").empty());
  CHECK(without_naming_line("HANDOFF: billing\nno, I can", "handoff") == "HANDOFF: billing\nno, I can");
  CHECK(without_naming_line("", "handoff").empty());
}

TEST_CASE("a template is filled from what is known, and a pointer to nothing is null or nothing",
          "[workflows]") {
  std::string input = R"({"text":"hi"})", value = "[1, {\"a\":\"x\"}]", run_id = "c/1",
              draft = R"({"text":"D"})";
  auto output_of = [&draft](std::string_view id) { return id == "draft" ? &draft : nullptr; };
  template_context with{input, value, run_id, output_of};
  auto expand = [&with](const char* text) { return expand_template(json::parse(text), with); };
  CHECK(expand(R"({"$":"/value"})") == value); // as it is
  CHECK(expand(R"({"$":"/input"})") == input);
  CHECK(expand(R"({"$":"/value/1"})") == R"({"a":"x"})");
  CHECK(expand(R"({"$":"/steps/draft"})") == draft);
  CHECK(expand(R"({"$":"/steps/draft/text"})") == R"("D")");
  CHECK(expand(R"({"$":"/steps/gone"})") == "null");
  CHECK(expand(R"({"$":"/nothing"})") == "null");
  CHECK(expand(R"({"$":""})") == "null");
  CHECK(expand(R"({"$":"/run_id"})") == R"("c/1")");
  CHECK(expand(R"(["{{/value/1/a}}{{/value/0}}-{{/value/1}}-{{/value/9}}-{{/steps/draft/text}}"])")
        == R"(["x1-{\"a\":\"x\"}--D"])");
  CHECK(expand(R"("{{x}} }} {{/value")") == R"("{{x}} }} {{/value")");
  CHECK(expand(R"({"$":"/run_id","more":1})") == R"({"$":"/run_id","more":1})");
  std::string broken = "{";
  template_context none{broken, broken, run_id, output_of};
  CHECK(expand_template(json::parse(R"(["{{/value/x}}",{"$":"/input/x"}])"), none) == R"(["",null])");
}
