# Shared by the scripts beside this folder: where things are, and where CAF's build is cached.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

caf_version=0.18.7
caf_sha256=d5c3abe8fd67a729aab1baeece10367637d903ba335f4c79378bcadfbcd34552

say() { printf '%s\n' "weir: $*" >&2; }
die() { say "$*"; exit 1; }

# Where programs are that only tests run. tests/integration/metrics_test.cpp works out the same path.
tools_folder() { printf '%s/weir/tools\n' "${XDG_CACHE_HOME:-$HOME/.cache}"; }

# Where a CAF build for one variant ("" or "tsan") lives: outside the checkout, so that a second clone finds it.
# cmake/FindCachedCaf.cmake works out the same path.
caf_prefix() {
  local variant=${1:-}
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/weir
  printf '%s/caf-%s-gcc-%s%s\n' "$cache" "$caf_version" "$(g++ -dumpfullversion)" "${variant:+-$variant}"
}
