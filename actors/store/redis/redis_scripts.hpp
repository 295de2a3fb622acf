#pragma once

namespace weir {

// What is decided inside Redis, in Lua: several nodes share the store, so a check and the write that depends
// on it have to be one step there. Each script declares all its keys. Numbers go in and out as texts: Lua's
// own are doubles, exact to 2^53.
//
// A script refuses with facts, a table that begins with `log`, `tail`, `holes`, `key` or `fence`; rules.hpp
// makes the refusal out of them, so that all stores refuse alike.

enum class redis_script : unsigned char {
  write,
  read_state,
  read_log,
  find_event,
  newest_ids,
  scan,
  sweep,
  set_lease
};
inline constexpr int redis_script_count = 8;

/// The text of a script.
const char* text_of(redis_script what) noexcept;

} // namespace weir
