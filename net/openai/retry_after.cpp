#include "net/openai/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

namespace weir {

using std::chrono::system_clock;

namespace {

constexpr double max_ms = 3600.0 * 1000;

/// In 2100: later ones do not fit into a clock that counts nanoseconds, and mean the same.
constexpr std::time_t last_date_s = 4'102'444'800;

// Servers send fractions too, which RFC 9110 does not know.
std::optional<double> number(std::string_view text) {
  double x = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(x) || x < 0)
    return std::nullopt;
  return x;
}

std::int64_t bounded(double ms) { return static_cast<std::int64_t>(std::ceil(std::clamp(ms, 1.0, max_ms))); }

} // namespace

std::optional<std::int64_t> retry_after_ms(const retry_headers& said, system_clock::time_point now) {
  if (auto ms = number(said.retry_after_ms)) return bounded(*ms);
  if (auto seconds = number(said.retry_after)) return bounded(*seconds * 1000);
  auto then = parse_http_date(said.retry_after);
  if (!then) return std::nullopt;
  auto wait = *then - parse_http_date(said.date).value_or(now);
  return bounded(std::chrono::duration<double, std::milli>(wait).count());
}

std::optional<system_clock::time_point> parse_http_date(const std::string& text) {
  for (auto* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
    std::tm parts{};
    auto* end = strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0')
      return system_clock::from_time_t(std::clamp(timegm(&parts), std::time_t{0}, last_date_s));
  }
  return std::nullopt;
}

} // namespace weir
