#include "benchmarks/load/generator/stamp.hpp"

#include <charconv>

namespace weir::bench {

namespace {

template <class Number>
void append_number(std::string& out, Number x) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof digits, x).ptr;
  out.append(digits, end);
}

template <class Number>
bool take_field(std::string_view& text, std::string_view before, Number& out) {
  if (!text.starts_with(before)) return false;
  text.remove_prefix(before.size());
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc{};
}

} // namespace

void append_stamp(std::string& out, const stamp& x, std::size_t bytes) {
  auto begin = out.size();
  out += R"({"by":)";
  append_number(out, x.lane);
  out += R"(,"n":)";
  append_number(out, x.number);
  out += R"(,"t":)";
  append_number(out, x.due_ns);
  constexpr std::string_view open = R"(,"x":")", shut = "\"}";
  if (auto used = out.size() - begin + open.size() + shut.size(); used <= bytes) {
    out.append(open).append(bytes - used, 'x').append(shut);
  } else {
    out += '}';
  }
}

std::optional<stamp> read_stamp(std::string_view text) {
  stamp x;
  if (take_field(text, R"({"by":)", x.lane) && take_field(text, R"(,"n":)", x.number)
      && take_field(text, R"(,"t":)", x.due_ns))
    return x;
  return std::nullopt;
}

} // namespace weir::bench
