#pragma once

#include "actors/calls/call_plan.hpp"
#include "actors/calls/overlap_filter.hpp"
#include "actors/models/pool.hpp"

#include <caf/disposable.hpp>
#include <caf/event_based_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// What a model is asked, and by whom.
struct model_question {
  std::uint64_t number = 0; ///< The owner's number for the call: not 0, and of one call at a time.
  std::string ns;           ///< Which namespace pays.
  std::string model;        ///< A configured model's name.
  std::vector<chat_message> messages;
  std::int64_t timeout_ms = 0;       ///< Of the whole call; 0, or more than the model's own: the model's.
  std::uint64_t seed = 0;            ///< For the jitter of the back-off.
  std::vector<tool_spec> tools = {}; ///< What the model may call; the calls are in the outcome.
  model_options options = {};
};

/// A model call as part of an actor, its owner: asks one model after the other as its `call_plan` says, and
/// ends at its deadline by a timer of the owner, whatever the models do.
///
/// The owner takes `model_piece`, `model_done` and `model_failed` and hands them over by `call_of(x.id)`;
/// what belongs to an earlier attempt is ignored. Dropping the last pointer before the end closes what is in
/// progress, without a callback. All of it in the owner's context.
class model_call : public std::enable_shared_from_this<model_call> {
public:
  struct callbacks {
    /// More text, that begins after `at` code points. Without overlap or hole, whoever wrote it.
    std::function<void(std::uint64_t at, const std::string& text)> on_delta;
    /// It is over; exactly once, unless the call was dropped. The owner may drop it from here.
    std::function<void(const call_outcome&)> on_finished;
  };

  /// The configured model, then its fallbacks in their order, each followed by its own fallbacks (depth
  /// first) and each model once, whoever names it. A canned answer of the model's own stands where it is;
  /// those of its fallbacks come after all else, since they would keep the models that follow from being
  /// asked.
  static std::vector<call_step> steps_for(const model_directory& models, const model_config& model);

  /// @param self the owner, must outlive the call.
  /// @param models looked up here, not kept.
  static std::shared_ptr<model_call> make(caf::event_based_actor* self, const model_directory& models,
                                          model_question what, callbacks then);

  ~model_call();

  /// Begins. May call back at once when nobody can be asked.
  void start();

  /// Ends it as `cancelled` and closes what is in progress.
  void cancel();

  void on(const model_piece& x);
  void on(const model_done& x);
  void on(const model_failed& x);

  bool finished() const noexcept { return plan_.over(); }
  std::uint64_t number() const noexcept { return what_.number; }

  /// What has been written so far.
  const std::string& text() const noexcept { return plan_.text(); }

  /// The number of the call that a message with this id belongs to.
  static constexpr std::uint64_t call_of(std::uint64_t id) noexcept { return id >> 8; }

private:
  model_call(caf::event_based_actor* self, std::map<std::string, pool_handle> pools, call_plan plan,
             model_question what, callbacks then);

  caf::actor_clock::time_point now() const;
  void act(call_plan::action next);
  void act(const call_plan::ask& next);
  void act(const call_plan::pause& next);
  void act(const call_plan::finish& next);
  void pass_on(const std::string& text);
  call_plan::action refused(refusal why);
  model_request request_for(const call_plan::ask& next) const;
  /// Books what the attempt in progress has used of the namespace's quota.
  void settle(token_usage used);
  void end_attempt();
  void note(model_stages::stage what) const;
  void stop_timers();

  caf::event_based_actor* self_;
  std::map<std::string, pool_handle> pools_; // those of the plan
  call_plan plan_;
  model_question what_;
  callbacks then_;
  std::uint64_t attempt_id_ = 0; // 0: none is in progress
  caf::actor asked_;
  overlap_filter overlap_; // of the attempt
  std::shared_ptr<model_account> account_;
  std::shared_ptr<model_stages> stages_; // of the model that the attempt is made at; null: nobody counts
  std::string model_;                    // that the attempt is made at
  caf::actor_clock::time_point attempt_asked_{};
  std::optional<caf::actor_clock::time_point> attempt_started_; // by a worker
  bool has_piece_ = false;
  std::size_t attempt_from_ = 0; // byte of the text
  caf::disposable deadline_timer_;
  caf::disposable pause_timer_;
};

} // namespace weir
