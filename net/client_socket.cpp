#include "net/client_socket.hpp"

#include <boost/asio/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>

namespace weir {

namespace {

namespace asio = boost::asio;
using error_code = boost::system::error_code;

} // namespace

void client_socket::free_tls::operator()(ssl_st* tls) const noexcept { SSL_free(tls); }

client_socket::client_socket(tcp_socket socket, const tls_context& context) : socket_(std::move(socket)) {
  if (!context) return;
  tls_.reset(SSL_new(context.get())); // keeps the context alive
  if (tls_ != nullptr && SSL_set_fd(tls_.get(), socket_.native_handle()) == 1) {
    SSL_set_accept_state(tls_.get());
    return;
  }
  ERR_clear_error();
  error_code ignored;
  socket_.close(ignored); // no memory for TLS: better no connection than one in the clear
}

bool client_socket::has_pending() const noexcept {
  return SSL_has_pending(tls_.get()) == 1 && !read_wants_write_;
}

client_socket::wait_type client_socket::what_to_wait_for(wait_type kind) const noexcept {
  if (kind == tcp_socket::wait_read && read_wants_write_) return tcp_socket::wait_write;
  if (kind == tcp_socket::wait_write && write_wants_read_) return tcp_socket::wait_read;
  return kind;
}

/// What a call of OpenSSL that did not succeed means.
error_code client_socket::translate(int result, bool& wants_other, int other) {
  auto why = SSL_get_error(tls_.get(), result);
  auto number = errno;
  ERR_clear_error();
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    wants_other = why == other;
    return asio::error::would_block;
  }
  if (why == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
  if (why == SSL_ERROR_SYSCALL && number != 0) return {number, boost::system::system_category()};
  return why == SSL_ERROR_SYSCALL ? error_code{asio::error::eof}
                                  : error_code{asio::error::connection_aborted};
}

std::size_t client_socket::read_tls(asio::mutable_buffer to, error_code& error) {
  error = {};
  std::size_t out = 0;
  while (to.size() > 0) { // a record is at most 16 KiB: all that has come, as a plain read gives it
    std::size_t size = 0;
    errno = 0;
    auto result = SSL_read_ex(tls_.get(), to.data(), to.size(), &size);
    if (result != 1) {
      error = translate(result, read_wants_write_, SSL_ERROR_WANT_WRITE);
      break;
    }
    read_wants_write_ = false;
    out += size;
    to += size;
  }
  if (out > 0) error = {}; // the next read says it again
  return out;
}

std::size_t client_socket::write_tls(std::span<const asio::const_buffer> from, error_code& error) {
  error = {};
  std::size_t out = 0;
  for (auto piece : from)
    while (piece.size() > 0) {
      std::size_t size = 0;
      errno = 0;
      auto result = SSL_write_ex(tls_.get(), piece.data(), piece.size(), &size);
      if (result != 1) {
        error = translate(result, write_wants_read_, SSL_ERROR_WANT_READ);
        if (out > 0 && error == asio::error::would_block) error = {};
        return out;
      }
      write_wants_read_ = false;
      out += size;
      piece += size;
    }
  return out;
}

void client_socket::shutdown_send(error_code& error) {
  if (tls_ != nullptr && SSL_is_init_finished(tls_.get()) == 1) {
    SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
  socket_.shutdown(tcp_socket::shutdown_send, error);
}

} // namespace weir
