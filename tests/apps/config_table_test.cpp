// Where the effect of each key of the configuration is seen: no key can be taken and ignored.
#include "apps/weir/config/node_schema.hpp"

#include "apps/weir/config/load.hpp"
#include "tests/paths.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

using namespace weir;

namespace {

/// The test that shows what a key does.
struct effect {
  std::string key;
  std::string file;
  std::string title; ///< Of the test; empty: more than one of the file, over what they share.
  std::string word;  ///< By which the key, or what it becomes, is called there.
};

const std::vector<effect> effects = {
    {"node.name", "tests/integration/config_effects_test.cpp",
     "the address, name, time-outs and bounds of a node are those of its configuration", "name"},
    {"node.roles", "tests/integration/cluster_test.cpp",
     "operators see all nodes from each of them, and the namespaces of the one that hosts", "roles"},
    {"node.io_threads", "tests/integration/storm_test.cpp",
     "a storm of handshakes is taken in portions, and who is there already is served meanwhile",
     "io_threads"},
    {"node.data_dir", "tests/apps/start_checks_test.cpp",
     "weir config and weir node refuse the same, with 2 and in the same words", "data_dir"},
    {"node.drain_ms", "tests/integration/node_process.cpp", "", "drain_ms"},
    {"node.drain_spread_ms", "tests/integration/node_process.cpp", "", "drain_spread_ms"},
    {"node.handler_warn_ms", "tests/integration/unruly_agents_test.cpp", "", "handler_warn_ms"},
    {"node.blocking_threads", "tests/net/blocking_threads_test.cpp",
     "many agents that block share so many threads, and each has its turn", "blocking_threads"},
    {"node.memory_bytes", "tests/core/byte_budget_test.cpp", "", "byte_budget"},
    {"node.disk_bytes", "tests/core/byte_budget_test.cpp", "", "byte_budget"},
    {"listen.address", "tests/integration/config_effects_test.cpp",
     "the address, name, time-outs and bounds of a node are those of its configuration", "address"},
    {"listen.port", "tests/integration/node_process.cpp", "", "listen.port"},
    {"listen.origins", "tests/net/http/http_access_test.cpp",
     "without origins configured a page comes in only from the request's own host", "origins"},
    {"listen.hosts", "tests/net/http/http_access_test.cpp", "", "hosts"},
    {"listen.metrics", "tests/integration/drain_test.cpp",
     "an operator drains a node by name, and its probes say so until it ends", "metrics"},
    {"listen.default_namespace", "tests/net/connection_auth_test.cpp", "", "default_namespace"},
    {"listen.tls.cert", "tests/integration/tls_test.cpp",
     "a certificate that is exchanged is what new connections get, and drops none", "cert"},
    {"listen.tls.key", "tests/integration/tls_test.cpp", "", "key"},
    {"listen.tls.client_ca", "tests/integration/tls_test.cpp", "", "client_ca"},
    {"listen.tls.client_auth", "tests/integration/tls_test.cpp", "", "client_auth"},
    {"admin.address", "tests/integration/config_effects_test.cpp",
     "the address, name, time-outs and bounds of a node are those of its configuration", "address"},
    {"admin.port", "tests/integration/node_process.cpp", "", "admin.port"},
    {"admin.token_env", "tests/integration/admin_test.cpp",
     "admin calls want the token that the environment holds", "token_env"},
    {"admin.token_file", "tests/apps/start_checks_test.cpp", "", "token_file"},
    {"admin.origins", "tests/net/http/http_access_test.cpp",
     "without origins configured a page comes in only from the request's own host", "origins"},
    {"admin.tls.cert", "tests/integration/tls_test.cpp",
     "a certificate that is exchanged is what new connections get, and drops none", "cert"},
    {"admin.tls.key", "tests/integration/tls_test.cpp", "", "key"},
    {"admin.tls.client_ca", "tests/integration/tls_test.cpp", "", "client_ca"},
    {"admin.tls.client_auth", "tests/integration/tls_test.cpp", "", "client_auth"},
    {"metrics.namespace_histograms", "tests/integration/metrics_test.cpp",
     "a node under traffic tells what the dashboard asks for, and how long each stage took",
     "namespace_histograms"},
    {"auth.mode", "tests/integration/tls_test.cpp", "clients' certificates are wanted as configured", "mode"},
    {"auth.keys", "tests/net/jwks/key_refresher_test.cpp", "", "keys"},
    {"auth.issuer", "tests/net/jwks/key_refresher_test.cpp",
     "keys of an issuer are fetched, kept while it is away, and fetched anew for an unknown one", "issuer"},
    {"auth.audience", "tests/auth/access_token_test.cpp",
     "issuer and audience are compared where they are configured", "audience"},
    {"auth.leeway_s", "tests/auth/access_token_test.cpp", "times are judged with the leeway", "leeway_s"},
    {"auth.max_ttl_s", "tests/net/jwks/key_refresher_test.cpp",
     "keys of an issuer are fetched, kept while it is away, and fetched anew for an unknown one",
     "max_ttl_s"},
    {"auth.anonymous", "tests/net/connection_auth_test.cpp",
     "anonymous clients get an id of their own and the rights that are configured", "anonymous"},
    {"session.secret_env", "tests/apps/command_line_test.cpp",
     "token prints a token of the first shared secret, for as long as it may live", "secret_env"},
    {"session.secret_file", "tests/integration/reload_test.cpp",
     "the session secret is exchanged under sessions that go on", "secret_file"},
    {"session.secrets", "tests/integration/reload_test.cpp",
     "the session secret is exchanged under sessions that go on", "secrets"},
    {"session.ttl_ms", "tests/integration/config_effects_test.cpp",
     "the address, name, time-outs and bounds of a node are those of its configuration", "ttl_ms"},
    {"store.kind", "tests/integration/redis_test.cpp", "", "kind"},
    {"store.url", "tests/integration/redis_test.cpp", "", "url"},
    {"store.password_env", "tests/integration/redis_test.cpp", "", "requirepass"},
    {"store.password_file", "tests/apps/start_checks_test.cpp",
     "weir config and weir node refuse the same, with 2 and in the same words", "password_file"},
    {"store.timeout_ms", "tests/integration/cluster_test.cpp",
     "a gateway that stops reading fills nobody's memory, and its clients get all when it goes on",
     "timeout_ms"},
    {"cluster.listen", "tests/integration/cluster_test.cpp",
     "a node of a cluster does not start without the secret that all share", "listen"},
    {"cluster.seeds", "tests/integration/cluster_test.cpp", "", "seeds"},
    {"cluster.timeout_ms", "tests/integration/cluster_test.cpp", "", "timeout_ms"},
    {"cluster.tls.cert", "tests/integration/cluster_tls_test.cpp", "", "cert"},
    {"cluster.tls.key", "tests/integration/cluster_tls_test.cpp", "", "key"},
    {"cluster.tls.ca", "tests/integration/cluster_tls_test.cpp",
     "a node does not start with certificates that no other would take, and says which key it is", "ca"},
    {"limits.frame_bytes", "tests/integration/config_effects_test.cpp",
     "the address, name, time-outs and bounds of a node are those of its configuration", "frame_bytes"},
    {"limits.publish_per_s", "tests/integration/config_effects_test.cpp", "", "publish_per_s"},
    {"limits.burst", "tests/integration/config_effects_test.cpp", "", "burst"},
    {"limits.connections", "tests/integration/config_effects_test.cpp", "", "connections"},
    {"limits.namespaces", "tests/integration/cluster_test.cpp",
     "operators see all nodes from each of them, and the namespaces of the one that hosts", "namespaces"},
    {"limits.subscriptions_per_session", "tests/integration/config_effects_test.cpp", "",
     "subscriptions_per_session"},
    {"limits.outbound_bytes", "tests/integration/config_effects_test.cpp", "", "outbound_bytes"},
    {"limits.outbound_frames", "tests/integration/full_test.cpp",
     "a reader that is too slow lags and then gets everything from the log", "outbound_frames"},
    {"limits.relay_credit", "tests/integration/cluster_test.cpp",
     "publishes to a host that stands still are refused once the credit for it is used up", "relay_credit"},
    {"limits.link_bytes", "tests/integration/cluster_test.cpp",
     "a gateway that stops reading fills nobody's memory, and its clients get all when it goes on",
     "link_bytes"},
    {"limits.dedupe_ids", "tests/integration/config_effects_test.cpp", "", "dedupe_ids"},
    {"limits.dedupe_ms", "tests/integration/config_effects_test.cpp", "", "dedupe_ms"},
    {"limits.causal_events", "tests/integration/config_effects_test.cpp", "", "causal_events"},
    {"limits.causal_wait_ms", "tests/integration/config_effects_test.cpp", "", "causal_wait_ms"},
    {"limits.log_events", "tests/integration/config_effects_test.cpp", "", "log_events"},
    {"limits.log_bytes", "tests/integration/config_effects_test.cpp", "", "log_bytes"},
    {"limits.log_age_ms", "tests/namespace/wall_clock_test.cpp",
     "events are trimmed when they are too old, though nothing is published", "log_age_ms"},
    {"limits.kept_events", "tests/namespace/durable_namespace_test.cpp",
     "the store's log is trimmed by count, and readers are told where it begins", "kept_events"},
    {"limits.kept_bytes", "tests/crash/crash_test.cpp", "", "kept_bytes"},
    {"limits.session_ttl_ms", "tests/integration/config_effects_test.cpp", "", "session_ttl_ms"},
    {"limits.sessions", "tests/integration/reload_test.cpp",
     "the session secret is exchanged under sessions that go on", "sessions"},
    {"limits.queue_groups", "tests/integration/config_effects_test.cpp", "", "queue_groups"},
    {"limits.queue_window", "tests/integration/config_effects_test.cpp", "", "queue_window"},
    {"limits.ack_timeout_ms", "tests/namespace/session_test.cpp",
     "a member that keeps its socket and never acknowledges loses its events", "ack_timeout_ms"},
    {"limits.ack_grace_ms", "tests/namespace/session_test.cpp", "", "grace"},
    {"limits.hops", "tests/agents/crash_test.cpp",
     "agents that hear each other stop after so many hops, with a dead letter", "hops"},
    {"limits.receipts", "tests/net/connection_session_test.cpp",
     "presence and receipts go to the client as the protocol says", "receipts"},
    {"limits.presence_per_s", "tests/namespace/wall_clock_test.cpp",
     "who comes in a crowd is told as a count a second later", "presence_per_s"},
    {"limits.handshakes", "tests/integration/storm_test.cpp",
     "a storm of handshakes is taken in portions, and who is there already is served meanwhile",
     "handshakes"},
    {"limits.http_body_bytes", "tests/integration/config_effects_test.cpp",
     "the address, name, time-outs and bounds of a node are those of its configuration", "http_body_bytes"},
    {"limits.connections_per_address", "tests/net/guest_book_test.cpp", "", "guest_book"},
    {"limits.handshakes_per_address_per_s", "tests/net/guest_book_test.cpp", "", "guest_book"},
    {"limits.replays", "tests/net/gateway_test.cpp",
     "sessions that come back together get all that they missed, and live events in between", "replays"},
    {"limits.runs", "tests/integration/config_effects_test.cpp", "", "runs"},
    {"limits.run_watchers", "tests/integration/config_effects_test.cpp", "", "run_watchers"},
    {"limits.watches_per_connection", "tests/integration/config_effects_test.cpp", "",
     "watches_per_connection"},
    {"limits.result_ttl_ms", "tests/runs/kept_results_test.cpp",
     "a result is forgotten after its time, and its caller is told so", "result_ttl_ms"},
    {"limits.thread_queue", "tests/integration/config_effects_test.cpp", "", "thread_queue"},
    {"limits.thread_ttl_ms", "tests/runs/thread_test.cpp",
     "a thread that was quiet for its time is forgotten", "thread_ttl_ms"},
    {"limits.journal_ttl_ms", "tests/crash/workflow_crash_test.cpp", "", "journal_ttl_ms"},
    {"limits.agent_restarts", "tests/agents/crash_test.cpp",
     "an agent that cannot start has failed, and is tried again after the window", "agent_restarts"},
    {"limits.agent_restart_window_ms", "tests/agents/crash_test.cpp",
     "an agent that cannot start has failed, and is tried again after the window", "agent_restart_window_ms"},
    {"limits.dead_letters", "tests/net/http/admin_routes_test.cpp", "admin paths ask the host",
     "dead_letters"},
    {"limits.model_tokens_per_min", "tests/integration/config_effects_test.cpp", "", "model_tokens_per_min"},
    {"namespaces.NAME.agents", "tests/integration/reload_test.cpp",
     "a reload changes limits, agents and models under clients that keep their sockets", "agents"},
    {"namespaces.NAME.durability", "tests/integration/redis_test.cpp",
     "a node that promises to survive a power cut does not start over a Redis that does not", "durability"},
    {"namespaces.NAME.causal", "tests/crash/checker_test.cpp", "the checker names what is wrong with the log",
     "causal"},
    {"namespaces.NAME.workflows", "tests/integration/workflow_examples_test.cpp", "", "workflows"},
    {"namespaces.NAME.limits", "tests/integration/config_effects_test.cpp", "", "limits"},
    {"models.NAME.backend", "tests/net/openai/openai_test.cpp",
     "the server is sent the conversation, the key, and what there is to go on from", "backend"},
    {"models.NAME.url", "tests/net/openai/openai_test.cpp", "", "url"},
    {"models.NAME.model", "tests/net/openai/openai_test.cpp", "", "model"},
    {"models.NAME.api_key_env", "tests/net/openai/openai_test.cpp",
     "the server is sent the conversation, the key, and what there is to go on from", "api_key_env"},
    {"models.NAME.api_key_file", "tests/apps/start_checks_test.cpp",
     "weir config and weir node refuse the same, with 2 and in the same words", "api_key_file"},
    {"models.NAME.ca_file", "tests/net/openai/openai_tls_test.cpp",
     "the system's roots are those that OpenSSL is told to use", "ca_file"},
    {"models.NAME.headers", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "headers"},
    {"models.NAME.headers_env", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "headers_env"},
    {"models.NAME.query", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "query"},
    {"models.NAME.request.temperature", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "temperature"},
    {"models.NAME.request.top_p", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "top_p"},
    {"models.NAME.request.max_tokens", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "max_tokens"},
    {"models.NAME.request.seed", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "seed"},
    {"models.NAME.request.stop", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "stop"},
    {"models.NAME.request.response_format", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "response_format"},
    {"models.NAME.workers", "tests/integration/streams_test.cpp",
     "cancelling a run frees its worker and the connection to its model", "workers"},
    {"models.NAME.queue_limit", "tests/integration/full_test.cpp",
     "a model pool whose queue is full refuses the next call, and the others end in time", "queue_limit"},
    {"models.NAME.timeout_ms", "tests/integration/config_effects_test.cpp", "", "timeout_ms"},
    {"models.NAME.attempt_timeout_ms", "tests/net/openai/openai_table_test.cpp",
     "a fallback answers for a server that hangs", "attempt_timeout_ms"},
    {"models.NAME.first_piece_timeout_ms", "tests/net/openai/openai_test.cpp",
     "the pieces of a tool call are signs of life, comments are none", "first_piece_timeout_ms"},
    {"models.NAME.stall_timeout_ms", "tests/net/openai/openai_test.cpp",
     "the pieces of a tool call are signs of life, comments are none", "stall_timeout_ms"},
    {"models.NAME.retries", "tests/integration/full_test.cpp",
     "a model pool whose queue is full refuses the next call, and the others end in time", "retries"},
    {"models.NAME.max_share", "tests/models/shares_test.cpp", "", "worker_shares"},
    {"models.NAME.share_window_ms", "tests/models/pool_fairness_test.cpp",
     "while there are others a tenant with slow calls holds only its share of the workers",
     "share_window_ms"},
    {"models.NAME.breaker.failures", "tests/models/circuit_breaker_test.cpp", "", "circuit_breaker"},
    {"models.NAME.breaker.open_ms", "tests/models/circuit_breaker_test.cpp", "", "circuit_breaker"},
    {"models.NAME.breaker.max_open_ms", "tests/models/circuit_breaker_test.cpp", "", "circuit_breaker"},
    {"models.NAME.breaker.probes", "tests/models/circuit_breaker_test.cpp", "", "circuit_breaker"},
    {"models.NAME.simulated.first_piece_ms", "tests/integration/drain_test.cpp",
     "a run that is in flight streams to its end while the node drains", "first_piece_ms"},
    {"models.NAME.simulated.piece_ms", "tests/integration/drain_test.cpp",
     "a run that is in flight streams to its end while the node drains", "piece_ms"},
    {"models.NAME.simulated.pieces", "tests/integration/drain_test.cpp",
     "a run that is in flight streams to its end while the node drains", "pieces"},
    {"models.NAME.simulated.error_rate", "tests/models/simulated/simulated_test.cpp",
     "the simulated model fails and hangs as often as it is told", "error_rate"},
    {"models.NAME.simulated.hang_rate", "tests/integration/node_test.cpp",
     "echo gives back its input, an unknown target is told so, and a run can be cancelled", "hang_rate"},
    {"models.NAME.simulated.seed", "tests/models/simulated/simulated_test.cpp", "",
     "fails and hangs as often"},
    {"models.NAME.simulated.replies", "tests/integration/reload_test.cpp",
     "a reload changes limits, agents and models under clients that keep their sockets", "replies"},
    {"models.NAME.fallback", "tests/integration/streams_test.cpp",
     "two viewers see the same text while the model is changed in mid-stream", "fallback"},
    {"agents.NAME.kind", "tests/integration/reload_test.cpp",
     "a reload changes limits, agents and models under clients that keep their sockets", "kind"},
    {"agents.NAME.model", "tests/integration/tools_test.cpp",
     "a node's model calls the agent that its configuration offers, and answers with what that says",
     "model"},
    {"agents.NAME.on", "tests/agents/prompt_agent_test.cpp", "", "on"},
    {"agents.NAME.emit", "tests/integration/reload_test.cpp",
     "a reload changes limits, agents and models under clients that keep their sockets", "emit"},
    {"agents.NAME.system", "tests/agents/prompt_agent_test.cpp", "", "system"},
    {"agents.NAME.memory_events", "tests/runs/thread_test.cpp",
     "a thread is remembered up to the agent's bound, or not at all with 0", "memory_events"},
    {"agents.NAME.concurrency", "tests/agents/sdk_test.cpp",
     "a task waits without letting go of its event, and a crash begins it anew", "concurrency"},
    {"agents.NAME.tools", "tests/integration/tools_test.cpp",
     "a node's model calls the agent that its configuration offers, and answers with what that says",
     "tools"},
    {"agents.NAME.tools[].name", "tests/integration/tools_test.cpp", "", "name"},
    {"agents.NAME.tools[].description", "tests/integration/tools_test.cpp", "", "description"},
    {"agents.NAME.tools[].parameters", "tests/integration/tools_test.cpp", "", "parameters"},
    {"agents.NAME.tools[].agent", "tests/integration/tools_test.cpp",
     "a node's model calls the agent that its configuration offers, and answers with what that says",
     "agent"},
    {"agents.NAME.tools[].timeout_ms", "tests/agents/tools_test.cpp", "", "timeout_ms"},
    {"agents.NAME.tool_rounds", "tests/agents/tools_test.cpp",
     "the rounds that the configuration allows are the run's", "tool_rounds"},
    {"agents.NAME.request.temperature", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "temperature"},
    {"agents.NAME.request.top_p", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "top_p"},
    {"agents.NAME.request.max_tokens", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "max_tokens"},
    {"agents.NAME.request.seed", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "seed"},
    {"agents.NAME.request.stop", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "stop"},
    {"agents.NAME.request.response_format", "tests/net/openai/openai_test.cpp",
     "a request carries what is configured, and what the call says over it", "response_format"},
    {"agents.NAME.timeout_ms", "tests/integration/cluster_test.cpp",
     "a gateway that stops reading fills nobody's memory, and its clients get all when it goes on",
     "timeout_ms"},
    {"agents.NAME.settings", "tests/integration/plugin_test.cpp", "a stock node runs the agents of a plugin",
     "settings"},
    {"workflows.NAME", "tests/integration/workflow_examples_test.cpp", "", "workflows"},
    {"plugins", "tests/integration/plugin_test.cpp",
     "agents that block have threads of their own, so that nobody else waits for them", "plugins"},
    {"log.level", "tests/integration/reload_test.cpp",
     "a reload changes limits, agents and models under clients that keep their sockets", "level"},
    {"log.format", "tests/integration/config_effects_test.cpp",
     "the address, name, time-outs and bounds of a node are those of its configuration", "format"},
};

/// Keys without a test of their own yet. Only ever taken from this list.
const std::set<std::string> not_shown = {
    "auth.default_rights",
    "auth.open_namespaces",
    "cluster.heartbeat_ms",
    "agents.NAME.lease_ms",
};

std::string text_of(const std::string& file) {
  std::ifstream in{std::string{WEIR_SOURCE_DIR} + '/' + file};
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The text of a test, or of all of the file where no title is given.
std::string test_of(const effect& x) {
  auto all = text_of(x.file);
  if (x.title.empty()) return all;
  std::string quoted;
  for (char c : x.title) quoted += c == '"' ? std::string{"\\\""} : std::string(1, c);
  auto begin = all.find('"' + quoted + '"');
  if (begin == std::string::npos) return {};
  return all.substr(begin, all.find("\nTEST_CASE", begin) - begin);
}

std::vector<schema::row> all_keys() {
  std::vector<schema::row> out;
  node_schema()->describe("", default_config(), "", out);
  return out;
}

} // namespace

TEST_CASE("each key of the configuration has a test that shows what it does", "[config]") {
  std::set<std::string> shown;
  for (auto& x : effects) shown.insert(x.key);
  std::set<std::string> keys;
  for (auto& row : all_keys()) {
    keys.insert(row.path);
    if (row.range == "not in this version yet") continue;
    INFO(row.path << ": say in this file which test shows its effect");
    CHECK((shown.count(row.path) > 0 || not_shown.count(row.path) > 0));
  }
  for (auto& x : effects) {
    INFO(x.key << " is no key any more");
    CHECK(keys.count(x.key) == 1);
  }
}

TEST_CASE("the tests that show what keys do are there, and speak of them", "[config]") {
  for (auto& x : effects) {
    INFO(x.key << ": " << x.file << ": " << x.title);
    auto text = test_of(x);
    REQUIRE_FALSE(text.empty());
    CHECK(text.find(x.word) != std::string::npos);
  }
}
