#!/usr/bin/env python3
"""Each rule of check.py fails on a tree that breaks it, and on no other."""

import os
import tempfile
import unittest

import check

LAYERS = "actors/core:\nactors/event: actors/core\nnet net/http: actors/core actors/event\ntests: *\n"
GOOD = {
    "actors/core/clock.hpp": "#pragma once\n",
    "actors/event/event.hpp": '#include "actors/core/clock.hpp"\n',
    "net/tcp_socket.hpp": "#include <boost/asio/ip/tcp.hpp>\n",
    "net/gateway.cpp": '#include "actors/event/event.hpp"\n#include "net/tcp_socket.hpp"\n',
    "net/http/session.hpp": "// no boost here\n",
    "tests/support/fake.hpp": "#include <boost/beast.hpp>\n",
}


def found(files, layers=LAYERS):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**GOOD, **files}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                f.write(text)
        return check.violations(root, layers)


class Rules(unittest.TestCase):
    def expect(self, rule, files, layers=LAYERS):
        lines = found(files, layers)
        self.assertEqual([rule], sorted({line.split(":")[0] for line in lines}), lines)

    def test_a_good_tree_has_no_violation(self):
        self.assertEqual([], found({}))

    def test_an_arrow_against_the_order_fails(self):
        self.expect("arrow", {"actors/core/clock.cpp": '#include "actors/event/event.hpp"\n'})

    def test_an_include_of_the_tests_fails(self):
        self.expect("arrow", {"net/gateway.cpp": '#include "tests/support/fake.hpp"\n'})

    def test_an_indented_include_counts(self):
        self.expect("arrow", {"actors/core/clock.cpp": '#if 1\n#  include "actors/event/event.hpp"\n#endif\n'})

    def test_a_folder_without_a_layer_fails(self):
        self.expect("arrow", {"actors/new/thing.hpp": "#pragma once\n"})

    def test_a_list_that_allows_an_arrow_down_fails(self):
        self.expect("order", {}, LAYERS.replace("actors/core:", "actors/core: actors/event"))

    def test_headers_that_include_each_other_fail(self):
        self.expect("cycle", {"actors/core/clock.hpp": '#include "actors/core/time.hpp"\n',
                              "actors/core/time.hpp": '#include "actors/core/clock.hpp"\n'})

    def test_asio_under_actors_fails(self):
        self.expect("asio", {"actors/core/clock.cpp": "#include <boost/asio/io_context.hpp>\n"})

    def test_beast_in_a_header_of_net_fails(self):
        self.expect("asio", {"net/http/session.hpp": "#include <boost/beast/http.hpp>\n"})

    def test_a_header_that_reaches_asio_through_another_fails(self):
        self.expect("asio", {"net/http/session.hpp": '#include "net/tcp_socket.hpp"\n'})

    def test_a_wall_clock_that_is_not_for_time_stamps_fails(self):
        for text in ("std::chrono::system_clock::now()", "time(nullptr)", "clock_gettime(CLOCK_REALTIME, &x)"):
            self.expect("clock", {"net/gateway.cpp": text + ";\n"})
        self.assertEqual([], found({"actors/core/wall_clock.cpp": "system_clock::now();\n",
                                    "tests/support/fake.hpp": "system_clock::now();\n"}))


if __name__ == "__main__":
    unittest.main()
