#pragma once

#include <string>

namespace weir::test {

/// A certificate and its key, as PEM.
struct identity {
  std::string certificate;
  std::string key;
};

/// What is asked of a certificate.
struct certificate_wish {
  std::string name = "localhost"; ///< DNS name.
  std::string address = {};       ///< IP address; empty: none.
  long valid_from_s = -3600;      ///< From now.
  long valid_to_s = 3600;         ///< From now.
};

/// An authority that exists for one test: its key is made when it is.
class test_authority {
public:
  explicit test_authority(const std::string& name = "Weir's test authority");

  /// Its own certificate: whoever trusts it accepts what it issues.
  const std::string& certificate() const noexcept { return own_.certificate; }

  identity issue(const certificate_wish& wish = {}) const;

private:
  identity own_;
};

/// A certificate that nobody else has signed.
identity self_signed(const certificate_wish& wish = {});

} // namespace weir::test
