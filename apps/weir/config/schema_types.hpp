#pragma once

#include "actors/core/json_print.hpp"
#include "apps/weir/config/schema.hpp"

#include <cstdint>
#include <limits>
#include <optional>

// The kinds of value that a configuration is made of.

namespace weir::schema {

/// Checks a text: what is wrong, or an empty string.
using text_rule = std::function<std::string(std::string_view)>;

/// A whole number in a range, ends included.
template <class M>
class integer_type : public type<M> {
public:
  integer_type(std::int64_t min, std::int64_t max) : min_(min), max_(max) {}

  void read(const json& from, M& to, const std::string& path, problems& out) const override {
    if (!from.is_number_integer()) return out.add(path, "must be a whole number, is " + type_of(from));
    bool huge = from.is_number_unsigned()
                && from.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    if (huge || from.get<std::int64_t>() < min_ || from.get<std::int64_t>() > max_)
      return out.add(path, print_json(from) + " is out of range, must be " + range());
    to = static_cast<M>(from.get<std::int64_t>());
  }

  json print(const M& what) const override { return what; }

  void describe(const std::string& path, const M& initial, const std::string& meaning,
                std::vector<row>& out) const override {
    out.push_back({path, "integer", std::to_string(initial), range(), meaning});
  }

private:
  std::string range() const { return std::to_string(min_) + " to " + std::to_string(max_); }

  std::int64_t min_, max_;
};

template <class M>
type_ptr<M> integer(std::int64_t min, std::int64_t max) {
  return std::make_shared<integer_type<M>>(min, max);
}

/// A number from 0, or another smallest one, to 1.
type_ptr<double> share(double min = 0);

/// `true` or `false`.
type_ptr<bool> flag();

/// True or false; where it is not set, something else decides.
type_ptr<std::optional<bool>> switch_with_default();

/// A text that keeps a rule; `range` says the rule in the documentation.
type_ptr<std::string> text(std::string range = {}, text_rule rule = nullptr);

/// Any object, kept as compact JSON text.
type_ptr<std::string> any_object();

/// One of some words. Words of later versions are refused as such.
type_ptr<std::string> choice(std::vector<std::string> words, std::vector<std::string> later = {});

/// A list of texts, each of which keeps a rule. At most 64.
type_ptr<std::vector<std::string>> texts(std::string range = {}, text_rule rule = nullptr);

/// An object with these keys.
template <class T>
class object_type : public type<T> {
public:
  explicit object_type(std::vector<field<T>> fields) : fields_(std::move(fields)) {}

  void read(const json& from, T& to, const std::string& path, problems& out) const override {
    if (!from.is_object()) {
      auto where = path.empty() ? std::string{"the configuration"} : path;
      return out.add(where, "must be an object, is " + type_of(from));
    }
    for (auto& [key, value] : from.items())
      if (!knows(key)) out.add(join(path, key), unknown_key(key, keys()));
    // In the order of the table: what decides about other keys stands first.
    for (auto& x : fields_)
      if (auto found = from.find(x.key); found != from.end()) x.read(*found, to, join(path, x.key), out);
  }

  json print(const T& what) const override {
    auto out = json::object();
    for (auto& x : fields_) x.print(what, out);
    return out;
  }

  void describe(const std::string& path, const T& initial, const std::string&,
                std::vector<row>& out) const override {
    for (auto& x : fields_) x.describe(initial, join(path, x.key), out);
  }

private:
  bool knows(const std::string& key) const {
    for (auto& x : fields_)
      if (x.key == key) return true;
    return false;
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> out;
    for (auto& x : fields_) out.push_back(x.key);
    return out;
  }

  std::vector<field<T>> fields_;
};

template <class T>
type_ptr<T> object(std::vector<field<T>> fields) {
  return std::make_shared<object_type<T>>(std::move(fields));
}

/// An object whose keys are names, kept as a list of T in which each has its `name`. An entry of the defaults
/// stays, and what is given for its name changes it.
template <class T>
class named_type : public type<std::vector<T>> {
public:
  named_type(type_ptr<T> entry, text_rule name_rule)
    : entry_(std::move(entry)), rule_(std::move(name_rule)) {}

  void read(const json& from, std::vector<T>& to, const std::string& path, problems& out) const override {
    if (!from.is_object()) return out.add(path, "must be an object, is " + type_of(from));
    for (auto& [name, value] : from.items()) {
      if (auto wrong = rule_(name); !wrong.empty())
        out.add(join(path, name), wrong);
      else
        entry_->read(value, entry_of(to, name), join(path, name), out);
    }
  }

  json print(const std::vector<T>& what) const override {
    auto out = json::object();
    for (auto& x : what) out[x.name] = entry_->print(x);
    return out;
  }

  void describe(const std::string& path, const std::vector<T>&, const std::string& meaning,
                std::vector<row>& out) const override {
    entry_->describe(join(path, "NAME"), T{}, meaning, out);
  }

private:
  static T& entry_of(std::vector<T>& all, const std::string& name) {
    for (auto& x : all)
      if (x.name == name) return x;
    all.emplace_back().name = name;
    return all.back();
  }

  type_ptr<T> entry_;
  text_rule rule_;
};

template <class T>
type_ptr<std::vector<T>> named(type_ptr<T> entry, text_rule name_rule) {
  return std::make_shared<named_type<T>>(std::move(entry), std::move(name_rule));
}

} // namespace weir::schema
