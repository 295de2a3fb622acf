#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// What a session token says: whose session it is, and until when.
struct session_claims {
  std::string ns;
  std::string client_id;
  std::string session;         ///< The session's own id.
  std::int64_t expires_ms = 0; ///< Milliseconds since the Unix epoch; from then on it is no good.
  std::string epoch{};         ///< The history that its client was told of last; empty: of an older version.
  std::uint64_t seq = 0;       ///< How far the client was told that this history goes.
};

/// Makes and checks session tokens: `<claims>.<signature>`, both base64url, the claims as a JSON object, the
/// signature an HMAC-SHA256 (RFC 2104) of the claims' text. Nodes with the same secret take each other's.
///
/// There may be several secrets, so that one can be exchanged while tokens live: the newest signs, all
/// verify. For any thread; the secrets can be replaced while others sign and verify.
class session_signer {
public:
  static constexpr std::size_t min_secret_bytes = 16;

  /// Throws `std::invalid_argument` when the secret is shorter than `min_secret_bytes`.
  explicit session_signer(std::string secret);

  /// @param secrets the newest first. Throws as above, and when there is none.
  explicit session_signer(std::vector<std::string> secrets);

  /// From now on these. Throws as the constructor does, and then keeps those that it has.
  void replace(std::vector<std::string> secrets);

  std::string sign(const session_claims& x) const;

  /// Says to the other nodes of a cluster which secrets these are, without telling them: a mark for each, the
  /// newest first, with commas between.
  std::string marks() const;

  /// Nothing where the token is malformed, signed with another secret, or expired at `now_ms`. Never throws
  /// for what is in the token.
  std::optional<session_claims> verify(std::string_view token, std::int64_t now_ms) const;

private:
  using secrets = std::shared_ptr<const std::vector<std::string>>;

  std::atomic<secrets> secrets_;
};

} // namespace weir
