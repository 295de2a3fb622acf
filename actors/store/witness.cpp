#include "actors/store/witness.hpp"

#include "actors/core/hash.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace weir {

namespace {

// A line is `CHECKSUM KIND …`. Kinds:
//   log NUMBER EPOCH NAME   the log is called NUMBER from here on
//   at NUMBER HEAD p        `p`: written at durability power
//   gone NUMBER             the log is no more
//   life ID                 this life of the machine; what follows was written in it
//   end                     the node ended in order
constexpr std::string_view header = "weir witness 1\n";

std::string checksum(std::string_view body) {
  static constexpr char digits[] = "0123456789abcdef";
  auto value = fnv1a{}.add(body).value();
  std::string out(8, '0');
  for (auto& c : out) c = digits[value & 15], value >>= 4;
  return out;
}

std::string life_of_machine() {
  std::string out;
  std::getline(std::ifstream{"/proc/sys/kernel/random/boot_id"}, out);
  return out.empty() ? "unknown" : out;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    auto end = text.find(' ');
    out.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

bool number(std::string_view text, std::uint64_t& out) {
  auto end = text.data() + text.size();
  auto [at, failed] = std::from_chars(text.data(), end, out);
  return failed == std::errc{} && at == end;
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    auto n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

} // namespace

witness::witness(std::string path, std::string machine_life)
  : path_(std::move(path)), life_(machine_life.empty() ? life_of_machine() : std::move(machine_life)) {
  read_file(path_);
  rewrite();
}

witness::witness(const std::string& path, look_only) : life_(life_of_machine()) { read_file(path); }

witness::~witness() {
  if (file_ < 0) return;
  add_line("end");
  flush();
  if (file_ < 0) return;
  if (unsynced_) ::fdatasync(file_);
  ::close(file_);
}

const witness::entry* witness::find(const std::string& ns) const {
  auto i = entries_.find(ns);
  return i == entries_.end() ? nullptr : &i->second;
}

void witness::note(const std::string& ns, const std::string& epoch, std::uint64_t head, bool synced) {
  auto i = entries_.find(ns);
  if (i == entries_.end()) {
    if (entries_.size() >= max_logs) {
      ++not_witnessed_;
      return;
    }
    i = entries_.emplace(ns, numbered{}).first;
  }
  auto& x = i->second;
  auto named = x.number > 0 && x.epoch == epoch;
  x.epoch = epoch;
  x.head = head;
  x.synced = synced;
  x.suspect = false;
  unsynced_ |= synced;
  if (file_ < 0) return;
  if (!named) {
    x.number = next_number_++;
    add_name(ns, x);
  }
  add_head(x);
}

void witness::forget(const std::string& ns) {
  auto node = entries_.extract(ns);
  if (!node.empty() && file_ >= 0) add_line("gone " + std::to_string(node.mapped().number));
}

void witness::flush() {
  if (file_ < 0 || waiting_.empty()) return;
  if (!write_all(file_, waiting_)) return give_up("cannot be written to");
  file_bytes_ += waiting_.size();
  waiting_.clear();
}

void witness::sync() {
  if (path_.empty()) return;
  if (file_ < 0 || (file_bytes_ > min_rewrite_bytes && file_bytes_ > 256 * entries_.size())) return rewrite();
  if (std::exchange(unsynced_, false) && ::fdatasync(file_) != 0) give_up("cannot be synchronised");
}

void witness::read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  read(text.str());
}

void witness::read(const std::string& text) {
  std::string_view rest{text};
  if (rest.substr(0, header.size()) != header) return;
  rest.remove_prefix(header.size());
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    auto line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.size() > 9 && checksum(line.substr(9)) == line.substr(0, 8)) take_line(line.substr(9));
  }
  take_life(life_);
  names_.clear();
}

void witness::take_line(std::string_view line) {
  auto x = words(line);
  std::uint64_t id = 0, head = 0;
  if (x[0] == "life" && x.size() == 2) return take_life(std::string{x[1]});
  if (x[0] == "end") {
    ended_in_order_ = true;
    return;
  }
  if (x.size() < 2 || !number(x[1], id)) return;
  if (x[0] == "gone") {
    if (auto name = names_.find(id); name != names_.end()) entries_.erase(name->second);
    return;
  }
  if (x.size() < 3) return;
  if (x[0] == "log" && x.size() == 4) {
    std::string ns{x[3]};
    if (entries_.size() >= max_logs && entries_.count(ns) == 0) return;
    names_[id] = ns;
    entries_[ns] = {{std::string{x[2]}, 0, false, false}, id};
  } else if (x[0] == "at" && number(x[2], head)) {
    auto name = names_.find(id);
    if (name == names_.end()) return;
    auto& to = entries_[name->second];
    if (to.number != id) return; // of an earlier history
    to.head = head;
    to.synced = x.size() > 3 && x[3].substr(0, 1) == "p";
    to.suspect = x.size() > 3 && x[3].find('s') != std::string_view::npos;
  }
}

/// What comes next was written in this life of the machine.
void witness::take_life(const std::string& life) {
  if (!life_read_.empty() && life != life_read_ && !ended_in_order_)
    for (auto& [ns, x] : entries_) x.suspect |= !x.synced;
  life_read_ = life;
  ended_in_order_ = false;
}

/// Into a new file, which takes the old one's place whole.
void witness::rewrite() {
  waiting_ = header;
  add_line("life " + life_);
  next_number_ = 1;
  for (auto& [ns, x] : entries_) {
    x.number = next_number_++;
    add_name(ns, x);
    add_head(x);
  }
  auto beside = path_ + ".new";
  auto made = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (made >= 0
      && (::fchmod(made, 0600) != 0 || !write_all(made, waiting_) || ::fdatasync(made) != 0
          || ::rename(beside.c_str(), path_.c_str()) != 0)) {
    ::close(made);
    made = -1;
  }
  if (made < 0) return give_up("cannot be written");
  if (file_ >= 0) ::close(file_);
  file_ = made;
  file_bytes_ = waiting_.size();
  waiting_.clear();
  unsynced_ = false;
  if (std::exchange(lost_, false)) spdlog::info("store.witness_written file={}", path_);
}

void witness::add_name(const std::string& ns, const numbered& x) {
  add_line("log " + std::to_string(x.number) + ' ' + (x.epoch.empty() ? "-" : x.epoch) + ' ' + ns);
}

void witness::add_head(const numbered& x) {
  std::string flags = x.synced ? "p" : "-";
  if (x.suspect) flags += 's';
  add_line("at " + std::to_string(x.number) + ' ' + std::to_string(x.head) + ' ' + flags);
}

void witness::add_line(std::string body) { waiting_ += checksum(body) + ' ' + body + '\n'; }

void witness::give_up(const char* what) {
  if (!std::exchange(lost_, true))
    spdlog::error("store.witness_lost file={} error=\"{}: {}\"", path_, what,
                  std::generic_category().message(errno));
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  waiting_.clear();
}

} // namespace weir
