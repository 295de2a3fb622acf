#include "net/wire/field_reader.hpp"

#include "actors/core/utf8.hpp"
#include "actors/event/pattern.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir::wire {

namespace {

constexpr std::size_t max_name_bytes = 64;
constexpr std::size_t max_namespace_bytes = 63;

bool is_lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_token_char(char c) noexcept {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

bool is_name_char(char c) noexcept { return is_token_char(c) || c == '.' || c == ':'; }

bool is_target(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_name_bytes
         && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_namespace(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_namespace_bytes && is_lower_or_digit(text.front())
         && std::all_of(text.begin(), text.end(),
                        [](char c) { return is_lower_or_digit(c) || c == '_' || c == '-'; });
}

std::string quoted(std::initializer_list<std::string_view> words) {
  std::string out;
  for (auto word : words) {
    if (!out.empty()) out += " or ";
    out += '`';
    out += word;
    out += '`';
  }
  return out;
}

/// @param key of any length: a client's.
std::string twice(std::string_view key) {
  return std::string{key.substr(0, utf8::whole_prefix(key.substr(0, max_name_bytes)))} + ": is there twice";
}

} // namespace

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_name_bytes
         && std::all_of(text.begin(), text.end(), is_name_char);
}

bool is_event_id(std::string_view text) noexcept {
  auto slash = text.find('/');
  return slash != std::string_view::npos && is_name(text.substr(0, slash)) && is_name(text.substr(slash + 1));
}

field_reader::field_reader(const nlohmann::json& object, std::string_view text)
  : object_(object), members_(json_members(text)) {
  if (members_.size() == object_.size()) return;
  for (std::size_t i = 1; i < members_.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (members_[i].key == members_[j].key) refuse(refusal::bad_field(twice(members_[i].key)));
}

std::string field_reader::text_of(const char* field) const {
  for (auto& x : members_)
    if (x.key == field) return std::string{x.value};
  return {};
}

bool field_reader::has(const char* field) const { return object_.contains(field); }

const nlohmann::json* field_reader::find(const char* field) const {
  auto i = object_.find(field);
  return i == object_.end() ? nullptr : &*i;
}

const std::string* field_reader::string(const char* field) {
  auto* value = find(field);
  if (value == nullptr) return wrong(field, "is missing"), nullptr;
  if (!value->is_string()) return wrong(field, "must be a string"), nullptr;
  return &value->get_ref<const std::string&>();
}

std::string field_reader::name(const char* field) {
  auto* text = string(field);
  if (text == nullptr) return {};
  if (!is_name(*text)) wrong(field, "must be 1 to 64 of A-Z a-z 0-9 _ . : -");
  return *text;
}

std::string field_reader::optional_name(const char* field) {
  return has(field) ? name(field) : std::string{};
}

std::string field_reader::label(const char* field) {
  auto* text = string(field);
  if (text == nullptr) return {};
  if (text->empty() || text->size() > max_name_bytes) wrong(field, "must be 1 to 64 bytes long");
  return *text;
}

std::string field_reader::ns(const char* field) {
  auto* text = string(field);
  if (text == nullptr) return {};
  if (!is_namespace(*text)) wrong(field, "must be 1 to 63 of a-z 0-9 _ -, beginning with a letter or digit");
  return *text;
}

std::string field_reader::target(const char* field) {
  auto* text = string(field);
  if (text == nullptr) return {};
  if (!is_target(*text)) wrong(field, "must be 1 to 64 of A-Z a-z 0-9 _ -");
  return *text;
}

std::string field_reader::optional_target(const char* field) {
  return has(field) ? target(field) : std::string{};
}

std::string field_reader::event_id(const char* field) {
  auto* text = string(field);
  if (text == nullptr) return {};
  if (!is_event_id(*text)) wrong(field, "must be a client_id and a message_id, joined by /");
  return *text;
}

std::string field_reader::optional_event_id(const char* field) {
  return has(field) ? event_id(field) : std::string{};
}

std::string field_reader::text(const char* field, std::size_t max_bytes) {
  auto* value = string(field);
  if (value == nullptr) return {};
  if (value->size() > max_bytes) wrong(field, "must be at most " + std::to_string(max_bytes) + " bytes long");
  return *value;
}

std::string field_reader::optional_text(const char* field, std::size_t max_bytes) {
  return has(field) ? text(field, max_bytes) : std::string{};
}

std::string field_reader::type(const char* field) {
  auto* text = string(field);
  if (text == nullptr) return {};
  if (auto what = check_type(*text); !what.empty()) wrong(field, what);
  return *text;
}

std::string field_reader::pattern(const char* field) {
  auto* text = string(field);
  if (text == nullptr) return {};
  if (auto what = check_pattern(*text); !what.empty()) wrong(field, what);
  return *text;
}

std::string field_reader::any(const char* field) {
  auto* value = find(field);
  if (value == nullptr) return wrong(field, "is missing"), std::string{};
  return text_of(field);
}

std::string field_reader::optional_object(const char* field) {
  auto* value = find(field);
  if (value == nullptr) return "{}";
  if (!value->is_object()) return wrong(field, "must be an object"), std::string{};
  return text_of(field);
}

bool field_reader::flag(const char* field, bool otherwise) {
  auto* value = find(field);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) return wrong(field, "must be true or false"), otherwise;
  return value->get<bool>();
}

std::int64_t field_reader::number(const char* field, std::int64_t min, std::int64_t max,
                                  std::int64_t otherwise) {
  auto* value = find(field);
  if (value == nullptr) return otherwise;
  auto fits = value->is_number_unsigned() ? value->get<std::uint64_t>() <= static_cast<std::uint64_t>(max)
                                          : value->is_number_integer();
  if (fits)
    if (auto x = value->get<std::int64_t>(); x >= min && x <= max) return x;
  wrong(field, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return otherwise;
}

std::optional<std::uint64_t> field_reader::optional_seq(const char* field, std::int64_t min) {
  if (!has(field)) return std::nullopt;
  return static_cast<std::uint64_t>(number(field, min, max_seq, min));
}

std::optional<std::uint64_t> field_reader::seq_or(const char* field, std::string_view word) {
  auto* value = find(field);
  if (value == nullptr || (value->is_string() && value->get_ref<const std::string&>() == word))
    return std::nullopt;
  if (value->is_number()) return optional_seq(field, 1);
  wrong(field, "must be " + quoted({word}) + " or a seq");
  return std::nullopt;
}

std::optional<std::size_t> field_reader::choice(const char* field,
                                                std::initializer_list<std::string_view> words) {
  if (!has(field)) return std::nullopt;
  auto* text = string(field);
  if (text == nullptr) return std::nullopt;
  auto word = std::find(words.begin(), words.end(), *text);
  if (word != words.end()) return static_cast<std::size_t>(word - words.begin());
  wrong(field, "must be " + quoted(words));
  return std::nullopt;
}

void field_reader::refuse(refusal no) {
  if (!error_.refused()) error_ = std::move(no);
}

void field_reader::wrong(const char* field, std::string_view what) {
  refuse(refusal::bad_field(std::string{field} + ": " + std::string{what}));
}

} // namespace weir::wire
