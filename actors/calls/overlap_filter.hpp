#pragma once

#include "actors/core/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

/// Takes out of a model's continuation what it repeats of the text that it was to go on from: there are
/// servers that answer with the beginning that they were given, and then go on. Only an exact repeat of the
/// whole text counts, from the continuation's first byte on, and none of a text of less than
/// `min_code_points`, which a model may well say again. What matches so far is held back; it is bounded by
/// the length of the text. The first byte that differs lets all of it go.
class overlap_filter {
public:
  static constexpr std::size_t min_code_points = 16;

  /// Lets everything through.
  overlap_filter() = default;

  /// For one attempt. @param text what the model is to go on from.
  explicit overlap_filter(std::string text) : text_(std::move(text)) {
    if (utf8::code_points(text_) < min_code_points) text_.clear();
  }

  /// Takes a piece. Gives what is to be passed on now; empty: nothing yet.
  std::string add(std::string_view piece) {
    if (matched_ == text_.size()) return std::string{piece};
    auto rest = std::string_view{text_}.substr(matched_);
    auto n = std::min(rest.size(), piece.size());
    if (rest.substr(0, n) != piece.substr(0, n)) return flush() + std::string{piece};
    matched_ += n;
    return std::string{piece.substr(n)};
  }

  /// The answer has ended well: what is held back was no repeat of the whole text. Where it ends otherwise,
  /// what is held back is dropped: the next attempt begins after the text again.
  std::string flush() {
    if (matched_ == text_.size()) return {};
    auto held = text_.substr(0, matched_);
    text_.clear();
    matched_ = 0;
    return held;
  }

private:
  std::string text_;
  std::size_t matched_ = 0; // how much of the text has been said again
};

} // namespace weir
