#!/usr/bin/env python3
"""An agent of Weir in Python: answers each call word by word, in capitals. Needs nothing but Python 3.9.

    external_agent.py [HOST] [PORT] [NAMESPACE] [AGENT]

The node's configuration names it: {"agents":{"shouter":{"kind":"external"}}}. Run as many as you like: each
call goes to one of them, and to another one if that goes away before it has acknowledged it.
"""
import asyncio, base64, json, os, sys


class WebSocket:
    """What of RFC 6455 a client of Weir needs: text frames, ping and pong, close."""

    async def connect(self, host, port, path, protocol):
        self.reader, self.writer = await asyncio.open_connection(host, port)
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write((f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
                           f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                           f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n").encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head.split(b"\r\n")[0].decode())

    def write(self, opcode, payload):
        size, mask = len(payload), os.urandom(4)
        length = (bytes([0x80 | size]) if size < 126 else
                  bytes([0xFE]) + size.to_bytes(2, "big") if size < 65536 else
                  bytes([0xFF]) + size.to_bytes(8, "big"))
        masked = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))
        self.writer.write(bytes([0x80 | opcode]) + length + mask + masked)

    def send(self, frame):
        self.write(1, json.dumps(frame).encode())

    async def receive(self):
        text = b""
        while True:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            payload = await self.reader.readexactly(size)
            opcode = first & 0x0F
            if opcode == 8:
                raise ConnectionError("closed by the node: " + payload[2:].decode())
            if opcode == 9:
                self.write(10, payload)
            elif opcode != 10:
                text += payload
                if first & 0x80:
                    return json.loads(text)


class Worker:
    def __init__(self, agent, answer):
        self.agent, self.answer = agent, answer
        self.runs = {}  # run_id → the task that answers it
        self.asked = {}  # run_id → who waits for `ok` or `error`

    async def run(self, host, port, namespace):
        self.socket = WebSocket()
        await self.socket.connect(host, port, "/v1/ws", "weir.v1")
        name = f"{self.agent}-{os.getpid()}"
        self.socket.send({"op": "hello", "namespace": namespace, "client_id": name})
        self.socket.send({"op": "subscribe", "id": "calls", "pattern": f"sys.call.{self.agent}",
                          "queue": self.agent, "ack": True})
        self.socket.send({"op": "subscribe", "id": "cancelled", "pattern": "sys.run.cancelled"})
        try:
            while True:
                self.on_frame(await self.socket.receive())
        finally:
            for task in self.runs.values():
                task.cancel()

    def on_frame(self, frame):
        if frame["op"] == "event" and frame["type"] == "sys.run.cancelled":
            if task := self.runs.get(frame["data"]["run_id"]):
                task.cancel()
        elif frame["op"] == "event":
            self.runs[frame["event_id"]] = asyncio.create_task(self.work(frame["event_id"], frame["data"]))
        elif waiting := self.asked.get(frame.get("run_id")):
            if not waiting.done():
                waiting.set_result(frame)
        elif frame["op"] == "ok" and frame.get("id") == "calls":
            print("ready", flush=True)

    async def ask(self, frame):
        """Sends a frame about a run until the node takes it; false: the run is not ours any more."""
        while True:
            self.asked[frame["run_id"]] = asyncio.get_running_loop().create_future()
            self.socket.send(frame)
            got = await self.asked[frame["run_id"]]
            if got["op"] == "ok":
                return True
            if "retry_after_ms" not in got:
                return False
            await asyncio.sleep(got["retry_after_ms"] / 1000)

    async def work(self, run_id, data):
        try:
            text = ""
            try:
                async for piece in self.answer(data["input"]):
                    # `at`: if another worker has begun this call before, its text is not said twice.
                    if not await self.ask({"op": "delta", "run_id": run_id, "at": len(text), "text": piece}):
                        return
                    text += piece
                await self.ask({"op": "result", "run_id": run_id, "output": {"text": text}})
            except Exception as error:
                await self.ask({"op": "result", "run_id": run_id, "error": {"message": repr(error)}})
        finally:
            self.socket.send({"op": "ack", "event_id": run_id})
            del self.runs[run_id]
            self.asked.pop(run_id, None)


async def shout(call):
    """Replace this: takes a call's input, gives the answer in pieces."""
    text = call["text"] if isinstance(call, dict) else call
    for word in text.upper().split(" "):
        yield word + " "
        await asyncio.sleep(0.01)


async def main(host="127.0.0.1", port="8080", namespace="demo", agent="shouter"):
    while True:
        try:
            await Worker(agent, shout).run(host, int(port), namespace)
        except (OSError, asyncio.IncompleteReadError) as error:
            print(f"{error}; again in a second", file=sys.stderr)
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
