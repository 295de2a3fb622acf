#pragma once

#include "actors/namespace/pattern.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
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
      auto& below = at->children[std::string{next_token(pattern)}];
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
  struct node {
    std::map<std::string, std::unique_ptr<node>, std::less<>> children;
    std::vector<key> holders;

    bool is_leaf() const noexcept { return children.empty() && holders.empty(); }
    const node* child(std::string_view token) const {
      auto i = children.find(token);
      return i == children.end() ? nullptr : i->second.get();
    }
  };

  template <class Visit>
  static void match_below(const node& at, std::string_view rest, Visit& visit) {
    if (rest.empty()) {
      if (!at.holders.empty()) visit(at.holders);
      return;
    }
    if (auto* tail = at.child(">")) visit(tail->holders);
    auto dot = rest.find('.');
    auto token = rest.substr(0, dot);
    auto below = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
    if (auto* exact = at.child(token)) match_below(*exact, below, visit);
    if (auto* any = at.child("*")) match_below(*any, below, visit);
  }

  static bool remove_below(node& at, std::string_view rest, key holder) {
    if (rest.empty()) {
      auto i = std::find(at.holders.begin(), at.holders.end(), holder);
      if (i == at.holders.end()) return false;
      *i = at.holders.back();
      at.holders.pop_back();
      return true;
    }
    auto i = at.children.find(next_token(rest));
    if (i == at.children.end()) return false;
    auto removed = remove_below(*i->second, rest, holder);
    if (i->second->is_leaf()) at.children.erase(i); // so that patterns that come and go leave nothing behind
    return removed;
  }

  node root_;
  std::size_t size_ = 0;
};

} // namespace weir
