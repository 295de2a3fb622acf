#include "apps/weir/config/replies_schema.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/plain_name.hpp"

#include <algorithm>

namespace weir {

namespace {

using schema::json;
using schema::problems;

bool has_only(const json& from, std::initializer_list<const char*> keys, const std::string& path,
              problems& out) {
  std::vector<std::string> known{keys.begin(), keys.end()};
  for (auto& [key, value] : from.items())
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      out.add(schema::join(path, key), unknown_key(key, known));
      return false;
    }
  return true;
}

void read_text(const json& from, std::string& to, bool may_be_empty, const std::string& path, problems& out) {
  if (!from.is_string()) return out.add(path, "must be a text, is " + schema::type_of(from));
  to = from.get<std::string>();
  if (to.empty() && !may_be_empty) out.add(path, "must not be empty");
}

void read_tool(const json& from, simulated_reply& to, const std::string& path, problems& out) {
  if (!from.is_object()) return out.add(path, "must be an object, is " + schema::type_of(from));
  if (!has_only(from, {"name", "arguments"}, path, out)) return;
  auto name = from.value("name", json{});
  if (!name.is_string() || !check_plain_name(name.get<std::string>()).empty())
    return out.add(path + ".name", "must be 1 to 64 of A-Z a-z 0-9 _ -");
  to.tool = name.get<std::string>();
  auto arguments = from.value("arguments", json::object());
  if (!arguments.is_object())
    return out.add(path + ".arguments", "must be an object, is " + schema::type_of(arguments));
  to.arguments = print_json(arguments);
}

void read_reply(const json& from, simulated_reply& to, const std::string& path, problems& out) {
  if (!from.is_object()) return out.add(path, "must be an object, is " + schema::type_of(from));
  if (!has_only(from, {"if", "say", "tool"}, path, out)) return;
  if (from.contains("if")) read_text(from["if"], to.contains, true, path + ".if", out);
  if (from.contains("say") == from.contains("tool")) return out.add(path, "needs one of say and tool");
  if (from.contains("say"))
    read_text(from["say"], to.say, false, path + ".say", out);
  else
    read_tool(from["tool"], to, path + ".tool", out);
}

class replies_type : public schema::type<std::vector<simulated_reply>> {
public:
  void read(const json& from, std::vector<simulated_reply>& to, const std::string& path,
            problems& out) const override {
    if (!from.is_array()) return out.add(path, "must be a list, is " + schema::type_of(from));
    if (from.size() > max_replies)
      return out.add(path, std::to_string(from.size()) + " entries are too many, must be at most 1000");
    to.assign(from.size(), {});
    for (std::size_t i = 0; i < from.size(); ++i)
      read_reply(from[i], to[i], path + '[' + std::to_string(i) + ']', out);
  }

  json print(const std::vector<simulated_reply>& what) const override {
    auto out = json::array();
    for (auto& x : what) {
      json entry = {{"if", x.contains}};
      if (x.tool.empty())
        entry["say"] = x.say;
      else
        entry["tool"] = {{"name", x.tool}, {"arguments", json::parse(x.arguments)}};
      out.push_back(std::move(entry));
    }
    return out;
  }

  void describe(const std::string& path, const std::vector<simulated_reply>&, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back(
        {path, "list of objects", "[]", "`{\"if\": …, \"say\": …}`, `{\"if\": …, \"tool\": {…}}`", meaning});
  }

private:
  static constexpr std::size_t max_replies = 1000;
};

} // namespace

schema::type_ptr<std::vector<simulated_reply>> replies_schema() { return std::make_shared<replies_type>(); }

} // namespace weir
