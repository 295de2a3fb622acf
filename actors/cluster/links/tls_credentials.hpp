#pragma once

#include <memory>
#include <string>
#include <variant>

struct ssl_ctx_st;

namespace weir {

/// Paths of PEM files: a node's certificate (with those between it and the authority), its key, and the
/// authorities whose word it takes.
struct tls_files {
  std::string cert, key, ca;

  bool is_set() const noexcept { return !cert.empty() || !key.empty() || !ca.empty(); }
};

/// What all links of a node share: who it is, and whom it believes. The files are read once, so that nothing
/// that becomes of them can hurt a node that runs.
using tls_credentials = std::shared_ptr<ssl_ctx_st>;

/// TLS 1.3, certificates on both sides, none of them matched with a host's name.
/// @returns the credentials, or what is wrong: `cert: …`, `key: …` or `ca: …`. A certificate that no other
/// node would take is wrong, too.
std::variant<tls_credentials, std::string> load_tls_credentials(const tls_files& files);

} // namespace weir
