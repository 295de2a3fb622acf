"""What one stranger can do, each from 127.0.0.1 at full speed. An attack is called with the node's ports and how
long it may take; what it holds open stays so until it returns, as its sockets would."""
import json
import os
import socket
import threading
import time

from ws import PING, Client, connect, frame


def until(seconds):
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def drop_errors(call, *args):
    try:
        return call(*args)
    except OSError:
        return None


def empty_pings(node, seconds):
    """One socket sends empty pings."""
    client = Client(node.port)
    client.hello("noisy", "pinger")
    client.socket.settimeout(1)
    going, bytes_ = until(seconds), PING * 10_000
    while going():
        drop_errors(client.socket.send, bytes_)


def fragments(node, seconds):
    """One socket sends a message in empty parts that does not end."""
    client = Client(node.port)
    client.hello("noisy", "parts")
    client.socket.settimeout(1)
    going = until(seconds)
    client.socket.sendall(b"\x01\x80\0\0\0\0")
    while going():
        drop_errors(client.socket.send, b"\x00\x80\0\0\0\0" * 10_000)


def publishes(node, seconds):
    """Eight sockets send small events as fast as they can, and read nothing."""
    clients = [Client(node.port, receive_buffer=4096) for _ in range(8)]
    for i, x in enumerate(clients):
        x.hello("noisy", f"p{i}")
        x.socket.setblocking(False)
    going, n = until(seconds), 0
    while going():
        for x in clients:
            n += 1
            part = b"".join(frame(b'{"op":"publish","type":"a","message_id":"m%d.%d","data":1}' % (n, j))
                            for j in range(100))
            drop_errors(x.socket.send, part)


def presence(node, seconds):
    """A hundred sockets with as large a `meta` as is taken ask four hundred times who is there, and read nothing."""
    clients = []
    for i in range(100):
        x = Client(node.port, receive_buffer=4096)
        if x.hello("crowd", f"c{i}", meta={"x": "m" * 60_000})["op"] != "welcome":
            x = Client(node.port, receive_buffer=4096)
            x.hello("crowd", f"c{i}", meta={"x": "m" * 4000})
        clients.append(x)
    ask = b"".join(frame(b'{"op":"presence","id":"p%d","limit":1000}' % i) for i in range(400))
    for x in clients:
        x.socket.setblocking(False)
        drop_errors(x.socket.send, ask)
    time.sleep(seconds)


def names(node, seconds):
    """A hello with a new namespace each time, then gone."""
    going, n = until(seconds), 0
    while going():
        n += 1
        x = drop_errors(Client, node.port)
        if x is not None:
            drop_errors(x.hello, f"n{os.getpid()}-{n}", "stranger")
            x.close()


def full_namespaces(node, seconds):
    """Sixty namespaces are filled with events of 60 KB, one after the other."""
    going, data = until(seconds), "x" * 60_000
    for i in range(60):
        if not going():
            return
        x = Client(node.port)
        x.hello(f"full{i}", "filler")
        for n in range(300):
            x.send(op="publish", type="a", message_id=f"m{n}", data=data)
            if drop_errors(x.receive_op, "ok", "error") is None:
                break
        x.close()


def history(node, seconds):
    """Three hundred sockets ask for much history eight times each, and read nothing."""
    x = Client(node.port)
    x.hello("past", "writer")
    for n in range(200):
        x.send(op="publish", type="a", message_id=f"m{os.getpid()}.{n}", data="x" * 60_000)
        x.receive_op("ok", "error")
    clients = []
    for i in range(300):
        y = Client(node.port, receive_buffer=4096)
        y.hello("past", f"r{i}")
        y.socket.setblocking(False)
        drop_errors(y.socket.send, b"".join(frame(json.dumps(
            {"op": "history", "id": f"h{n}", "limit": 1000}).encode()) for n in range(8)))
        clients.append(y)
    time.sleep(seconds)


def half_open(node, seconds):
    """Three thousand sockets say half a request, and come again when they are closed."""
    going, held = until(seconds), []
    while going():
        x = drop_errors(connect, node.port)
        if x is not None:
            drop_errors(x.send, b"GET /v1/ws HTTP/1.1\r\n")
            held.append(x)
        for old in held[:-3000]:
            old.close()
        held = held[-3000:]


def idle_plain(node, seconds):
    """Four hundred sockets ask for /healthz and keep the connection."""
    held = []
    for _ in range(400):
        x = connect(node.port)
        x.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        drop_errors(x.recv, 4096)
        held.append(x)
    time.sleep(seconds)


def cluster_lengths(node, seconds):
    """Twenty sockets at `cluster.listen` announce messages of 4 GiB; twenty say nothing."""
    if node.cluster_port is None:
        return
    held = [socket.create_connection(("127.0.0.1", node.cluster_port), 10) for _ in range(40)]
    for x in held[:20]:
        drop_errors(x.sendall, b"\1\0\0\0\xff\xff\xff\xff" + b"\0" * 24)
    time.sleep(seconds)


ALL = [empty_pings, fragments, publishes, presence, names, full_namespaces, history, half_open, idle_plain,
       cluster_lengths]


def run(attack, node, seconds):
    """Several strangers of one address at once would only take each other's share: one thread does."""
    failed = []

    def body():
        try:
            attack(node, seconds)
        except OSError as error:  # it was cut: that is an answer, too
            failed.append(str(error))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    return failed
