#pragma once

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/io/scribe.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <sys/socket.h>

namespace weir {

/// What a link may be told to expect, in bytes of one message. Its sender says how long it will be before it
/// comes.
struct link_bounds {
  /// Of the first message, with which the other side says which node it is.
  static constexpr std::size_t max_first_bytes = 64 * 1024;

  /// Of any other. All that one node may have on its way to another comes to less.
  static constexpr std::size_t max_bytes = 256 * 1024 * 1024;

  /// Memory is taken in steps of this, as the bytes come, whatever length was said.
  static constexpr std::size_t step_bytes = 64 * 1024;

  /// A buffer that has grown beyond this is given back behind its message.
  static constexpr std::size_t kept_bytes = 1024 * 1024;
};

/// A link between nodes as CAF's broker sees it: a stream over a socket, which it owns. In CAF's own, the
/// length that the other side says is made into a buffer before anything of it has come.
template <class Policy>
class link_scribe : public caf::io::scribe {
public:
  using multiplexer = caf::io::network::default_multiplexer;
  using native_socket = caf::io::network::native_socket;

  /// @param heard is set once the other side has said a whole message.
  link_scribe(multiplexer& io, native_socket socket, std::shared_ptr<bool> heard, Policy policy = {})
    : scribe(caf::io::network::conn_hdl_from_socket(socket)), stream_(io, socket, std::move(policy)),
      heard_(std::move(heard)) {}

  void configure_read(caf::io::receive_policy::config what) override {
    wanted_ = what.first == caf::io::receive_policy_flag::exactly ? what.second : 0;
    if (wanted_ > (*heard_ ? link_bounds::max_bytes : link_bounds::max_first_bytes)) {
      wanted_ = 0;
      what = caf::io::receive_policy::at_most(1);
      ::shutdown(stream_.fd(), SHUT_RDWR); // the next read ends it
    }
    if (wanted_ > 0)
      await_step();
    else
      stream_.configure_read(what);
    if (std::exchange(launched_, true)) return;
    stream_.start(this);
    stream_.force_empty_write(this); // so that whoever has to speak first does
  }

  bool consume(caf::execution_unit* ctx, const void* data, std::size_t size) override {
    if (wanted_ > size || !message_.empty()) {
      auto* from = static_cast<const caf::byte*>(data);
      message_.insert(message_.end(), from, from + size);
      if (message_.size() < wanted_) return await_step(), true;
      rd_buf().swap(message_);
      message_ = {};
      size = rd_buf().size();
    }
    if (++consumed_ == 2) *heard_ = true; // a header, and what it says
    auto out = scribe::consume(ctx, rd_buf().data(), size);
    if (rd_buf().capacity() > link_bounds::kept_bytes) rd_buf() = {};
    return out;
  }

  void ack_writes(bool on) override { stream_.ack_writes(on); }
  caf::byte_buffer& wr_buf() override { return stream_.wr_buf(); }
  caf::byte_buffer& rd_buf() override { return stream_.rd_buf(); }
  void flush() override { stream_.flush(this); }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

  void graceful_shutdown() override {
    stream_.graceful_shutdown();
    detach(&stream_.backend(), false);
  }

  std::string addr() const override {
    auto out = caf::io::network::remote_addr_of_fd(stream_.fd());
    return out ? *out : std::string{};
  }

  std::uint16_t port() const override {
    auto out = caf::io::network::remote_port_of_fd(stream_.fd());
    return out ? *out : std::uint16_t{0};
  }

private:
  void await_step() {
    auto left = wanted_ - message_.size();
    stream_.configure_read(caf::io::receive_policy::exactly(std::min(left, link_bounds::step_bytes)));
  }

  caf::io::network::stream_impl<Policy> stream_;
  std::shared_ptr<bool> heard_;
  caf::byte_buffer message_; // so far, of one that comes in several steps
  std::size_t wanted_ = 0;   // bytes of what is read now; 0: any number
  std::uint64_t consumed_ = 0;
  bool launched_ = false;
};

} // namespace weir
