#pragma once

#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace weir {

/// Why links over TLS did not come about: logged for those that others wanted, kept for those that this node
/// dialled. May be called from any thread.
class tls_failures {
public:
  /// Hosts, and addresses, of which is remembered what was last said; above it all are forgotten.
  static constexpr std::size_t max_kept = 256;

  explicit tls_failures(caf::telemetry::metric_registry& metrics);

  /// A host that dialled this node was sent away. The same is not logged again.
  void refused(const std::string& host, const std::string& why);

  /// A host that dialled this node has shown who it is.
  void accepted(const std::string& host);

  /// Nothing came of dialling an address.
  void dial_failed(const std::string& address, const std::string& why);

  /// Why, once; empty: not for a reason of TLS.
  std::string take(const std::string& address);

private:
  std::mutex lock_;
  std::map<std::string, std::string> said_;   // by host; max_kept
  std::map<std::string, std::string> failed_; // by address; max_kept
  caf::telemetry::int_counter* refused_;
};

} // namespace weir
