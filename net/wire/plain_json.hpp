#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::wire {

/// Reads JSON text that is plain: strings without escapes, whole numbers of at most 18 digits, objects of at
/// most 32 keys that are all different. Nearly all that clients send is, and it needs no tree: its compact
/// text is a copy of it. Of what is not plain, or not JSON at all, every verb says no; the parser is for
/// that.
///
/// Where it says yes, its values are to the byte what the parser and `dump` give.
class plain_json {
public:
  explicit plain_json(std::string_view text) noexcept : text_(text) {}

  /// Goes past white space and this character, if it comes next.
  bool skip(char c) noexcept;

  /// Whether only white space is left.
  bool at_end() noexcept;

  /// The bytes between a string's quotes: valid UTF-8.
  std::optional<std::string_view> string() noexcept;

  std::optional<bool> boolean() noexcept;

  /// Appends any value as compact text, the keys of objects in the order of their bytes. After a no, `out`
  /// holds some of it. @param depth how deep arrays and objects may be nested in it.
  bool value(std::string& out, std::size_t depth);

private:
  static constexpr std::size_t max_keys = 32;

  void skip_space() noexcept;
  bool word(std::string_view text) noexcept;
  bool number(std::string& out);
  bool text_value(std::string& out);
  bool array(std::string& out, std::size_t depth);
  bool object(std::string& out, std::size_t depth);

  std::string_view text_;
  std::size_t at_ = 0;
};

} // namespace weir::wire
