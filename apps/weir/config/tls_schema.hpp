#pragma once

#include "apps/weir/config/schema.hpp"
#include "net/tls/tls_server.hpp"

namespace weir {

/// `listen.tls` and `admin.tls`.
schema::type_ptr<tls_server_files> tls_schema();

/// What is wrong with the files of a port as they are now, with the key that names them; empty: nothing, or
/// the port has no TLS. @param path `listen.tls` or `admin.tls`.
std::string check_tls_files(const std::string& path, const tls_server_files& files);

} // namespace weir
