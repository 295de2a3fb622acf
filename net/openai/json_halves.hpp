#pragma once

#include <string>
#include <string_view>

namespace weir {

// JSON writes a character above U+FFFF as two escapes, `\ud83d\ude00`. Servers that stream by UTF-16 units
// cut between them, so that each chunk holds half a character: no text for a JSON parser. Here a lone half is
// marked before the chunk is parsed, as a character of a private range (U+10F000 to U+10F7FF), and put
// together with its other half afterwards.

/// JSON text that a parser takes, as far as its characters are concerned: halves of characters are marked,
/// bytes that are not UTF-8 are replaced by U+FFFD. Gives the text unchanged where nothing is wrong with it.
std::string mark_halves(std::string_view json);

/// Puts marked halves together over the pieces of a text. A half that never finds its other one becomes
/// U+FFFD. Holds back at most one half. Plain.
class half_joiner {
public:
  /// @param marked whether the piece comes from `mark_halves`; else it is taken as it is.
  std::string add(std::string_view piece, bool marked);

  /// The text is over: what was held back.
  std::string finish();

private:
  unsigned high_ = 0; // the first half that waits; 0: none
};

} // namespace weir
