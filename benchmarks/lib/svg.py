"""Bar charts as SVG: panels of horizontal bars, one below the other."""
import math
from html import escape

WIDTH, LEFT, RIGHT = 820, 170, 110
BAR, GAP, HEAD, FOOT = 20, 8, 34, 30
COLOURS = ["#3b6ea8", "#d98c3f"]
STYLE = ("<style>text{font:13px system-ui,sans-serif;fill:#222}.head{font-weight:600}"
         ".axis{font-size:11px;fill:#666}.title{font-size:17px;font-weight:600}</style>")


class Panel:
    """@param bars label -> value, or -> the values that are stacked; none of them below 0
    @param parts what the stacked values are"""

    def __init__(self, title, bars, log=False, parts=()):
        self.title = title
        self.bars = {label: x if isinstance(x, (list, tuple)) else (x,) for label, x in bars.items()}
        self.log = log
        self.parts = parts

    def height(self):
        return HEAD + len(self.bars) * (BAR + GAP) + FOOT


def text(x, y, words, anchor="start", kind=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" class="{kind}">{escape(words)}</text>'


def rect(x, y, width, height, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0, width):.1f}" height="{height}" fill="{colour}"/>'


def short(x):
    if x >= 1e6:
        return f"{x / 1e6:.3g} M"
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


class Scale:
    """From values to pixels."""

    def __init__(self, values, log):
        above = [x for x in values if x > 0] or [1]
        self.log = log
        if log:
            self.low = math.floor(math.log10(min(above)) - 0.3)
            self.high = max(self.low + 1, math.log10(max(above)))
            self.ticks = [10 ** i for i in range(self.low, math.floor(self.high) + 1)]
        else:
            self.low, self.high = 0, max(above)
            step = 10 ** math.floor(math.log10(self.high))
            step = next(x for x in (step / 5, step / 2, step, 2 * step) if self.high / x <= 6)
            self.ticks = [i * step for i in range(int(self.high / step) + 1)]

    def at(self, x):
        if self.log:
            x = max(self.low, math.log10(x)) if x > 0 else self.low
        return LEFT + (x - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT)


def draw_axis(scale, top, bottom):
    for x in scale.ticks:
        at = scale.at(x)
        yield f'<line x1="{at:.1f}" y1="{top}" x2="{at:.1f}" y2="{bottom}" stroke="#ddd"/>'
        yield text(at, bottom + 14, short(x), "middle", "axis")


def draw_bar(label, values, scale, y):
    yield text(LEFT - 8, y + 15, label, "end")
    total = 0
    for i, x in enumerate(values):
        begin = scale.at(total) if total else LEFT
        total += x
        yield rect(begin, y, scale.at(total) - begin, BAR, COLOURS[i % len(COLOURS)])
    words = short(total) + (f" ({' + '.join(short(x) for x in values)})" if len(values) > 1 else "")
    yield text(scale.at(total) + 6, y + 15, words)


def draw_panel(panel, y):
    scale = Scale([sum(x) for x in panel.bars.values()], panel.log)
    yield text(12, y + 18, panel.title + (", log scale" if panel.log else ""), kind="head")
    for i, name in enumerate(panel.parts):
        yield rect(WIDTH - 270 + 130 * i, y + 8, 11, 11, COLOURS[i])
        yield text(WIDTH - 254 + 130 * i, y + 18, name)
    top = y + HEAD
    yield from draw_axis(scale, top - 4, top + len(panel.bars) * (BAR + GAP))
    for i, (label, values) in enumerate(panel.bars.items()):
        yield from draw_bar(label, values, scale, top + i * (BAR + GAP))


def write_svg(path, title, panels):
    """Nothing where there is nothing to show."""
    panels = [x for x in panels if x.bars]
    if not panels:
        return
    height = 44 + sum(x.height() for x in panels)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
             f'height="{height}">', STYLE, rect(0, 0, WIDTH, height, "#fff"), text(12, 28, title, kind="title")]
    y = 44
    for x in panels:
        parts += draw_panel(x, y)
        y += x.height()
    with open(path, "w") as out:
        out.write("\n".join(parts) + "\n</svg>\n")
