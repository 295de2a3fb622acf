"""What is said at the end: the table, results.json and the plots."""
import json
import os
import platform
import time

from measure import medians
from svg import Panel, write_svg
from table import print_table


def write(args, seen, most, troubles):
    """@param seen by case, then by row: the figures of each round"""
    middle = {case: {row: medians(x) for row, x in rows.items()} for case, rows in seen.items()}
    os.makedirs(args.out, exist_ok=True)
    with open(f"{args.out}/results.json", "w") as out:
        json.dump({"machine": machine(), "parameters": vars(args), "control_most_per_s": most,
                   "medians": middle, "rounds": seen, "troubles": troubles}, out, indent=1)
        out.write("\n")
    print_table(middle)
    if most:
        print(f"\nThe control keeps up with {most * args.clients:,.0f} deliveries/s; the tail is at half of that.")
    for x in troubles:
        print(f"\nNot as it should be: {x}")
    draw(args, middle)
    print(f"\n{args.out}: results.json and the plots")


def machine():
    return {"cores": os.cpu_count(), "system": platform.platform(), "ended_at": time.strftime("%Y-%m-%d %H:%M:%S"),
            "load_average": os.getloadavg()}


def cases_named(middle, begin):
    return {case: rows for case, rows in middle.items() if case.startswith(begin)}


def bars(rows, key):
    return {row: x[key] for row, x in rows.items() if key in x}


def draw(args, middle):
    fan_out = [Panel(f"{case}: processor time, µs per delivery", bars(rows, "cpu us/delivery"))
               for case, rows in cases_named(middle, "1 to ").items()]
    fan_out += [Panel(f"{case}: deliveries per second", bars(rows, "deliveries/s"), log=True)
                for case, rows in cases_named(middle, "burst").items()]
    write_svg(f"{args.out}/fan-out.svg", f"One event to {args.clients:,} clients", fan_out)
    write_svg(f"{args.out}/tail.svg", "Latency at half of the control's most", [
        Panel(f"{case}: {key}", bars(rows, key), log=True)
        for case, rows in cases_named(middle, "tail").items() for key in ("p50 ms", "p99 ms", "p99.9 ms")])
    write_svg(f"{args.out}/memory.svg", "Memory of an idle connection", [
        Panel(f"{case}, KiB", {row: list(x.values()) for row, x in rows.items()}, parts=("user", "kernel, both ends"))
        for case, rows in cases_named(middle, "memory").items()])
