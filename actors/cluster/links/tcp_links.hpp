#pragma once

#include "actors/cluster/links/middleman_dial.hpp"
#include "actors/cluster/links/unproven_links.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/middleman_actor_impl.hpp>
#include <caf/io/network/default_multiplexer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace weir {

/// A middleman's actor that waits for a connection only so long, and bounds what others may make this node
/// wait for. CAF's own waits until the kernel gives up, which takes two minutes where packets are swallowed,
/// and all other dials wait with it; and it takes whatever length is said on a connection for true.
class link_middleman : public caf::io::middleman_actor_impl {
public:
  link_middleman(caf::actor_config& cfg, caf::actor broker, std::shared_ptr<unproven_links> unproven,
                 std::chrono::milliseconds patience)
    : caf::io::middleman_actor_impl(cfg, std::move(broker)), unproven_(std::move(unproven)),
      patience_(patience) {}

  const char* name() const override { return "weir.link-middleman"; }

protected:
  caf::expected<caf::io::scribe_ptr> connect(const std::string& host, std::uint16_t port) override;

  caf::expected<caf::io::doorman_ptr> open(std::uint16_t port, const char* address, bool reuse) override;

  /// What is made of a connected socket, which is taken; null: nothing.
  virtual caf::io::scribe_ptr make_link(int socket, const std::string& address);

  caf::io::network::default_multiplexer& io();
  const std::shared_ptr<unproven_links>& unproven() const noexcept { return unproven_; }
  std::chrono::milliseconds patience() const noexcept { return patience_; }

private:
  std::shared_ptr<unproven_links> unproven_; // of the multiplexer's thread
  std::chrono::milliseconds patience_;
};

/// Links between nodes, over TCP.
class tcp_links {
public:
  /// Connections that others have made and whose other side has not shown that it is a node. Overflow policy:
  /// the oldest is closed.
  static constexpr std::size_t max_unproven = 64;

  /// It has this long to do so.
  static constexpr std::chrono::milliseconds proof_timeout{5000};

  /// @param patience how long dialling a node may take. Dials wait for each other.
  tcp_links(caf::actor_system& sys, std::chrono::milliseconds patience);
  virtual ~tcp_links();

  tcp_links(const tcp_links&) = delete;
  tcp_links& operator=(const tcp_links&) = delete;

  /// Good as long as this is.
  dial_function dial() const;
  listen_function listen() const;

protected:
  /// Says better why an address was not reached, if it can.
  using explainer = std::function<std::string(const std::string& address, const std::string& why)>;

  tcp_links(caf::actor_system& sys, caf::io::middleman_actor via, std::shared_ptr<unproven_links> unproven,
            explainer explain);

  static std::shared_ptr<unproven_links> make_unproven();

private:
  tcp_links(caf::actor_system& sys, std::shared_ptr<unproven_links> unproven,
            std::chrono::milliseconds patience);

  caf::actor_system& system_;
  caf::io::middleman_actor actor_; // in a thread of its own: to connect blocks
  caf::actor sweeper_;
  explainer explain_;
};

} // namespace weir
