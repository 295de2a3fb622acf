#!/usr/bin/env python3
"""Reads the include directives of the tree and fails where they go against the layers.

  check.py [ROOT]             checks, and prints one line per violation
  check.py --arrows [ROOT]    prints the arrows between folders as a Markdown table

Rules:
  arrow   a folder includes only what layers.txt allows it
  order   layers.txt itself allows arrows only to lines above
  cycle   no header includes itself through others
  asio    Asio and Beast are included only in .cpp files of net/, and in the headers that ASIO_HEADERS names; those
          are included only by .cpp files of net/ and by each other. Test doubles and benchmark peers may.
  clock   the system's wall clock is read only in the files that WALL_CLOCK_FILES names: durations and deadlines are
          measured by monotonic clocks. Tests, test doubles and benchmarks may.
"""

import os
import re
import sys
from collections import Counter

# Headers for the .cpp files of net/ only: what two of them share and cannot say without Asio.
ASIO_HEADERS = {
    "net/client/connect_race.hpp",
    "net/client/tls_client.hpp",
    "net/client_socket.hpp",
    "net/frame_writer.hpp",
    "net/gathered_write.hpp",
    "net/http/http_session.hpp",
    "net/openai/idle_connections.hpp",
    "net/openai/upstream.hpp",
    "net/pch.hpp",
    "net/tcp_socket.hpp",
    "net/ws_session.hpp",
}
# Where the wall clock is read: for time stamps, for `Date` fields, and for dates that HTTP servers name.
WALL_CLOCK_FILES = {
    "actors/core/wall_clock.cpp",
    "net/http/http_session.cpp",
    "net/openai/openai_answer.cpp",
    "net/openai/retry_after.cpp",
    "net/openai/retry_after.hpp",
}
WALL_CLOCK = re.compile(r"\bsystem_clock\b|\bgettimeofday\b|\bCLOCK_REALTIME\b|\btime\((?:nullptr|NULL|0)\)")
ROOTS = ["actors", "net", "apps", "testing", "include", "tests", "benchmarks"]
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


class Layers:
    """The list of layers: units of folders in order, and the units that each may include."""

    def __init__(self, text):
        self.units, self.allowed, self.errors = {}, {}, []
        above = []
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            names, _, may = line.partition(":")
            unit = names.split()[0]
            for name in names.split():
                self.units[name] = unit
            allowed = set()
            for name in may.split():
                if name == "*":
                    allowed |= set(above)
                elif name in self.units:
                    allowed.add(self.units[name])
                else:
                    self.errors.append(f"order: layers.txt:{number}: {unit} may include {name}, which is not above it")
            self.allowed[unit] = allowed
            above.append(unit)

    def unit(self, path):
        folder = os.path.dirname(path)
        while folder and folder not in self.units:
            folder = os.path.dirname(folder)
        return self.units.get(folder)


def read_tree(root):
    """The includes of every source file: path -> (own files, system headers)."""
    out = {}
    for top in ROOTS:
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if not name.endswith((".hpp", ".cpp")):
                    continue
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as f:
                    found = INCLUDE.findall(f.read())
                out[os.path.relpath(path, root)] = ([a for a, _ in found if a], [b for _, b in found if b])
    resolved = {}
    for path, (quoted, system) in out.items():
        own = []
        for name in quoted:
            for candidate in (name, "include/" + name, os.path.join(os.path.dirname(path), name)):
                if candidate in out:
                    own.append(candidate)
                    break
        resolved[path] = (own, quoted + system)
    return resolved


def arrows(tree, layers):
    out = Counter()
    for path, (own, _) in tree.items():
        for target in own:
            a, b = layers.unit(path), layers.unit(target)
            if a != b:
                out[(a, b)] += 1
    return out


def check_arrows(tree, layers):
    for path, (own, _) in sorted(tree.items()):
        unit = layers.unit(path)
        if unit is None:
            yield f"arrow: {path} is in a folder that layers.txt does not name"
            continue
        for target in own:
            other = layers.unit(target)
            if other != unit and other not in layers.allowed[unit]:
                yield f"arrow: {path} includes {target}: {unit} may not include {other}"


def check_cycles(tree):
    done, stack = set(), []

    def visit(path):
        if path in stack:
            yield "cycle: " + " -> ".join(stack[stack.index(path):] + [path])
            return
        if path in done:
            return
        stack.append(path)
        for target in tree[path][0]:
            yield from visit(target)
        stack.pop()
        done.add(path)

    for path in sorted(tree):
        yield from visit(path)


def check_asio(tree):
    for path, (own, system) in sorted(tree.items()):
        if path.startswith(("tests/", "benchmarks/")):
            continue
        in_net_source = path.startswith("net/") and path.endswith(".cpp")
        if in_net_source or path in ASIO_HEADERS:
            continue
        for name in system:
            if re.match(r"boost/(asio|beast)(/|\.hpp)", name):
                yield f"asio: {path} includes {name}"
        for target in own:
            if target in ASIO_HEADERS:
                yield f"asio: {path} includes {target}, which is for the .cpp files of net/"


def check_clock(root, tree):
    for path in sorted(tree):
        if path in WALL_CLOCK_FILES or path.startswith(("tests/", "benchmarks/", "testing/")):
            continue
        with open(os.path.join(root, path), encoding="utf-8") as f:
            if found := WALL_CLOCK.search(f.read()):
                yield f"clock: {path} reads the wall clock: {found.group()}"


def violations(root, text):
    layers = Layers(text)
    tree = read_tree(root)
    return [*layers.errors, *check_arrows(tree, layers), *check_cycles(tree), *check_asio(tree), *check_clock(root, tree)]


def print_arrows(root, text):
    layers = Layers(text)
    found = arrows(read_tree(root), layers)
    print("| folder | includes (number of directives) |\n| --- | --- |")
    for unit in layers.allowed:
        to = [f"{b} {n}" for (a, b), n in sorted(found.items()) if a == unit]
        if unit not in ("tests", "benchmarks"):
            print(f"| `{unit}` | {', '.join(to) or 'none'} |")


def main(args):
    here = os.path.dirname(os.path.abspath(__file__))
    show = args[:1] == ["--arrows"]
    root = (args[1:] if show else args) or [os.path.dirname(os.path.dirname(here))]
    with open(os.path.join(here, "layers.txt"), encoding="utf-8") as f:
        text = f.read()
    if show:
        return print_arrows(root[0], text)
    found = violations(root[0], text)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
