#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Levenshtein's distance: how many letters to insert, delete or replace.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// `unknown key`, with the known key that is nearest to it if one is near.
std::string unknown_key(const std::string& key, const std::vector<std::string>& known);

} // namespace weir
