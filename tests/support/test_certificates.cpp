#include "tests/support/test_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <memory>
#include <stdexcept>

namespace weir::test {

namespace {

template <auto Free>
struct freer {
  template <class T>
  void operator()(T* x) const {
    Free(x);
  }
};

using key_ptr = std::unique_ptr<EVP_PKEY, freer<&EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freer<&X509_free>>;
using bio_ptr = std::unique_ptr<BIO, freer<&BIO_free_all>>;

struct issuer {
  X509* certificate;
  EVP_PKEY* key;
};

key_ptr new_key() { return key_ptr{EVP_EC_gen("P-256")}; }

template <class Write>
std::string pem(Write write) {
  bio_ptr out{BIO_new(BIO_s_mem())};
  if (write(out.get()) != 1) throw std::runtime_error("cannot write PEM");
  char* data = nullptr;
  auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

identity as_pem(X509* certificate, EVP_PKEY* key) {
  return {pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); }), pem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

void add(X509* to, const issuer& by, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, by.certificate, to, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  if (extension == nullptr) throw std::runtime_error("no such extension: " + value);
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

void set_name(X509_NAME* to, const std::string& name) {
  auto* bytes = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_UTF8, bytes, -1, -1, 0);
}

// Signed by `by`, or, where that is empty, by itself.
certificate_ptr make(const certificate_wish& wish, EVP_PKEY* key, issuer by, bool is_authority) {
  static std::atomic<long> serial{1};
  certificate_ptr out{X509_new()};
  auto* x = out.get();
  if (by.certificate == nullptr) by = {x, key};
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x), wish.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(x), wish.valid_to_s);
  set_name(X509_get_subject_name(x), wish.name);
  X509_set_issuer_name(x, X509_get_subject_name(by.certificate));
  X509_set_pubkey(x, key);
  if (is_authority) {
    add(x, by, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    auto address = wish.address.empty() ? std::string{} : ",IP:" + wish.address;
    add(x, by, NID_subject_alt_name, "DNS:" + wish.name + address);
  }
  X509_sign(x, by.key, EVP_sha256());
  return out;
}

} // namespace

test_authority::test_authority(const std::string& name) {
  auto key = new_key();
  auto certificate = make({name, {}, -7200, 7200}, key.get(), {nullptr, nullptr}, true);
  own_ = as_pem(certificate.get(), key.get());
}

identity test_authority::issue(const certificate_wish& wish) const {
  bio_ptr certificate_text{
      BIO_new_mem_buf(own_.certificate.data(), static_cast<int>(own_.certificate.size()))};
  bio_ptr key_text{BIO_new_mem_buf(own_.key.data(), static_cast<int>(own_.key.size()))};
  certificate_ptr certificate{PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr)};
  key_ptr signer{PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr)};
  auto key = new_key();
  return as_pem(make(wish, key.get(), {certificate.get(), signer.get()}, false).get(), key.get());
}

identity self_signed(const certificate_wish& wish) {
  auto key = new_key();
  return as_pem(make(wish, key.get(), {nullptr, nullptr}, false).get(), key.get());
}

} // namespace weir::test
