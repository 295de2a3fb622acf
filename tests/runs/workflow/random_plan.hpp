#pragma once

#include <nlohmann/json.hpp>

#include <random>
#include <string>
#include <vector>

namespace weir::test {

/// Plans at random, in the form in which they are printed.
class random_plan {
public:
  explicit random_plan(std::uint32_t seed) : rng_(seed) {}

  nlohmann::json plan() {
    auto out = step(5);
    out.erase("timeout_ms");
    out["timeout_ms"] = 1 + below(20'000);
    out["kept"] = chance(2);
    return out;
  }

  std::uint32_t below(std::uint32_t n) {
    return std::uniform_int_distribution<std::uint32_t>{0, n - 1}(rng_);
  }
  bool chance(std::uint32_t one_in) { return below(one_in) == 0; }

private:
  using json = nlohmann::json;

  json step(std::uint32_t depth) {
    auto kind = depth == 0 ? below(2) : below(11);
    auto out = json::object();
    switch (kind) {
    case 0:
    case 1:
    case 2:
      agent(out);
      break;
    case 3:
      out["sequence"] = steps(depth);
      break;
    case 4:
      out["parallel"] = parallel(depth);
      break;
    case 5:
      out["route"] = route(depth);
      break;
    case 6:
      out["loop"] = loop(depth);
      break;
    case 7:
      out["await"] = await(depth);
      break;
    case 8:
      talk(out);
      break;
    case 9:
      out["fallback"] = steps(depth);
      break;
    default:
      out["compensate"] = compensate(depth);
      break;
    }
    if (chance(4)) out["id"] = name();
    if (chance(6)) out["input"] = {{"text", "{{/value}}"}, {"was", {{"$", "/input/text"}}}};
    if (kind != 4 && kind != 7 && chance(4)) out["timeout_ms"] = 1 + below(5000);
    return out;
  }

  void agent(json& out) {
    out["agent"] = name();
    if (chance(4)) out["retries"] = 1 + below(3);
    if (chance(4)) out["stream"] = true;
  }

  json steps(std::uint32_t depth) {
    auto out = json::array();
    for (auto n = 1 + below(3); n > 0; --n) out.push_back(step(depth - 1));
    return out;
  }

  json parallel(std::uint32_t depth) {
    auto list = steps(depth);
    json out = {{"do", list}, {"until", "all"}};
    auto kind = below(4);
    if (kind == 0) return list;
    if (kind == 1) out["until"] = "any";
    if (kind == 2) out["until"] = {{"quorum", 1 + below(static_cast<std::uint32_t>(list.size()))}};
    if (kind == 3 || chance(2)) out["timeout_ms"] = 1 + below(3000);
    return out;
  }

  json condition() {
    switch (below(6)) {
    case 0:
      return {{"path", "/n"}, {"less", below(10)}};
    case 1:
      return {{"path", "/text"}, {"contains", "x"}};
    case 2:
      return {{"path", "/n"}, {"exists", true}, {"in_text", true}};
    case 3:
      return {{"not", condition()}};
    case 4:
      return {{"any", {condition(), condition()}}};
    default:
      return {{"path", "/n"}, {"equals", below(3)}};
    }
  }

  json route(std::uint32_t depth) {
    json out = {{{"when", condition()}, {"do", step(depth - 1)}}};
    if (chance(2)) out.push_back({{"else", step(depth - 1)}});
    return out;
  }

  json loop(std::uint32_t depth) {
    json body = chance(2) ? steps(depth) : step(depth - 1);
    // A list of steps without options is printed as one.
    if (body.is_object() && body.size() == 1 && body.contains("sequence")) body = json(body["sequence"]);
    return {{"do", body},
            {"until", condition()},
            {"max", 1 + below(4)},
            {"on_max", chance(2) ? "fail" : "continue"}};
  }

  json await(std::uint32_t depth) {
    json out = {{"on", chance(2) ? "x.*" : "y.>"}};
    if (chance(3)) out["where"] = condition();
    if (chance(3)) out["any_run"] = true;
    if (chance(2)) return out;
    out["timeout_ms"] = 1 + below(3000);
    if (chance(2)) out["otherwise"] = step(depth - 1);
    return out;
  }

  void talk(json& out) {
    std::vector<std::string> who = {"a", "b", "c"};
    if (chance(2)) {
      out["handoff"] = {{"among", who}, {"first", who[below(3)]}, {"max", 1 + below(3)}};
      return;
    }
    json next = "round_robin";
    if (chance(2)) next = {{"agent", "m"}};
    out["group_chat"] = {{"agents", who}, {"turns", 1 + below(4)}, {"next", next}};
    if (chance(2)) out["group_chat"]["until"] = condition();
  }

  json compensate(std::uint32_t depth) {
    auto out = steps(depth);
    for (auto& x : out)
      if (chance(2)) x["undo"] = step(depth > 2 ? 1 : 0);
    return out;
  }

  std::string name() { return std::string(1, static_cast<char>('a' + below(5))); }

  std::mt19937 rng_;
};

} // namespace weir::test
