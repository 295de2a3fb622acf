#include "net/http/metrics_text.hpp"

#include "actors/core/utf8.hpp"

#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/histogram.hpp>
#include <caf/telemetry/metric.hpp>
#include <caf/telemetry/metric_family.hpp>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <variant>
#include <vector>

namespace weir {

namespace {

using namespace caf::telemetry;

enum class kind : std::uint8_t { counter, gauge, histogram };

using figure = std::variant<std::int64_t, double>;

struct bucket {
  figure upper_bound;
  std::int64_t count;
};

/// A metric's values at one moment. Families and labels live as long as the registry.
struct sample {
  const metric_family* family;
  const metric* labels;
  kind what;
  figure value; // of a histogram: the sum
  std::vector<bucket> buckets;
};

struct collector {
  std::vector<sample> samples;

  template <class T>
  void operator()(const metric_family* family, const metric* x, const counter<T>* value) {
    samples.push_back({family, x, kind::counter, value->value(), {}});
  }

  void operator()(const metric_family* family, const metric* x, const int_gauge* value) {
    samples.push_back({family, x, kind::gauge, value->value(), {}});
  }

  void operator()(const metric_family* family, const metric* x, const dbl_gauge* value) {
    samples.push_back({family, x, kind::gauge, value->value(), {}});
  }

  template <class T>
  void operator()(const metric_family* family, const metric* x, const histogram<T>* value) {
    sample out{family, x, kind::histogram, value->sum(), {}};
    for (auto& y : value->buckets()) out.buckets.push_back({y.upper_bound, y.count.value()});
    samples.push_back(std::move(out));
  }
};

void append(std::string& out, double x) {
  if (std::isnan(x)) {
    out += "NaN";
  } else if (std::isinf(x)) {
    out += x > 0 ? "+Inf" : "-Inf";
  } else {
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, x).ptr);
  }
}

void append(std::string& out, std::int64_t x) { out += std::to_string(x); }

void append(std::string& out, const figure& x) {
  std::visit([&out](auto y) { append(out, y); }, x);
}

std::string in_format(std::string_view name) {
  std::string out{name};
  for (auto& c : out)
    if (c == '.' || c == '-') c = '_';
  return out;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string name_of(const metric_family& x, kind what) {
  auto out = in_format(x.prefix()) + '_' + in_format(x.name());
  if (auto unit = in_format(x.unit()); unit != "1" && !ends_with(out, '_' + unit)) out += '_' + unit;
  if (what == kind::counter && !ends_with(out, "_total")) out += "_total"; // and nothing else has that
  return out;
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  while (!text.empty()) {
    auto bytes = utf8::well_formed_bytes(text);
    if (bytes == 0) {
      out += "\xef\xbf\xbd";
      bytes = 1;
    } else if (text[0] == '\n') {
      out += "\\n";
    } else {
      if (text[0] == '\\' || (quotes && text[0] == '"')) out += '\\';
      out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
}

void append_labels(std::string& out, const metric& x, const figure* upper_bound) {
  if (x.labels().empty() && upper_bound == nullptr) return;
  out += '{';
  for (auto& label : x.labels()) {
    out += in_format({label.name().data(), label.name().size()}) + "=\"";
    append_escaped(out, {label.value().data(), label.value().size()}, true);
    out += "\",";
  }
  if (upper_bound != nullptr) {
    out += "le=\"";
    auto* whole = std::get_if<std::int64_t>(upper_bound);
    if (whole != nullptr && *whole == std::numeric_limits<std::int64_t>::max())
      out += "+Inf";
    else
      append(out, *upper_bound);
    out += "\",";
  }
  out.back() = '}';
}

void append_sample(std::string& out, const std::string& name, const char* suffix, const sample& x,
                   const figure& value, const figure* upper_bound = nullptr) {
  out += name;
  out += suffix;
  append_labels(out, *x.labels, upper_bound);
  out += ' ';
  append(out, value);
  out += '\n';
}

void append_histogram(std::string& out, const std::string& name, const sample& x) {
  std::int64_t count = 0;
  for (auto& b : x.buckets) {
    count += b.count;
    append_sample(out, name, "_bucket", x, count, &b.upper_bound);
  }
  append_sample(out, name, "_sum", x, x.value);
  append_sample(out, name, "_count", x, count);
}

void append_heading(std::string& out, const std::string& name, const sample& x) {
  constexpr const char* types[] = {"counter", "gauge", "histogram"};
  out += "# HELP " + name + ' ';
  append_escaped(out, x.family->helptext(), false);
  out += "\n# TYPE " + name + ' ' + types[static_cast<std::size_t>(x.what)] + '\n';
}

} // namespace

std::string metrics_text(const metric_registry& registry) {
  collector got;
  registry.collect(got);
  std::string out, name;
  const metric_family* family = nullptr;
  for (auto& x : got.samples) {
    if (x.family != family) {
      family = x.family;
      name = name_of(*family, x.what);
      append_heading(out, name, x);
    }
    if (x.what == kind::histogram)
      append_histogram(out, name, x);
    else
      append_sample(out, name, "", x, x.value);
  }
  return out;
}

} // namespace weir
