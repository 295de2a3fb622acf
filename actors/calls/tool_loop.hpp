#pragma once

#include "actors/calls/call_plan.hpp"
#include "actors/messages/models.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weir {

/// What came of one call of a tool.
struct tool_result {
  std::string text;    ///< UTF-8, shown to the model as it is; what is malformed in it is replaced.
  bool failed = false; ///< Then `text` is why; the model is shown it as an error, and may go on from there.
};

/// A model's call of a tool that is to be run. Its name is a known one and its arguments keep the schema.
struct tool_request {
  std::uint32_t number = 0; ///< 1, 2, … over all rounds of a chat.
  std::uint32_t round = 0;  ///< 1, 2, …
  tool_call what;           ///< Arguments that were empty are `{}`.
};

/// Decides how a chat goes on whose model may call tools: it is asked, what it calls is run, it is asked
/// again with the results, until it answers without a call. Plain: whoever owns it does what it says and
/// tells it what came of it.
///
/// The text of a chat is that of all rounds, one after the other, as it was streamed.
///
/// What it bounds, and what becomes of more (see `bounds` and `counts`):
/// - rounds: after the last one the model is asked once more, without tools;
/// - calls in a round, the bytes of arguments, unknown names, arguments that do not keep the schema: the call
///   is not run, and the model is told why, so that it can mend it;
/// - the bytes of a result: cut, with a note;
/// - the time: what has been said by then is the `partial` outcome.
class tool_loop {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct bounds {
    std::uint32_t rounds = 8; ///< In which tools may be called; at most `max_rounds`.
    std::uint32_t calls_per_round = 16;
    std::size_t argument_bytes = 64 * 1024; ///< Of one call.
    std::size_t result_bytes = 64 * 1024;   ///< Of one call; at least 64.
  };

  static constexpr std::uint32_t max_rounds = 32;

  /// How often what happened.
  struct counts {
    std::uint32_t done = 0;      ///< Calls that gave a result …
    std::uint32_t failed = 0;    ///< … or an error.
    std::uint32_t refused = 0;   ///< Not run: too many, too long, unknown, malformed.
    std::uint32_t unused = 0;    ///< Still running when the chat ended.
    std::uint32_t cut = 0;       ///< Results that were too long.
    std::uint32_t exhausted = 0; ///< 1: the rounds ran out.
  };

  /// Ask the model for `round()`.
  struct ask {
    std::vector<chat_message> messages;
    std::vector<tool_spec> tools;
    std::int64_t timeout_ms;
  };

  /// Run these, all at once.
  struct start {
    std::vector<tool_request> calls;
  };

  /// Results are still missing.
  struct wait {};

  /// It is over, see `outcome`.
  struct finish {};

  using action = std::variant<ask, start, wait, finish>;

  /// @param timeout_ms the whole chat's, above 0.
  tool_loop(std::vector<chat_message> messages, std::vector<tool_spec> tools, std::int64_t timeout_ms,
            bounds limits);

  action begin(time_point now);

  /// The model that was asked has ended, one way or the other.
  action on_model(const call_outcome& got, time_point now);

  /// A tool has answered. What is not waited for (a second answer, one of an earlier round) is ignored.
  action on_result(std::uint32_t number, tool_result result, time_point now);

  /// The time is over while tools run. A model that is being asked ends by its own deadline, which is the
  /// same.
  action on_deadline(time_point now);

  action on_cancel(time_point now);

  bool over() const noexcept { return over_; }
  std::uint32_t round() const noexcept { return round_; }
  time_point deadline() const noexcept { return deadline_; }

  /// The length of what earlier rounds have said.
  std::uint64_t code_points() const noexcept { return code_points_; }

  /// Valid once it is over.
  const call_outcome& outcome() const noexcept { return outcome_; }
  const counts& counted() const noexcept { return counts_; }

private:
  struct slot { // a call of this round, in the model's order
    std::uint32_t number = 0;
    std::string id;
    std::string name;
    std::optional<std::string> result;
  };

  action ask_model(time_point now);
  action start_round(std::vector<tool_call> calls, const std::string& said, time_point now);
  action next_round(time_point now);
  action no_more_rounds(const call_outcome& got, time_point now);
  action end(run_status status, refusal error, time_point now);
  void book(const call_outcome& got);
  std::string check(tool_call& call) const;
  std::string fitting(std::string text);
  bool may_call() const noexcept { return !tools_.empty() && round_ <= bounds_.rounds; }
  refusal out_of_time() const;

  std::vector<chat_message> messages_;
  std::vector<tool_spec> tools_;
  std::int64_t timeout_ms_;
  bounds bounds_;
  time_point began_{};
  time_point deadline_{};
  time_point round_began_{};
  std::uint32_t round_ = 1;
  std::uint32_t last_number_ = 0;
  std::uint64_t code_points_ = 0;
  std::vector<slot> slots_;
  std::size_t missing_ = 0; // results of this round
  bool degraded_ = false;
  refusal degraded_by_;
  call_outcome outcome_;
  counts counts_;
  bool over_ = false;
};

} // namespace weir
