#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weir {

/// Which of the namespaces that the store knows are to be opened next, when a node starts or gets others'.
/// Plain: whoever owns it reads the pages of names and opens what it gives.
///
/// Bounded by one page of names and `max_at_once` namespaces that load: each asks the store several times.
class reopening {
public:
  static constexpr std::size_t max_at_once = 32;

  /// From the first name on, also while it goes through them: others may be this node's by now.
  void begin() {
    if (now_ == phase::idle)
      start();
    else
      again_ = true;
  }

  bool is_over() const noexcept { return now_ == phase::idle; }

  /// After which name the next page is to be read; nothing: not now. Then `on_page` or `on_no_page` follows.
  std::optional<std::string> next_page() {
    if (now_ != phase::wants_page || !names_.empty()) return std::nullopt;
    now_ = phase::reads_page;
    return after_;
  }

  void on_page(std::vector<std::string> names, bool last) {
    if (now_ != phase::reads_page) return;
    if (!names.empty()) after_ = names.back();
    names_.assign(names.begin(), names.end());
    now_ = last ? phase::last_page : phase::wants_page;
    end_if_done();
  }

  /// It could not be read: is to be asked for again.
  void on_no_page() {
    if (now_ == phase::reads_page) now_ = phase::wants_page;
  }

  /// The next namespace to open; nothing: not now. Then `done` follows.
  std::optional<std::string> next() {
    if (names_.empty() || opening_.size() >= max_at_once) return std::nullopt;
    auto out = std::move(names_.front());
    names_.pop_front();
    opening_.insert(out);
    return out;
  }

  /// It is open, or it is not this node's. Gives whether it was waited for.
  bool done(const std::string& name) {
    if (opening_.erase(name) == 0) return false;
    ++opened_;
    end_if_done();
    return true;
  }

  bool is_opening(const std::string& name) const { return opening_.count(name) > 0; }

  /// Names that it has been through since `begin`.
  std::uint64_t opened() const noexcept { return opened_; }

private:
  enum class phase { idle, wants_page, reads_page, last_page };

  void start() {
    now_ = phase::wants_page;
    after_.clear();
    opened_ = 0;
  }

  void end_if_done() {
    if (now_ != phase::last_page || !names_.empty() || !opening_.empty()) return;
    now_ = phase::idle;
    if (std::exchange(again_, false)) start();
  }

  phase now_ = phase::idle;
  bool again_ = false;
  std::string after_;
  std::deque<std::string> names_; // of one page
  std::set<std::string> opening_; // max_at_once
  std::uint64_t opened_ = 0;
};

} // namespace weir
