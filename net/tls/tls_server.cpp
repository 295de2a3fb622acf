#include "net/tls/tls_server.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <sys/stat.h>

#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace weir {

namespace {

/// A key that needs a passphrase is refused: nobody is there to be asked.
int no_passphrase(char*, int, int, void*) { return -1; }

std::string last_error() {
  const auto* text = ERR_reason_error_string(ERR_peek_last_error());
  return text != nullptr ? text : "it is empty";
}

std::string wrong_file(const std::string& path, const std::string& expected) {
  std::ifstream file{path};
  if (!file || file.peek() == std::ifstream::traits_type::eof()) return "cannot read '" + path + "'";
  return "'" + path + "' holds no " + expected + " in PEM form: " + last_error();
}

/// HTTP/1.1 where the client offers protocols at all (RFC 7301). One that offers others only is served all
/// the same, as it would be without ALPN.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int size, void*) {
  constexpr std::string_view wanted = "http/1.1";
  for (unsigned int at = 0; at < size; at += 1U + offered[at]) {
    std::string_view name{reinterpret_cast<const char*>(offered + at + 1), offered[at]};
    if (name != wanted) continue;
    *out = offered + at + 1;
    *out_size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

std::string load_own(SSL_CTX* context, const tls_server_files& files) {
  if (SSL_CTX_use_certificate_chain_file(context, files.cert.c_str()) != 1)
    return "cert: " + wrong_file(files.cert, "certificate");
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1) return {};
  if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
    return "key: '" + files.key + "' is not the key of the certificate in '" + files.cert + "'";
  return "key: " + wrong_file(files.key, "key without a passphrase");
}

std::string load_clients(SSL_CTX* context, const tls_server_files& files) {
  using client_auth = tls_server_files::client_auth;
  if (files.clients == client_auth::none) return {};
  if (SSL_CTX_load_verify_locations(context, files.client_ca.c_str(), nullptr) != 1)
    return "client_ca: " + wrong_file(files.client_ca, "certificates");
  if (auto* names = SSL_load_client_CA_file(files.client_ca.c_str()))
    SSL_CTX_set_client_CA_list(context, names);
  auto* store = SSL_CTX_get_cert_store(context);
  auto* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (X509_load_crl_file(lookup, files.client_ca.c_str(), X509_FILETYPE_PEM) > 0)
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  ERR_clear_error();
  SSL_CTX_set_verify(context,
                     SSL_VERIFY_PEER
                         | (files.clients == client_auth::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return {};
}

} // namespace

std::variant<tls_context, std::string> load_tls_server(const tls_server_files& files) {
  tls_context out{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
  auto* context = out.get();
  if (context == nullptr) return "cert: no TLS: " + last_error();
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context,
                          "ECDHE+AESGCM:ECDHE+CHACHA20"); // of TLS 1.2: forward secrecy and AEAD only
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
                                   | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA
                                   | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_ENABLE_KTLS);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  // A write that the kernel took in part is tried again from another buffer; an idle connection has no
  // buffers.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("weir"), 4);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); // tickets need no memory here
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (auto wrong = load_own(context, files); !wrong.empty()) return wrong;
  if (auto wrong = load_clients(context, files); !wrong.empty()) return wrong;
  return out;
}

tls_server::tls_server(tls_server_files files) {
  if (auto wrong = take(std::move(files)); !wrong.empty()) throw std::runtime_error(wrong);
}

tls_context tls_server::current() const {
  std::lock_guard guard{lock_};
  return context_;
}

std::string tls_server::reload() {
  std::unique_lock guard{lock_};
  auto files = files_;
  guard.unlock();
  return take(std::move(files));
}

std::string tls_server::reload(tls_server_files files) { return take(std::move(files)); }

std::optional<std::string> tls_server::reload_if_changed() {
  {
    std::lock_guard guard{lock_};
    auto now = stamp(files_);
    if (now == stamp_) return std::nullopt;
    stamp_ = now;
  }
  return reload();
}

std::string tls_server::take(tls_server_files files) {
  auto seen = stamp(files);
  auto loaded = load_tls_server(files);
  if (auto* wrong = std::get_if<std::string>(&loaded)) return *wrong;
  std::lock_guard guard{lock_};
  files_ = std::move(files);
  stamp_ = seen;
  context_ = std::get<tls_context>(std::move(loaded));
  return {};
}

/// Changes when one of the files does: a sum of their inodes, sizes and times.
std::int64_t tls_server::stamp(const tls_server_files& files) const {
  std::uint64_t out = 0;
  for (const auto* path : {&files.cert, &files.key, &files.client_ca}) {
    struct stat found {};
    if (path->empty() || stat(path->c_str(), &found) != 0) continue;
    for (auto part : {static_cast<std::uint64_t>(found.st_ino), static_cast<std::uint64_t>(found.st_size),
                      static_cast<std::uint64_t>(found.st_mtim.tv_sec),
                      static_cast<std::uint64_t>(found.st_mtim.tv_nsec)})
      out = out * 1'099'511'628'211U + part; // FNV's prime
  }
  return static_cast<std::int64_t>(out);
}

} // namespace weir
