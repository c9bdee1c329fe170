"""date of coreutils 8.4: formats, -d in the ways people use it, -s, -u, -r."""

from __future__ import annotations

import datetime
import re

from .. import clock
from ..files import stat_of
from ..options import parse
from ..process import Missing, Process, command

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
UNITS = {
    "sec": 1,
    "second": 1,
    "min": 60,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 604800,
    "fortnight": 1209600,
}


def format_date(when: datetime.datetime, form: str) -> str:
    """strftime with GNU's extras (%N, %s, %:z, %-d, %^a)."""
    table = {
        "n": "\n",
        "t": "\t",
        "%": "%",
        "N": f"{when.microsecond * 1000:09d}",
        "s": str(int(when.timestamp())),
        "z": when.strftime("%z"),
        "Z": when.strftime("%Z"),
        "P": when.strftime("%p").lower(),
        "D": when.strftime("%m/%d/%y"),
        "F": when.strftime("%Y-%m-%d"),
        "T": when.strftime("%H:%M:%S"),
        "R": when.strftime("%H:%M"),
        "r": when.strftime("%I:%M:%S %p"),
        "h": when.strftime("%b"),
        "k": f"{when.hour:2d}",
        "l": f"{(when.hour - 1) % 12 + 1:2d}",
        "e": f"{when.day:2d}",
        "C": f"{when.year // 100:02d}",
        "u": str(when.isoweekday()),
        "c": when.strftime("%a %d %b %Y %I:%M:%S %p %Z"),
        "x": when.strftime("%m/%d/%Y"),
        "X": when.strftime("%I:%M:%S %p"),
    }

    def put(match: re.Match[str]) -> str:
        flag, width, colon, letter = match[1], match[2], match[3], match[4]
        if letter == "N" and width:
            return table["N"][: int(width)]
        text = table.get(letter)
        if letter == "z" and colon:
            text = table["z"][:3] + ":" + table["z"][3:]
        if text is None:
            text = when.strftime("%" + letter) if letter in "aAbBdgGHIjmMpSUVwWyY" else match[0]
        if flag == "-":
            text = text.lstrip("0 ") or "0"
        elif flag == "_":
            text = re.sub(r"^0+(?=\d)", lambda m: " " * len(m[0]), text)
        elif flag == "0" and text.startswith(" "):
            text = text.replace(" ", "0", 1)
        elif flag == "^":
            text = text.upper()
        return text.rjust(int(width), "0") if width and letter != "N" else text

    return re.sub(r"%([-_0^#]?)(\d*)(:?)([A-Za-z%])", put, form)


def parse_date(p: Process, text: str, base: datetime.datetime | None = None) -> float | None:
    """Seconds since the epoch for what -d accepts; None when it is not understood."""
    zone = clock.zone(p.node, p.env)
    now = base or clock.now(p.node, p.env)
    rest = text.strip()
    match = re.fullmatch(r"@(-?\d+(?:\.\d+)?)", rest)
    if match:
        return float(match[1])
    when = now
    time_given = False
    quotes = re.match(r'TZ="([^"]+)"\s*(.*)', rest)
    if quotes:
        zone = clock.zone(p.node, {"TZ": quotes[1]})
        rest = quotes[2]
        when = now.astimezone(zone)
    offset = datetime.timedelta()
    months = 0

    def take(regex: str) -> re.Match[str] | None:
        nonlocal rest
        found = re.match(regex, rest, re.I)
        if found:
            rest = rest[found.end() :].strip(" ,")
        return found

    while rest:
        if m := take(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T|\b)"):
            when = replace(when, year=int(m[1]), month=int(m[2]), day=int(m[3]))
            if not time_given:
                when = when.replace(hour=0, minute=0, second=0, microsecond=0)
        elif m := take(r"(\d{1,2})/(\d{1,2})(?:/(\d{2,4}))?\b"):
            year = int(m[3]) if m[3] else when.year
            when = replace(when, year=year + 2000 if year < 100 else year, month=int(m[1]), day=int(m[2]))
            if not time_given:
                when = when.replace(hour=0, minute=0, second=0, microsecond=0)
        elif m := take(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?\s*(am|pm)?"):
            hour = int(m[1]) % 12 + (12 if m[5].lower() == "pm" else 0) if m[5] else int(m[1])
            when = when.replace(
                hour=hour, minute=int(m[2]), second=int(m[3] or 0), microsecond=int(((m[4] or "0") + "000000")[:6])
            )
            time_given = True
        elif m := take(r"(?:UTC|GMT|Z)\b"):
            when, zone = when.replace(tzinfo=datetime.UTC), datetime.UTC
        elif m := take(r"([-+]\d{2}):?(\d{2})\b(?!\s*(?:sec|min|hour|day|week|month|year))"):
            minutes = int(m[1]) * 60 + (int(m[2]) if m[1][0] == "+" else -int(m[2]))
            when = when.replace(tzinfo=datetime.timezone(datetime.timedelta(minutes=minutes)))
        elif m := take(r"JST\b"):
            when = when.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=9)))
        elif m := take(r"now\b|today\b"):
            pass
        elif m := take(r"tomorrow\b"):
            offset += datetime.timedelta(days=1)
        elif m := take(r"yesterday\b"):
            offset -= datetime.timedelta(days=1)
        elif m := take(
            r"([-+]?\s*\d+|next|last|a|an)?\s*(sec|second|min|minute|hour|day|week|fortnight|month|year)s?\b(\s+ago\b)?"
        ):
            word = (m[1] or "1").replace(" ", "").lower()
            count = {"next": 1, "last": -1, "a": 1, "an": 1}.get(word) or int(
                word if word not in ("next", "last", "a", "an") else 1
            )
            count = -count if m[3] else count
            unit = m[2].lower()
            if unit in ("month", "year"):
                months += count * (12 if unit == "year" else 1)
            else:
                offset += datetime.timedelta(seconds=count * UNITS[unit])
        elif m := take(
            r"(\d{1,2})?\s*(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s*(\d{1,2})?(?:\s*,?\s*(\d{4}))?(?![:\d])"
        ):
            year = m[4]
            when = replace(
                when, year=int(year or when.year), month=MONTHS.index(m[2].lower()) + 1, day=int(m[1] or m[3] or 1)
            )
            if not time_given:
                when = when.replace(hour=0, minute=0, second=0, microsecond=0)
        elif m := take(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b"):
            target = next(i for i, d in enumerate(DAYS) if d.startswith(m[1].lower()))
            if not re.search(r"\d{4}|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", text, re.I):
                when += datetime.timedelta(days=(target - when.weekday()) % 7)
                when = when.replace(hour=0, minute=0, second=0, microsecond=0)
        elif m := take(r"(\d{8})(?:\b|T)"):
            when = replace(when, year=int(m[1][:4]), month=int(m[1][4:6]), day=int(m[1][6:]))
            when = when.replace(hour=0, minute=0, second=0, microsecond=0)
        elif m := take(r"(\d{4})$"):
            when = replace(when, year=int(m[1]))
        elif m := take(r"midnight\b|noon\b"):
            when = when.replace(hour=12 if "noon" in m[0].lower() else 0, minute=0, second=0, microsecond=0)
        else:
            return None
    try:
        if months:
            total = when.year * 12 + when.month - 1 + months
            when = replace(when, year=total // 12, month=total % 12 + 1, day=when.day)
        if when.tzinfo is now.tzinfo:
            when = when.replace(tzinfo=zone)
        return (when + offset).timestamp()
    except (ValueError, OverflowError):
        return None


def replace(when: datetime.datetime, year: int, month: int, day: int) -> datetime.datetime:
    """A day beyond the month's end runs into the next one, as mktime does. ValueError when it is nonsense."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise ValueError(f"{year}-{month}-{day}")
    first = when.replace(year=year, month=month, day=1)
    return first + datetime.timedelta(days=day - 1)


def parse_touch(p: Process, text: str) -> float | None:
    """[[CC]YY]MMDDhhmm[.ss]"""
    match = re.fullmatch(r"(?:(\d{2})?(\d{2}))?(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{2}))?", text)
    if not match:
        return None
    now = clock.now(p.node, p.env)
    year = now.year if match[2] is None else int((match[1] or ("19" if int(match[2]) > 68 else "20")) + match[2])
    try:
        return now.replace(
            year=year,
            month=int(match[3]),
            day=int(match[4]),
            hour=int(match[5]),
            minute=int(match[6]),
            second=int(match[7] or 0),
            microsecond=0,
        ).timestamp()
    except ValueError:
        return None


@command("date", path="/bin")
async def date(p: Process) -> int:
    o = parse(
        p,
        "d:f:I::Rr:s:u",
        {
            "date=": "d",
            "file=": "f",
            "iso-8601=?": "I",
            "rfc-2822": "R",
            "rfc-3339=": "3",
            "reference=": "r",
            "set=": "s",
            "utc": "u",
            "universal": "u",
        },
    )
    if o.has("u"):
        p.env = {**p.env, "TZ": "UTC"}
    when = clock.now(p.node, p.env)
    try:
        if o.value("d") is not None:
            seconds = parse_date(p, o.value("d") or "")
            if seconds is None:
                raise ValueError(o.value("d"))
            when = clock.now(p.node, p.env, seconds)
        elif o.value("r") is not None:
            try:
                when = clock.now(p.node, p.env, stat_of(p, o.value("r") or "").mtime)
            except OSError as err:
                raise Missing(f"date: {o.value('r')}: {err.strerror}") from None
        if o.value("s") is not None or (o.args and re.fullmatch(r"\d{8}(\d{2,4})?(\.\d{2})?", o.args[0])):
            return set_clock(p, o)
    except ValueError as err:
        raise Missing(f"date: invalid date `{err}'") from None
    form = "%a %b %e %H:%M:%S %Z %Y"
    if o.has("R"):
        form = "%a, %d %b %Y %H:%M:%S %z"
    elif o.has("I"):
        form = {
            "": "%Y-%m-%d",
            "date": "%Y-%m-%d",
            "seconds": "%Y-%m-%dT%H:%M:%S%z",
            "minutes": "%Y-%m-%dT%H:%M%z",
        }.get(o.value("I") or "", "%Y-%m-%dT%H:%M:%S%z")
    elif o.value("3"):
        form = {"date": "%Y-%m-%d", "ns": "%Y-%m-%d %H:%M:%S.%N%:z"}.get(o.value("3") or "", "%Y-%m-%d %H:%M:%S%:z")
    if o.args:
        if not o.args[0].startswith("+"):
            raise Missing(f"date: invalid date `{o.args[0]}'")
        form = o.args[0][1:]
    p.print(format_date(when, form))
    return 0


def set_clock(p: Process, o) -> int:  # noqa: ANN001
    """-s: the node's clock is an offset to ours."""
    import time

    text = o.value("s")
    seconds = parse_date(p, text) if text is not None else parse_touch(p, o.args[0])
    if seconds is None:
        raise ValueError(text or o.args[0])
    if p.user != "root":
        p.error("date: cannot set date: Operation not permitted")
    else:
        p.node.extra["clock_offset"] = seconds - time.time()
    p.print(format_date(clock.now(p.node, p.env, seconds), "%a %b %e %H:%M:%S %Z %Y"))
    return 0 if p.user == "root" else 1
