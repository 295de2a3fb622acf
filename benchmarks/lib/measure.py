"""One run of weir_load, and what of its report the tables show."""
import json
import statistics
import subprocess

BURSTS = {1: 200, 32: 15, 256: 3}  # events of one burst: how many bursts


class LoadError(Exception):
    """weir_load could not measure at all."""


def measure(build, server, mode, options):
    """weir_load's report. It has `good` false where something was lost, doubled or out of order."""
    words = [word for url in server.urls for word in ("--target", url)]
    words += [word for pid in server.pids() for word in ("--server-pid", str(pid))]
    command = [f"{build}/weir_load", mode, "--dialect", server.dialect, *words, *map(str, options)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except OSError as error:
        raise LoadError(f"{command[0]}: {error.strerror}") from error
    if done.returncode not in (0, 1) or not done.stdout:
        raise LoadError(f"{' '.join(command)}\n{done.stderr}{done.stdout}")
    return json.loads(done.stdout)


def figures(report):
    """Of a run with traffic of one kind."""
    latency = next(iter(report.get("latency_ms", {}).values()), {})
    return {"deliveries/s": report["deliveries_per_s"], "p50 ms": latency.get("p50", 0),
            "p99 ms": latency.get("p99", 0), "p99.9 ms": latency.get("p99.9", 0),
            "cpu us/delivery": report["server_cpu_us_per_delivery"],
            "user us/delivery": report["server_user_cpu_us_per_delivery"]}


def trouble(report):
    """What was not as it should be, in words; empty where all was."""
    if report["good"]:
        return ""
    wrong = {key: count for key, count in report["deliveries"].items() if count}
    return ", ".join(f"{key} {count:,}" for key, count in {**wrong, **report.get("notices", {})}.items())


def medians(rounds):
    """The median of each figure."""
    return {key: statistics.median(x[key] for x in rounds) for key in rounds[0]}
