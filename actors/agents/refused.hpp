#pragma once

#include "actors/core/refusal.hpp"

#include <stdexcept>

namespace weir {

/// What a task throws when what it is asked for is above a bound: the error that a client would get. A
/// handler may catch it and do with less; if it does not, its call fails with this error.
class task_refused : public std::length_error {
public:
  explicit task_refused(refusal why) : std::length_error(why.message), why_(std::move(why)) {}

  const refusal& why() const noexcept { return why_; }

private:
  refusal why_;
};

} // namespace weir
