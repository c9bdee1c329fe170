"""How yum 3.2.29 lays out its tables: columns that share a line's 80 places, sizes, progress."""

from __future__ import annotations

from collections import Counter

WIDTH = 80


def columns(data: list[list[str]], minimum: list[int], width: int = WIDTH, indent: int = 0, rest: int = 0) -> list[int]:
    """Column widths: each as wide as its longest cell if all fit, the space left shared by all but the last.

    Args:
        data: the cells of each column that may grow ([] for a fixed one). minimum: the widths to begin with.
        rest: the column that gets what cannot be shared equally.
    """
    wide = list(minimum)
    left = width - (sum(wide) + len(wide) - 1 + indent)
    wanted = [sorted(Counter(map(len, cells)).items()) for cells in data]
    while left > 0:
        best = None
        for number, steps in enumerate(wanted):
            while steps and steps[0][0] <= wide[number]:
                steps.pop(0)
            if steps and steps[0][0] - wide[number] <= left and (best is None or steps[0][1] > wanted[best][0][1]):
                best = number
        if best is None:
            break
        grown = wanted[best].pop(0)[0]
        left -= grown - wide[best]
        wide[best] = grown
    over = [n for n, steps in enumerate(wanted) if steps]
    for number in over:
        share = left // len(over)
        wide[number] += share
    if over:
        left -= left // len(over) * len(over)
    if left > 0 and len(wide) > 1:
        share = left // (len(wide) - 1)
        for number in range(len(wide) - 1):
            wide[number] += share
        wide[rest] += left - share * (len(wide) - 1)
    return wide


def row(cells: list[str], widths: list[int], indent: str = "", right_last: bool = False) -> str:
    """One line of a table; a cell that is too long pushes the others to the next line."""
    out, position = indent, len(indent)
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        last = number == len(cells) - 1
        if last:
            out += f"{cell:>{width}}" if right_last else f"{cell:<{width}}"
        elif len(cell) <= width:
            out += f"{cell:<{width}} "
        else:
            out += cell + "\n" + " " * (position + width + 1)
        position += width + 1
    return out


def size(kib: float) -> str:
    """`75 k`, `1.7 M`, `28 M`.

    >>> size(75), size(1740), size(28 * 1024), size(2.2 * 1024 * 1024)
    ('75 k', '1.7 M', '28 M', '2.2 G')
    """
    unit, value = "k", float(kib)
    for bigger in ("M", "G"):
        if value < 1000:
            break
        value, unit = value / 1024, bigger
    return f"{value:.0f} {unit}" if unit == "k" or value >= 9.95 else f"{value:.1f} {unit}"


def meter(text: str, kib: float) -> str:
    """A finished download on a terminal."""
    number = size(kib)
    return f"{text:<56.56} | {number:>5}B     00:00     "


def step(action: str, name: str, number: int, total: int, width: int = WIDTH) -> str:
    """`  Installing : name       1/2 `."""
    digits = len(str(total))
    done = f"{number:>{digits}}/{total:>{digits}}"
    left = f"  {action:<11}: {name}"[: width - len(done) - 2]  # a name that is too long is cut
    return f"{left:<{width - len(done) - 1}}{done} "


def post(title: str, names: list[str], width: int = WIDTH) -> str:
    """`Installed:` and the names below it in as many columns as fit."""
    lines = ["", f"{title}:"]
    widths = next(filter(None, (_fit(names, n, width) for n in range(8, 1, -1))), [width - 2])
    for start in range(0, len(names), len(widths)):
        part = names[start : start + len(widths)]
        lines.append("  " + " ".join(f"{name:<{wide}}" for name, wide in zip(part, widths, strict=False)))
    return "\n".join(lines)


def _fit(names: list[str], number: int, width: int) -> list[int]:
    if len(names) < number:
        return []
    left = width - (number - 1 + 2)
    widths = [0] * number
    for position, name in enumerate(names):
        more = len(name) - widths[position % number]
        if more > 0:
            if left <= more:
                return []
            left -= more
            widths[position % number] = len(name)
    return [w + left // number for w in widths]
