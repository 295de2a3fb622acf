#include "actors/agents/state.hpp"

#include "actors/agents/task_state.hpp"
#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace weir {

namespace {

using nlohmann::json;

void check_key(const std::string& key) {
  auto control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (key.empty() || key.size() > agent_state::max_key_bytes || std::any_of(key.begin(), key.end(), control))
    throw std::invalid_argument("state: a key is 1 to 128 bytes without control characters");
}

std::string text_of(const json& value) {
  auto out = print_json(value);
  if (out.size() <= agent_state::max_value_bytes) return out;
  throw std::length_error("state: a value of " + std::to_string(out.size()) + " bytes is longer than 64 KiB");
}

json value_of(const std::optional<key_entry>& x) { return x ? json::parse(x->value) : json{}; }

void must_be_done(const refusal& no) {
  if (no.refused()) throw std::runtime_error(no.message);
}

} // namespace

void agent_state::get(const std::string& key, on_value then) const {
  check_key(key);
  job_->host->state_->get(key, [job = job_, then](const std::optional<key_entry>& x, const refusal& no) {
    job->run([&] {
      must_be_done(no);
      then(value_of(x));
    });
  });
}

void agent_state::put(const std::string& key, const json& value, on_done then, std::int64_t ttl_ms) const {
  check_key(key);
  if (!then) then = must_be_done;
  job_->host->state_->put(key, text_of(value), ttl_ms,
                          [job = job_, then](const refusal& no) { job->run([&] { then(no); }); });
}

void agent_state::update(const std::string& key, change by, on_change then, std::int64_t ttl_ms) const {
  check_key(key);
  auto changed = [job = job_, by](const std::optional<key_entry>& x) {
    std::optional<std::string> out; // none if it throws
    job->run([&] { out = text_of(by(value_of(x))); });
    return out;
  };
  auto done = [job = job_, then](const std::string& value, const refusal& no) {
    job->run([&] {
      if (!then) return must_be_done(no);
      then(no.refused() ? json{} : json::parse(value), no);
    });
  };
  job_->host->state_->update(key, changed, ttl_ms, done);
}

void agent_state::erase(const std::string& key, on_done then) const {
  check_key(key);
  if (!then) then = must_be_done;
  job_->host->state_->erase(key, [job = job_, then](const refusal& no) { job->run([&] { then(no); }); });
}

} // namespace weir
