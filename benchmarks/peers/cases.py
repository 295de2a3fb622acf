"""What is measured: each case gives, for each of its rows, the figures of one round."""
from measure import BURSTS, LoadError, figures, measure, trouble
from peers import PEERS
from servers import StartError


class Session:
    """What all cases use. `names` are the peers that take part, `running` the servers that stay up, `troubles`
    what went wrong, in words."""

    def __init__(self, args, place):
        self.args = args
        self.place = place
        self.names = []
        self.running = {}
        self.troubles = []

    def start_all(self):
        for name in self.names:
            if not PEERS[name].shares:
                self.running[name] = PEERS[name].started(self.place)

    def stop_all(self):
        while self.running:
            self.running.popitem()[1].stop()

    def server(self, name):
        return self.running[PEERS[name].shares or name]

    def load(self, case, name, server, mode, options):
        """weir_load's report, or None where there is none; a loss is noted either way."""
        try:
            report = measure(self.place.build, server, mode, [*options, *PEERS[name].options])
        except LoadError as error:
            self.troubles.append(f"{case}: {name}: {error}")
            return None
        if wrong := trouble(report):
            self.troubles.append(f"{case}: {name}: {wrong}")
        return report


class SteadyCase:
    """One publisher to all clients, on the servers that stay up."""

    def __init__(self, title, options, keys=None):
        self.title = title
        self.options = options
        self.keys = keys

    def rows(self, session):
        return session.names

    def measure(self, session, name):
        options = ["--publishers", 1, *self.options]
        report = session.load(self.title, name, session.server(name), "fanout", options)
        if not report:
            return None
        return {key: x for key, x in figures(report).items() if not self.keys or key in self.keys}


class MemoryCase:
    """Connections to a fresh process on which nothing happens."""

    def __init__(self, clients, seconds):
        self.clients = clients
        self.seconds = seconds
        self.title = f"memory at {clients:,} idle"

    def rows(self, session):
        return [x for x in session.names if not PEERS[x].shares]

    def measure(self, session, name):
        server = PEERS[name].started(session.place)
        try:
            report = session.load(self.title, name, server, "idle",
                                  ["-n", self.clients, "--publishers", 1, "--seconds", self.seconds])
        finally:
            server.stop()
        if not report:
            return None
        if report["lost_while_idle"]:
            session.troubles.append(f"{self.title}: {name}: lost {report['lost_while_idle']:,} while idle")
        return {"user KiB/connection": report["user_bytes_per_connection"] / 1024,
                "kernel KiB/connection": report["kernel_slab_bytes_per_connection"] / 1024}


class FlatnessCase:
    """A fresh server at several sizes with the same number of deliveries per second.
    @param runs by size: the mode of weir_load and its options"""

    def __init__(self, name, title, runs):
        self.name = name
        self.title = f"{name}, {title}"
        self.runs = runs

    def rows(self, session):
        return list(self.runs) if self.name in session.names else []

    def measure(self, session, size):
        mode, options = self.runs[size]
        server = PEERS[self.name].started(session.place)
        try:
            report = session.load(f"{self.title} {size}", self.name, server, mode, options)
        finally:
            server.stop()
        return figures(report) if report else None


def steady_cases(args):
    clients = ["-n", args.clients]
    if "fan-out" in args.only:
        yield SteadyCase(f"1 to {args.clients:,}, {args.rate}/s",
                         clients + ["--rate", args.rate, "--seconds", args.seconds])
    if "bursts" in args.only:
        for size, count in BURSTS.items():
            yield SteadyCase(f"burst of {size}",
                             clients + ["--burst", size, "--bursts", max(2, count // args.shrink)])


def tail_case(args, rate):
    """@param rate in events per second, a half of what the control can do"""
    return SteadyCase(f"tail at {rate * args.clients:,.0f} deliveries/s",
                      ["-n", args.clients, "--rate", rate, "--seconds", args.tail_seconds],
                      ["p50 ms", "p99 ms", "p99.9 ms", "cpu us/delivery"])


def memory_case(args):
    return MemoryCase(args.idle_clients, 3 if args.shrink == 1 else 1)


def flatness_cases(args):
    """Fan-out with fewer events the more subscribers there are; then each client publishing to itself alone: a
    quarter of the deliveries, with an event for each, and the same work however many namespaces it falls on."""
    per_s, seconds = args.flat_deliveries, ["--seconds", args.seconds]
    for name in ("control", "node"):
        yield FlatnessCase(name, "subscribers", {
            f"{n:,}": ("fanout", ["-n", n, "--publishers", 1, "--rate", per_s / n, *seconds])
            for n in args.flat_subscribers})
    n = args.namespace_clients
    patience = ["--in-progress", 32, "--connect-timeout-s", 900]  # each of them opens a namespace
    yield FlatnessCase("node", f"namespaces ({n:,} clients)", {
        f"{x:,}": ("echo", ["-n", n, "--namespaces", x, "--rate", per_s / 4, *patience, *seconds])
        for x in args.flat_namespaces})


# -- the control's most

def keeps_up(session, rate, seconds, tries=2):
    """Deliveries come as fast as events are due, and half of them at once: no queue grows. Once is enough, since
    what else the machine does can only make it worse."""
    args = session.args
    for _ in range(tries):
        report = measure(session.place.build, session.server("control"), "fanout",
                         ["-n", args.clients, "--publishers", 1, "--rate", rate, "--seconds", seconds])
        x = figures(report)
        if report["good"] and x["deliveries/s"] > 0.97 * rate * args.clients and x["p50 ms"] < 50:
            return True
    return False


def find_most(session, first=20, seconds=2, steps=5):
    """The highest rate at which the control keeps up, in events per second: doubled, then bisected."""
    low, high = 0, first
    while keeps_up(session, high, seconds):
        low, high = high, high * 2
    for _ in range(steps):
        middle = (low + high) / 2
        if keeps_up(session, middle, seconds):
            low = middle
        else:
            high = middle
    if low == 0:
        raise StartError(f"the control does not keep up with {first / 2 ** steps:.2f} events per second")
    return low
