#include "apps/weir/config/node_schema.hpp"
#include "apps/weir/config/replies_schema.hpp"
#include "apps/weir/config/request_schema.hpp"
#include "apps/weir/config/rules.hpp"
#include "apps/weir/config/schema_types.hpp"

namespace weir {

namespace {

using schema::integer;
using schema::json;
using schema::member;
using schema::only_if;
using schema::property;

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t largest_exact = 9'007'199'254'740'991; // 2^53 - 1: what every JSON reader keeps

bool is_simulated(const model_config& x) { return std::holds_alternative<simulated_config>(x.backend); }
bool is_openai(const model_config& x) { return std::holds_alternative<openai_config>(x.backend); }

/// A list of pools' names and of `{"text": …}`.
class fallback_type : public schema::type<std::vector<fallback_step>> {
public:
  void read(const json& from, std::vector<fallback_step>& to, const std::string& path,
            schema::problems& out) const override {
    if (!from.is_array()) return out.add(path, "must be a list, is " + schema::type_of(from));
    if (from.size() > max_steps) return out.add(path, "must have at most 16 entries");
    to.clear();
    for (std::size_t i = 0; i < from.size(); ++i)
      read_step(from[i], to, path + '[' + std::to_string(i) + ']', out);
  }

  json print(const std::vector<fallback_step>& what) const override {
    auto out = json::array();
    for (auto& x : what) out.push_back(x.canned ? json::object({{"text", x.value}}) : json(x.value));
    return out;
  }

  void describe(const std::string& path, const std::vector<fallback_step>&, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back({path, "list of texts or objects", "[]", "models' names, `{\"text\": …}`", meaning});
  }

private:
  static constexpr std::size_t max_steps = 16;

  static void read_step(const json& from, std::vector<fallback_step>& to, const std::string& path,
                        schema::problems& out) {
    if (from.is_string()) return to.push_back({false, from.get<std::string>()});
    if (!from.is_object() || from.size() != 1 || !from.contains("text") || !from["text"].is_string())
      return out.add(path, "must be a model's name or {\"text\": \"…\"}");
    to.push_back({true, from["text"].get<std::string>()});
  }
};

schema::type_ptr<simulated_config> simulated_schema() {
  using x = simulated_config;
  return schema::object<x>({
      member("first_piece_ms", &x::first_piece_ms, integer<std::int64_t>(0, day_ms),
             "before the first piece"),
      member("piece_ms", &x::piece_ms, integer<std::int64_t>(0, day_ms), "between two pieces"),
      member("pieces", &x::pieces, integer<std::uint32_t>(1, 100'000), "how many the answer has"),
      member("error_rate", &x::error_rate, schema::share(), "share of calls that fail with 500"),
      member("hang_rate", &x::hang_rate, schema::share(), "share of calls that never answer"),
      member("seed", &x::seed, integer<std::uint64_t>(0, largest_exact),
             "the same seed fails the same calls"),
      member(
          "replies", &x::replies, replies_schema(),
          "the first whose `if` occurs in the last message of the user or of a tool, or in a system message, "
          "is the answer; see below"),
  });
}

schema::type_ptr<breaker_config> breaker_schema() {
  using x = breaker_config;
  return schema::object<x>({
      member("failures", &x::failures, integer<std::uint32_t>(0, 1000),
             "so many in a row and no call is let through for a while; 0: never"),
      member("open_ms", &x::open_ms, integer<std::int64_t>(1, day_ms),
             "how long the first time; twice as long each time that a probe fails"),
      member("max_open_ms", &x::max_open_ms, integer<std::int64_t>(1, day_ms), "at most"),
      member("probes", &x::probes, integer<std::uint32_t>(1, 1000),
             "calls let through after that time; when they succeed, all are"),
  });
}

schema::field<model_config> backend_field() {
  return property<model_config, std::string>(
      "backend", schema::choice({"simulated", "openai"}), "what answers",
      [](const model_config& x) { return std::string{is_openai(x) ? "openai" : "simulated"}; },
      [](model_config& x, const std::string& word) {
        if (word == "openai" && !is_openai(x)) x.backend = openai_config{};
        if (word == "simulated" && !is_simulated(x)) x.backend = simulated_config{};
      });
}

/// A key of the `openai` backend.
template <class M>
schema::field<model_config> of_openai(const char* key, M openai_config::*target, schema::type_ptr<M> kind,
                                      const char* meaning) {
  return only_if<model_config>(is_openai, "the backend openai",
                               property<model_config, M>(
                                   key, std::move(kind), meaning,
                                   [target](const model_config& x) {
                                     auto* found = std::get_if<openai_config>(&x.backend);
                                     return found == nullptr ? M{} : found->*target;
                                   },
                                   [target](model_config& x, M value) {
                                     std::get<openai_config>(x.backend).*target = std::move(value);
                                   }));
}

schema::field<model_config> simulated_field() {
  return only_if<model_config>(is_simulated, "the backend simulated",
                               property<model_config, simulated_config>(
                                   "simulated", simulated_schema(), "",
                                   [](const model_config& x) {
                                     auto* found = std::get_if<simulated_config>(&x.backend);
                                     return found == nullptr ? simulated_config{} : *found;
                                   },
                                   [](model_config& x, simulated_config value) { x.backend = value; }));
}

std::string optional_variable(std::string_view text) { return text.empty() ? "" : check_variable_name(text); }

} // namespace

schema::type_ptr<model_config> model_schema() {
  using x = model_config;
  auto up_to_a_day = integer<std::int64_t>(0, day_ms);
  return schema::object<x>({
      backend_field(),
      of_openai("url", &openai_config::url, schema::text("`http[s]://host[:port][/path]`", check_model_url),
                "openai: where the server's `/chat/completions` is, without that; needed"),
      of_openai("model", &openai_config::model, schema::text("not empty", check_not_empty),
                "openai: the model's name there; needed"),
      of_openai("api_key_env", &openai_config::api_key_env,
                schema::text("a variable's name", optional_variable),
                "openai: the environment variable that holds the key; empty: no key is sent"),
      of_openai("api_key_file", &openai_config::api_key_file, schema::text("a file"),
                "openai: the file that holds it; wins over `api_key_env`"),
      of_openai(
          "ca_file", &openai_config::ca_file, schema::text(""),
          "openai: PEM of roots that are trusted beside the system's, for an https server of one's own"),
      of_openai("headers", &openai_config::headers, text_map("values of headers"),
                "openai: sent with each request, by name; one that the node sends itself is replaced"),
      of_openai("headers_env", &openai_config::headers_env, text_map("variables' names", check_variable_name),
                "openai: as `headers`, with the values taken from environment variables: for secrets"),
      of_openai("query", &openai_config::query, text_map("values"),
                "openai: added to the URL of each request, such as `{\"api-version\": \"2024-10-21\"}`"),
      of_openai("request", &openai_config::request, request_schema(), ""),
      member("workers", &x::workers, integer<std::uint32_t>(1, 1024), "calls at once"),
      member("queue_limit", &x::queue_limit, integer<std::uint64_t>(1, 1'000'000),
             "calls that wait; above it `429 model_queue_full`, or the fallback"),
      member("timeout_ms", &x::timeout_ms, integer<std::int64_t>(1, day_ms),
             "the whole call: every attempt and every wait"),
      member("attempt_timeout_ms", &x::attempt_timeout_ms, up_to_a_day, "one attempt; 0: the whole timeout"),
      member("first_piece_timeout_ms", &x::first_piece_timeout_ms, up_to_a_day,
             "until the first piece; 0: none"),
      member("stall_timeout_ms", &x::stall_timeout_ms, up_to_a_day, "between two pieces; 0: none"),
      member("retries", &x::retries, integer<std::uint32_t>(0, 100), "after the first attempt"),
      member("max_share", &x::max_share, schema::share(0.01),
             "of the workers, for one namespace while there are others; rounded up"),
      member("share_window_ms", &x::share_window_ms, integer<std::int64_t>(0, day_ms),
             "how long after its last call a namespace counts as one of the others"),
      member("breaker", &x::breaker, breaker_schema(), ""),
      simulated_field(),
      member<x, std::vector<fallback_step>>(
          "fallback", &x::fallback, std::make_shared<fallback_type>(),
          "asked in this order when the model cannot answer, each followed by its own"),
  });
}

} // namespace weir
