#pragma once

#include "actors/calls/model_call.hpp"
#include "actors/calls/tool_loop.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// A function that a model may call.
struct chat_tool {
  /// Takes the result; the first counts. Harmless once nobody waits any more, also after the chat is gone.
  using answer = std::function<void(tool_result)>;

  /// Ends a call whose result is of no use any more. May be empty.
  using stop = std::function<void()>;

  tool_spec spec;
  std::int64_t timeout_ms = 0; ///< Of one call; 0: only the chat's. Then the call has failed.

  /// Begins a call, and may answer at once. What it throws is the call's error. @returns how to end it early.
  std::function<stop(const tool_request& what, answer then)> run;
};

/// What a model is asked, by whom, and what it may call.
struct chat_job {
  std::uint64_t number =
      0;             ///< The owner's number for the chat: not 0, below 2^50, and of one chat at a time.
  std::string ns;    ///< Which namespace pays.
  std::string model; ///< A configured model's name.
  std::vector<chat_message> messages;
  std::int64_t timeout_ms =
      0;                  ///< Of the whole chat; 0: the model's. Each model call has the model's at most.
  std::uint64_t seed = 0; ///< For the jitter of the back-off.
  std::vector<chat_tool> tools = {};
  tool_loop::bounds bounds = {};
  model_options options = {};
};

/// A chat with a model that may call tools, as part of an actor, its owner: a model call for each round, and
/// between them the tools, as its `tool_loop` says. Without tools it is one model call.
///
/// The owner takes `model_piece`, `model_done` and `model_failed` and hands them over by `call_of(x.id)`.
/// Dropping the last pointer before the end closes the model call in progress, without a callback; what tools
/// still do is left to them. All of it in the owner's context.
class chat_call : public std::enable_shared_from_this<chat_call> {
public:
  struct callbacks {
    /// More text, that begins after `at` code points. Without overlap or hole, over all rounds.
    std::function<void(std::uint64_t at, const std::string& text)> on_delta;
    /// It is over; exactly once, unless the chat was dropped. The owner may drop it from here.
    std::function<void(const call_outcome&)> on_finished;
    /// A tool begins.
    std::function<void(const tool_request&)> on_tool = {};
  };

  /// @param self the owner, must outlive the chat.
  static std::shared_ptr<chat_call> make(caf::event_based_actor* self,
                                         std::shared_ptr<const model_directory> models, chat_job what,
                                         callbacks then);

  ~chat_call();

  /// Begins. May call back at once when nobody can be asked.
  void start();

  /// Ends it as `cancelled`, closes what is in progress, and stops the tools.
  void cancel();

  template <class Message>
  void on(const Message& x) {
    auto keep = shared_from_this();
    if (auto call = model_; call && call->number() == model_call::call_of(x.id)) call->on(x);
  }

  bool finished() const noexcept { return loop_.over(); }

  /// The number of the chat that a message with this id belongs to.
  static constexpr std::uint64_t call_of(std::uint64_t id) noexcept {
    return model_call::call_of(id) >> round_bits;
  }

private:
  static constexpr unsigned round_bits = 6; // each round is a model call with a number of its own
  static_assert(tool_loop::max_rounds + 1 < 1U << round_bits);

  struct open_tool {
    caf::disposable timer;
    chat_tool::stop stop;
  };

  chat_call(caf::event_based_actor* self, std::shared_ptr<const model_directory> models, tool_loop loop,
            chat_job what, callbacks then);

  caf::actor_clock::time_point now() const;
  void act(tool_loop::action next);
  void act(tool_loop::ask& next);
  void act(tool_loop::start& next);
  void act(tool_loop::wait&) {}
  void act(tool_loop::finish&);
  void run(const tool_request& what);
  void on_model(const call_outcome& got);
  void on_result(std::uint32_t number, tool_result result);
  void on_tool_timeout(std::uint32_t number, std::int64_t timeout_ms);
  void stop_tools();
  void count() const;

  caf::event_based_actor* self_;
  std::shared_ptr<const model_directory> models_;
  tool_loop loop_;
  chat_job what_; // its messages are the loop's
  callbacks then_;
  std::shared_ptr<model_call> model_;
  std::map<std::uint32_t, open_tool> open_;
  caf::disposable deadline_timer_; // while tools run
  bool starting_ = false;
  std::vector<std::pair<std::uint32_t, tool_result>> early_; // what came meanwhile
};

} // namespace weir
