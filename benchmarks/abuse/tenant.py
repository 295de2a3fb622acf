#!/usr/bin/env python3
"""Another tenant: publishes twenty events a second and hears them itself, from a process of its own.

Prints one JSON line for each event: when it was sent (seconds, monotonic) and its way there and back in ms.
    tenant.py PORT SECONDS
"""
import json
import sys
import time

from ws import Client

port, seconds = int(sys.argv[1]), float(sys.argv[2])
client = Client(port, "127.0.0.2")
client.hello("tenant", "quiet")
client.send(op="subscribe", id="s", pattern="beat")
client.receive_op("ok")
begin = time.monotonic()
for i in range(int(seconds * 20)):
    due = begin + i / 20
    time.sleep(max(0, due - time.monotonic()))
    sent = time.monotonic()
    client.send(op="publish", type="beat", message_id=f"{begin:.6f}.{i}", data=i)
    try:
        while client.receive_op("event", "error").get("data") != i:
            pass
        ms = (time.monotonic() - sent) * 1000
    except OSError as error:
        ms = None
        print(json.dumps({"at": sent, "lost": str(error)}), flush=True)
        break
    print(json.dumps({"at": sent, "ms": ms}), flush=True)
