#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <vector>

namespace weir {

/// Connects to a host that has several addresses (RFC 8305, "Happy Eyeballs"): IPv6 and IPv4 in turn, the
/// next one when the one before has failed or has not answered for `next_after`, and takes the first that
/// stands. So an address that swallows packets costs 250 ms, not the call.
///
/// At most `max_in_flight` are tried at once; the others wait until one of these has failed.
class connect_race : public std::enable_shared_from_this<connect_race> {
public:
  using tcp = boost::asio::ip::tcp;
  using error_code = boost::system::error_code;

  static constexpr std::chrono::milliseconds next_after{250}; ///< RFC 8305, section 8.
  static constexpr std::size_t max_in_flight = 8;

  /// Called once, unless it was cancelled: with a connected socket, or with why the last address failed.
  using handler = std::function<void(error_code, tcp::socket)>;

  /// @param pause how long the next address waits for the one before.
  static std::shared_ptr<connect_race> start(boost::asio::io_context& context,
                                             std::vector<tcp::endpoint> endpoints, handler then,
                                             std::chrono::milliseconds pause = next_after);

  /// Closes all sockets; `then` is not called any more.
  void cancel();

private:
  connect_race(boost::asio::io_context& context, std::vector<tcp::endpoint> endpoints, handler then,
               std::chrono::milliseconds pause);

  void next();
  void arm();
  void on_connected(std::list<tcp::socket>::iterator which, error_code error);

  boost::asio::io_context& context_;
  std::chrono::milliseconds pause_;
  std::deque<tcp::endpoint> waiting_;
  std::list<tcp::socket> trying_;
  boost::asio::steady_timer timer_;
  handler then_; // empty: it is over
};

/// The order in which RFC 8305, section 4, tries addresses: the families in turn, beginning with that of the
/// first; within a family as they were.
std::vector<connect_race::tcp::endpoint> in_turn(std::vector<connect_race::tcp::endpoint> endpoints);

} // namespace weir
