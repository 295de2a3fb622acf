#include "apps/weir/commands/find_token.hpp"

#include "actors/core/secret_source.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

namespace weir {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view file_name = "/admin.token";
constexpr const char* listening = "0A"; // as proc(5) says it

/// The sockets that listen at this port, as /proc names them: `socket:[12345]`.
std::set<std::string> listeners(std::uint16_t port) {
  std::set<std::string> out;
  for (auto* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in{table};
    std::string line;
    std::getline(in, line); // the headings
    while (std::getline(in, line)) {
      std::istringstream fields{line};
      std::string slot, local, remote, state, skipped, inode;
      fields >> slot >> local >> remote >> state;
      for (int i = 0; i < 5; ++i) fields >> skipped;
      fields >> inode;
      auto colon = local.rfind(':');
      if (state == listening && colon != std::string::npos
          && std::stoul(local.substr(colon + 1), nullptr, 16) == port)
        out.insert("socket:[" + inode + ']');
    }
  }
  return out;
}

/// Calls `each` with every descriptor of a process and what it is of, until it says true.
template <class F>
bool any_descriptor(const fs::path& process, F each) {
  std::error_code wrong;
  for (fs::directory_iterator i{process / "fd", wrong}, end; !wrong && i != end; i.increment(wrong)) {
    std::error_code gone;
    auto what = fs::read_symlink(i->path(), gone).string();
    if (!gone && each(i->path(), what)) return true;
  }
  return false;
}

bool is_number(const std::string& text) { return text.find_first_not_of("0123456789") == std::string::npos; }

} // namespace

std::string find_admin_token(std::uint16_t port) {
  auto sockets = listeners(port);
  if (sockets.empty()) return {};
  std::error_code wrong;
  for (fs::directory_iterator i{"/proc", wrong}, end; !wrong && i != end; i.increment(wrong)) {
    if (!is_number(i->path().filename().string())) continue;
    if (!any_descriptor(i->path(), [&](auto&, auto& what) { return sockets.count(what) > 0; })) continue;
    std::string token;
    any_descriptor(i->path(), [&token](const fs::path& at, const std::string& what) {
      if (!what.ends_with(file_name)) return false;
      token = read(secret_source{{}, at.string()}).value.value_or("");
      return !token.empty();
    });
    if (!token.empty()) return token;
  }
  return {};
}

} // namespace weir
