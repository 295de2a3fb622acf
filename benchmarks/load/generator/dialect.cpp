#include "benchmarks/load/generator/dialect.hpp"

#include "benchmarks/load/generator/dialects.hpp"

#include <stdexcept>

namespace weir::bench {

std::unique_ptr<dialect> make_dialect(std::string_view name, const dialect_options& options) {
  if (name == "weir") return make_weir_dialect(options);
  if (name == "plain") return make_plain_dialect();
  if (name == "nchan") return make_nchan_dialect();
  if (name == "nats") return make_nats_dialect();
  throw std::invalid_argument("unknown dialect: " + std::string{name});
}

std::string subject_of(std::uint32_t group) { return "bench." + std::to_string(group) + ".m"; }

} // namespace weir::bench
