#pragma once

#include "net/connection.hpp"
#include "testing/fixture.hpp"

#include <nlohmann/json.hpp>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace weir::test {

/// A socket that keeps what is written to it. Written frames count as written only when the test says so.
class fake_transport : public transport {
public:
  bool write(std::vector<frame_ptr>& frames) override {
    ++writes;
    for (auto& x : frames) sent.push_back(nlohmann::json::parse(x->substr(x->find('{'))));
    frames.clear();
    pending = !at_once;
    return at_once;
  }
  void ping() override { ++pings; }
  void set_reading(bool on) override { reading = on; }
  void close(close_code x, std::string reason) override {
    if (closed_with) return;
    closed_with = x;
    close_reason = std::move(reason);
  }

  std::deque<nlohmann::json> sent;
  int writes = 0;
  int pings = 0;
  bool at_once = false; ///< Frames count as written when they are.
  bool pending = false;
  bool reading = true;
  std::optional<close_code> closed_with;
  std::string close_reason;
};

/// A relay that keeps what it is asked for; the test answers.
class fake_relay : public relay_port {
public:
  template <class T>
  struct asked {
    std::string reference;
    T what;
  };

  std::uint64_t join(weir::subscriber& x) override {
    who = &x;
    if (attach_at_once) who->on_attached(info);
    return 7;
  }
  void leave(std::uint64_t number) override {
    left += number == 7 ? 1 : 0;
    who = nullptr;
  }
  std::uint64_t subscribe(std::uint64_t, const std::string& pattern) override {
    patterns.push_back(pattern);
    return info.seq;
  }
  void unsubscribe(std::uint64_t, const std::string& pattern) override {
    patterns.erase(std::find(patterns.begin(), patterns.end(), pattern));
  }
  refusal publish(std::uint64_t, std::string reference, publish_request what) override {
    if (!no.refused()) publishes.push_back({std::move(reference), std::move(what)});
    return no;
  }
  refusal call(std::uint64_t, std::string reference, call_request what) override {
    if (!no.refused()) calls.push_back({std::move(reference), std::move(what)});
    return no;
  }
  refusal read_log(std::uint64_t, std::string reference, log_request what) override {
    if (!no.refused()) reads.push_back({std::move(reference), std::move(what)});
    return no;
  }
  refusal cancel(std::uint64_t, std::string reference, std::string run_id) override {
    if (!no.refused()) cancels.push_back({std::move(reference), std::move(run_id)});
    return no;
  }

  refusal watch(std::uint64_t, std::string reference, std::string run_id, std::uint64_t at) override {
    if (!no.refused()) watches.push_back({std::move(reference), {std::move(run_id), at}});
    return no;
  }
  refusal unwatch(std::uint64_t, std::string reference, std::string run_id) override {
    if (!no.refused()) unwatches.push_back({std::move(reference), std::move(run_id)});
    return no;
  }
  void follow(std::uint64_t, const std::string& run_id, std::uint64_t seq, bool stream, bool tied,
              std::uint64_t at) override {
    follows.push_back({run_id, seq, stream, tied, at});
  }
  refusal work(std::uint64_t, std::string reference, worker_delta what) override {
    if (!no.refused()) worker_deltas.push_back({std::move(reference), std::move(what)});
    return no;
  }
  refusal work(std::uint64_t, std::string reference, worker_result what) override {
    if (!no.refused()) worker_results.push_back({std::move(reference), std::move(what)});
    return no;
  }

  void open_session(std::uint64_t, session_open what) override {
    opens.push_back(what);
    later.push_back([this] {
      auto out = session;
      if (out.session.empty()) out.session = "s1";
      if (out.epoch.empty()) out.epoch = info.epoch;
      if (out.seq == 0) out.seq = info.seq;
      who->on_session_opened(out);
    });
  }
  refusal change_session(std::uint64_t, std::string reference, session_subscribe what) override {
    return change(std::move(reference), std::move(what));
  }
  refusal change_session(std::uint64_t, std::string reference, session_unsubscribe what) override {
    return change(std::move(reference), std::move(what));
  }
  void tell(std::uint64_t, session_note what) override { told.push_back(std::move(what)); }
  refusal read_presence(std::uint64_t, std::string reference, presence_request what) override {
    if (!no.refused()) presences.push_back({std::move(reference), std::move(what)});
    return no;
  }

  /// Answers what has to do with the session, as the namespace would some time later.
  void answer_all() {
    while (!later.empty()) {
      auto next = std::move(later.front());
      later.pop_front();
      if (who != nullptr) next();
    }
  }

  /// All that was told of one kind.
  template <class T>
  std::vector<T> told_of() const {
    std::vector<T> out;
    for (auto& x : told)
      if (auto* y = std::get_if<T>(&x)) out.push_back(*y);
    return out;
  }

  weir::subscriber* who = nullptr;
  bool attach_at_once = true;
  attached info = [] {
    attached out;
    out.epoch = "e1";
    out.seq = 40;
    out.credit = 8;
    return out;
  }();
  refusal no;
  int left = 0;
  std::vector<std::string> patterns;
  std::vector<asked<publish_request>> publishes;
  std::vector<asked<call_request>> calls;
  std::vector<asked<log_request>> reads;
  std::vector<asked<std::string>> cancels;
  std::vector<asked<std::pair<std::string, std::uint64_t>>> watches;
  std::vector<asked<std::string>> unwatches;
  struct followed {
    std::string run_id;
    std::uint64_t seq;
    bool stream;
    bool tied;
    std::uint64_t at;
    bool operator==(const followed&) const = default;
  };
  std::vector<followed> follows;
  std::vector<asked<worker_delta>> worker_deltas;
  std::vector<asked<worker_result>> worker_results;
  std::vector<asked<presence_request>> presences;
  std::vector<session_open> opens;
  std::vector<session_note> told;
  session_opened session; // what every `open_session` is answered with
  refusal session_no;     // what every change of a session is answered with
  std::deque<std::function<void()>> later;

private:
  template <class T>
  refusal change(std::string reference, T) {
    if (no.refused()) return no;
    later.push_back([this, reference] {
      answer out;
      out.seq = info.seq;
      out.no = session_no;
      who->on_answer(reference, out);
    });
    return {};
  }
};

/// Lets everyone into the one fake relay, or nobody.
class fake_gate : public namespace_gate {
public:
  std::variant<relay_handle, refusal> enter(const std::string& ns, std::uint64_t most) override {
    if (no.refused()) return no;
    last_most = most;
    ++inside[ns];
    return relay_handle{actor, &relay};
  }
  void leave(const std::string& ns) override { --inside[ns]; }

  fake_relay relay;
  caf::actor actor; // what is monitored
  refusal no;
  std::map<std::string, int> inside;
  std::uint64_t last_most = 0; // connections that the last one's namespace may have
};

/// Connections over fakes, on virtual time.
class connection_fixture : public fixture {
public:
  connection_fixture() : shared(std::make_shared<connection_context>(sys, gate, sched.clock().now())) {
    gate.actor = own(sys.spawn<probe<int>>());
    shared->signer = std::make_shared<const session_signer>("a secret of some length");
    run();
  }

  ~connection_fixture() {
    // A connection outlives its exit as long as its socket holds it.
    if (line != nullptr) line->on_closed(1006, {});
    run();
    handle = nullptr;
  }

  /// One of the node's limits; namespaces have none of their own.
  void limit(std::uint64_t limits::*which, std::uint64_t value) {
    auto next = shared->bounds->of_node();
    next.*which = value;
    shared->use_limits(std::make_shared<const namespace_limits>(next));
  }

  void open() {
    socket = std::make_shared<fake_transport>();
    handle = spawn_io<connection>(shared, std::shared_ptr<transport>(socket), [this] { ++hellos_done; });
    line = &deref<connection>(handle);
    run();
  }

  void welcome() {
    open();
    say(R"({"op":"hello","namespace":"demo","client_id":"alice"})");
    REQUIRE(take()["op"] == "welcome");
  }

  /// What the client sends; everything that is written for it counts as written.
  void say(const std::string& text) {
    line->on_text(text);
    settle();
  }

  void settle() {
    run();
    gate.relay.answer_all();
    run();
    while (std::exchange(socket->pending, false)) {
      line->on_writable();
      run();
    }
  }

  /// The next frame that the client has got.
  nlohmann::json take() {
    REQUIRE(!socket->sent.empty());
    auto out = socket->sent.front();
    socket->sent.pop_front();
    return out;
  }

  nlohmann::json ask(const std::string& text) {
    say(text);
    return take();
  }

  void pass(std::chrono::milliseconds time) {
    for (; time.count() > 0; time -= std::min(time, timer_wheel::tick)) {
      advance(std::min(time, timer_wheel::tick));
      shared->timers.advance(sched.clock().now());
      settle();
    }
  }

  void deliver(std::uint64_t seq, const std::string& type = "a", std::size_t size = 1) {
    event x;
    x.seq = seq;
    x.type = type;
    x.client_id = "bob";
    x.message_id = "m" + std::to_string(seq);
    x.data = "\"" + std::string(size, 'x') + "\"";
    delivery what{std::make_shared<const event>(std::move(x)), nullptr};
    gate.relay.who->on_deliveries({&what, 1});
  }

  fake_gate gate;
  std::shared_ptr<connection_context> shared;
  std::shared_ptr<fake_transport> socket;
  caf::actor handle;
  connection* line = nullptr;
  int hellos_done = 0;
};

} // namespace weir::test
