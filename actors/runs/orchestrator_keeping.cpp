// What outlives a run: its result, and what its thread is reminded of.

#include "actors/namespace/namespace_actor.hpp"
#include "actors/runs/orchestrator.hpp"
#include "actors/runs/run.hpp"

namespace weir {

namespace {

constexpr std::uint32_t max_write_attempts = 5;
constexpr std::chrono::milliseconds write_retry{200};

/// What is kept of a result that is too large: that the call has been done, so that it is not done again.
run_result without_output(const run_result& x) {
  run_result out;
  out.run_id = x.run_id;
  out.elapsed_ms = x.elapsed_ms;
  out.usage = x.usage;
  out.error = {code::too_large,
               "too_large",
               "the result was too large to be kept",
               0,
               {},
               size_bytes(x),
               orchestrator::max_kept_result_bytes};
  return out;
}

} // namespace

// -- results

/// Looks for a result in the store. `then` gets it, or null, with a refusal if that could not be found out.
void orchestrator::look_up(const std::string& run_id,
                           std::function<void(const run_result*, const refusal&)> then) {
  if (!link_.exists()) return then(nullptr, {});
  auto no = link_.read(get_key{settings_.ns_name, result_key(run_id)}, [run_id, then](store_answer& got) {
    auto* key = std::get_if<std::optional<key_entry>>(&got.what);
    if (key == nullptr) return then(nullptr, std::get<refusal>(got.what));
    auto found = *key ? decode_result(run_id, (*key)->value) : std::nullopt;
    then(found ? &*found : nullptr, {});
  });
  if (no.refused()) then(nullptr, no);
}

/// Keeps a result and what its thread is to be reminded of, in one batch: a crash leaves both or neither, and
/// in between the call is still to be done.
void orchestrator::keep(const call_order& order, const run_result& result, std::function<void()> then) {
  std::vector<store_write> writes;
  if (link_.exists()) {
    auto text = encode_result(size_bytes(result) <= max_kept_result_bytes ? result : without_output(result));
    writes.push_back(
        {key_put{settings_.ns_name, result_key(result.run_id), std::move(text),
                 settings_.expiry_clock_ms() + static_cast<std::int64_t>(settings_.bounds.result_ttl_ms)},
         {}});
  }
  auto* prompt = remembering(order);
  auto answered = result.status == run_status::complete || result.status == run_status::degraded;
  if (prompt == nullptr || !answered) return write(std::move(writes), 1, std::move(then));
  auto key = thread_key(order);
  refusal wrong;
  auto question = input_text(order.input, wrong);
  auto answer = text_of_output(result.output).value_or("");
  with_conversation(key, [=, this](const conversation* earlier) mutable {
    if (earlier == nullptr) {
      meters_.all().forgotten->inc(); // better than to lose what was there before
      return write(std::move(writes), 1, std::move(then));
    }
    auto all = *earlier;
    remember(all, std::move(question), std::move(answer), prompt->memory_events, max_thread_bytes);
    auto expires_ms = settings_.expiry_clock_ms() + static_cast<std::int64_t>(settings_.bounds.thread_ttl_ms);
    if (link_.exists())
      writes.push_back({key_put{settings_.ns_name, key, encode_conversation(all), expires_ms}, {}});
    auto dropped = memory_.dropped();
    put_conversation(key, std::move(all));
    if (!link_.exists()) meters_.all().forgotten->inc(static_cast<std::int64_t>(memory_.dropped() - dropped));
    write(std::move(writes), 1, std::move(then));
  });
}

/// Tried a few times; then the result is in memory only, and counted.
void orchestrator::write(std::vector<store_write> writes, std::uint32_t attempt, std::function<void()> then) {
  if (writes.empty()) return then();
  auto again = [this, writes, attempt, then] {
    if (attempt < max_write_attempts) {
      run_delayed(write_retry, [this, writes, attempt, then] { write(writes, attempt + 1, then); });
      return;
    }
    meters_.all().unkept->inc();
    then();
  };
  auto no = link_.write(std::move(writes), [then, again](const store_committed& done) {
    if (done.first_refusal().refused()) return again();
    then();
  });
  if (no.refused()) again();
}

void orchestrator::settle(std::uint64_t seq) {
  if (auto node = buried_.extract(seq); !node.empty())
    return send(settings_.ns,
                task_failed{namespace_actor::orchestrator_name, seq, std::move(node.mapped()), true});
  send(settings_.ns, settlement{namespace_actor::orchestrator_name, seq});
}

// -- threads

/// How the call's target remembers its thread; null: it does not.
const prompt_config* orchestrator::remembering(const call_order& x) const {
  auto i = x.thread.empty() ? agents_.end() : agents_.find(x.target);
  if (i == agents_.end() || i->second.config.kind != "prompt") return nullptr;
  auto& prompt = i->second.config.prompt;
  return prompt.memory_events > 0 ? &prompt : nullptr;
}

void orchestrator::put_conversation(const std::string& key, conversation x) {
  memory_.put(key, std::move(x), now_ms());
  meters_.threads.value(memory_.size());
  meters_.thread_bytes.value(memory_.bytes());
}

/// Hands over what is remembered under this key, from memory or from the store; null: it could not be read.
void orchestrator::with_conversation(const std::string& key, std::function<void(const conversation*)> then) {
  if (auto* here = memory_.find(key, now_ms())) {
    auto copy = *here;
    return then(&copy);
  }
  const conversation none;
  if (!link_.exists()) return then(&none);
  auto no = link_.read(get_key{settings_.ns_name, key}, [this, key, then](store_answer& got) {
    conversation all;
    if (auto* here = memory_.find(key, now_ms())) { // another run was faster
      all = *here;
      return then(&all);
    }
    auto* found = std::get_if<std::optional<key_entry>>(&got.what);
    if (found == nullptr) return then(nullptr);
    if (*found) all = decode_conversation((*found)->value);
    put_conversation(key, all);
    then(&all);
  });
  if (no.refused()) then(nullptr);
}

} // namespace weir
