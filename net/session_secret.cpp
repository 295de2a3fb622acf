#include "net/session_secret.hpp"

#include "net/kept_secret.hpp"
#include "net/session_token.hpp"

#include <filesystem>
#include <optional>
#include <stdexcept>

namespace weir {

namespace {

constexpr const char* file_name = "session.secret";

std::string checked(const std::string& name, std::string secret) {
  if (secret.size() < session_signer::min_secret_bytes)
    throw std::runtime_error(name + ": must have at least " + std::to_string(session_signer::min_secret_bytes)
                             + " bytes");
  return secret;
}

std::optional<std::string> given(const secret_source& where) {
  auto got = read(where);
  if (!got.wrong.empty()) throw std::runtime_error(got.wrong);
  if (!got.value) return std::nullopt;
  return checked(where.file.empty() ? where.env : where.file, std::move(*got.value));
}

/// Those that are named.
std::vector<std::string> load_given(const session_secret_sources& from) {
  std::vector<std::string> out;
  for (auto& where : from.all) {
    auto secret = given(where);
    if (!secret) throw std::runtime_error(where.env + ": is not set");
    out.push_back(std::move(*secret));
  }
  if (out.empty())
    if (auto secret = given(from.usual)) out.push_back(std::move(*secret));
  return out;
}

std::string path_of(const session_secret_sources& from) {
  return (std::filesystem::path{from.data_dir} / file_name).string();
}

} // namespace

std::vector<std::string> load_session_secrets(const session_secret_sources& from) {
  auto out = load_given(from);
  if (out.empty()) out.push_back(checked(path_of(from), load_or_make_secret(from.data_dir, file_name)));
  return out;
}

std::string check_session_secrets(const session_secret_sources& from) try {
  if (!load_given(from).empty()) return {};
  if (auto there = read_kept_secret(path_of(from))) checked(path_of(from), std::move(*there));
  return {};
} catch (const std::runtime_error& error) {
  return error.what();
}

} // namespace weir
