#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace weir::wire {

/// Checks JSON text that is plain: no `\u` escapes, numbers of at most 18 digits without an exponent. Nearly
/// all that clients send is, and it needs no tree. Of what is not plain, or not JSON at all, every verb says
/// no; the parser is for that.
class plain_json {
public:
  explicit plain_json(std::string_view text) noexcept : text_(text) {}

  /// Goes past white space and this character, if it comes next.
  bool skip(char c) noexcept;

  /// Whether only white space is left.
  bool at_end() noexcept;

  /// The bytes between a string's quotes: valid UTF-8, without escapes.
  std::optional<std::string_view> string() noexcept;

  std::optional<bool> boolean() noexcept;

  /// Any value, as it stands in the text. @param depth how deep arrays and objects may be nested in it.
  std::optional<std::string_view> value(std::size_t depth) noexcept;

private:
  void skip_space() noexcept;
  bool skip_word(std::string_view text) noexcept;
  bool skip_value(std::size_t depth) noexcept;
  bool skip_string(bool escapes) noexcept;
  bool skip_number() noexcept;
  std::size_t skip_digits() noexcept;
  bool skip_array(std::size_t depth) noexcept;
  bool skip_object(std::size_t depth) noexcept;

  std::string_view text_;
  std::size_t at_ = 0;
};

} // namespace weir::wire
