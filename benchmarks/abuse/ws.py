"""A WebSocket client that does only what it is told, also what no client should. RFC 6455."""
import base64
import json
import os
import socket
import struct


def connect(port, source="127.0.0.1", receive_buffer=0):
    out = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer:
        out.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    out.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    out.bind((source, 0))
    out.settimeout(10)
    out.connect(("127.0.0.1", port))
    return out


def frame(payload, opcode=1):
    """Masked with zeros, which the protocol allows."""
    size = len(payload)
    head = bytes([0x80 | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += bytes([0x80 | 126]) + struct.pack(">H", size)
    else:
        head += bytes([0x80 | 127]) + struct.pack(">Q", size)
    return head + b"\0\0\0\0" + payload


PING = frame(b"", 9)


class Client:
    def __init__(self, port, source="127.0.0.1", receive_buffer=0):
        self.socket = connect(port, source, receive_buffer)
        self.rest = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                             f"Sec-WebSocket-Protocol: weir.v1\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.rest:
            self.fill()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.split(b"\r\n")[0].decode())

    def fill(self):
        got = self.socket.recv(65536)
        if not got:
            raise ConnectionError("closed")
        self.rest += got

    def take(self, size):
        while len(self.rest) < size:
            self.fill()
        out, self.rest = self.rest[:size], self.rest[size:]
        return out

    def receive(self):
        """The next text frame, as JSON."""
        while True:
            head = self.take(2)
            size = head[1] & 0x7f
            if size == 126:
                size = struct.unpack(">H", self.take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self.take(8))[0]
            payload = self.take(size)
            opcode = head[0] & 0xf
            if opcode == 9:
                self.socket.sendall(frame(payload, 10))
            if opcode == 8:
                raise ConnectionError("closed")
            if opcode == 1:
                return json.loads(payload)

    def receive_op(self, *ops):
        while True:
            got = self.receive()
            if got["op"] in ops:
                return got

    def send(self, **what):
        self.socket.sendall(frame(json.dumps(what).encode()))

    def hello(self, ns, client_id, **more):
        self.send(op="hello", namespace=ns, client_id=client_id, **more)
        return self.receive_op("welcome", "error")

    def close(self):
        self.socket.close()
