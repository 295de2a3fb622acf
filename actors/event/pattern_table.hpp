#pragma once

#include "actors/event/pattern.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

/// Which subscribers' patterns match a type: a tree with one level per token. A match costs the depth of the
/// type times the ways that wildcards open, whatever the number of patterns.
/// @tparam Key how a subscriber is known; small, and compared with `==`.
template <class Key>
class pattern_table {
public:
  using key = Key;

  /// Adds one holder of a valid pattern. The same pair may be added more than once.
  void add(std::string_view pattern, key holder) {
    auto* at = &root_;
    while (!pattern.empty()) {
      auto& below = at->place(next_token(pattern));
      if (!below) below = std::make_unique<node>();
      at = below.get();
    }
    at->holders.push_back(holder);
    ++size_;
  }

  /// Takes one such pair back. Gives whether there was one.
  bool remove(std::string_view pattern, key holder) {
    auto removed = remove_below(root_, pattern, holder);
    if (removed) --size_;
    return removed;
  }

  /// Calls `visit` with the holders of each pattern that matches; a holder of several comes several times.
  template <class Visit>
  void match(std::string_view type, Visit&& visit) const {
    match_below(root_, type, visit);
  }

  std::size_t size() const noexcept { return size_; }

private:
  struct token_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view x) const noexcept { return std::hash<std::string_view>{}(x); }
  };

  /// Wildcards have places of their own, so that an event is looked for once on each level.
  struct node {
    std::unordered_map<std::string, std::unique_ptr<node>, token_hash, std::equal_to<>> literals;
    std::unique_ptr<node> any;  // `*`
    std::unique_ptr<node> tail; // `>`
    std::vector<key> holders;

    bool is_leaf() const noexcept { return literals.empty() && !any && !tail && holders.empty(); }

    std::unique_ptr<node>& place(std::string_view token) {
      if (token == "*") return any;
      if (token == ">") return tail;
      auto i = literals.find(token);
      return i != literals.end() ? i->second : literals[std::string{token}];
    }

    void drop(std::string_view token) {
      if (token == "*" || token == ">")
        place(token).reset();
      else if (auto i = literals.find(token); i != literals.end())
        literals.erase(i);
    }

    const node* literal(std::string_view token) const {
      auto i = literals.find(token);
      return i == literals.end() ? nullptr : i->second.get();
    }
  };

  template <class Visit>
  static void match_below(const node& at, std::string_view rest, Visit& visit) {
    if (rest.empty()) {
      if (!at.holders.empty()) visit(at.holders);
      return;
    }
    if (at.tail) visit(at.tail->holders);
    auto dot = rest.find('.');
    auto token = rest.substr(0, dot);
    auto below = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
    if (auto* exact = at.literal(token)) match_below(*exact, below, visit);
    if (at.any) match_below(*at.any, below, visit);
  }

  static bool remove_below(node& at, std::string_view rest, key holder) {
    if (rest.empty()) {
      auto i = std::find(at.holders.begin(), at.holders.end(), holder);
      if (i == at.holders.end()) return false;
      *i = at.holders.back();
      at.holders.pop_back();
      return true;
    }
    auto token = next_token(rest);
    auto& below = at.place(token);
    auto removed = below && remove_below(*below, rest, holder);
    if (!below || below->is_leaf()) at.drop(token); // so that patterns that come and go leave nothing behind
    return removed;
  }

  node root_;
  std::size_t size_ = 0;
};

} // namespace weir
