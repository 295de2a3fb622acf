// A run whose agent is a client: it waits for what that one says, within its deadline.

#include "actors/calls/ask_agent.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/utf8.hpp"
#include "actors/runs/run.hpp"

#include <nlohmann/json.hpp>

namespace weir {

namespace {

refusal not_in_time() { return {code::deadline, "deadline", "no client gave a result in time", 0, {}, 0, 0}; }

answer refused(code status, std::string reason, std::string message) {
  answer out;
  out.no = {status, std::move(reason), std::move(message), 0, {}, 0, 0};
  return out;
}

} // namespace

void run::start_external() {
  auto timeout_ms = left_ms(settings_.external->timeout_ms);
  if (timeout_ms <= 0) return finish(run_status::failed, "null", not_in_time());
  run_delayed(std::chrono::milliseconds{timeout_ms}, [this] { on_external_deadline(); });
}

void run::on_external_deadline() {
  finish(partial_result(viewers_.text().empty() ? run_status::failed : run_status::partial, not_in_time()));
}

/// Its workers have used up the call's tries: nobody else will be given it.
void run::on_buried(const call_buried& what) {
  auto status = viewers_.text().empty() ? run_status::failed : run_status::partial;
  finish(partial_result(status, dead_letter_of(settings_.target, what.error)));
}

/// Another client may have begun the same text: what is there already is not taken again.
answer run::on_worker(const worker_delta& what) {
  auto at = what.at == worker_delta::append ? viewers_.code_points() : what.at;
  if (at > viewers_.code_points())
    return refused(code::conflict, "conflict",
                   "at: the text has " + std::to_string(viewers_.code_points())
                       + " code points: there would be a hole");
  auto fresh = utf8::after_code_points(what.text, viewers_.code_points() - at);
  if (fresh.empty()) return {};
  if (viewers_.text().size() + fresh.size() > max_external_bytes)
    return refused(code::too_large, "too_large",
                   "text: a run streams at most " + std::to_string(max_external_bytes) + " bytes");
  if (first_piece_ms_ < 0) first_piece_ms_ = elapsed_ms();
  viewers_.append(std::string{fresh});
  return {};
}

answer run::on_worker(const worker_result& what) {
  run_result out;
  if (what.failed) {
    out = partial_result(run_status::failed, {code::internal, "failed", what.message, 0, {}, 0, 0});
    out.output = "null";
  } else {
    out = partial_result(run_status::complete, {});
    out.output = what.output;
  }
  out.usage = what.usage;
  finish(std::move(out));
  return {};
}

/// What there is of an external agent's answer.
run_result run::partial_result(run_status status, refusal error) const {
  run_result out;
  out.status = status;
  out.error = std::move(error);
  out.attempts = 1;
  out.first_piece_ms = first_piece_ms_;
  if (viewers_.text().empty()) return out;
  out.output = print_json(nlohmann::json{{"text", viewers_.text()}});
  out.parts.push_back({settings_.target, 0, viewers_.code_points()});
  return out;
}

} // namespace weir
