#include "actors/core/secret_source.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace weir {

namespace {

read_secret wrong(const std::string& path, const std::string& what) {
  return {std::nullopt, path + ' ' + what};
}

read_secret cannot_read(const std::string& path, int error) {
  return wrong(path, "cannot be read: " + std::generic_category().message(error));
}

read_secret read_file(const std::string& path) {
  auto fd =
      ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); // a pipe that nobody writes to is no secret
  if (fd < 0) return cannot_read(path, errno);
  std::string text;
  char chunk[4096];
  ssize_t got = 0;
  while (text.size() <= max_secret_bytes && (got = ::read(fd, chunk, sizeof chunk)) > 0)
    text.append(chunk, static_cast<std::size_t>(got));
  auto error = errno;
  ::close(fd);
  if (got < 0) return cannot_read(path, error);
  if (text.size() > max_secret_bytes) return wrong(path, "is too long to be a secret");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back(); // an editor's
  if (text.empty()) return wrong(path, "is empty");
  return {std::move(text), {}};
}

} // namespace

read_secret read(const secret_source& where) {
  if (!where.file.empty()) return read_file(where.file);
  auto* value = where.env.empty() ? nullptr : std::getenv(where.env.c_str());
  if (value == nullptr) return {};
  return {std::string{value}, {}};
}

} // namespace weir
