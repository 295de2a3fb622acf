#pragma once

#include "actors/cluster/links/middleman_dial.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/middleman_actor_impl.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace weir {

/// A middleman's actor that waits for a connection only so long. CAF's own waits until the kernel gives up,
/// which takes two minutes where packets are swallowed, and all other dials wait with it.
class link_middleman : public caf::io::middleman_actor_impl {
public:
  link_middleman(caf::actor_config& cfg, caf::actor broker, std::chrono::milliseconds patience)
    : caf::io::middleman_actor_impl(cfg, std::move(broker)), patience_(patience) {}

  const char* name() const override { return "weir.link-middleman"; }

protected:
  caf::expected<caf::io::scribe_ptr> connect(const std::string& host, std::uint16_t port) override;

  /// What is made of a connected socket, which is taken; null: nothing.
  virtual caf::io::scribe_ptr make_link(int socket, const std::string& address);

  std::chrono::milliseconds patience() const noexcept { return patience_; }

private:
  std::chrono::milliseconds patience_;
};

/// Links between nodes, over TCP.
class tcp_links {
public:
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

  tcp_links(caf::actor_system& sys, caf::io::middleman_actor via, explainer explain);

private:
  caf::actor_system& system_;
  caf::io::middleman_actor actor_; // in a thread of its own: to connect blocks
  explainer explain_;
};

} // namespace weir
