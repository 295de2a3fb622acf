#include "apps/weir/config/schema_types.hpp"

#include "actors/core/json_print.hpp"

#include <algorithm>

namespace weir::schema {

namespace {

constexpr std::size_t max_list_entries = 64;

std::string one_of(const std::vector<std::string>& words) {
  std::string out;
  for (auto& x : words) out += (out.empty() ? "" : ", ") + x;
  return out;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class share_type : public type<double> {
public:
  explicit share_type(double min) : min_(min) {}

  void read(const json& from, double& to, const std::string& path, problems& out) const override {
    if (!from.is_number()) return out.add(path, "must be a number, is " + type_of(from));
    auto value = from.get<double>();
    if (!(value >= min_ && value <= 1))
      return out.add(path, print_json(from) + " is out of range, must be " + range());
    to = value;
  }

  json print(const double& what) const override { return what; }

  void describe(const std::string& path, const double& initial, const std::string& meaning,
                std::vector<row>& out) const override {
    out.push_back({path, "number", number(initial), range(), meaning});
  }

private:
  static std::string number(double x) { return x == 0 ? "0" : print_json(json(x)); }
  std::string range() const { return number(min_) + " to 1"; }

  double min_;
};

class flag_type : public type<bool> {
public:
  void read(const json& from, bool& to, const std::string& path, problems& out) const override {
    if (!from.is_boolean()) return out.add(path, "must be true or false, is " + type_of(from));
    to = from.get<bool>();
  }

  json print(const bool& what) const override { return what; }

  void describe(const std::string& path, const bool& initial, const std::string& meaning,
                std::vector<row>& out) const override {
    out.push_back({path, "true or false", initial ? "true" : "false", "", meaning});
  }
};

class switch_type : public type<std::optional<bool>> {
public:
  void read(const json& from, std::optional<bool>& to, const std::string& path,
            problems& out) const override {
    if (from.is_null()) return to.reset();
    if (!from.is_boolean()) return out.add(path, "must be true or false, is " + type_of(from));
    to = from.get<bool>();
  }

  json print(const std::optional<bool>& what) const override { return what ? json(*what) : json(nullptr); }

  void describe(const std::string& path, const std::optional<bool>& initial, const std::string& meaning,
                std::vector<row>& out) const override {
    out.push_back({path, "true or false", initial ? print_json(json(*initial)) : "none", "", meaning});
  }
};

class text_type : public type<std::string> {
public:
  text_type(std::string range, text_rule rule) : range_(std::move(range)), rule_(std::move(rule)) {}

  void read(const json& from, std::string& to, const std::string& path, problems& out) const override {
    if (!from.is_string()) return out.add(path, "must be a text, is " + type_of(from));
    to = from.get<std::string>();
    if (!rule_) return;
    auto wrong = rule_(to);
    auto may_hold_password = to.find("://") != std::string::npos && to.find('@') != std::string::npos;
    if (!wrong.empty()) out.add(path, may_hold_password ? wrong : print_json(from) + ": " + wrong);
  }

  json print(const std::string& what) const override { return what; }

  void describe(const std::string& path, const std::string& initial, const std::string& meaning,
                std::vector<row>& out) const override {
    out.push_back({path, "text", print_json(json(initial)), range_, meaning});
  }

private:
  std::string range_;
  text_rule rule_;
};

class any_object_type : public type<std::string> {
public:
  void read(const json& from, std::string& to, const std::string& path, problems& out) const override {
    if (!from.is_object()) return out.add(path, "must be an object, is " + type_of(from));
    to = print_json(from);
  }

  json print(const std::string& what) const override { return json::parse(what); }

  void describe(const std::string& path, const std::string& initial, const std::string& meaning,
                std::vector<row>& out) const override {
    out.push_back({path, "object", initial, "any keys", meaning});
  }
};

class texts_type : public type<std::vector<std::string>> {
public:
  texts_type(std::string range, text_rule rule) : range_(range), entry_(std::move(range), std::move(rule)) {}

  void read(const json& from, std::vector<std::string>& to, const std::string& path,
            problems& out) const override {
    if (!from.is_array()) return out.add(path, "must be a list, is " + type_of(from));
    if (from.size() > max_list_entries)
      return out.add(path, std::to_string(from.size()) + " entries are too many, must be at most 64");
    to.assign(from.size(), {});
    for (std::size_t i = 0; i < from.size(); ++i)
      entry_.read(from[i], to[i], path + '[' + std::to_string(i) + ']', out);
  }

  json print(const std::vector<std::string>& what) const override { return what; }

  void describe(const std::string& path, const std::vector<std::string>& initial, const std::string& meaning,
                std::vector<row>& out) const override {
    out.push_back({path, "list of texts", print_json(json(initial)), range_, meaning});
  }

private:
  std::string range_;
  text_type entry_;
};

} // namespace

type_ptr<double> share(double min) { return std::make_shared<share_type>(min); }

type_ptr<bool> flag() { return std::make_shared<flag_type>(); }

type_ptr<std::optional<bool>> switch_with_default() { return std::make_shared<switch_type>(); }

type_ptr<std::string> text(std::string range, text_rule rule) {
  return std::make_shared<text_type>(std::move(range), std::move(rule));
}

type_ptr<std::string> any_object() { return std::make_shared<any_object_type>(); }

type_ptr<std::string> choice(std::vector<std::string> words, std::vector<std::string> later) {
  auto range = one_of(words);
  auto documented = later.empty() ? range : range + " (" + one_of(later) + ": not in this version yet)";
  return text(documented, [=](std::string_view given) -> std::string {
    std::string word{given};
    if (contains(words, word)) return {};
    return contains(later, word) ? "not in this version yet" : "must be one of " + range;
  });
}

type_ptr<std::vector<std::string>> texts(std::string range, text_rule rule) {
  return std::make_shared<texts_type>(std::move(range), std::move(rule));
}

} // namespace weir::schema
