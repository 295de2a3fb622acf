#pragma once

#include "actors/store/store.hpp"

#include <memory>
#include <string>

namespace weir {

struct witness_config {
  std::string path{};         ///< Of the witness' file; empty: what is known does not outlive the process.
  std::string machine_life{}; ///< See `witness`; for tests.
  /// Nobody else writes to the store, so whatever is there was written through here. Else a log may have gone
  /// on, or have begun anew, through another node.
  bool sole_writer = true;
};

/// Stands before a store and remembers how far each log went that was acknowledged (`witness`), so that one
/// which comes back with less, or with another history, is told as `behind`.
std::unique_ptr<store> make_witnessed_store(std::unique_ptr<store> what, witness_config settings);

} // namespace weir
