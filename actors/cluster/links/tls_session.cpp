#include "actors/cluster/links/tls_session.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>
#include <stdexcept>

#include <poll.h>
#include <sys/socket.h>

namespace weir {

namespace {

using caf::io::network::rw_state;

constexpr const char* no_tls = "it does not speak TLS: cluster.tls is not set there, or it is no node";

int as_int(std::size_t n) { return static_cast<int>(std::min<std::size_t>(n, INT_MAX)); }

/// What the other side has said of this one, and what this one has made of the other's bytes.
std::string words_for(unsigned long code) {
  auto reason = ERR_GET_REASON(code);
  auto* text = ERR_reason_error_string(code);
  std::string said = text != nullptr ? text : "no reason given";
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) return "it has no certificate";
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST
      || reason == SSL_R_UNEXPECTED_MESSAGE || reason == SSL_R_RECORD_LENGTH_MISMATCH
      || reason == SSL_R_BAD_RECORD_TYPE || reason == SSL_R_PACKET_LENGTH_TOO_LONG)
    return std::string{no_tls} + " (" + said + ")";
  auto alert = reason - SSL_AD_REASON_OFFSET;
  if (alert == SSL_AD_UNKNOWN_CA || alert == SSL_AD_BAD_CERTIFICATE || alert == SSL_AD_CERTIFICATE_EXPIRED
      || alert == SSL_AD_CERTIFICATE_UNKNOWN || alert == SSL_AD_UNSUPPORTED_CERTIFICATE
      || alert == SSL_AD_CERTIFICATE_REVOKED || alert == SSL_AD_DECRYPT_ERROR)
    return "it does not accept this node's certificate: " + said;
  return "TLS failed: " + said;
}

} // namespace

tls_session::tls_session(const tls_credentials& who, int socket, config settings)
  : who_(who), settings_(std::move(settings)), ssl_(SSL_new(who.get())), socket_(socket) {
  if (ssl_ == nullptr || SSL_set_fd(ssl_, socket) != 1) {
    SSL_free(ssl_);
    throw std::runtime_error("no TLS for a connection");
  }
  settings_.dials ? SSL_set_connect_state(ssl_) : SSL_set_accept_state(ssl_);
}

tls_session::~tls_session() { SSL_free(ssl_); }

rw_state tls_session::read_some(std::size_t& result, void* to, std::size_t at_most) {
  auto out = transfer(result, at_most, [&] { return SSL_read(ssl_, to, as_int(at_most)); });
  heard_ |= out == rw_state::success && result > 0;
  return out;
}

rw_state tls_session::write_some(std::size_t& result, const void* from, std::size_t at_most) {
  return transfer(result, at_most, [&] { return SSL_write(ssl_, from, as_int(at_most)); });
}

/// Either way: once both have shown who they are.
template <class Call>
rw_state tls_session::transfer(std::size_t& result, std::size_t at_most, Call call) {
  result = 0;
  if (!ready_)
    if (auto state = shake_hands(); !ready_) return state;
  if (at_most == 0) return rw_state::indeterminate;
  ERR_clear_error();
  auto done = call();
  if (done <= 0) return after(done);
  result = static_cast<std::size_t>(done);
  return rw_state::success;
}

bool tls_session::agree(std::chrono::milliseconds at_most) {
  using clock = std::chrono::steady_clock;
  auto until = clock::now() + at_most;
  for (;;) {
    auto state = shake_hands();
    if (ready_ || state == rw_state::failure) return ready_;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
    pollfd what{socket_, static_cast<short>(state == rw_state::want_read ? POLLIN : POLLOUT), 0};
    if (left.count() <= 0 || poll(&what, 1, static_cast<int>(left.count())) == 0) {
      fail("it has not shown who it is in time");
      return false;
    }
  }
}

bool tls_session::has(std::size_t bytes) const {
  return static_cast<std::size_t>(SSL_pending(ssl_)) >= bytes;
}

void tls_session::give_up(const std::string& why) {
  fail(why);
  ::shutdown(socket_, SHUT_RDWR); // whoever reads from it sees to the rest
}

/// A stream that writes must not try again before it has read something: `want_read`. What a handshake has
/// to write always fits what the kernel holds for a new connection.
rw_state tls_session::shake_hands() {
  if (failed_) return rw_state::failure;
  ERR_clear_error();
  auto done = SSL_do_handshake(ssl_);
  if (done == 1) {
    ready_ = true;
    settings_.on_ready();
    return rw_state::success;
  }
  auto error = SSL_get_error(ssl_, done);
  if (error == SSL_ERROR_WANT_READ) return rw_state::want_read;
  if (error == SSL_ERROR_WANT_WRITE) return rw_state::success;
  fail(why_no_handshake(error));
  return rw_state::failure;
}

std::string tls_session::why_no_handshake(int error) const {
  auto verdict = SSL_get_verify_result(ssl_);
  if (verdict != X509_V_OK)
    return std::string{"its certificate is not accepted: "} + X509_verify_cert_error_string(verdict);
  auto code = ERR_peek_error();
  auto is_end = error != SSL_ERROR_SSL || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (!is_end) return words_for(code);
  return BIO_number_read(SSL_get_rbio(ssl_)) == 0 ? std::string{no_tls} + " (it said nothing)"
                                                  : "it ended the connection in the middle of the handshake";
}

/// What a read or a write that did not succeed means. With TLS 1.3 who dials is ready before the other has
/// looked at its certificate.
rw_state tls_session::after(int returned) {
  auto error = SSL_get_error(ssl_, returned);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return rw_state::success;
  auto code = ERR_peek_error();
  if (error == SSL_ERROR_SSL && ERR_GET_REASON(code) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
    fail(words_for(code));
  else if (settings_.dials && !heard_)
    fail("it ended the connection when it had seen this node's certificate");
  return rw_state::failure;
}

void tls_session::fail(const std::string& why) {
  if (!failed_) settings_.on_failed(why);
  failed_ = true;
}

} // namespace weir
