#pragma once

#include "actors/core/json_print.hpp"
#include "actors/core/json_type.hpp"
#include "actors/core/nearest_word.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A schema says once, for a value of type M in the configuration, how it is read from JSON and checked, how
// it is printed, and what the documentation says. Defaults are not written here: they are what the structs
// begin with.

namespace weir::schema {

using json = nlohmann::ordered_json;

/// What is wrong with a configuration, a line each: `path: what`. The first problem of a path is kept, as
/// what follows from it would only confuse.
class problems {
public:
  void add(const std::string& path, const std::string& what) {
    if (paths_.insert(path).second) lines_.push_back(path + ": " + what);
  }
  const std::vector<std::string>& lines() const noexcept { return lines_; }
  bool empty() const noexcept { return lines_.empty(); }

private:
  std::set<std::string> paths_;
  std::vector<std::string> lines_;
};

/// A line of the documentation's table.
struct row {
  std::string path, type, initial, range, meaning;
};

/// How a value is read, printed and described.
template <class M>
class type {
public:
  virtual ~type() = default;

  /// Reads `from` into `to`. What is wrong goes to `out`; then `to` is good for further checks only.
  virtual void read(const json& from, M& to, const std::string& path, problems& out) const = 0;

  virtual json print(const M& what) const = 0;

  /// @param initial the default.
  virtual void describe(const std::string& path, const M& initial, const std::string& meaning,
                        std::vector<row>& out) const = 0;
};

template <class M>
using type_ptr = std::shared_ptr<const type<M>>;

/// One key of an object that is kept as a T.
template <class T>
struct field {
  std::string key;
  std::function<void(const json& from, T& to, const std::string& path, problems& out)> read;
  std::function<void(const T& what, json& object)> print; ///< Adds the key, or nothing.
  std::function<void(const T& initial, const std::string& path, std::vector<row>& out)> describe;
};

using weir::type_of;

/// `path.key`, or the key alone at the top.
inline std::string join(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + '.' + key;
}

// -- fields

/// A key that is read and written by functions: `get(const T&) -> M`, `set(T&, M)`.
template <class T, class M, class Get, class Set>
field<T> property(std::string key, type_ptr<M> kind, std::string meaning, Get get, Set set) {
  field<T> out;
  out.key = key;
  out.read = [=](const json& from, T& to, const std::string& path, problems& wrong) {
    M value = get(to);
    kind->read(from, value, path, wrong);
    set(to, std::move(value)); // whatever was wrong with it: the checks across keys want to see the rest
  };
  out.print = [=](const T& what, json& object) { object[key] = kind->print(get(what)); };
  out.describe = [=](const T& initial, const std::string& path, std::vector<row>& rows) {
    kind->describe(path, get(initial), meaning, rows);
  };
  return out;
}

/// A key that is a member of T.
template <class T, class M>
field<T> member(std::string key, M T::*target, type_ptr<M> kind, std::string meaning) {
  return property<T, M>(
      std::move(key), std::move(kind), std::move(meaning), [target](const T& x) { return x.*target; },
      [target](T& x, M value) { x.*target = std::move(value); });
}

/// A key that only means something for some T: elsewhere it is neither taken nor printed.
template <class T, class Predicate>
field<T> only_if(Predicate applies, std::string where, field<T> x) {
  auto read = std::move(x.read);
  x.read = [=](const json& from, T& to, const std::string& path, problems& wrong) {
    if (applies(to))
      read(from, to, path, wrong);
    else
      wrong.add(path, "only for " + where);
  };
  auto print = std::move(x.print);
  x.print = [=](const T& what, json& object) {
    if (applies(what)) print(what, object);
  };
  return x;
}

/// A key of a later version: refused by name, unless it says what is so anyway. Not printed.
template <class T>
field<T> later(std::string key, std::string meaning, std::vector<json> harmless = {}) {
  field<T> out;
  out.key = key;
  out.read = [=](const json& from, T&, const std::string& path, problems& wrong) {
    for (auto& x : harmless)
      if (x == from) return;
    wrong.add(path, "not in this version yet");
  };
  out.print = [](const T&, json&) {};
  out.describe = [=](const T&, const std::string& path, std::vector<row>& rows) {
    rows.push_back(
        {path, "", harmless.empty() ? "" : print_json(harmless.front()), "not in this version yet", meaning});
  };
  return out;
}

} // namespace weir::schema
