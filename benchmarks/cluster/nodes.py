"""Nodes of one cluster with all roles, over one Redis: processes that a run starts on free ports and ends by their
ids."""
import json
import os
import secrets
import subprocess
import time
import urllib.request

from servers import LIMITS, Process, StartError, free_port


class Redis:
    """A redis-server of the run's own, which keeps what a kill of itself would not lose."""

    def __init__(self, folder, log):
        self.port = free_port()
        os.makedirs(f"{folder}/redis", exist_ok=True)
        self.process = Process(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir",
                                f"{folder}/redis", "--save", "", "--appendonly", "yes", "--maxmemory-policy",
                                "noeviction"], log, says_ready=False)
        self.process.wait_for_port(self.port)

    @property
    def settings(self):
        return ["store.kind=redis", f"store.url=redis://127.0.0.1:{self.port}"]

    def stop(self):
        self.process.stop()


class Node:
    """One node. Started again it has the same name and ports."""

    def __init__(self, build, folder, log, name, seeds, secret, settings):
        self.name, self.log, self.env = name, log, {"WEIR_SESSION_SECRET": secret}
        self.port, self.admin, self.cluster = free_port(), free_port(), free_port()
        every = [f'node.name="{name}"', f"node.data_dir={folder}/{name}", "node.io_threads=1",
                 f"listen.port={self.port}", f"admin.port={self.admin}", f"cluster.listen=127.0.0.1:{self.cluster}",
                 f"cluster.seeds={json.dumps(seeds)}", *LIMITS, *settings]
        self.command = [f"{build}/weir", "node", *(word for x in every for word in ("--set", x))]
        self.start()

    def start(self):
        self.process = Process(self.command, self.log, self.env)
        self.process.wait_for_line()

    @property
    def pid(self):
        return self.process.process.pid

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}"

    @property
    def address(self):
        return f"127.0.0.1:{self.cluster}"

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=10) as reply:
            return reply.read().decode()

    def rss_kib(self):
        with open(f"/proc/{self.pid}/status") as status:
            return int(next(x for x in status if x.startswith("VmRSS")).split()[1])

    def cpu_s(self):
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self):
        self.process.process.kill()
        self.process.process.wait()


class Cluster:
    """@param roles for each node, by name"""

    def __init__(self, build, folder, log, roles, settings=()):
        self.redis = Redis(folder, log)
        self.secret = secrets.token_hex(32)
        self.nodes = {}
        try:
            for name, which in roles.items():
                seeds = [x.address for x in self.nodes.values()]
                self.nodes[name] = Node(build, folder, log, name, seeds, self.secret,
                                        [f"node.roles={json.dumps(which)}", *self.redis.settings, *settings])
            self.wait_for_members(len(roles))
        except BaseException:
            self.stop()
            raise

    def wait_for_members(self, count):
        until = time.monotonic() + 20
        while any(len(json.loads(x.get("/v1/admin/nodes"))) != count for x in self.nodes.values()):
            if time.monotonic() > until:
                raise StartError("the nodes do not find each other")
            time.sleep(0.05)

    def owner_of(self, namespace, alive=None):
        """Opens it, and says which of the nodes that are alive has it."""
        first = next(iter(alive or self.nodes.values()))
        subprocess.run([first.command[0], "publish", "--url", first.url, "--namespace", namespace, "t", "1"],
                       stdout=subprocess.DEVNULL, check=True)
        report = json.loads(first.get("/v1/admin/nodes"))
        return self.nodes[next(x["name"] for x in report if x["namespaces"])]

    def stop(self):
        for x in self.nodes.values():
            x.kill()
        self.redis.stop()


def link_bytes(ports):
    """What has been sent so far over the connections of which one end is at one of these ports of loopback, both
    ways, as the kernel counts it: acknowledged payload of each socket once."""
    out = subprocess.run(["ss", "-tinH", "state", "established"], stdout=subprocess.PIPE, text=True, check=True).stdout
    total, ours = 0, False
    for line in out.splitlines():
        if not line.startswith(("\t", " ")):
            ours = any(x.rsplit(":", 1)[-1] in ports for x in line.split()[2:4])
        elif ours:
            total += sum(int(x.split(":")[1]) for x in line.split() if x.startswith("bytes_acked:"))
    return total
