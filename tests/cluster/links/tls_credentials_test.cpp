#include "actors/cluster/links/tls_credentials.hpp"

#include "tests/support/temp_folder.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>

using namespace weir;

namespace {

class pem_files {
public:
  explicit pem_files(const test::identity& own = authority().issue(),
                     const std::string& ca = authority().certificate()) {
    files = {write("cert.pem", own.certificate), write("key.pem", own.key), write("ca.pem", ca)};
  }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream{folder_.file(name)} << text;
    return folder_.file(name);
  }

  std::string missing() const { return folder_.file("missing.pem"); }

  /// What is wrong; empty: nothing.
  std::string problem() const {
    auto loaded = load_tls_credentials(files);
    auto* wrong = std::get_if<std::string>(&loaded);
    return wrong != nullptr ? *wrong : std::string{};
  }

  static const test::test_authority& authority() {
    static const test::test_authority one;
    return one;
  }

  tls_files files;

private:
  test::temp_folder folder_;
};

bool begins_with(const std::string& text, const std::string& with) { return text.rfind(with, 0) == 0; }

} // namespace

TEST_CASE("a node's certificate, its key and the authority that has signed it are taken") {
  CHECK(pem_files{}.problem().empty());
}

TEST_CASE("a file that cannot be read is named with its key") {
  pem_files x;
  SECTION("the certificate") {
    x.files.cert = x.missing();
    CHECK(x.problem() == "cert: cannot read '" + x.missing() + "'");
  }
  SECTION("the key") {
    x.files.key = x.missing();
    CHECK(x.problem() == "key: cannot read '" + x.missing() + "'");
  }
  SECTION("the authority") {
    x.files.ca = x.missing();
    CHECK(x.problem() == "ca: cannot read '" + x.missing() + "'");
  }
}

TEST_CASE("a file that holds something else is named with its key, and nothing of what is in it is said") {
  pem_files x;
  auto secret = x.write("other.pem", "a secret of somebody's");
  for (auto which : {&tls_files::cert, &tls_files::key, &tls_files::ca}) {
    auto files = x.files;
    files.*which = secret;
    auto loaded = load_tls_credentials(files);
    auto wrong = std::get<std::string>(loaded);
    CAPTURE(wrong);
    CHECK(wrong.find(": '" + secret + "' holds no ") != std::string::npos);
    CHECK(wrong.find("a secret of") == std::string::npos);
  }
}

TEST_CASE("the key of another certificate is refused") {
  pem_files x;
  x.write("key.pem", pem_files::authority().issue().key);
  CHECK(begins_with(x.problem(), "key: '" + x.files.key + "' is not the key of the certificate"));
}

TEST_CASE("a certificate that no other node would take is refused at once") {
  test::test_authority other;
  CHECK(begins_with(pem_files{other.issue()}.problem(), "cert: no node that believes"));
  CHECK(begins_with(pem_files{test::self_signed()}.problem(), "cert: no node that believes"));
  test::certificate_wish old;
  old.valid_from_s = -7200;
  old.valid_to_s = -3600;
  CHECK(pem_files{pem_files::authority().issue(old)}.problem().find("expired") != std::string::npos);
}
