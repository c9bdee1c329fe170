"""rdokit's parsers beside the others that read the same output: who is right, and how long a row takes.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install -r benchmarks/requirements-parsers.txt
    PYTHONPATH=. /tmp/peers/bin/python benchmarks/parsers.py            # prints the tables in Markdown
    PYTHONPATH=. /tmp/peers/bin/python benchmarks/parsers.py --quick    # only who is right

Peers: tempest's output_parser, jc's asciitable and asciitable-m, pandas.read_csv(sep="|") as it is and with the
options that suit these tables, insights-core's ovs_vsctl_show. Each is called as its documentation says. "Right" is
every cell, in order; for cut or foreign input, any error. A peer that cannot be imported is left out and named.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import logging
import platform
import re
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from rdokit.parse import cli_table, ovs_vsctl_show

logging.disable(logging.CRITICAL)  # tempest logs each line that it skips
warnings.simplefilter("ignore")
ROOT = Path(__file__).resolve().parents[1]
TRANSCRIPTS = ROOT.parent / "shared" / "havana" / "transcripts.jsonl"
SIZES = (10, 1_000, 100_000)
OVS_SIZES = (10, 1_000, 10_000)
TOO_LONG = 15.0  # seconds for one call: larger sizes are not tried then

Rows = list[tuple[str, ...]]


# Peers: text → rows of texts, or an error

def ours(text: str) -> Rows:
    return cli_table.parse(text, COLUMNS_OF_EMPTY).rows


def tempest_listing(text: str) -> Rows:
    return [tuple(row.values()) for row in tempest.listing(text)]


def jc_table(parser: str) -> Callable[[str], Rows]:
    def read(text: str) -> Rows:
        return [tuple("" if cell is None else str(cell) for cell in row.values())
                for row in jc.parse(parser, text, quiet=True)]  # fmt: skip
    return read


def pandas_plain(text: str) -> Rows:
    return [tuple(map(str, row)) for row in pandas.read_csv(io.StringIO(text), sep="|").itertuples(index=False)]


def pandas_frame(text: str):
    """read_csv with what an experienced user adds: rule lines as comments, no NA words, blanks stripped."""
    frame = pandas.read_csv(io.StringIO(text), sep="|", comment="+", dtype=str, keep_default_na=False,
                            skipinitialspace=True).iloc[:, 1:-1]  # fmt: skip
    frame.columns = frame.columns.str.strip()
    return frame.apply(lambda column: column.str.strip())


def pandas_tuned(text: str) -> Rows:
    return [tuple(row) for row in pandas_frame(text).itertuples(index=False)]


COLUMNS_OF_EMPTY = ()
PEERS: dict[str, Callable[[str], Rows]] = {"rdokit": ours}
TIMED: dict[str, Callable[[str], object]] = {"rdokit": cli_table.parse}  # in its own form, nothing converted
MISSING = []
try:
    from tempest.lib.cli import output_parser as tempest
    PEERS["tempest"], TIMED["tempest"] = tempest_listing, tempest.listing
except ImportError:
    MISSING.append("tempest")
try:
    import jc
    import jc.parsers.asciitable
    import jc.parsers.asciitable_m
    PEERS["jc asciitable"], PEERS["jc asciitable-m"] = jc_table("asciitable"), jc_table("asciitable-m")
    TIMED["jc asciitable"] = lambda text: jc.parsers.asciitable.parse(text, quiet=True)
    TIMED["jc asciitable-m"] = lambda text: jc.parsers.asciitable_m.parse(text, quiet=True)
except ImportError:
    MISSING.append("jc")
try:
    import pandas
    PEERS['pandas sep="|"'], PEERS["pandas tuned"] = pandas_plain, pandas_tuned
    TIMED['pandas sep="|"'] = lambda text: pandas.read_csv(io.StringIO(text), sep="|")
    TIMED["pandas tuned"] = pandas_frame
except ImportError:
    MISSING.append("pandas")
try:
    from insights.parsers.ovs_vsctl_show import OVSvsctlshow
except ImportError:
    MISSING.append("insights-core")
    OVSvsctlshow = None


# Tables to read

def table(columns: list[str], rows: Rows, align: str = "l") -> str:
    import prettytable

    drawn = prettytable.PrettyTable(columns)
    drawn.align = align
    drawn.add_rows(rows)
    return f"{drawn}\n"


IDS = [f"{i:08x}-1111-4222-8333-444455556666" for i in range(8)]
ERROR = "an error"


def table_cases() -> dict[str, tuple[str, object, tuple[str, ...]]]:
    """name → (text, rows or ERROR, columns of an empty answer)."""
    plain = [(IDS[0], "admin", "True"), (IDS[1], "services", "True")]
    named = ["id", "name", "enabled"]

    def of(name: str, align: str = "l") -> tuple:
        rows = [(IDS[0], name, "True"), (IDS[1], "second", "False")]
        return table(named, rows, align), rows, ()

    subnets = [(IDS[0], "public", f"{IDS[2]} 10.0.0.0/24\n{IDS[3]} 10.1.0.0/24"), (IDS[1], "x", "")]
    fields = [("id", IDS[0]), ("name", "router1"), ("external_gateway_info", "")]
    rule = [("", "", "default"), ("icmp", "-1", "default")]
    whole = table(named, plain, "c")
    return {
        "list, centred (keystone)": (whole, plain, ()),
        "list, left (neutron)": (table(named, plain), plain, ()),
        "`Created a new router:` + Field–Value": (
            "Created a new router:\n" + table(["Field", "Value"], fields), fields, ()),
        "`|` in a name": of("a|b"),
        "` | ` in a name": of("a | b"),
        "newline in a name": of("line1\nline2"),
        "several subnets in a cell": (table(["id", "name", "subnets"], subnets), subnets, ()),
        "leading blanks, left": of("  lead"),
        "Japanese name": of("日本語テナント"),
        "Japanese name, centred": of("日本語テナント", "c"),
        "Japanese name with `|`": of("日本|語"),
        "JSON in a cell": of('{"network_id": "x", "enable_snat": true}'),
        "name `+---+`": of("+---+"),
        "names `None`, `NA`, `0123`": (table(["id", "name"], [("1", "None"), ("2", "NA"), ("3", "0123")]),
                                       [("1", "None"), ("2", "NA"), ("3", "0123")], ()),
        "rows that begin with blank cells": (table(["IP Protocol", "From", "Source"], rule), rule, ()),
        "zero rows: an empty line (neutron)": ("\n", [], ("id", "name")),
        "zero rows: a header (nova)": (table(["ID", "Name"], []), [], ()),
        "warnings before and after": ("WARNING: old | new\n" + whole + "\nbye\n", plain, ()),
        "cut before the last rule line": (whole[: whole.rindex("+--") - 1].rpartition("\n")[0] + "\n", ERROR, ()),
        "cut in a row": (whole[: whole.rindex("services") + 3], ERROR, ()),
        "no table at all": ("Unable to communicate with identity service\n", ERROR, ()),
    }  # fmt: skip


def verdict(read: Callable[[str], Rows], text: str, wanted: object) -> str:
    try:
        found = read(text)
    except Exception:
        return "right" if wanted == ERROR else "error"
    return "right" if found == wanted else "**wrong**"


def table_verdicts() -> dict[str, dict[str, str]]:
    global COLUMNS_OF_EMPTY
    found = {}
    for name, (text, wanted, columns) in table_cases().items():
        COLUMNS_OF_EMPTY = columns
        found[name] = {peer: verdict(read, text, wanted) for peer, read in PEERS.items()}
    COLUMNS_OF_EMPTY = ()
    return found


def recorded() -> dict[str, str]:
    """How many of the recorded tables of Havana each reads right.

    What is right is what draws to the same bytes again; tests/test_parse_cli_table.py proves that for ours.
    """
    if not TRANSCRIPTS.exists():
        return {}
    texts = [json.loads(line)["stdout"] for line in TRANSCRIPTS.read_text(encoding="utf-8").splitlines()]
    texts = [text for text in texts if re.search(r"^\+-[-+]*\+$", text, re.MULTILINE)]
    single = [(text, tables[0].rows) for text in texts if len(tables := cli_table.parse_all(text)) == 1]
    return {peer: f"{sum(verdict(read, text, rows) == 'right' for text, rows in single)} of {len(single)}"
            for peer, read in PEERS.items()}  # fmt: skip


# Open vSwitch

def ovs_ours(text: str) -> list[tuple]:
    switch = ovs_vsctl_show.parse(text)
    controllers = [(c["target"], c["is_connected"]) for bridge in switch.bridges for c in bridge["controllers"]]
    return [(r.bridge, r.port, r.tag, r.interface, r.type, r.options, r.trunks, r.error) for r in switch.interfaces
            ] + controllers  # fmt: skip


def insights_object(text: str):
    reader = OVSvsctlshow.__new__(OVSvsctlshow)  # without the collector's context around it
    reader.parse_content(text.strip().splitlines())
    return reader.data


def ovs_insights(text: str) -> list[tuple]:
    rows = []
    for bridge, found in insights_object(text)["bridges"].items():
        for port in found["ports"]:
            tag = int(port["tag"]) if "tag" in port else None
            rows.append((bridge, port["port"], tag, port["interface"], port.get("type", ""), port.get("options", {}),
                         None, None))  # fmt: skip
    return rows


def show(*bridges: str, uuid: bool = True) -> str:
    lines = (["903f6cd5-29f3-4b8d-9cda-3411ddf98ecb"] if uuid else []) + list(bridges)
    return "\n".join([*lines, *(['    ovs_version: "1.11.0"'] if uuid else [])]) + "\n"


def port(name: str, kind: str = "", *, interface: str | None = None, before: str = "", after: str = "") -> str:
    lines = [f'        Port "{name}"', *([f"            {before}"] if before else []),
             f'            Interface "{interface or name}"', *([f"                type: {kind}"] if kind else []),
             *([f"                {after}"] if after else [])]  # fmt: skip
    return "\n".join(lines)


def ovs_cases() -> dict[str, tuple[str, object]]:
    def row(bridge, name, kind="", tag=None, options=None, trunks=None, error=None, interface=None):
        return (bridge, name, tag, interface or name, kind, options or {}, trunks, error)

    options = {"in_key": "flow", "local_ip": "192.168.0.11", "remote_ip": "192.168.0.12"}
    gre = 'options: {in_key=flow, local_ip="192.168.0.11", remote_ip="192.168.0.12"}'
    plain = show("    Bridge br-int", port("tap1", "internal", before="tag: 1"), port("gre-1", "gre", after=gre))
    bond = port("bond0", interface="eth2") + '\n            Interface "eth3"'
    flat = "\n".join(line.strip() for line in plain.splitlines()) + "\n"
    rows = [row("br-int", "tap1", "internal", 1), row("br-int", "gre-1", "gre", options=options)]
    return {
        "ports with tag, type and options": (plain, rows),
        "quoted bridge name": (show('    Bridge "br1"', port("eth1")), [row("br1", "eth1")]),
        "names without quotes (2.13 and later)": (plain.replace('"tap1"', "tap1").replace('"gre-1"', "gre-1"), rows),
        "empty switch": (show(), []),
        "bond with two interfaces": (show("    Bridge br0", bond), [row("br0", "bond0", interface="eth2"),
                                                                    row("br0", "bond0", interface="eth3")]),
        "trunks": (show("    Bridge br0", port("eth1", before="trunks: [10, 20]")),
                   [row("br0", "eth1", trunks=[10, 20])]),
        "error line": (show("    Bridge br0", port("eth7", after='error: "no such device"')),
                       [row("br0", "eth7", error="no such device")]),
        "option with a comma": (show("    Bridge br0", port("p", "x", after='options: {a="b, c", d=e}')),
                                [row("br0", "p", "x", options={"a": "b, c", "d": "e"})]),
        "controller that is connected": (
            show("    Bridge br0", '        Controller "tcp:1.2.3.4:6633"', "            is_connected: true",
                 port("eth1")), [row("br0", "eth1"), ("tcp:1.2.3.4:6633", True)]),
        "indentation lost": (flat, rows),
        "excerpt without uuid and version": (show("    Bridge br0", port("eth1"), uuid=False), [row("br0", "eth1")]),
        "document's sample with （略）": (plain.replace("    ovs_version", "（略）\n    ovs_version"), rows),
        "cut after a port": (plain[: plain.index("            Interface")], ERROR),
        "cut before the version": (plain[: plain.index("    ovs_version")], ERROR),
        "database is down": ("ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed\n", ERROR),
    }  # fmt: skip


# Time

def long_table(rows: int, name: str = "name") -> str:
    return table(["id", "name", "enabled"], [(f"{i:032x}", f"{name}{i}", "True") for i in range(rows)], "c")


def long_switch(ports: int) -> str:
    return show("    Bridge br-int", *(port(f"tap{i:08x}-1e", "internal", before=f"tag: {i % 4000 + 1}")
                                       for i in range(ports)))  # fmt: skip


def microseconds(readers: dict[str, Callable], text: str, rows: int) -> dict[str, float]:
    """Best of nine times per row of each, measured in turns so that a busy machine is busy for all."""
    repeats = dict.fromkeys(readers, 1)
    for name, read in readers.items():
        start = time.perf_counter()
        read(text)
        once = time.perf_counter() - start
        if once > TOO_LONG:
            repeats[name] = 0
        else:
            repeats[name] = max(1, min(2000, int(0.05 / max(once, 1e-6))))
    samples: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(9):
        for name, read in readers.items():
            if not repeats[name] or (samples[name] and samples[name][0] > 5):
                continue
            gc.collect()
            start = time.perf_counter()
            for _ in range(repeats[name]):
                read(text)
            samples[name].append((time.perf_counter() - start) / repeats[name])
    return {name: min(times) / rows * 1e6 for name, times in samples.items() if times}


def timings(readers: dict[str, Callable], make: Callable[[int], str], sizes: tuple[int, ...]) -> list[dict[str, float]]:
    found, alive = [], dict(readers)
    for size in sizes:
        found.append(microseconds(alive, make(size), size))
        alive = {name: read for name, read in alive.items()
                 if found[-1].get(name, 1e9) * 1e-6 * size * 100 < TOO_LONG}  # fmt: skip
    return found


# Markdown

def markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]]) + "\n"


def time_table(found: list[dict[str, float]], sizes: tuple[int, ...], right: dict[str, bool], what: str) -> str:
    names = list(found[0])
    rows = [[name, "yes" if right[name] else "no", *(f"{one[name]:.2f}" if name in one else "—" for one in found)]
            for name in names]  # fmt: skip
    text = markdown(["parser", "right here", *(f"{size:,} {what}" for size in sizes)], rows)
    for size, one in zip(sizes, found, strict=True):
        peers = {name: value for name, value in one.items() if right[name] and name != "rdokit"}
        if peers:
            best = min(peers, key=peers.get)
            text += f"\n* {size:,} {what}: the fastest other that is right is {best}; rdokit takes " \
                    f"{one['rdokit'] / peers[best]:.2f} of its time"  # fmt: skip
    change = found[-1]["rdokit"] / found[1]["rdokit"]
    span = f"{sizes[1]:,} to {sizes[-1]:,} {what}"
    return f"{text}\n* linear: from {span} rdokit's time per row changes by {change:.2f}\n"


def report(quick: bool) -> tuple[str, bool]:
    """The report, and whether rdokit is right on every case."""
    cases = table_verdicts()
    parts = ["## Client tables: right or wrong\n", markdown(["case", *PEERS], [
        [name, *(found[peer] for peer in PEERS)] for name, found in cases.items()])]  # fmt: skip
    if counts := recorded():
        parts.append(f"Recorded tables of Havana that come back cell for cell: "
                     f"{', '.join(f'{peer} {count}' for peer, count in counts.items())}.\n")  # fmt: skip
    ovs = {"rdokit": ovs_ours} | ({"insights-core": ovs_insights} if OVSvsctlshow else {})
    switches = {name: {peer: verdict(read, text, wanted) for peer, read in ovs.items()}
                for name, (text, wanted) in ovs_cases().items()}  # fmt: skip
    parts += ["## `ovs-vsctl show`: right or wrong\n", markdown(["case", *ovs], [
        [name, *(found[peer] for peer in ovs)] for name, found in switches.items()])]  # fmt: skip
    right = all(found["rdokit"] == "right" for found in [*cases.values(), *switches.values()])
    if not quick:
        for title, name, case in (("ASCII", "name", "list, centred (keystone)"),
                                  ("Japanese names", "名前", "Japanese name, centred")):  # fmt: skip
            found = timings(TIMED, lambda rows, name=name: long_table(rows, name), SIZES)
            judged = {peer: cases[case][peer] == "right" for peer in TIMED}
            parts += [f"## Client tables, {title}: microseconds per row\n", time_table(found, SIZES, judged, "rows")]
        readers = {"rdokit": ovs_vsctl_show.parse} | ({"insights-core": insights_object} if OVSvsctlshow else {})
        first = switches["ports with tag, type and options"]
        parts += ["## `ovs-vsctl show`: microseconds per port\n",
                  time_table(timings(readers, long_switch, OVS_SIZES), OVS_SIZES,
                             {peer: first[peer] == "right" for peer in readers}, "ports")]  # fmt: skip
    if MISSING:
        parts.append(f"Not installed, so not compared: {', '.join(MISSING)}.\n")
    parts.append(f"Python {platform.python_version()}, {platform.machine()}; best of nine, in turns.\n")
    return "\n".join(parts), right


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="only who is right, no times")
    text, right = report(options.parse_args().quick)
    print(text)
    sys.exit(not right)
