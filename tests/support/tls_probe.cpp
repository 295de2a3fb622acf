#include "tests/support/tls_probe.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace weir::test {

struct tls_probe::state {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* tls = nullptr;
  int socket = -1;

  ~state() {
    SSL_free(tls);
    SSL_CTX_free(context);
    if (socket >= 0) ::close(socket);
  }
};

namespace {

X509* read_certificate(const std::string& pem) {
  auto* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  auto* out = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return out;
}

void bring(SSL_CTX* context, const identity& own) {
  auto* certificate = read_certificate(own.certificate);
  SSL_CTX_use_certificate(context, certificate);
  X509_free(certificate);
  auto* bio = BIO_new_mem_buf(own.key.data(), static_cast<int>(own.key.size()));
  auto* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  SSL_CTX_use_PrivateKey(context, key);
  EVP_PKEY_free(key);
  BIO_free(bio);
}

int connect_to(std::uint16_t port) {
  auto out = ::socket(AF_INET, SOCK_STREAM, 0);
  timeval patience{10, 0};
  setsockopt(out, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(out, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(out, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return out;
  ::close(out);
  return -1;
}

std::string why(SSL* tls, int result) {
  auto kind = SSL_get_error(tls, result);
  const auto* text = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  if (text != nullptr) return text;
  return kind == SSL_ERROR_ZERO_RETURN || kind == SSL_ERROR_SYSCALL ? "closed" : "failed";
}

} // namespace

tls_probe::tls_probe(std::uint16_t port, const options& how) : state_(std::make_unique<state>()) {
  if (!how.trusted.empty()) {
    auto* root = read_certificate(how.trusted);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(state_->context), root);
    X509_free(root);
    SSL_CTX_set_verify(state_->context, SSL_VERIFY_PEER, nullptr);
  }
  if (how.certificate) bring(state_->context, *how.certificate);
  if (how.max_version != 0) {
    SSL_CTX_set_min_proto_version(state_->context, TLS1_VERSION);
    SSL_CTX_set_security_level(state_->context, 0);
    SSL_CTX_set_max_proto_version(state_->context, how.max_version);
  }
  state_->socket = connect_to(port);
  if (state_->socket < 0) {
    error_ = "not connected";
    return;
  }
  state_->tls = SSL_new(state_->context);
  if (!how.alpn.empty()) {
    std::string offered{static_cast<char>(how.alpn.size())};
    offered += how.alpn;
    SSL_set_alpn_protos(state_->tls, reinterpret_cast<const unsigned char*>(offered.data()),
                        static_cast<unsigned int>(offered.size()));
  }
  SSL_set_fd(state_->tls, state_->socket);
  if (auto result = SSL_connect(state_->tls); result != 1) error_ = why(state_->tls, result);
}

tls_probe::~tls_probe() = default;

std::string tls_probe::version() const { return SSL_get_version(state_->tls); }

std::string tls_probe::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(state_->tls, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string tls_probe::serial() const {
  auto* certificate = SSL_get1_peer_certificate(state_->tls);
  if (certificate == nullptr) return {};
  auto* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
  auto* text = BN_bn2hex(number);
  std::string out{text};
  OPENSSL_free(text);
  BN_free(number);
  X509_free(certificate);
  return out;
}

bool tls_probe::send(const std::string& bytes) {
  return SSL_write(state_->tls, bytes.data(), static_cast<int>(bytes.size()))
         == static_cast<int>(bytes.size());
}

std::string tls_probe::read_some() {
  std::array<char, 65536> bytes{};
  auto size = SSL_read(state_->tls, bytes.data(), static_cast<int>(bytes.size()));
  if (size > 0) return {bytes.data(), static_cast<std::size_t>(size)};
  error_ = why(state_->tls, size);
  return {};
}

std::string tls_probe::read_until(const std::string& text) {
  std::string out;
  while (out.find(text) == std::string::npos) {
    auto more = read_some();
    if (more.empty()) break;
    out += more;
  }
  return out;
}

unsigned tls_probe::get(const std::string& path) {
  if (!error_.empty() || !send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")) return 0;
  auto head = read_until("\r\n\r\n");
  return head.size() > 12 ? static_cast<unsigned>(std::stoul(head.substr(9, 3))) : 0;
}

} // namespace weir::test
