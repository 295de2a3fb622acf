#include "actors/core/log_context.hpp"

namespace weir {

namespace {

thread_local const log_context* current = nullptr;

} // namespace

const log_context* current_log_context() noexcept { return current; }

log_scope::log_scope(const log_context& who) noexcept : before_(current) { current = &who; }

log_scope::~log_scope() { current = before_; }

} // namespace weir
