#include "actors/auth/rights.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"
#include "actors/event/pattern.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace weir::auth {

namespace {

using nlohmann::json;

bool name_matches(std::string_view entry, std::string_view name) noexcept {
  if (entry.empty() || entry.back() != '*') return entry == name;
  entry.remove_suffix(1);
  return name.substr(0, entry.size()) == entry;
}

bool any_name(const std::vector<std::string>& entries, std::string_view name) noexcept {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const auto& entry) { return name_matches(entry, name); });
}

bool any_pattern(const std::vector<std::string>& patterns, std::string_view type) noexcept {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const auto& pattern) { return matches(pattern, type); });
}

bool reaches(run_reach reach, bool own_run) noexcept {
  return reach == run_reach::any || (reach == run_reach::own && own_run);
}

constexpr std::string_view placeholder = "{sub}";

/// Nothing where the entry would not name what its author meant: a client_id with a dot would give its owner
/// a part of another's subjects.
std::optional<std::string> fill_in(std::string entry, std::string_view client_id) {
  auto at = entry.find(placeholder);
  if (at == std::string::npos) return entry;
  if (client_id.find('.') != std::string_view::npos) return std::nullopt;
  for (; at != std::string::npos; at = entry.find(placeholder, at + client_id.size()))
    entry.replace(at, placeholder.size(), client_id);
  return entry;
}

class rights_reader {
public:
  rights_reader(const json& object, std::string_view client_id) : object_(object), client_id_(client_id) {}

  std::variant<rights, std::string> read() {
    for (auto i = object_.begin(); i != object_.end() && wrong_.empty(); ++i) read_member(i.key(), i.value());
    if (!wrong_.empty()) return wrong_;
    return std::move(out_);
  }

private:
  void read_member(const std::string& name, const json& value) {
    if (name == "publish") return read_list(name, value, out_.publish, true);
    if (name == "subscribe") return read_list(name, value, out_.subscribe, true);
    if (name == "call") return read_list(name, value, out_.call, false);
    if (name == "queue") return read_list(name, value, out_.queue, false);
    if (name == "as") return read_list(name, value, out_.as, false);
    if (name == "history") return read_flag(name, value, out_.history);
    if (name == "presence") return read_flag(name, value, out_.presence);
    if (name == "watch") return read_reach(name, value, out_.watch);
    if (name == "cancel") return read_reach(name, value, out_.cancel);
    if (name == "limits") return read_limits(value);
    if (name == "meta") return read_meta(value);
    refuse(name, "is not a right");
  }

  void refuse(const std::string& member, const std::string& why) { wrong_ = member + ": " + why; }

  void read_list(const std::string& name, const json& value, std::vector<std::string>& to, bool patterns) {
    if (!value.is_array()) return refuse(name, "is not a list");
    if (value.size() > max_rights_entries)
      return refuse(name, "has more than " + std::to_string(max_rights_entries) + " entries");
    for (const auto& entry : value) {
      if (!entry.is_string()) return refuse(name, "has an entry that is not a text");
      auto written = entry.get<std::string>();
      auto filled = fill_in(written, client_id_);
      if (!filled) continue;
      if (patterns && !check_pattern(*filled).empty()) {
        if (*filled != written) continue; // a client_id that no subject can hold
        return refuse(name, "has an entry that is not a pattern");
      }
      to.push_back(std::move(*filled));
    }
  }

  void read_flag(const std::string& name, const json& value, bool& to) {
    if (!value.is_boolean()) return refuse(name, "is not true or false");
    to = value.get<bool>();
  }

  void read_reach(const std::string& name, const json& value, run_reach& to) {
    if (value == "own") {
      to = run_reach::own;
    } else if (value == "any") {
      to = run_reach::any;
    } else {
      refuse(name, "is not \"own\" or \"any\"");
    }
  }

  template <class Number>
  void read_number(const std::string& name, const json& value, Number& to) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0
        || value.get<std::uint64_t>() > std::numeric_limits<Number>::max())
      return refuse("limits." + name, "is not a whole number from 1 on");
    to = value.get<Number>();
  }

  void read_limits(const json& value) {
    if (!value.is_object()) return refuse("limits", "is not an object");
    for (auto i = value.begin(); i != value.end() && wrong_.empty(); ++i) {
      if (i.key() == "publish_per_s") {
        read_number(i.key(), i.value(), out_.limits.publish_per_s);
      } else if (i.key() == "connections") {
        read_number(i.key(), i.value(), out_.limits.connections);
      } else if (i.key() == "model_tokens_per_min") {
        read_number(i.key(), i.value(), out_.limits.model_tokens_per_min);
      } else {
        refuse("limits." + i.key(), "is not a limit");
      }
    }
  }

  void read_meta(const json& value) {
    if (!value.is_object()) return refuse("meta", "is not an object");
    auto text = print_json(value);
    if (text.size() > max_rights_meta_bytes)
      return refuse("meta", "is longer than " + std::to_string(max_rights_meta_bytes) + " bytes");
    out_.meta = std::move(text);
  }

  const json& object_;
  std::string_view client_id_;
  rights out_;
  std::string wrong_;
};

} // namespace

rights rights::of_client() {
  rights out;
  out.publish = out.subscribe = {">"};
  out.call = out.queue = {"*"};
  out.history = out.presence = true;
  out.watch = out.cancel = run_reach::own;
  return out;
}

rights rights::unrestricted() {
  auto out = of_client();
  out.as = {"*"};
  out.watch = out.cancel = run_reach::any;
  return out;
}

bool rights::may_publish(std::string_view type) const noexcept { return any_pattern(publish, type); }

bool rights::may_subscribe(std::string_view pattern) const noexcept {
  return std::any_of(subscribe.begin(), subscribe.end(),
                     [&](const auto& right) { return covers(right, pattern); });
}

bool rights::may_see(std::string_view type) const noexcept { return any_pattern(subscribe, type); }
bool rights::may_call(std::string_view target) const noexcept { return any_name(call, target); }
bool rights::may_join(std::string_view queue_name) const noexcept { return any_name(queue, queue_name); }
bool rights::may_publish_as(std::string_view client_id) const noexcept { return any_name(as, client_id); }
bool rights::may_watch(bool own_run) const noexcept { return reaches(watch, own_run); }
bool rights::may_cancel(bool own_run) const noexcept { return reaches(cancel, own_run); }

bool covers(std::string_view wide, std::string_view narrow) noexcept {
  while (!wide.empty() && !narrow.empty()) {
    auto right = next_token(wide);
    auto wanted = next_token(narrow);
    if (right == ">") return true;
    if (wanted == ">") return false;
    if (right != "*" && right != wanted) return false;
  }
  return wide.empty() && narrow.empty();
}

std::variant<rights, std::string> parse_rights(std::string_view json_text, std::string_view client_id) {
  auto object = parse_json(json_text);
  if (!object.is_object()) return std::string{"rights are not a JSON object"};
  return rights_reader{object, client_id}.read();
}

} // namespace weir::auth
