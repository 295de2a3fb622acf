#!/usr/bin/env bash
# tests/package/run.sh BUILD SOURCE COMPILER: what an author does with an installed Weir. Installs the build,
# moves it elsewhere, builds the examples and the README's agent against it and nothing else of ours, runs their
# tests, and calls their agents in the installed node.
set -euo pipefail
build=$1 source=$2 compiler=$3

work=$(mktemp -d)
node=
end_node() { [ -z "$node" ] || { kill "$node" && wait "$node" || true; } 2>/dev/null; node=; }
trap 'end_node; rm -rf "$work"' EXIT
say() { printf '\n== %s\n' "$*"; }
fail() { say "$*"; exit 1; }
expect() { [ "$1" = "$2" ] || fail "got $1, not $2"; }

# Neither the CAF of the build's cache nor anything else of this machine's user is to be found.
export HOME=$work/home XDG_CACHE_HOME=$work/home/cache
unset LD_LIBRARY_PATH CMAKE_PREFIX_PATH
mkdir -p "$HOME"
prefix=$work/prefix

say install
cmake --install "$build" --prefix "$work/first" >"$work/log" || { cat "$work/log"; fail "it does not install"; }
mv "$work/first" "$prefix"
"$prefix/bin/weir" --version

# build_in FOLDER: configures, builds and tests it.
build_in() {
  cmake -S "$1" -B "$1/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_BUILD_TYPE=Release
  cmake --build "$1/build"
  ctest --test-dir "$1/build" --output-on-failure
}

# start_node FOLDER: the installed node with that folder's configuration, on free ports; leaves its address in $url.
start_node() {
  "$prefix/bin/weir" node --config "$1/weir.json" --set listen.port=0 --set admin.port=0 \
    --set node.data_dir="$1/data" >"$1/out" 2>"$1/node.log" &
  node=$!
  url=
  for _ in $(seq 300); do
    url=$(sed -n 's/^ready //p' "$1/out")
    [ -z "$url" ] || return 0
    kill -0 "$node" 2>/dev/null || break
    sleep 0.1
  done
  cat "$1/node.log"
  fail "the node does not get ready"
}

# output_of CALL…: what the call's result says.
output_of() { "$prefix/bin/weir" call --url "$url" "$@" | sed -n 's/.*"output":\({[^}]*}\).*/\1/p'; }

say "the example word_count"
cp -r "$source/apps/examples/word_count" "$work/word_count"
build_in "$work/word_count"
if readelf -d "$work/word_count/build/word_count.so" | grep -E 'NEEDED.*(caf|weir)'; then
  fail "a plugin brings a second copy of what the node has"
fi
if ninja -C "$work/word_count/build" -t deps | grep -E '/caf/|/boost/'; then
  fail "an author's header brings in more than an author needs"
fi
start_node "$work/word_count"
"$prefix/bin/weir" publish --url "$url" say.hall 'one two three' >/dev/null
for _ in $(seq 100); do
  got=$(output_of words '{"room":"hall"}' | sed 's/"comment":"[^"]*",//')
  [ "$got" != '{"room":"hall","words":3}' ] || break
  sleep 0.1
done
expect "$got" '{"room":"hall","words":3}'
end_node

say "the README's agent"
mkdir "$work/greeter"
awk -v to="$work/greeter" '
  /^<!-- file: / { file = to "/" $3; next }
  /^```/ && file != "" { if (inside) { inside = 0; file = "" } else inside = 1; next }
  inside { print > file }' "$source/README.md"
build_in "$work/greeter"
start_node "$work/greeter"
expect "$(output_of greeter '"Ann"')" '{"text":"Hello Ann, for the first time"}'
expect "$(output_of greeter '"Ann"')" '{"text":"Hello again, Ann: 2 times now"}'
end_node
lines=$(cat "$work"/greeter/{greeter.cpp,greeter_test.cpp,CMakeLists.txt,weir.json} | wc -l)
grep -q "$lines lines in all" "$source/README.md" || fail "the README does not say that it takes $lines lines in all"
[ "$lines" -lt 60 ] || fail "the README's agent takes $lines lines"

say "a node of one's own, which opens plugins too"
mkdir "$work/shout"
cp "$source/apps/examples/shout.cpp" "$work/shout"
cat >"$work/shout/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(shout LANGUAGES CXX)
find_package(weir REQUIRED)
enable_testing()
add_executable(shout shout.cpp)
target_link_libraries(shout PRIVATE weir::app)
add_test(NAME version COMMAND shout --version)
EOF
build_in "$work/shout"
"$work/shout/build/shout" config --config "$work/word_count/weir.json" --set agents.s.kind=shout >/dev/null
say "all is well"
