#include "tests/store/store_kinds.hpp"

#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <map>
#include <random>

using namespace weir;
using namespace weir::test;

namespace {

/// What a log is, as simply as it can be said.
struct model {
  std::string epoch;
  std::uint64_t first_kept = 1;
  std::vector<log_record> all; // by seq - 1, trimmed ones too

  std::uint64_t head() const { return all.size(); }
};

class random_walk {
public:
  random_walk(store& subject, unsigned seed) : store_(subject), rng_(seed) {}

  void step() {
    auto ns = "ns" + std::to_string(below(3));
    auto& m = models_[ns];
    switch (below(12)) {
    case 0:
      return reset(ns, m);
    case 1:
      return append_wrongly(ns, m);
    case 2:
    case 3:
      return trim(ns, m);
    case 4:
      must(store_.sweep(0, 1 + below(5)));
      return;
    default:
      return append_some(ns, m);
    }
  }

  void check() {
    for (auto& [ns, m] : models_) {
      auto state = must(store_.state_of_log(ns));
      REQUIRE(state.epoch == m.epoch);
      REQUIRE(state.head == m.head());
      REQUIRE(state.first_kept == m.first_kept);
      std::uint64_t bytes = 0;
      for (auto seq = m.first_kept; seq <= m.head(); ++seq) bytes += m.all[seq - 1].what->size_bytes();
      REQUIRE(state.bytes == bytes);
      check_read(ns, m);
      check_find(ns, m);
    }
  }

private:
  std::uint64_t below(std::uint64_t n) { return rng_() % n; }

  log_record make(std::uint64_t seq) {
    static const char* const types[] = {"a.x", "a.y", "b"};
    static const char* const to[] = {"", "", "bob", "carol"};
    return record(seq, "m" + std::to_string(next_id_++), types[below(3)], to[below(4)]);
  }

  void reset(const std::string& ns, model& m) {
    m = {};
    m.epoch = "e" + std::to_string(next_id_++);
    commit_one(store_, log_reset{ns, m.epoch});
  }

  void append_some(const std::string& ns, model& m) {
    if (m.epoch.empty()) m.epoch = "first";
    log_append in{ns, m.epoch, {}};
    for (auto n = 1 + below(20); n > 0; --n) in.records.push_back(make(m.head() + in.records.size() + 1));
    m.all.insert(m.all.end(), in.records.begin(), in.records.end());
    commit_one(store_, in);
  }

  void append_wrongly(const std::string& ns, model& m) {
    auto seq = m.head() + 2 + below(3);
    REQUIRE(commit(store_, 0, log_append{ns, m.epoch, {make(seq)}}).at(0).no.refused());
  }

  void trim(const std::string& ns, model& m) {
    auto to = below(m.head() + 4);
    m.first_kept = std::clamp<std::uint64_t>(to, m.first_kept, m.head() + 1);
    commit_one(store_, log_trim{ns, to});
  }

  void check_read(const std::string& ns, const model& m) {
    log_request what;
    what.patterns = {below(2) ? "a.*" : ">"};
    if (below(2)) what.client_id = "bob";
    what.limit = static_cast<std::uint32_t>(below(15));
    bool back = below(2);
    (back ? what.before_seq : what.after_seq) = (back ? 1 : 0) + below(m.head() + 3);

    std::vector<std::uint64_t> expected;
    auto add = [&](std::uint64_t seq) {
      auto& x = *m.all[seq - 1].what;
      bool type_fits = what.patterns[0] == ">" || x.type[0] == 'a';
      if (type_fits && (what.client_id.empty() || x.to.empty() || x.to == "bob")) expected.push_back(seq);
    };
    if (back) {
      for (auto seq = std::min(what.before_seq, m.head() + 1);
           seq-- > m.first_kept && expected.size() < what.limit;)
        add(seq);
      std::reverse(expected.begin(), expected.end());
    } else {
      for (auto seq = std::max(what.after_seq + 1, m.first_kept);
           seq <= m.head() && expected.size() < what.limit;)
        add(seq++);
    }
    auto out = must(store_.read_log(ns, what));
    REQUIRE(seqs(out) == expected);
    for (auto& x : out.records) REQUIRE(x.what->data == m.all[x.what->seq - 1].what->data);
  }

  void check_find(const std::string& ns, const model& m) {
    if (m.head() == 0) return;
    auto seq = 1 + below(m.head());
    auto& x = m.all[seq - 1];
    auto found = must(store_.find_event(ns, x.what->client_id, x.what->message_id));
    REQUIRE(found.has_value() == (seq >= m.first_kept));
    if (found) REQUIRE(found->seq == seq);
    if (found) REQUIRE(found->content_hash == x.content_hash);
    auto n = below(30);
    REQUIRE(must(store_.newest_ids(ns, n, 600'000)).size() == std::min(n, m.head() + 1 - m.first_kept));
  }

  store& store_;
  std::mt19937_64 rng_;
  std::map<std::string, model> models_;
  int next_id_ = 1;
};

} // namespace

WEIR_STORE_TEST("a log does what its model does, whatever comes in whatever order") {
  auto seed = GENERATE(range(1u, 9u));
  INFO("seed " << seed);
  TestType kind;
  random_walk walk{*kind, seed};
  for (int i = 0; i < 150; ++i) {
    walk.step();
    walk.check();
  }
}
