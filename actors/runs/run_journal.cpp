#include "actors/runs/run_journal.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <utility>

namespace weir {

namespace {

constexpr std::int64_t again_after_ms = 100; // where the store does not say when

std::string digits(std::uint64_t x, int width) {
  char out[24];
  std::snprintf(out, sizeof out, "%0*llu", width, static_cast<unsigned long long>(x));
  return out;
}

std::string folder(std::uint64_t seq) { return journal_keys::prefix + digits(seq, 20) + '/'; }

} // namespace

namespace journal_keys {

std::string record(std::uint64_t seq, std::uint64_t n) { return folder(seq) + digits(n, 8); }

std::string end(std::uint64_t seq) { return folder(seq) + "end"; }

place parse(const std::string& key) {
  auto begin = key.data() + std::string_view{prefix}.size();
  auto last = key.data() + key.size();
  place out;
  auto [slash, error] = std::from_chars(begin, last, out.seq);
  if (error != std::errc{} || slash == last || *slash != '/')
    throw std::runtime_error("not a key of a journal: " + key);
  out.is_end = std::string_view{slash + 1, static_cast<std::size_t>(last - slash - 1)} == "end";
  return out;
}

} // namespace journal_keys

run_journal::run_journal(caf::event_based_actor* self, store_handle to, durability keep, std::string ns,
                         std::uint64_t seq, std::uint64_t written)
  : self_(self), link_(self, std::move(to), keep), ns_(std::move(ns)), seq_(seq), next_(written) {}

void run_journal::append(std::string text, std::function<void()> then) {
  if (end_ || stopped_) return;
  if (!link_.exists()) return then();
  waiting_.push_back({std::move(text), std::move(then)});
  if (!writing_) write();
}

void run_journal::close(std::string text, std::int64_t expires_ms, std::function<void()> then) {
  if (end_ || stopped_) return;
  if (!link_.exists()) return then();
  waiting_.clear();
  end_ = std::make_unique<entry>(entry{std::move(text), std::move(then)});
  end_expires_ms_ = expires_ms;
  if (!writing_) write_end();
}

void run_journal::stop() {
  stopped_ = true;
  waiting_.clear();
  end_.reset();
  link_.close();
}

void run_journal::write() {
  std::vector<entry> entries{std::make_move_iterator(waiting_.begin()),
                             std::make_move_iterator(waiting_.end())};
  waiting_.clear();
  std::vector<store_write> writes;
  for (std::size_t i = 0; i < entries.size(); ++i)
    writes.push_back({key_put{ns_, journal_keys::record(seq_, next_ + i), entries[i].text, 0, {}}, {}});
  writing_ = true;
  auto shared = std::make_shared<std::vector<entry>>(std::move(entries));
  auto no = link_.write(std::move(writes), [this, shared](const store_committed& done) {
    if (auto& refused = done.first_refusal(); refused.refused())
      return write_again(std::move(*shared), refused.retry_after_ms);
    next_ += shared->size();
    writing_ = false;
    for (auto& x : *shared)
      if (!end_ && !stopped_) x.then();
    if (stopped_ || writing_) return;
    if (end_)
      write_end();
    else if (!waiting_.empty())
      write();
  });
  if (no.refused()) write_again(std::move(*shared), no.retry_after_ms);
}

void run_journal::write_again(std::vector<entry> entries, std::int64_t after_ms) {
  waiting_.insert(waiting_.begin(), std::make_move_iterator(entries.begin()),
                  std::make_move_iterator(entries.end()));
  auto delay = std::chrono::milliseconds{after_ms > 0 ? after_ms : again_after_ms};
  self_->run_delayed(delay, [this] {
    if (stopped_) return;
    if (end_) return write_end();
    write();
  });
}

void run_journal::write_end() {
  writing_ = true;
  std::vector<store_write> writes;
  writes.push_back({key_put{ns_, journal_keys::end(seq_), end_->text, end_expires_ms_, {}}, {}});
  for (std::uint64_t i = 0; i < next_; ++i)
    writes.push_back({key_delete{ns_, journal_keys::record(seq_, i), {}}, {}});
  auto no = link_.write(std::move(writes), [this](const store_committed& done) {
    if (auto& refused = done.first_refusal(); refused.refused()) return end_again(refused.retry_after_ms);
    auto then = std::move(end_->then);
    then(); // may drop this
  });
  if (no.refused()) end_again(no.retry_after_ms);
}

void run_journal::end_again(std::int64_t after_ms) {
  self_->run_delayed(std::chrono::milliseconds{after_ms > 0 ? after_ms : again_after_ms}, [this] {
    if (!stopped_) write_end();
  });
}

} // namespace weir
