"""Markdown tables of figures and of their ratios to a base."""


def number(x):
    return f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.2f}"


def cell(x, base):
    if x is None:
        return ""
    return number(x) + (f" (x {x / base:.2f})" if base else "")


def print_table(results, base="control"):
    """@param results by case, then by row (a server or a size), then by figure
    @param base the row that ratios are to; in a case without it, the first row"""
    names = list(dict.fromkeys(key for rows in results.values() for x in rows.values() for key in x))
    print("| case | server | " + " | ".join(names) + " |\n| --- | --- |" + " --- |" * len(names))
    for case, rows in results.items():
        to = base if base in rows else next(iter(rows), None)
        for row, x in rows.items():
            cells = [cell(x.get(key), rows[to].get(key) if row != to else None) for key in names]
            print(f"| {case} | {row} | " + " | ".join(cells) + " |")
