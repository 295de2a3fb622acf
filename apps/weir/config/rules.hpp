#pragma once

#include "actors/core/plain_name.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

// What a text in the configuration must look like. Each returns what is wrong, or an empty string.

/// Names of namespaces, `*` included.
std::string check_namespace_name(std::string_view text);

std::string check_node_name(std::string_view text);
std::string check_ip_address(std::string_view text);

/// `address:port` where one listens and others can connect; nothing is fine too.
std::string check_listen_address(std::string_view text);

/// `host:port`.
std::string check_seed_address(std::string_view text);
/// The origin of a browser's page, `https://host[:port]`, or `*`.
std::string check_origin(std::string_view text);

/// A host's name, with or without a port.
std::string check_host_name(std::string_view text);

std::string check_variable_name(std::string_view text);
std::string check_not_empty(std::string_view text);

/// `http://host[:port][/path]`.
std::string check_model_url(std::string_view text);

/// A subject in which a token may hold `{1}` to `{16}`.
std::string check_subject_template(std::string_view text);

/// The highest `{n}` in a subject template; 0 without any.
std::size_t highest_placeholder(std::string_view text) noexcept;

/// How many wildcards a pattern has.
std::size_t count_wildcards(std::string_view pattern) noexcept;

bool is_loopback(const std::string& address) noexcept;

} // namespace weir
