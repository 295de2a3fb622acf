#include "actors/core/json_print.hpp"
#include "apps/weir/config/node_schema.hpp"
#include "apps/weir/config/rules.hpp"
#include "apps/weir/config/schema_types.hpp"

#include <algorithm>

namespace weir {

namespace {

using schema::json;
using schema::member;
using schema::problems;

/// A JSON schema of a function's arguments, kept as text.
class parameters_type : public schema::type<std::string> {
public:
  void read(const json& from, std::string& to, const std::string& path, problems& out) const override {
    if (!from.is_object()) return out.add(path, "must be an object, is " + schema::type_of(from));
    if (auto i = from.find("type"); i != from.end() && *i != "object")
      return out.add(schema::join(path, "type"), i->dump() + ": must be \"object\"");
    to = print_json(from);
  }

  json print(const std::string& what) const override { return json::parse(what); }

  void describe(const std::string& path, const std::string& initial, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back({path, "object", initial, "a JSON schema", meaning});
  }
};

schema::type_ptr<prompt_tool> tool_schema() {
  using x = prompt_tool;
  return schema::object<x>({
      member("name", &x::name, schema::text("1 to 64 of A-Z a-z 0-9 _ -", check_plain_name),
             "what the model calls it; needed"),
      member("description", &x::description, schema::text(), "what it is for, as the model is told"),
      member<x, std::string>("parameters", &x::parameters, std::make_shared<parameters_type>(),
                             "its arguments, an object"),
      member("agent", &x::agent, schema::text("an agent's or a workflow's name"),
             "who is called: the arguments are its input, its output is the result; needed"),
      member("timeout_ms", &x::timeout_ms, schema::integer<std::int64_t>(1, 86'400'000),
             "of one call; then the model is told that it failed"),
  });
}

class tools_type : public schema::type<std::vector<prompt_tool>> {
public:
  void read(const json& from, std::vector<prompt_tool>& to, const std::string& path,
            problems& out) const override {
    if (!from.is_array()) return out.add(path, "must be a list, is " + schema::type_of(from));
    if (from.size() > max_tools)
      return out.add(path, std::to_string(from.size()) + " entries are too many, must be at most 64");
    to.assign(from.size(), {});
    for (std::size_t i = 0; i < from.size(); ++i) {
      auto where = path + '[' + std::to_string(i) + ']';
      entry_->read(from[i], to[i], where, out);
      check(to, i, where, out);
    }
  }

  json print(const std::vector<prompt_tool>& what) const override {
    auto out = json::array();
    for (auto& x : what) out.push_back(entry_->print(x));
    return out;
  }

  void describe(const std::string& path, const std::vector<prompt_tool>&, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back({path, "list of objects", "[]", "at most 64", meaning});
    entry_->describe(path + "[]", {}, "", out);
  }

private:
  static constexpr std::size_t max_tools = 64;

  static void check(const std::vector<prompt_tool>& all, std::size_t i, const std::string& path,
                    problems& out) {
    auto& x = all[i];
    if (x.name.empty()) out.add(schema::join(path, "name"), "needed");
    if (x.agent.empty()) out.add(schema::join(path, "agent"), "needed");
    auto same = [&x](const prompt_tool& y) { return y.name == x.name; };
    if (std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), same))
      out.add(schema::join(path, "name"), print_json(json(x.name)) + " is there twice");
  }

  schema::type_ptr<prompt_tool> entry_ = tool_schema();
};

} // namespace

schema::type_ptr<std::vector<prompt_tool>> tools_schema() { return std::make_shared<tools_type>(); }

} // namespace weir
