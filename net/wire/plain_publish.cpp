#include "net/wire/plain_publish.hpp"

#include "actors/event/pattern.hpp"
#include "net/wire/decode.hpp"
#include "net/wire/field_reader.hpp"
#include "net/wire/plain_json.hpp"

namespace weir::wire {

namespace {

/// The fields that have been read, as bits.
namespace field {
constexpr unsigned op = 1, type = 2, message_id = 4, data = 8, to = 16, prev_event_id = 32, ephemeral = 64;
constexpr unsigned needed = op | type | message_id | data;
} // namespace field

/// Copies a string that `is_good` to where it belongs.
template <class Check>
bool read_text(plain_json& in, std::string& out, Check is_good) {
  auto text = in.string();
  if (!text || !is_good(*text)) return false;
  out = *text;
  return true;
}

bool is_client_type(std::string_view text) { return check_type(text).empty() && !is_server_type(text); }

/// Reads a field's value. Gives its bit, or 0 when it is for `decode`.
unsigned read_field(std::string_view name, plain_json& in, publish& out) {
  if (name == "op") return in.string() == std::string_view{"publish"} ? field::op : 0;
  if (name == "type") return read_text(in, out.type, is_client_type) ? field::type : 0;
  if (name == "message_id") return read_text(in, out.message_id, is_name) ? field::message_id : 0;
  if (name == "data") {
    auto data = in.value(max_depth - 1);
    if (data) out.data = *data;
    return data ? field::data : 0;
  }
  if (name == "to") return read_text(in, out.to, is_name) ? field::to : 0;
  if (name == "prev_event_id")
    return read_text(in, out.prev_event_id, is_event_id) ? field::prev_event_id : 0;
  if (name != "ephemeral") return 0;
  auto flag = in.boolean();
  out.ephemeral = flag.value_or(false);
  return flag ? field::ephemeral : 0;
}

} // namespace

std::optional<publish> read_plain_publish(std::string_view text) {
  plain_json in{text};
  if (!in.skip('{')) return std::nullopt;
  publish out;
  unsigned seen = 0;
  do {
    auto name = in.string();
    if (!name || !in.skip(':')) return std::nullopt;
    auto bit = read_field(*name, in, out);
    if (bit == 0 || (seen & bit) != 0) return std::nullopt;
    seen |= bit;
  } while (in.skip(','));
  if (!in.skip('}') || !in.at_end() || (seen & field::needed) != field::needed) return std::nullopt;
  return out;
}

} // namespace weir::wire
