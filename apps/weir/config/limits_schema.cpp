#include "apps/weir/config/node_schema.hpp"
#include "apps/weir/config/schema_types.hpp"

namespace weir {

namespace {

using schema::integer;

constexpr std::int64_t million = 1'000'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t mebibyte = 1024 * 1024;

struct limit_row {
  const char* key;
  std::uint64_t limits::*target;
  std::int64_t min, max;
  bool of_namespace; ///< Whether a namespace can set its own.
  const char* meaning;
};

constexpr limit_row table[] = {
    {"frame_bytes", &limits::frame_bytes, 1024, 16 * mebibyte, false,
     "one client frame; a larger one closes with 1009"},
    {"publish_per_s", &limits::publish_per_s, 1, million, true,
     "frames of a connection; above it `429 rate`"},
    {"burst", &limits::burst, 1, million, true, "frames that may come at once before `publish_per_s` counts"},
    {"connections", &limits::connections, 1, 10 * million, true, "of one namespace; above it `429 quota`"},
    {"namespaces", &limits::namespaces, 1, million, false, "of the node; above it `429 quota`"},
    {"subscriptions_per_session", &limits::subscriptions_per_session, 1, 100'000, true,
     "above it `413 too_large`"},
    {"outbound_bytes", &limits::outbound_bytes, 4096, 1024 * mebibyte, true,
     "waiting for one socket; above it the connection lags"},
    {"outbound_frames", &limits::outbound_frames, 1, million, true, "as above, counted in frames"},
    {"relay_credit", &limits::relay_credit, 1, million, true,
     "requests of one I/O thread in flight to a namespace; above it `429 namespace_full`"},
    {"link_bytes", &limits::link_bytes, 64 * 1024, 1024 * mebibyte, true,
     "events on their way to one I/O thread of another node; above it its clients are fed from the log"},
    {"dedupe_ids", &limits::dedupe_ids, 1, 100 * million, true, "ids remembered; the oldest is forgotten"},
    {"dedupe_ms", &limits::dedupe_ms, 1, 7 * day_ms, true, "older ids are forgotten"},
    {"causal_events", &limits::causal_events, 1, million, true,
     "of a namespace, waiting for their predecessor; above it `429 causal_full`"},
    {"causal_wait_ms", &limits::causal_wait_ms, 1, 10 * minute_ms, true,
     "how long an event waits for its predecessor; then see `namespaces.NAME.causal`"},
    {"log_events", &limits::log_events, 1, 100 * million, true, "kept in memory; the oldest is trimmed"},
    {"log_bytes", &limits::log_bytes, 4096, 65'536 * mebibyte, true, "as above, counted in bytes"},
    {"log_age_ms", &limits::log_age_ms, 1, 365 * day_ms, true,
     "older events are trimmed, at most a 32nd of this later"},
    {"kept_events", &limits::kept_events, 1, 1000 * million, true,
     "kept in the store; the oldest is trimmed. Not less than `log_events`"},
    {"kept_bytes", &limits::kept_bytes, mebibyte, mebibyte* mebibyte, true, "as above, counted in bytes"},
    {"session_ttl_ms", &limits::session_ttl_ms, 1000, day_ms, true,
     "how long a session without a socket is kept; then it is forgotten"},
    {"sessions", &limits::sessions, 1, 10 * million, true,
     "of a namespace, without a socket; the one that would expire first is forgotten"},
    {"queue_groups", &limits::queue_groups, 1, 100'000, true, "of a namespace; above it `413 too_large`"},
    {"queue_window", &limits::queue_window, 1, 10'000, true,
     "unacknowledged events of one member; the rest waits in the log"},
    {"ack_timeout_ms", &limits::ack_timeout_ms, 100, day_ms, true,
     "a member of a queue may have an event in hand for so long; then another has it, then it is a dead "
     "letter"},
    {"ack_grace_ms", &limits::ack_grace_ms, 0, 60'000, true,
     "a member that goes within this time after it got an event has cost it no try"},
    {"hops", &limits::hops, 1, 10'000, true,
     "agents, workflows and calls that follow from one event; above it a dead letter"},
    {"receipts", &limits::receipts, 1, million, true,
     "events whose receipts are awaited; the oldest is forgotten"},
    {"presence_per_s", &limits::presence_per_s, 1, million, true,
     "joins and leaves told one by one; above it they are counted together"},
    {"handshakes", &limits::handshakes, 1, million, false,
     "in progress per I/O thread; above it HTTP 503 with `Retry-After`"},
    {"http_body_bytes", &limits::http_body_bytes, 1024, 1024 * mebibyte, false,
     "the body of one HTTP request; above it HTTP 413"},
    {"connections_per_address", &limits::connections_per_address, 0, 10 * million, false,
     "sockets from one address, over all I/O threads; above it HTTP 429. 0: no bound"},
    {"handshakes_per_address_per_s", &limits::handshakes_per_address_per_s, 0, million, false,
     "new sockets from one address; above it HTTP 429 with `Retry-After`. 0: no bound"},
    {"replays", &limits::replays, 1, million, false,
     "log reads at once, per I/O thread, of connections that catch up; the others wait for their turn"},
    {"runs", &limits::runs, 1, million, true,
     "calls in flight in a namespace; above it `429 namespace_full`"},
    {"run_watchers", &limits::run_watchers, 1, 100'000, true,
     "connections that watch one run; above it `429 quota`"},
    {"watches_per_connection", &limits::watches_per_connection, 1, 100'000, true,
     "runs that one connection watches; above it `413 too_large`"},
    {"result_ttl_ms", &limits::result_ttl_ms, 1000, 7 * day_ms, true,
     "how long a run's result can be had again; then it is forgotten"},
    {"thread_queue", &limits::thread_queue, 1, 100'000, true,
     "calls that wait in one thread; above it a call fails with `429 thread_full`"},
    {"thread_ttl_ms", &limits::thread_ttl_ms, 1000, 365 * day_ms, true,
     "a thread in which nothing was said for so long is forgotten"},
    {"journal_ttl_ms", &limits::journal_ttl_ms, 1000, day_ms, true,
     "for how long the steps of a workflow's run can be looked at once it is over"},
    {"agent_restarts", &limits::agent_restarts, 0, 1000, true,
     "within the window; one more and the agent is `failed`"},
    {"agent_restart_window_ms", &limits::agent_restart_window_ms, 1, day_ms, true, "see `agent_restarts`"},
    {"dead_letters", &limits::dead_letters, 1, million, true,
     "of a namespace; the oldest is dropped and counted"},
    {"model_tokens_per_min", &limits::model_tokens_per_min, 0, 1000 * million, true,
     "tokens of a namespace, over all models; above it `429 quota`; 0: no quota"},
};

schema::field<limits> only_of_node(schema::field<limits> x) {
  x.read = [](const schema::json&, limits&, const std::string& path, schema::problems& wrong) {
    wrong.add(path, "only under the node's limits");
  };
  x.print = [](const limits&, schema::json&) {};
  x.describe = [](const limits&, const std::string&, std::vector<schema::row>&) {};
  return x;
}

} // namespace

std::vector<std::string> limits_schema_keys() {
  std::vector<std::string> out;
  for (auto& x : table) out.emplace_back(x.key);
  return out;
}

schema::type_ptr<limits> limits_schema(bool of_namespace) {
  std::vector<schema::field<limits>> fields;
  for (auto& x : table) {
    auto made = schema::member<limits, std::uint64_t>(x.key, x.target, integer<std::uint64_t>(x.min, x.max),
                                                      x.meaning);
    fields.push_back(of_namespace && !x.of_namespace ? only_of_node(std::move(made)) : std::move(made));
  }
  return schema::object<limits>(std::move(fields));
}

} // namespace weir
