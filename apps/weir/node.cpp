#include "apps/weir/node.hpp"
#include "apps/weir/config/auth_setup.hpp"

#include "actors/cluster/claim_keeper.hpp"
#include "actors/core/byte_budget.hpp"
#include "actors/core/expiry_clock.hpp"
#include "actors/host/host.hpp"
#include "actors/messages/meta_objects.hpp"
#include "actors/models/pool_port.hpp"
#include "actors/models/remote/remote_pool.hpp"
#include "actors/models/simulated/simulated_backend.hpp"
#include "actors/store/memory_store.hpp"
#include "actors/store/redis/redis_store.hpp"
#include "actors/store/sqlite/sqlite_store.hpp"
#include "actors/store/store_copier.hpp"
#include "apps/weir/config/node_schema.hpp"
#include "apps/weir/config/start_checks.hpp"
#include "apps/weir/config/tls_schema.hpp"
#include "apps/weir/logging.hpp"
#include "apps/weir/machine.hpp"
#include "apps/weir/node_cluster.hpp"
#include "apps/weir/reload/live_config.hpp"
#include "apps/weir/reload/reload_actor.hpp"
#include "apps/weir/store_mark.hpp"
#include "net/blocking_threads.hpp"
#include "net/gateway.hpp"
#include "net/handler_watchdog.hpp"
#include "net/http/admin_door.hpp"
#include "net/http/metrics_text.hpp"
#include "net/jwks/key_refresher.hpp"
#include "net/kept_secret.hpp"
#include "net/openai/openai_backend.hpp"
#include "net/session_secret.hpp"
#include "net/tls_watcher.hpp"
#include "net/wire/encode.hpp"
#include "weir/version.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <optional>
#include <random>
#include <thread>

#include <pthread.h>
#include <unistd.h>

namespace weir {

namespace {

constexpr auto close_timeout = std::chrono::seconds{3};

/// How long a node that starts waits for the others. Then it goes on without those that it has not reached.
constexpr auto members_timeout = std::chrono::seconds{5};

/// Blocks the signals that a node acts on, in this thread and those that it starts from here on, and ignores
/// the others that would end it: nobody sends them to say that it should.
class node_signals {
public:
  node_signals() {
    sigemptyset(&set_);
    for (auto x : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) sigaddset(&set_, x);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    for (auto x : {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPOLL}) std::signal(x, SIG_IGN);
  }

  /// Waits until the node is to stop, and calls `reload` for each SIGHUP until then.
  void wait(const std::function<void()>& reload) const {
    int got = 0;
    while (sigwait(&set_, &got) == 0 && got == SIGHUP) reload();
  }

  /// From now on, one more of them from outside ends the process.
  void end_at_once_on_next() const {
    std::thread([set = set_] {
      siginfo_t got{};
      while (sigwaitinfo(&set, &got) < 0 || is_own(got) || got.si_signo == SIGHUP) continue;
      std::_Exit(128 + got.si_signo);
    }).detach();
  }

  /// As if somebody had sent one: from any thread, more than once.
  static void stop_in_order() { ::kill(::getpid(), SIGTERM); }

private:
  /// What asks the node to stop from inside does not cut short what has begun.
  static bool is_own(const siginfo_t& x) { return x.si_code == SI_USER && x.si_pid == ::getpid(); }

  sigset_t set_;
};

/// Ends the process when the node has not ended in time: a handler that does not return keeps a thread of the
/// actor system, and with it the system.
class stop_limit {
public:
  stop_limit(const node_section& node, std::shared_ptr<handler_watchdog> watchdog)
    : name_(node.name), watchdog_(std::move(watchdog)),
      thread_([this, drain_ms = std::chrono::milliseconds{node.drain_ms}] { wait(drain_ms); }) {}

  ~stop_limit() {
    ended_.set_value();
    thread_.join();
  }

private:
  void wait(std::chrono::milliseconds drain_ms) {
    auto ended = ended_.get_future();
    auto is_over = [&ended](std::chrono::milliseconds x) {
      return ended.wait_for(x) == std::future_status::ready;
    };
    if (is_over(std::max(drain_ms, shortest_stop))) return;
    auto stuck = watchdog_->overdue();
    // Without one, what is left are last writes and farewells.
    if (stuck.empty() && is_over(last_patience)) return;
    if (stuck.empty()) stuck = watchdog_->overdue();
    for (auto& x : stuck) spdlog::critical("node {} ends without it: namespace {}", name_, x);
    spdlog::critical("node {} ends at once: it has not stopped in time", name_);
    spdlog::shutdown();
    std::_Exit(1);
  }

  static constexpr std::chrono::milliseconds shortest_stop{1000};
  static constexpr std::chrono::milliseconds last_patience{15'000};

  std::string name_;
  std::shared_ptr<handler_watchdog> watchdog_;
  std::promise<void> ended_;
  std::thread thread_;
};

std::size_t io_thread_count(const node_config& config) {
  if (config.node.io_threads > 0) return config.node.io_threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

/// What a namespace of this name runs.
namespace_plan plan_of(const live_config& live, const std::string& name) {
  auto now = live.get();
  auto& config = *now;
  auto section = config.namespace_for(name);
  namespace_plan out{{}, section.bounds, durability::process, section.causal == "refuse"};
  if (section.durability == "power") out.keep = durability::power;
  if (section.durability == "none") out.keep = durability::none;
  for (auto& agent : config.agents)
    if (std::count(section.agents.begin(), section.agents.end(), agent.name) > 0) out.agents.push_back(agent);
  out.configured = config.namespaces.count(name) > 0;
  for (auto& name : section.workflows)
    out.workflows[name] = std::make_shared<const workflow>(config.workflows.at(name));
  out.version = live.version_of(name);
  return out;
}

std::shared_ptr<const namespace_limits> limits_of(const node_config& config) {
  std::map<std::string, limits, std::less<>> own;
  for (auto& [name, section] : config.namespaces) own.emplace(name, section.bounds);
  return std::make_shared<const namespace_limits>(config.bounds, std::move(own));
}

/// Throws std::runtime_error that names the key that is wrong.
backend_factory make_backend(const model_config& model, io_thread& unit) {
  if (auto* x = std::get_if<openai_config>(&model.backend)) {
    if (auto no = check_openai_config(*x); no.refused())
      throw std::runtime_error("models." + model.name + '.' + no.message);
    return make_openai_backend(unit, model.name, *x);
  }
  return make_simulated_backend(std::get<simulated_config>(model.backend));
}

/// The node's bounds, beside the metrics of how full they are.
void show_limits(caf::actor_system& sys, const limits& bounds) {
  auto all = limits_schema(false)->print(bounds);
  for (auto& [name, value] : all.items())
    sys.metrics()
        .gauge_instance("weir", "limit", {{"limit", name}},
                        "What is configured under `limits` for the node; namespaces may have their own.")
        ->value(value.get<std::int64_t>());
}

redis_config redis_of(const node_config& config) {
  redis_config out;
  out.server = std::get<redis_address>(parse_redis_url(config.store.url)); // checked when it was read
  auto password = read(config.store.password);
  if (!password.wrong.empty()) throw std::runtime_error("store.password_file: " + password.wrong);
  if (password.value) out.server.password = *password.value;
  out.timeout_ms = static_cast<std::int64_t>(config.store.timeout_ms);
  for (auto& x : config.namespaces) out.needs_power |= x.second.durability == "power";
  out.witness_path = (std::filesystem::path{config.node.data_dir} / "weir.redis-witness").string();
  out.shared = config.is_clustered();
  return out;
}

/// Throws std::runtime_error that says what is wrong with it.
std::unique_ptr<store> open_store(const node_config& config) {
  if (config.store.kind == "memory") return std::make_unique<memory_store>();
  std::filesystem::create_directories(config.node.data_dir);
  auto opened =
      config.store.kind == "redis"
          ? open_redis_store(redis_of(config))
          : open_sqlite_store({.path = (std::filesystem::path{config.node.data_dir} / "weir.db").string()});
  if (auto* no = std::get_if<refusal>(&opened)) throw std::runtime_error(no->message);
  return std::get<std::unique_ptr<store>>(std::move(opened));
}

/// Ends the node when its store has gone: without one it can keep nothing of what it is told.
void watch_store(caf::actor_system& sys, const caf::actor& store, std::shared_ptr<node_status> status) {
  sys.spawn<caf::hidden>([store, status](caf::event_based_actor* self) -> caf::behavior {
    self->monitor(store);
    self->set_down_handler([self, status](const caf::down_msg& msg) {
      if (msg.reason != caf::exit_reason::user_shutdown) {
        spdlog::critical("the store is gone: {}", to_string(msg.reason));
        status->ready = false;
        node_signals::stop_in_order();
      }
      self->quit();
    });
    return {[](int) {}};
  });
}

/// One queue at which all workers wait. By default each worker has its own and polls the others' every 50 us
/// while there is some work: an event that an idle node is given waits for such a poll on its way in and on
/// its way back, and under load the polls of all workers took half of what the namespaces themselves did.
/// And no more workers than cores: none of them ever blocks, and each one more only interrupts the others.
struct actor_settings : caf::actor_system_config {
  explicit actor_settings(const node_config& config) {
    set("caf.scheduler.policy", "sharing");
    set("caf.scheduler.max-threads", std::max(1U, std::thread::hardware_concurrency()));
    if (config.is_clustered()) prepare_cluster(*this, config);
    caf::put(content, "weir.namespace-histograms", config.metrics.namespace_histograms);
  }
};

/// The parts of a running node, made and ended in order.
class running_node {
public:
  running_node(const node_config& config, std::shared_ptr<const agent_registry> registry,
               reloader::load again)
    : live_(std::make_shared<live_config>(config)), settings_(config), system_(settings_),
      threads_(system_, io_thread_count(config)) {
    blocking_ = std::make_unique<blocking_threads>(system_, config.node.blocking_threads);
    watchdog_ = std::make_shared<handler_watchdog>(system_, threads_.at(0),
                                                   std::chrono::milliseconds{config.node.handler_warn_ms});
    status_->name = config.node.name;
    status_->version = WEIR_VERSION;
    threads_.start();
    try {
      max_sockets_ = descriptors_for_clients(raise_descriptor_limit(), open_descriptors());
      show_limits(system_, config.bounds);
      signer_ = std::make_shared<session_signer>(load_session_secrets(session_secrets_of(config)));
      authentication_ = make_authenticator(config);
      keys_ = std::make_unique<key_refresher>(system_, authentication_, key_set_urls(config.auth));
      start_models(config);
      make_budgets(config);
      if (config.has_role("host")) start_host(config, registry);
      join_cluster(config);
      metrics_ =
          std::make_shared<metrics_exporter>(system_, [this] { return metrics_text(system_.metrics()); });
      if (config.has_role("gateway")) open_gateway(config);
      start_reloader(config, std::move(again), std::move(registry));
      open_admin(config);
    } catch (...) {
      stop(); // an actor that is left alive would keep the system from ending
      throw;
    }
  }

  ~running_node() { stop(); }

  /// Lets clients and operators in. Throws std::runtime_error when the node cannot be a member of its
  /// cluster.
  void start(const node_config& config) {
    auto cluster_address = cluster_->wait_for_members(members_timeout);
    if (gateway_) gateway_->start();
    status_->ready = true;
    admin_->start();
    if (config.is_clustered()) std::printf("cluster %s\n", cluster_address.c_str());
    std::printf("admin %s\n", admin_->url().c_str());
    std::printf("ready %s\n", url().c_str());
    std::fflush(stdout);
    spdlog::info("node {} is ready at {}, for operators at {}", config.node.name, url(), admin_->url());
  }

  /// Begins to load the configuration again; the log says what came of it.
  void reload() {
    admin_query what;
    what.what = admin_query::verb::reload;
    caf::anon_send(reloader_, what);
  }

  /// As it is now.
  node_section settings() const { return live_->get()->node; }

  /// Lets the namespaces and then the clients go elsewhere.
  void drain() {
    if (!why_refused().empty()) return;
    auto node = settings();
    spdlog::info("node {} drains: all of it has {} ms to move; one more signal ends it at once", node.name,
                 node.drain_ms);
    auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{node.drain_ms};
    auto left_ms = [until] {
      auto left = until - std::chrono::steady_clock::now();
      return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                      std::chrono::milliseconds{0});
    };
    cluster_->retire_pools();
    auto hosts = host_ && !cluster_->give_up_hosting(); // nobody else can: they use the pools to the end
    if (host_ && !hosts) await_vacant(host_, "not all namespaces have moved", left_ms());
    if (gateway_) {
      auto left = gateway_->drain(std::chrono::milliseconds{node.drain_spread_ms}, left_ms());
      if (left > 0)
        spdlog::warn("node {} closes {} connections that have not moved in time", node.name, left);
    }
    if (hosts) return;
    for (auto& [model, port] : ports_)
      await_vacant(models_.load()->at(model).actor, "not all calls of model " + model + " are over",
                   left_ms());
  }

  /// What of it does not return, as text.
  std::shared_ptr<handler_watchdog> watchdog() const { return watchdog_; }

  /// Why the cluster does not want it; empty: nothing is wrong.
  std::string why_refused() const { return cluster_->why_refused(); }

private:
  std::string url() const { return gateway_ ? gateway_->url() : admin_->url(); }

  void await_vacant(const caf::actor& what, const std::string& otherwise, std::chrono::milliseconds at_most) {
    caf::scoped_actor self{system_};
    self->request(what, at_most, vacate_atom_v)
        .receive([] {}, [&otherwise](const caf::error&) { spdlog::warn("{} in time", otherwise); });
  }

  void start_host(const node_config& config, std::shared_ptr<const agent_registry> registry) {
    start_store(config);
    start_claims(config);
    host_ = system_.spawn<host>(host_config(config, std::move(registry)));
  }

  /// Only what other nodes can open has to be claimed.
  void start_claims(const node_config& config) {
    if (!config.is_clustered() || config.store.kind != "redis") return;
    claim_keeper::config out;
    out.node = config.node.name;
    out.incarnation = incarnation_;
    out.store = store_;
    out.ttl = std::chrono::milliseconds{config.cluster.timeout_ms};
    out.wall_clock_ms = [x = expiry_] { return x->now_ms(std::chrono::steady_clock::now()); };
    out.tenure = tenure_;
    out.waits = status_->waits;
    claims_ = system_.spawn<claim_keeper>(std::move(out));
  }

  void join_cluster(const node_config& config) {
    node_cluster::config out;
    out.host = host_;
    out.incarnation = incarnation_;
    out.store_mark = store_mark_;
    out.on_drain = node_signals::stop_in_order;
    out.version = WEIR_VERSION;
    out.secret_mark = signer_->marks();
    out.on_refused = node_signals::stop_in_order;
    if (config.has_role("models"))
      for (auto& port : ports_) out.pools.push_back({config.node.name, port.first, port.second, false});
    else
      for (auto& pool : *models_.load()) out.remote_pools.push_back(pool.second.actor);
    cluster_ = std::make_unique<node_cluster>(system_, config, std::move(out));
  }

  void start_store(const node_config& config) {
    auto opened = open_store(config);
    if (config.is_clustered()) store_mark_ = mark_of(*opened, config.store.kind == "redis");
    store_options options;
    options.actor.wall_clock_ms = [x = expiry_] {
      auto now = std::chrono::steady_clock::now();
      x->follow(now, wall_clock_ms());
      return x->now_ms(now);
    };
    options.actor.waits = status_->waits;
    store_ = weir::start_store(system_, std::move(opened), std::move(options));
    copier_ = start_store_copier(system_, store_);
    watch_store(system_, store_.actor, status_);
  }

  /// Its own pools, or what stands for those of other nodes.
  void start_models(const node_config& config) {
    auto models = std::make_shared<model_directory>();
    models_ = models;
    if (config.has_role("models")) {
      for (auto& model : config.models) {
        auto& pool = models->emplace(model.name, start_pool(model)).first->second;
        if (config.is_clustered()) ports_[model.name] = system_.spawn<pool_port>(pool);
      }
    } else if (config.has_role("host")) {
      for (auto& model : config.models) models->emplace(model.name, make_remote_pool(system_, model));
    }
  }

  /// A pool that ends when nobody refers to it any more.
  pool_handle start_pool(const model_config& model) {
    auto& unit = threads_.at(pools_started_++ % threads_.size());
    auto out = make_pool(system_, model, make_backend(model, unit), unit);
    out.in_use = std::shared_ptr<void>(
        nullptr, [pool = out.actor](void*) { caf::anon_send_exit(pool, caf::exit_reason::user_shutdown); });
    return out;
  }

  /// Where no token is configured there is one that the node makes, for calls that change something. Throws
  /// std::runtime_error where that cannot be read or made.
  admin_tokens tokens_of(const node_config& config) {
    auto given = read(config.admin.token);
    if (!given.wrong.empty()) throw std::runtime_error("admin.token_file: " + given.wrong);
    if (auto token = given.value.value_or(""); !token.empty()) return {token, {}};
    auto made = load_or_make_secret(config.node.data_dir, "admin.token");
    kept_token_.open((std::filesystem::path{config.node.data_dir} / "admin.token").string());
    return {{}, std::move(made)};
  }

  void set_admin_tokens(admin_tokens tokens) {
    admin_tokens_ = std::make_shared<const admin_tokens>(std::move(tokens));
  }

  // -- reload

  void start_reloader(const node_config& config, reloader::load again,
                      std::shared_ptr<const agent_registry> kinds) {
    auto made = std::make_shared<reloader>(config, std::move(again), std::move(kinds));
    made->add({"log", {"log.level"}, [](const node_config& next) -> prepared {
                 return [level = next.log.level] { set_log_level(level); };
               }});
    made->add(
        {"admin token", {"admin.token_env", "admin.token_file"}, [this](const node_config& next) -> prepared {
           return [this, tokens = tokens_of(next)] { set_admin_tokens(tokens); };
         }});
    made->add({"session secrets", session_keys(config), [this](const node_config& next) -> prepared {
                 auto secrets = load_session_secrets(session_secrets_of(next));
                 return [this, secrets = std::move(secrets)] { signer_->replace(secrets); };
               }});
    made->add(
        {"authentication", {"auth", "listen.default_namespace"}, [this](const node_config& next) -> prepared {
           auto loaded = load_authentication(next);
           if (auto* wrong = std::get_if<std::string>(&loaded)) return *wrong;
           return [this, rules = std::get<authenticator::config>(std::move(loaded)),
                   urls = key_set_urls(next.auth)] {
             authentication_->replace(rules);
             keys_->use(urls);
           };
         }});
    if (config.listen.tls.is_set())
      made->add({"listen.tls", {"listen.tls"}, [this](const node_config& next) -> prepared {
                   return prepare_tls("listen.tls", next.listen.tls, clients_tls_);
                 }});
    if (config.admin.tls.is_set())
      made->add({"admin.tls", {"admin.tls"}, [this](const node_config& next) -> prepared {
                   return prepare_tls("admin.tls", next.admin.tls, admin_tls_);
                 }});
    made->add({"namespaces", namespace_keys(config), [this](const node_config& next) -> prepared {
                 return [this, next, models = models_of(next)] { use(next, models); };
               }});
    reloader_ = spawn_reloader(system_, std::move(made));
  }

  using prepared = std::variant<reload_step, std::string>;

  static prepared prepare_tls(const std::string& path, const tls_server_files& files,
                              const std::shared_ptr<tls_server>& server) {
    if (!files.is_set()) return path + ": to go without TLS the node has to be started again";
    if (auto wrong = check_tls_files(path, files); !wrong.empty()) return wrong;
    return [files, server] {
      if (server) server->reload(files);
    };
  }

  /// The nodes of a cluster compare their secrets when they meet.
  static std::vector<std::string> session_keys(const node_config& config) {
    if (config.is_clustered()) return {};
    return {"session.secret_env", "session.secret_file", "session.secrets"};
  }

  /// Other nodes know a node's pools from when it came to them.
  static std::vector<std::string> namespace_keys(const node_config& config) {
    std::vector<std::string> out = {"namespaces",     "agents",        "workflows",
                                    "session.ttl_ms", "node.drain_ms", "node.drain_spread_ms"};
    for (auto& key : limits_schema_keys())
      if (key != "replays" && key != "http_body_bytes") out.push_back("limits." + key);
    if (!config.is_clustered()) out.push_back("models");
    return out;
  }

  /// The pools that there are, as far as they are the same, and new ones. Throws as `make_backend`.
  std::shared_ptr<const model_directory> models_of(const node_config& next) {
    auto before = models_.load();
    auto then = live_->get();
    if (next.is_clustered()) return before;
    auto out = std::make_shared<model_directory>();
    for (auto& model : next.models) {
      auto same = std::find_if(then->models.begin(), then->models.end(),
                               [&](auto& x) { return x.name == model.name && is_same(x, model); });
      out->emplace(model.name, same == then->models.end() ? start_pool(model) : before->at(model.name));
    }
    return out;
  }

  static bool is_same(const model_config& a, const model_config& b) {
    return model_schema()->print(a) == model_schema()->print(b);
  }

  void use(const node_config& next, const std::shared_ptr<const model_directory>& models) {
    live_->set(next);
    models_ = models;
    show_limits(system_, next.bounds);
    if (gateway_) gateway_->use_limits(limits_of(next));
    if (host_) caf::anon_send(host_, plans_changed{});
  }

  std::shared_ptr<authenticator> make_authenticator(const node_config& config) {
    auto loaded = load_authentication(config);
    if (auto* wrong = std::get_if<std::string>(&loaded)) throw std::runtime_error(*wrong);
    return std::make_shared<authenticator>(system_, std::get<authenticator::config>(std::move(loaded)));
  }

  /// Half of the memory is for what namespaces hold, a quarter for what waits for clients; the rest is what
  /// the node needs whoever uses it.
  void make_budgets(const node_config& config) {
    auto memory = config.node.memory_bytes > 0 ? config.node.memory_bytes : memory_for_process() / 4 * 3;
    auto disk = config.node.disk_bytes;
    if (disk == 0 && config.store.kind == "sqlite") disk = file_system_bytes(config.node.data_dir) / 4 * 3;
    if (config.store.kind == "memory") disk = disk == 0 ? memory / 4 : std::min(disk, memory / 4);
    memory_ = std::make_shared<byte_budget>(memory / 2);
    clients_ = std::make_shared<byte_budget>(memory / 4);
    disk_ = std::make_shared<byte_budget>(disk);
    spdlog::info("node.budgets memory_bytes={} disk_bytes={} client_sockets={}", memory, disk, max_sockets_);
  }

  /// The TLS side of a port, which is kept up to date; null where it has none.
  std::shared_ptr<tls_server> open_tls(const std::string& path, const tls_server_files& files) {
    if (!files.is_set()) return nullptr;
    if (auto wrong = check_tls_files(path, files); !wrong.empty()) throw std::runtime_error(wrong);
    auto out = std::make_shared<tls_server>(files);
    certificates_.push_back(std::make_unique<tls_watcher>(threads_.at(0), std::vector{out}));
    return out;
  }

  void open_gateway(const node_config& config) {
    gateway::config front;
    front.max_sockets = max_sockets_;
    front.memory = clients_;
    front.address = config.listen.address;
    front.port = config.listen.port;
    front.bounds = limits_of(config);
    front.status = status_;
    front.signer = signer_;
    front.authentication = authentication_;
    front.tls = clients_tls_ = open_tls("listen.tls", config.listen.tls);
    front.host = cluster_->directory();
    front.access.origins = config.listen.origins;
    front.access.hosts = config.listen.hosts;
    if (config.listen.metrics) front.metrics = metrics_;
    gateway_ = std::make_unique<gateway>(system_, threads_, std::move(front));
  }

  void open_admin(const node_config& config) {
    admin_door::config door;
    door.address = config.admin.address;
    door.port = config.admin.port;
    set_admin_tokens(tokens_of(config));
    door.tokens = [this] { return *admin_tokens_.load(); };
    door.status = status_;
    door.host = cluster_->directory();
    door.copier = copier_;
    door.drain = node_signals::stop_in_order;
    door.reloader = reloader_;
    door.access.origins = config.admin.origins;
    door.tls = admin_tls_ = open_tls("admin.tls", config.admin.tls);
    door.metrics = metrics_;
    admin_ = std::make_unique<admin_door>(system_, threads_.at(0), std::move(door));
  }

  void stop() {
    end_and_wait(reloader_); // it may be at work on what ends below
    certificates_.clear();
    keys_ = nullptr;
    if (admin_) admin_->stop();
    if (gateway_) gateway_->stop(close_timeout);
    if (cluster_) cluster_->leave();
    end_and_wait(host_);
    end_and_wait(claims_); // its lease is given back
    for (auto& [name, port] : ports_) caf::anon_send_exit(port, caf::exit_reason::user_shutdown);
    ports_.clear();
    if (auto models = models_.exchange(nullptr))
      for (auto& [name, pool] : *models) caf::anon_send_exit(pool.actor, caf::exit_reason::user_shutdown);
    if (copier_) caf::anon_send_exit(copier_, caf::exit_reason::user_shutdown);
    copier_ = nullptr;
    if (store_.actor) caf::anon_send_exit(store_.actor, caf::exit_reason::user_shutdown);
    store_ = {};
    system_.await_all_actors_done(); // their threads still run
    gateway_.reset();
    if (metrics_) metrics_->stop(); // who still waits is answered by the threads
    blocking_->stop();
    watchdog_->stop();
    threads_.stop();
    threads_.join();
  }

  /// With the host end its namespaces, whose last writes are then on their way to the store.
  void end_and_wait(caf::actor& what) {
    if (!what) return;
    caf::scoped_actor self{system_};
    self->send_exit(what, caf::exit_reason::user_shutdown);
    self->wait_for(std::exchange(what, nullptr));
  }

  host::config host_config(const node_config& config, std::shared_ptr<const agent_registry> registry) {
    host::config out;
    out.max_namespaces = config.bounds.namespaces;
    out.plan = [live = live_](const std::string& name) { return plan_of(*live, name); };
    out.resources = [this] {
      return host::shared_resources{live_->get()->bounds.namespaces, models_.load()};
    };
    out.registry = std::move(registry);
    out.models = models_.load();
    out.encode = wire::encode_event;
    out.store = store_;
    out.watch = watchdog_;
    out.blocking = blocking_.get();
    out.expiry_clock_ms = [x = expiry_] { return x->now_ms(std::chrono::steady_clock::now()); };
    out.seed = std::random_device{}() * 0x100000001ULL;
    out.node = config.node.name;
    out.claims = claims_;
    out.open_namespaces = config.auth.may_open_namespaces();
    out.memory = memory_;
    out.disk = disk_;
    if (claims_) out.tenure = tenure_;
    return out;
  }

  std::shared_ptr<live_config> live_;
  actor_settings settings_;
  caf::actor_system system_;
  io_threads threads_;
  std::unique_ptr<blocking_threads> blocking_;
  std::shared_ptr<handler_watchdog> watchdog_;
  std::atomic<std::shared_ptr<const model_directory>> models_;
  std::size_t pools_started_ = 0;
  std::map<std::string, caf::actor> ports_; // by model: where other nodes reach its pool
  std::shared_ptr<node_status> status_ = std::make_shared<node_status>();
  std::shared_ptr<byte_budget> memory_; // of namespaces
  std::shared_ptr<byte_budget> disk_;
  std::shared_ptr<byte_budget> clients_; // what waits for their sockets
  std::uint64_t max_sockets_ = 0;
  std::shared_ptr<session_signer> signer_;
  std::shared_ptr<authenticator> authentication_;
  std::shared_ptr<expiry_clock> expiry_ =
      std::make_shared<expiry_clock>(std::chrono::steady_clock::now(), wall_clock_ms());
  std::unique_ptr<key_refresher> keys_;     // of the authentication, from their addresses
  std::shared_ptr<tls_server> clients_tls_; // null: none
  std::shared_ptr<tls_server> admin_tls_;
  std::vector<std::unique_ptr<tls_watcher>> certificates_; // of the ports with TLS
  store_handle store_;
  caf::actor copier_; // null without the role `host`
  const std::uint64_t incarnation_ = std::random_device{}() * 0x100000001ULL + std::random_device{}();
  std::string store_mark_; // empty without the role `host`
  std::shared_ptr<tenure> tenure_ = std::make_shared<tenure>();
  caf::actor claims_; // null unless others share the store
  caf::actor host_;
  std::unique_ptr<node_cluster> cluster_;
  std::shared_ptr<metrics_exporter> metrics_;
  std::unique_ptr<gateway> gateway_;
  caf::actor reloader_;
  std::ifstream kept_token_; // held open, so that `weir` on this machine finds it, see `find_admin_token`
  std::atomic<std::shared_ptr<const admin_tokens>> admin_tokens_;
  std::unique_ptr<admin_door> admin_;
};

} // namespace

int run_node(const node_config& config, std::shared_ptr<const agent_registry> registry,
             reloader::load again) {
  node_signals signals;
  init_meta_objects();
  std::optional<stop_limit> limit; // outlives the node, whose end it waits for
  try {
    running_node node{config, std::move(registry), std::move(again)};
    node.start(config);
    signals.wait([&node] { node.reload(); });
    signals.end_at_once_on_next();
    limit.emplace(node.settings(), node.watchdog());
    node.drain();
    spdlog::info("node {} stops", config.node.name);
    if (auto why = node.why_refused(); !why.empty()) throw std::runtime_error(why);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "weir: %s\n", error.what());
    return 1;
  }
  return 0;
}

} // namespace weir
