#pragma once

#include "actors/core/core_type_ids.hpp"

#include <caf/actor.hpp>
#include <caf/type_id.hpp>

#include <string>
#include <vector>

// Every type that travels between actors of different layers. The ids go over the wire between nodes as plain
// numbers in the order of declaration: append only, and never remove a line. They follow those of
// `actors/core`.

namespace weir {

// namespace
struct event;
struct delivery;
struct publish_request;
struct call_request;
struct log_request;
struct request;
struct request_batch;
struct answer;
struct answer_batch;
struct delivery_batch;
struct log_slice;
struct attach_relay;
struct attached;
struct subscribe_durably;
struct offered_event;
struct settlement;
struct server_event;

// runs
struct watcher;
struct watch_run;
struct cancel_run;
struct run_delta;
struct run_result;
struct run_update;
struct run_finished;
struct agent_call;
struct agent_reply;

// models
struct model_request;
struct model_piece;
struct model_done;
struct model_failed;
struct model_assignment;
struct model_worker_idle;

// store
struct store_batch;
struct store_committed;
struct store_read;
struct store_answer;

// sessions
struct subscription_spec;
struct session_open;
struct session_opened;
struct session_welcomed;
struct session_detach;
struct session_subscribe;
struct session_unsubscribe;
struct session_ack;
struct session_nack;
struct present_client;
struct presence_request;
struct presence_list;
struct delivery_report;
struct queue_offer;
struct receipt_notice;
struct taken_over;
struct notice;
struct notice_batch;

// admin
struct admin_query;
struct namespace_vacancy;
struct retire_namespace;
struct admin_answer;

// streams of runs
struct watch_request;
struct unwatch_request;
struct follow_run;
struct watcher_gone;
struct drop_watcher;
struct worker_delta;
struct worker_result;

// workflows
struct run_event;
struct run_event_taken;
struct wake_run;
struct server_events;
struct run_place;
struct run_report;

// cluster
struct member_hello;
struct member_welcome;
struct member_addresses;
struct host_places;
struct link_receipt;
struct link_resumed;
struct attach_later;
struct namespace_moves;
struct relay_paused;
struct member_leaving;
struct adopt_namespace;
struct claim_namespace;
struct namespace_claim;
struct release_namespace;
struct namespace_released;
struct claims_lapsed;
struct claims_held;
struct member_hosting;
struct pool_places;
struct model_receipt;

// agents
struct task_failed;
struct call_buried;
struct agent_note;
// configuration
struct plans_changed;

} // namespace weir

CAF_BEGIN_TYPE_ID_BLOCK(weir, caf::id_block::weir_core::end)

// namespace
CAF_ADD_TYPE_ID(weir, (weir::event))
CAF_ADD_TYPE_ID(weir, (weir::delivery))
CAF_ADD_TYPE_ID(weir, (weir::publish_request))
CAF_ADD_TYPE_ID(weir, (weir::call_request))
CAF_ADD_TYPE_ID(weir, (weir::log_request))
CAF_ADD_TYPE_ID(weir, (weir::request))
CAF_ADD_TYPE_ID(weir, (weir::request_batch))
CAF_ADD_TYPE_ID(weir, (weir::answer))
CAF_ADD_TYPE_ID(weir, (weir::answer_batch))
CAF_ADD_TYPE_ID(weir, (weir::delivery_batch))
CAF_ADD_TYPE_ID(weir, (weir::log_slice))
CAF_ADD_TYPE_ID(weir, (weir::attach_relay))
CAF_ADD_TYPE_ID(weir, (weir::attached))
CAF_ADD_TYPE_ID(weir, (weir::subscribe_durably))
CAF_ADD_TYPE_ID(weir, (weir::offered_event))
CAF_ADD_TYPE_ID(weir, (weir::settlement))
CAF_ADD_TYPE_ID(weir, (weir::server_event))

// runs
CAF_ADD_TYPE_ID(weir, (weir::watcher))
CAF_ADD_TYPE_ID(weir, (weir::watch_run))
CAF_ADD_TYPE_ID(weir, (weir::cancel_run))
CAF_ADD_TYPE_ID(weir, (weir::run_delta))
CAF_ADD_TYPE_ID(weir, (weir::run_result))
CAF_ADD_TYPE_ID(weir, (weir::run_update))
CAF_ADD_TYPE_ID(weir, (weir::run_finished))
CAF_ADD_TYPE_ID(weir, (weir::agent_call))
CAF_ADD_TYPE_ID(weir, (weir::agent_reply))

// models
CAF_ADD_TYPE_ID(weir, (weir::model_request))
CAF_ADD_TYPE_ID(weir, (weir::model_piece))
CAF_ADD_TYPE_ID(weir, (weir::model_done))
CAF_ADD_TYPE_ID(weir, (weir::model_failed))
CAF_ADD_ATOM(weir, weir, model_cancel_atom)
CAF_ADD_TYPE_ID(weir, (weir::model_assignment))
CAF_ADD_TYPE_ID(weir, (weir::model_worker_idle))

// store
CAF_ADD_TYPE_ID(weir, (weir::store_batch))
CAF_ADD_TYPE_ID(weir, (weir::store_committed))
CAF_ADD_TYPE_ID(weir, (weir::store_read))
CAF_ADD_TYPE_ID(weir, (weir::store_answer))
CAF_ADD_ATOM(weir, weir, store_flush_atom)

// sessions
CAF_ADD_TYPE_ID(weir, (weir::subscription_spec))
CAF_ADD_TYPE_ID(weir, (weir::session_open))
CAF_ADD_TYPE_ID(weir, (weir::session_opened))
CAF_ADD_TYPE_ID(weir, (weir::session_welcomed))
CAF_ADD_TYPE_ID(weir, (weir::session_detach))
CAF_ADD_TYPE_ID(weir, (weir::session_subscribe))
CAF_ADD_TYPE_ID(weir, (weir::session_unsubscribe))
CAF_ADD_TYPE_ID(weir, (weir::session_ack))
CAF_ADD_TYPE_ID(weir, (weir::session_nack))
CAF_ADD_TYPE_ID(weir, (weir::present_client))
CAF_ADD_TYPE_ID(weir, (weir::presence_request))
CAF_ADD_TYPE_ID(weir, (weir::presence_list))
CAF_ADD_TYPE_ID(weir, (weir::delivery_report))
CAF_ADD_TYPE_ID(weir, (weir::queue_offer))
CAF_ADD_TYPE_ID(weir, (weir::receipt_notice))
CAF_ADD_TYPE_ID(weir, (weir::taken_over))
CAF_ADD_TYPE_ID(weir, (weir::notice))
CAF_ADD_TYPE_ID(weir, (weir::notice_batch))

// admin
CAF_ADD_TYPE_ID(weir, (weir::admin_query))
CAF_ADD_TYPE_ID(weir, (weir::admin_answer))

// streams of runs
CAF_ADD_TYPE_ID(weir, (weir::watch_request))
CAF_ADD_TYPE_ID(weir, (weir::unwatch_request))
CAF_ADD_TYPE_ID(weir, (weir::watcher_gone))
CAF_ADD_TYPE_ID(weir, (weir::drop_watcher))
CAF_ADD_TYPE_ID(weir, (weir::worker_delta))
CAF_ADD_TYPE_ID(weir, (weir::worker_result))

// workflows
CAF_ADD_TYPE_ID(weir, (weir::run_event))
CAF_ADD_TYPE_ID(weir, (weir::run_event_taken))
CAF_ADD_TYPE_ID(weir, (weir::run_place))
CAF_ADD_TYPE_ID(weir, (weir::run_report))
CAF_ADD_ATOM(weir, weir, run_query_atom)
CAF_ADD_TYPE_ID(weir, (weir::wake_run))
CAF_ADD_TYPE_ID(weir, (weir::server_events))

// cluster
CAF_ADD_TYPE_ID(weir, (weir::member_hello))
CAF_ADD_TYPE_ID(weir, (weir::member_welcome))
CAF_ADD_TYPE_ID(weir, (weir::member_addresses))
CAF_ADD_TYPE_ID(weir, (weir::host_places))
CAF_ADD_TYPE_ID(weir, (weir::link_receipt))
CAF_ADD_TYPE_ID(weir, (weir::link_resumed))
CAF_ADD_TYPE_ID(weir, (weir::attach_later))
CAF_ADD_TYPE_ID(weir, (weir::namespace_moves))
CAF_ADD_TYPE_ID(weir, (weir::relay_paused))
CAF_ADD_TYPE_ID(weir, (weir::member_leaving))
CAF_ADD_TYPE_ID(weir, (weir::adopt_namespace))
CAF_ADD_TYPE_ID(weir, (weir::claim_namespace))
CAF_ADD_TYPE_ID(weir, (weir::namespace_claim))
CAF_ADD_TYPE_ID(weir, (weir::release_namespace))
CAF_ADD_TYPE_ID(weir, (weir::namespace_released))
CAF_ADD_TYPE_ID(weir, (weir::claims_lapsed))
CAF_ADD_TYPE_ID(weir, (weir::claims_held))
CAF_ADD_TYPE_ID(weir, (weir::member_hosting))
CAF_ADD_ATOM(weir, weir, move_atom)
CAF_ADD_ATOM(weir, weir, vacate_atom)
CAF_ADD_ATOM(weir, weir, fit_atom)
CAF_ADD_TYPE_ID(weir, (weir::pool_places))
CAF_ADD_TYPE_ID(weir, (weir::model_receipt))
CAF_ADD_ATOM(weir, weir, pools_atom)
CAF_ADD_TYPE_ID(weir, (weir::follow_run))
CAF_ADD_ATOM(weir, weir, retire_atom)
CAF_ADD_ATOM(weir, weir, reach_atom)
CAF_ADD_ATOM(weir, weir, loaded_atom)
CAF_ADD_TYPE_ID(weir, (weir::namespace_vacancy))
CAF_ADD_TYPE_ID(weir, (weir::retire_namespace))

// agents
CAF_ADD_TYPE_ID(weir, (weir::task_failed))
CAF_ADD_TYPE_ID(weir, (weir::call_buried))
CAF_ADD_TYPE_ID(weir, (weir::agent_note))
CAF_ADD_ATOM(weir, weir, store_read_next_atom)
CAF_ADD_TYPE_ID(weir, (weir::plans_changed))

CAF_END_TYPE_ID_BLOCK(weir)

namespace weir {

/// The first id that is free for agent authors' own message types.
inline constexpr caf::type_id_t first_author_type_id = caf::first_custom_type_id + 500;

} // namespace weir
