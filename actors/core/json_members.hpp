#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// A member of a JSON object as it stands in the object's text.
struct json_member {
  std::string key;        ///< Escapes undone.
  std::string_view value; ///< Its bytes, without the white space around them.
};

/// The members of an object, in their order, repeated keys included. Values are not parsed, so numbers keep
/// all their digits and objects their order and their white space.
/// @param text JSON text of an object that a parser has accepted.
std::vector<json_member> json_members(std::string_view text);

/// The bytes of the last member of that key; empty when there is none.
std::string_view json_member_text(std::string_view text, std::string_view key);

} // namespace weir
