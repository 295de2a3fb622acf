#include "net/client/tls_client.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <stdexcept>

namespace weir {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

// Where an SSL_CTX keeps its tls_client. Its app data are Asio's.
int client_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

bool is_address(const std::string& host) {
  error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

} // namespace

tls_client::tls_client(std::string host, const std::string& ca_file)
  : host_(std::move(host)), context_(ssl::context::tls_client) {
  if (auto wrong = check_ca_file(ca_file); !wrong.empty()) throw std::runtime_error("ca_file: " + wrong);
  auto* native = context_.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  context_.set_verify_mode(ssl::verify_peer);
  context_.set_default_verify_paths();
  if (!ca_file.empty()) context_.load_verify_file(ca_file);
  SSL_CTX_set_ex_data(native, client_index(), this);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(native, &keep_session);
}

void tls_client::prepare(SSL* connection) const {
  if (is_address(host_)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host_.c_str());
  } else {
    SSL_set_tlsext_host_name(connection, host_.c_str());
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(connection, host_.c_str());
  }
  if (!session_) return;
  session_ptr copy{SSL_SESSION_dup(session_.get()), &SSL_SESSION_free};
  SSL_set_session(connection, copy.get());
}

int tls_client::keep_session(SSL* connection, SSL_SESSION* session) {
  auto* self = static_cast<tls_client*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), client_index()));
  self->session_.reset(SSL_SESSION_dup(session));
  return 0; // it stays the connection's
}

std::string handshake_failure(SSL* connection, const error_code& error, bool& is_certificate) {
  auto verdict = SSL_get_verify_result(connection);
  is_certificate = verdict != X509_V_OK;
  if (!is_certificate) return "TLS with the model server failed: " + error.message();
  return std::string{"the model server's certificate is not accepted: "}
         + X509_verify_cert_error_string(verdict);
}

std::string check_ca_file(const std::string& ca_file) {
  if (ca_file.empty()) return {};
  std::ifstream file{ca_file};
  if (!file || file.peek() == std::ifstream::traits_type::eof()) return "cannot read '" + ca_file + "'";
  error_code error;
  ssl::context trial{ssl::context::tls_client};
  trial.load_verify_file(ca_file, error);
  return error ? "'" + ca_file + "' holds no certificates in PEM form: " + error.message() : std::string{};
}

} // namespace weir
