#include "apps/weir/config/request_schema.hpp"

#include "actors/core/json_print.hpp"
#include "apps/weir/config/schema_types.hpp"

#include <optional>

namespace weir {

namespace {

using schema::json;
using schema::member;
using schema::problems;

constexpr std::int64_t largest_exact = 9'007'199'254'740'991; // 2^53 - 1: what every JSON reader keeps

/// A number that may be missing, or null: then it is not sent.
class optional_number : public schema::type<std::optional<double>> {
public:
  explicit optional_number(int max) : max_(max) {}

  void read(const json& from, std::optional<double>& to, const std::string& path,
            problems& out) const override {
    if (from.is_null()) return to.reset();
    if (!from.is_number()) return out.add(path, "must be a number, is " + schema::type_of(from));
    auto value = from.get<double>();
    if (!(value >= 0 && value <= max_))
      return out.add(path, print_json(from) + " is out of range, must be " + range());
    to = value;
  }

  json print(const std::optional<double>& what) const override { return what ? json(*what) : json(); }

  void describe(const std::string& path, const std::optional<double>&, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back({path, "number", "null", range(), meaning});
  }

private:
  std::string range() const { return "0 to " + std::to_string(max_); }

  int max_;
};

class optional_integer : public schema::type<std::optional<std::int64_t>> {
public:
  optional_integer(std::int64_t min, std::int64_t max)
    : range_(std::to_string(min) + " to " + std::to_string(max)),
      number_(schema::integer<std::int64_t>(min, max)) {}

  void read(const json& from, std::optional<std::int64_t>& to, const std::string& path,
            problems& out) const override {
    if (from.is_null()) return to.reset();
    number_->read(from, to.emplace(), path, out);
  }

  json print(const std::optional<std::int64_t>& what) const override { return what ? json(*what) : json(); }

  void describe(const std::string& path, const std::optional<std::int64_t>&, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back({path, "integer", "null", range_, meaning});
  }

private:
  std::string range_;
  schema::type_ptr<std::int64_t> number_;
};

/// An object, kept as compact JSON text, that may be missing or null: an empty text.
class optional_object : public schema::type<std::string> {
public:
  void read(const json& from, std::string& to, const std::string& path, problems& out) const override {
    if (from.is_null()) return to.clear();
    object_->read(from, to, path, out);
  }

  json print(const std::string& what) const override { return what.empty() ? json() : object_->print(what); }

  void describe(const std::string& path, const std::string&, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back({path, "object", "null", "", meaning});
  }

private:
  schema::type_ptr<std::string> object_ = schema::any_object();
};

/// At most four texts, as OpenAI's API takes them.
class stop_type : public schema::type<std::vector<std::string>> {
public:
  void read(const json& from, std::vector<std::string>& to, const std::string& path,
            problems& out) const override {
    if (from.is_array() && from.size() > max) return out.add(path, "must have at most 4 entries");
    texts_->read(from, to, path, out);
  }

  json print(const std::vector<std::string>& what) const override { return texts_->print(what); }

  void describe(const std::string& path, const std::vector<std::string>& initial, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    texts_->describe(path, initial, meaning, out);
  }

private:
  static constexpr std::size_t max = 4;

  schema::type_ptr<std::vector<std::string>> texts_ =
      schema::texts("at most 4", [](std::string_view x) { return x.empty() ? "must not be empty" : ""; });
};

class text_map_type : public schema::type<std::map<std::string, std::string>> {
public:
  text_map_type(std::string range, schema::text_rule rule)
    : range_(range), text_(schema::text(std::move(range), std::move(rule))) {}

  void read(const json& from, std::map<std::string, std::string>& to, const std::string& path,
            problems& out) const override {
    if (!from.is_object()) return out.add(path, "must be an object, is " + schema::type_of(from));
    if (from.size() > max) return out.add(path, "must have at most 32 entries");
    to.clear();
    for (auto& [name, value] : from.items()) text_->read(value, to[name], schema::join(path, name), out);
  }

  json print(const std::map<std::string, std::string>& what) const override {
    auto out = json::object();
    for (auto& [name, value] : what) out[name] = value;
    return out;
  }

  void describe(const std::string& path, const std::map<std::string, std::string>&,
                const std::string& meaning, std::vector<schema::row>& out) const override {
    out.push_back({path, "object of texts", "{}", range_, meaning});
  }

private:
  static constexpr std::size_t max = 32;

  std::string range_;
  schema::type_ptr<std::string> text_;
};

} // namespace

schema::type_ptr<model_options> request_schema() {
  using x = model_options;
  auto number = [](int max) { return std::make_shared<const optional_number>(max); };
  return schema::object<x>({
      member<x, std::optional<double>>("temperature", &x::temperature, number(2),
                                       "sent to the model's server; null: not sent"),
      member<x, std::optional<double>>("top_p", &x::top_p, number(1), "as `temperature`"),
      member<x, std::optional<std::int64_t>>("max_tokens", &x::max_tokens,
                                             std::make_shared<const optional_integer>(1, 10'000'000),
                                             "of one answer; one that reaches it has the `finish` length"),
      member<x, std::optional<std::int64_t>>(
          "seed", &x::seed, std::make_shared<const optional_integer>(-largest_exact, largest_exact),
          "as `temperature`"),
      member<x, std::vector<std::string>>("stop", &x::stop, std::make_shared<const stop_type>(),
                                          "texts that end the answer"),
      member<x, std::string>("response_format", &x::response_format,
                             std::make_shared<const optional_object>(),
                             "such as `{\"type\": \"json_object\"}`"),
  });
}

schema::type_ptr<std::map<std::string, std::string>>
text_map(std::string range, std::function<std::string(std::string_view)> rule) {
  return std::make_shared<const text_map_type>(std::move(range), std::move(rule));
}

} // namespace weir
