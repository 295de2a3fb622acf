#pragma once

#include "actors/models/backend.hpp"
#include "net/openai/openai_url.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace weir {

class idle_connections;
class tls_client;

/// What all calls of one backend share.
struct openai_server {
  boost::asio::io_context& context;
  openai_endpoint where;
  std::string model;
  std::vector<std::pair<std::string, std::string>> headers; ///< Sent with each request, the key among them.
  std::vector<std::string> secrets;                         ///< Never shown in a message.
  model_options usual;                                      ///< Of a call that does not say otherwise.
  std::shared_ptr<tls_client> tls;                          ///< Null: plain HTTP.
  std::shared_ptr<idle_connections> idle;
};

/// Sends one request and reads its response: over a connection that is kept alive if there is one, else over
/// a new one. Destroying what it gives closes the connection at once.
/// @param call_ids what the ids of tool calls begin with that the server gave none.
std::unique_ptr<backend_call> start_exchange(std::shared_ptr<const openai_server> server,
                                             const std::string& body, std::string call_ids,
                                             backend_events events);

} // namespace weir
