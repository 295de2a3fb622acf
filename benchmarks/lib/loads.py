"""Load generators that run side by side, and what the tables show of the reports of those that come back when they
lose a connection."""
import json
import subprocess

from servers import StartError


class Load:
    """One weir_load. Its report comes with `wait`."""

    def __init__(self, build, urls, options, pids=(), mode="fanout"):
        words = [word for x in urls for word in ("--target", x)]
        words += [word for x in pids for word in ("--server-pid", str(x))]
        self.process = subprocess.Popen([f"{build}/weir_load", mode, *words, *map(str, options)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def wait(self):
        out, err = self.process.communicate()
        if not out:
            raise StartError(f"{' '.join(self.process.args)}\n{err}")
        return json.loads(out)


def row(report):
    """Of the fan-out to clients that came back."""
    latency, counts = report["latency_ms"]["fanout"], report["deliveries"]
    again, silence = report.get("reconnects", {}), report.get("longest_silence_ms", {})
    return {"p50 ms": latency["p50"], "p99 ms": latency["p99"], "p99.9 ms": latency["p99.9"],
            "received": counts["received"], "lost": counts["lost"], "doubled": counts["doubled"],
            "out of order": counts["late"] + counts["seq_backwards"], "came back": again.get("reconnects", 0),
            "with session": again.get("recovered", 0), "longest silence ms": silence.get("max", 0),
            "late p99 ms": report["generator_late_ms_p99"]}
