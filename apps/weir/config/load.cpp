#include "apps/weir/config/load.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/utf8.hpp"
#include "apps/weir/config/cross_checks.hpp"
#include "apps/weir/config/node_schema.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

namespace weir {

namespace {

using schema::json;
using schema::problems;

/// Drops the parser's own prefix: `[json.exception.parse_error.101] parse error at line 1, column 2: …`.
std::string reason_of(const json::parse_error& error) {
  std::string text = error.what();
  auto end = text.find("] ");
  return end == std::string::npos ? text : text.substr(end + 2);
}

/// Finds keys that an object has twice, which the parser would take the last of, and leaves out what is
/// nested too deep: whatever copies or prints it would need a stack without end.
class document_check {
public:
  bool operator()(int depth, json::parse_event_t event, json& x) {
    using on = json::parse_event_t;
    if ((event == on::object_start || event == on::array_start) && depth >= max_config_depth) too_deep = true;
    if (event == on::object_start) seen_.emplace_back();
    if (event == on::object_end) seen_.pop_back();
    if (event == on::key && !seen_.back().insert(x.get<std::string>()).second)
      twice.push_back(x.get<std::string>());
    return !too_deep;
  }

  std::vector<std::string> twice;
  bool too_deep = false;

private:
  std::vector<std::set<std::string>> seen_;
};

std::string too_deep() { return "is nested deeper than " + std::to_string(max_config_depth); }

json parse(const std::string& text, problems& out) {
  if (text.empty()) return json::object();
  document_check check;
  try {
    auto got = json::parse(text, std::ref(check), true, true);
    if (check.too_deep) {
      out.add("the configuration", too_deep());
      return json::object();
    }
    for (auto& key : check.twice) out.add(key, "is there twice in one object");
    return got;
  } catch (const json::parse_error& error) {
    out.add("the configuration", check.too_deep ? too_deep() : reason_of(error));
    return json::object();
  }
}

/// Puts one `path=value` into the document.
void set_one(json& document, const std::string& text, problems& out) {
  auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return out.add("--set " + text, "must be path=value");
  if (!utf8::is_well_formed(text)) return out.add("--set " + text.substr(0, equals), "is not UTF-8");
  std::istringstream path{text.substr(0, equals)};
  document_check check;
  auto value = json::parse(text.substr(equals + 1), std::ref(check), false);
  auto dots = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(equals), '.');
  if (check.too_deep || dots >= max_config_depth) return out.add("--set " + text.substr(0, 64), too_deep());
  if (value.is_discarded()) value = text.substr(equals + 1);
  auto* at = &document;
  std::string key, walked;
  while (std::getline(path, key, '.')) {
    if (!at->is_object()) return out.add("--set " + text, walked + " is not an object");
    walked = schema::join(walked, key);
    auto& next = (*at)[key];
    if (next.is_null() && path.good()) next = json::object();
    at = &next;
  }
  *at = std::move(value);
}

std::string cell(std::string text) {
  for (std::size_t i = 0; (i = text.find('|', i)) != std::string::npos; i += 2) text.insert(i, "\\");
  return text;
}

std::string code_span(const std::string& text) { return text.empty() ? "" : '`' + text + '`'; }

} // namespace

loaded_config parse_config(const std::string& text, const std::vector<std::string>& sets,
                           const agent_registry& kinds) {
  return parse_config(text, sets, [&kinds](const node_config&) { return known_kinds{kinds}; });
}

loaded_config parse_config(const std::string& text, const std::vector<std::string>& sets,
                           const kinds_of& kinds) {
  problems wrong;
  auto document = parse(text, wrong);
  if (!wrong.empty()) return config_errors{wrong.lines()};
  for (auto& x : sets) set_one(document, x, wrong);
  auto out = default_config();
  node_schema()->read(document, out, "", wrong);
  auto known = kinds(out);
  check_across(out, known.registry, known.complete, wrong);
  if (!wrong.empty()) return config_errors{wrong.lines()};
  return out;
}

loaded_config load_config(const std::string& path, const std::vector<std::string>& sets,
                          const kinds_of& kinds) {
  if (path.empty()) return parse_config("", sets, kinds);
  std::ifstream file{path, std::ios::binary};
  std::string text(max_config_bytes + 1, '\0');
  if (!file) return config_errors{{path + ": cannot be read: " + std::strerror(errno)}};
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || (text.empty() && !file.eof())) return config_errors{{path + ": cannot be read"}};
  if (text.size() > max_config_bytes) return config_errors{{path + ": is longer than 16 MiB"}};
  if (text.empty()) return config_errors{{path + ": is empty"}};
  return parse_config(text, sets, kinds);
}

std::string print_config(const node_config& cfg) { return print_json(node_schema()->print(cfg), 2); }

std::string describe_config() {
  std::vector<schema::row> rows;
  node_schema()->describe("", default_config(), "", rows);
  std::string out = "| key | type | default | range | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (auto& x : rows)
    out += "| " + code_span(x.path) + " | " + x.type + " | " + cell(code_span(x.initial)) + " | "
           + cell(x.range) + " | " + cell(x.meaning) + " |\n";
  return out;
}

} // namespace weir
