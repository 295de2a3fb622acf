#include "apps/weir/config/tls_schema.hpp"

#include "apps/weir/config/schema_types.hpp"

#include <variant>

namespace weir {

schema::type_ptr<tls_server_files> tls_schema() {
  using x = tls_server_files;
  using schema::member;
  using schema::text;
  return schema::object<x>({
      member("cert", &x::cert, text("a PEM file"),
             "the certificate, with those between it and its authority; read again when the file changes"),
      member("key", &x::key, text("a PEM file"), "its key, without a passphrase"),
      member("client_ca", &x::client_ca, text("a PEM file"),
             "the authorities of clients' certificates, and their revocation lists"),
      schema::property<x, std::string>(
          "client_auth", schema::choice({"none", "optional", "required"}),
          "whether clients bring a certificate",
          [](const x& from) {
            return from.clients == x::client_auth::none       ? "none"
                   : from.clients == x::client_auth::optional ? "optional"
                                                              : "required";
          },
          [](x& to, const std::string& value) {
            to.clients = value == "none"       ? x::client_auth::none
                         : value == "optional" ? x::client_auth::optional
                                               : x::client_auth::required;
          }),
  });
}

std::string check_tls_files(const std::string& path, const tls_server_files& files) {
  if (!files.is_set()) return {};
  if (files.cert.empty() || files.key.empty()) return path + ": needs cert and key";
  if (files.clients != tls_server_files::client_auth::none && files.client_ca.empty())
    return path + ".client_auth: needs client_ca";
  auto loaded = load_tls_server(files);
  auto* wrong = std::get_if<std::string>(&loaded);
  return wrong != nullptr ? path + '.' + *wrong : std::string{};
}

} // namespace weir
