#include "net/kept_secret.hpp"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace weir {

namespace {

constexpr std::size_t secret_bytes = 32;
constexpr off_t max_file_bytes = 4096;

class open_file {
public:
  explicit open_file(int fd) noexcept : fd_(fd) {}
  ~open_file() {
    if (fd_ >= 0) ::close(fd_);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  int fd() const noexcept { return fd_; }
  bool is_open() const noexcept { return fd_ >= 0; }

private:
  int fd_;
};

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw std::runtime_error(path + ": " + what);
}

[[noreturn]] void fail_with_errno(const std::string& path, const char* what) {
  fail(path, what + std::string{": "} + std::generic_category().message(errno));
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(bytes)) != 1)
    throw std::runtime_error("no random bytes to make a secret of");
  std::string out;
  for (unsigned char c : raw) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

void make_folder(const std::string& path) {
  auto folder = std::filesystem::absolute(path).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path(); // it ended with a slash
  std::error_code wrong;
  std::filesystem::create_directories(folder.parent_path(), wrong);
  if (wrong) fail(folder.parent_path().string(), "cannot be made: " + wrong.message());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail_with_errno(path, "cannot be made");
}

void write_all(const std::string& path, std::string_view text) {
  open_file file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!file.is_open()) fail_with_errno(path, "cannot be made");
  while (!text.empty()) {
    auto written = ::write(file.fd(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_with_errno(path, "cannot be written");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.fd()) != 0) fail_with_errno(path, "cannot be written");
}

/// Whole or not at all, also when two nodes begin at once or one ends half-way: it is written under another
/// name, and the link is refused where there is a file already. That one is then the secret.
void make(const std::string& folder, const std::string& path) {
  make_folder(folder);
  auto draft = path + '.' + random_hex(8);
  try {
    write_all(draft, random_hex(secret_bytes));
  } catch (...) {
    ::unlink(draft.c_str());
    throw;
  }
  auto linked = ::link(draft.c_str(), path.c_str());
  auto error = errno;
  ::unlink(draft.c_str());
  errno = error;
  if (linked != 0 && error != EEXIST) fail_with_errno(path, "cannot be made");
  open_file directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.is_open()) ::fsync(directory.fd()); // so that it is there after a power cut
}

void check_private(const std::string& path, const struct stat& about) {
  if (!S_ISREG(about.st_mode)) fail(path, "is not a file");
  if ((about.st_mode & 077) != 0) fail(path, "others than its owner have access to it; chmod 600 it");
  if (about.st_size > max_file_bytes) fail(path, "is too long to be a secret");
}

} // namespace

std::optional<std::string> read_kept_secret(const std::string& path) {
  open_file file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    fail_with_errno(path, "cannot be read");
  }
  struct stat about {};
  if (::fstat(file.fd(), &about) != 0) fail_with_errno(path, "cannot be read");
  check_private(path, about);
  std::string out(static_cast<std::size_t>(about.st_size), '\0');
  auto got = ::read(file.fd(), out.data(), out.size());
  if (got < 0) fail_with_errno(path, "cannot be read");
  out.resize(static_cast<std::size_t>(got));
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r')) out.pop_back(); // an editor's
  return out;
}

std::string load_or_make_secret(const std::string& folder, const std::string& name) {
  auto path = (std::filesystem::path{folder} / name).string();
  if (auto there = read_kept_secret(path)) return *there;
  make(folder, path);
  auto made = read_kept_secret(path);
  if (!made) fail(path, "has gone as soon as it was made");
  return *made;
}

} // namespace weir
