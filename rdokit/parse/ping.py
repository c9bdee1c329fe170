"""`ping`: is there an answer, how long does it take, and does a packet of this size pass."""

from __future__ import annotations

import re

from rdokit.errors import ParseError

TOOL = "ping"
_COUNTS = re.compile(r"(\d+) packets transmitted, (\d+) (?:packets )?received,(?: .*?)? ?(\d+(?:\.\d+)?)% packet loss")
_TIMES = re.compile(r"(?:rtt|round-trip) min/avg/max(?:/mdev)? = ([\d.]+)/([\d.]+)/([\d.]+)")
_SIGNS = ("Frag needed", "Message too long", "Destination Host Unreachable", "Network is unreachable",
          "Destination Net Unreachable", "Packet filtered")  # fmt: skip


def parse(text: str, *, tool: str = TOOL) -> dict:
    """{sent, received, loss (percent), min, avg, max (milliseconds or None), reason}; iputils and BusyBox.

    `reason` is what ping says about lost packets ("Frag needed": larger than the path's MTU), or "".

    Raises:
        ParseError: no statistics (cut, or it could not begin, as with an unknown host).

    >>> parse('''3 packets transmitted, 3 received, 0% packet loss, time 2002ms
    ... rtt min/avg/max/mdev = 0.512/0.723/0.934/0.211 ms
    ... ''')
    {'sent': 3, 'received': 3, 'loss': 0.0, 'min': 0.512, 'avg': 0.723, 'max': 0.934, 'reason': ''}
    """
    counts, times = _COUNTS.search(text), _TIMES.search(text)
    if not counts:
        lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()] or [(0, "")]
        raise ParseError("no line of statistics", tool, *lines[-1])
    low, mean, high = map(float, times.groups()) if times else (None, None, None)
    return {
        "sent": int(counts[1]), "received": int(counts[2]), "loss": float(counts[3]), "min": low, "avg": mean,
        "max": high, "reason": next((sign for sign in _SIGNS if sign in text), ""),
    }  # fmt: skip
