#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::bench {

/// What an upgrade asks for. @param subprotocol may be empty.
std::string upgrade_request(std::string_view host, std::string_view path, std::string_view subprotocol);

struct upgrade_answer {
  int status = 0;             ///< 101 when it went through; 0 when what came is no HTTP.
  int retry_after_s = 0;      ///< 0: the server does not say.
  std::size_t head_bytes = 0; ///< What follows are frames.
};

/// Nothing while the head is not there in full.
std::optional<upgrade_answer> read_upgrade_answer(std::string_view bytes);

} // namespace weir::bench
