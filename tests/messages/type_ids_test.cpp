#include "actors/messages/type_ids.hpp"

#include "actors/messages/meta_objects.hpp"

#include <caf/type_id.hpp>
#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace weir;

namespace {

// What nodes of earlier versions understand by each number, counted from the first. Append; never change a
// line.
const char* const names[] = {
    "weir::door_atom",
    "weir::door_open_atom",
    "weir::door_close_atom",
    "weir::restart_atom",
    "weir::tick_atom",
    "weir::stop_atom",
    "weir::permit",
    "weir::refusal",
    "weir::event",
    "weir::delivery",
    "weir::publish_request",
    "weir::call_request",
    "weir::log_request",
    "weir::request",
    "weir::request_batch",
    "weir::answer",
    "weir::answer_batch",
    "weir::delivery_batch",
    "weir::log_slice",
    "weir::attach_relay",
    "weir::attached",
    "weir::subscribe_durably",
    "weir::offered_event",
    "weir::settlement",
    "weir::server_event",
    "weir::watcher",
    "weir::watch_run",
    "weir::cancel_run",
    "weir::run_delta",
    "weir::run_result",
    "weir::run_update",
    "weir::run_finished",
    "weir::agent_call",
    "weir::agent_reply",
    "weir::model_request",
    "weir::model_piece",
    "weir::model_done",
    "weir::model_failed",
    "weir::model_cancel_atom",
    "weir::model_assignment",
    "weir::model_worker_idle",
    "weir::store_batch",
    "weir::store_committed",
    "weir::store_read",
    "weir::store_answer",
    "weir::store_flush_atom",
    "weir::subscription_spec",
    "weir::session_open",
    "weir::session_opened",
    "weir::session_welcomed",
    "weir::session_detach",
    "weir::session_subscribe",
    "weir::session_unsubscribe",
    "weir::session_ack",
    "weir::session_nack",
    "weir::present_client",
    "weir::presence_request",
    "weir::presence_list",
    "weir::delivery_report",
    "weir::queue_offer",
    "weir::receipt_notice",
    "weir::taken_over",
    "weir::notice",
    "weir::notice_batch",
    "weir::admin_query",
    "weir::admin_answer",
    "weir::watch_request",
    "weir::unwatch_request",
    "weir::watcher_gone",
    "weir::drop_watcher",
    "weir::worker_delta",
    "weir::worker_result",
    "weir::run_event",
    "weir::run_event_taken",
    "weir::run_place",
    "weir::run_report",
    "weir::run_query_atom",
    "weir::wake_run",
    "weir::server_events",
    "weir::member_hello",
    "weir::member_welcome",
    "weir::member_addresses",
    "weir::host_places",
    "weir::link_receipt",
    "weir::link_resumed",
    "weir::attach_later",
    "weir::namespace_moves",
    "weir::relay_paused",
    "weir::member_leaving",
    "weir::adopt_namespace",
    "weir::claim_namespace",
    "weir::namespace_claim",
    "weir::release_namespace",
    "weir::namespace_released",
    "weir::claims_lapsed",
    "weir::claims_held",
    "weir::member_hosting",
    "weir::move_atom",
    "weir::vacate_atom",
    "weir::fit_atom",
    "weir::pool_places",
    "weir::model_receipt",
    "weir::pools_atom",
    "weir::follow_run",
    "weir::retire_atom",
    "weir::reach_atom",
};

} // namespace

TEST_CASE("a type keeps the number by which other nodes know it", "[messages]") {
  init_meta_objects();
  auto id = caf::first_custom_type_id;
  for (auto* name : names) {
    auto found = caf::query_type_name(id++);
    CHECK(std::string(found.begin(), found.end()) == name);
  }
}

TEST_CASE("the ids of agent authors begin after those of Weir", "[messages]") {
  CHECK(caf::id_block::weir_core::end == caf::id_block::weir::begin);
  CHECK(caf::id_block::weir::end <= first_author_type_id);
}
