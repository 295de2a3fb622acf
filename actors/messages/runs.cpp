#include "actors/messages/runs.hpp"

namespace weir {

const char* to_string(run_status x) noexcept {
  switch (x) {
  case run_status::complete:
    return "complete";
  case run_status::partial:
    return "partial";
  case run_status::degraded:
    return "degraded";
  case run_status::cancelled:
    return "cancelled";
  case run_status::failed:
    return "failed";
  }
  return "failed";
}

const char* to_string(agent_state_kind x) noexcept {
  switch (x) {
  case agent_state_kind::ready:
    return "ready";
  case agent_state_kind::restarting:
    return "restarting";
  case agent_state_kind::failed:
    return "failed";
  }
  return "failed";
}

const char* to_string(finish_reason x) noexcept {
  switch (x) {
  case finish_reason::none:
    return "";
  case finish_reason::stop:
    return "stop";
  case finish_reason::length:
    return "length";
  case finish_reason::content_filter:
    return "content_filter";
  case finish_reason::tool_calls:
    return "tool_calls";
  }
  return "";
}

const char* to_string(busy_policy x) noexcept {
  switch (x) {
  case busy_policy::concurrent:
    return "concurrent";
  case busy_policy::queue:
    return "queue";
  case busy_policy::replace:
    return "replace";
  case busy_policy::reject:
    return "reject";
  }
  return "concurrent";
}

} // namespace weir
