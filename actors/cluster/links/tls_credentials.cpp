#include "actors/cluster/links/tls_credentials.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fstream>

namespace weir {

namespace {

using store_context = std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)>;

/// A key that needs a passphrase is refused: nobody is there to be asked.
int no_passphrase(char*, int, int, void*) { return -1; }

std::string last_error() {
  auto* text = ERR_reason_error_string(ERR_peek_last_error());
  return text != nullptr ? text : "it is empty";
}

/// @param what `certificate`, `key`, …: what should be in the file.
std::string wrong_file(const std::string& path, const std::string& what) {
  std::ifstream file{path};
  if (!file || file.peek() == std::ifstream::traits_type::eof()) return "cannot read '" + path + "'";
  return "'" + path + "' holds no " + what + " in PEM form: " + last_error();
}

/// Whether the nodes that believe the same authorities would take this node's certificate.
std::string check_own(SSL_CTX* context, const char* purpose) {
  store_context trial{X509_STORE_CTX_new(), &X509_STORE_CTX_free};
  STACK_OF(X509)* between = nullptr;
  SSL_CTX_get0_chain_certs(context, &between);
  if (X509_STORE_CTX_init(trial.get(), SSL_CTX_get_cert_store(context), SSL_CTX_get0_certificate(context),
                          between)
      != 1)
    return last_error();
  X509_STORE_CTX_set_default(trial.get(), purpose);
  if (X509_verify_cert(trial.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(trial.get()));
}

std::string load(SSL_CTX* context, const tls_files& files) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, files.cert.c_str()) != 1)
    return "cert: " + wrong_file(files.cert, "certificate");
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
      return "key: '" + files.key + "' is not the key of the certificate in '" + files.cert + "'";
    return "key: " + wrong_file(files.key, "key without a passphrase");
  }
  if (SSL_CTX_load_verify_locations(context, files.ca.c_str(), nullptr) != 1)
    return "ca: " + wrong_file(files.ca, "certificates");
  for (auto* purpose : {"ssl_server", "ssl_client"}) // each node is both
    if (auto why = check_own(context, purpose); !why.empty())
      return "cert: no node that believes '" + files.ca + "' takes '" + files.cert + "': " + why;
  return {};
}

} // namespace

std::variant<tls_credentials, std::string> load_tls_credentials(const tls_files& files) {
  tls_credentials out{SSL_CTX_new(TLS_method()), &SSL_CTX_free};
  auto* context = out.get();
  if (context == nullptr) return "cert: no TLS: " + last_error();
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Links are few and last: nothing is won by going on with an earlier one's keys.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  if (auto wrong = load(context, files); !wrong.empty()) return wrong;
  return out;
}

} // namespace weir
