"""Servers under load: processes that one run starts on free ports of loopback and ends by their ids."""
import os
import signal
import socket
import subprocess
import time

READY_S = 30
LIMITS = ["limits.publish_per_s=1000000", "limits.burst=1000000", "limits.relay_credit=100000",
          "limits.namespaces=20000"]


class StartError(Exception):
    """A server did not get ready."""


class Process:
    """One process. What it says goes into `log`, but for stdout where that holds a line `ready <url>`."""

    def __init__(self, command, log, env=None, says_ready=True):
        self.command = command
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, stderr=log,
                                        stdout=subprocess.PIPE if says_ready else log,
                                        env={**os.environ, **(env or {})})

    def wait_for_line(self):
        """The address in its line `ready <url>`."""
        for line in self.process.stdout:
            if line.startswith("ready "):
                return line.split()[1]
        raise self.failure()

    def wait_for_port(self, port):
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise self.failure()

    def failure(self):
        return StartError(f"did not get ready: {' '.join(self.command)}")

    def pids(self):
        """Its own id and those of its children, such as nginx's workers."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            return [pid, *map(int, children.read().split())]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Server:
    """The processes that do one server's work together, and how weir_load talks to them."""

    def __init__(self, dialect):
        self.dialect = dialect
        self.urls = []
        self.processes = []

    def add(self, process):
        """For a process that must go with the server, also when what comes after it fails."""
        self.processes.append(process)
        return process

    def pids(self):
        return [pid for x in self.processes for pid in x.pids()]

    def stop(self):
        while self.processes:
            self.processes.pop().stop()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start_ready(server, command, log):
    """A server of one process that prints `ready <url>`."""
    server.urls = [server.add(Process(command, log)).wait_for_line()]


def node_command(build, data):
    settings = ["node.io_threads=1", f"node.data_dir={data}", "listen.port=0", "admin.port=0",
                "namespaces.*.durability=none", *LIMITS]
    return [f"{build}/weir", "node"] + [word for x in settings for word in ("--set", x)]


def control_command(build):
    return [f"{build}/weir_beast_control", "--threads", "1"]
