#pragma once

#include <string>

namespace weir {

/// Who speaks in the line that this thread is logging. The formats of the log say it in their own ways.
struct log_context {
  const std::string& ns;
  const std::string& agent;
};

/// Null: the node itself.
const log_context* current_log_context() noexcept;

/// Lets `who` speak until the end of the scope.
class log_scope {
public:
  explicit log_scope(const log_context& who) noexcept;
  ~log_scope();
  log_scope(const log_scope&) = delete;
  log_scope& operator=(const log_scope&) = delete;

private:
  const log_context* before_;
};

} // namespace weir
