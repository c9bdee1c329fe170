"""`ovs-vsctl show` and packstack's screen: cut anywhere, in pieces, with any name."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdokit.errors import ParseError
from rdokit.parse import ovs_vsctl_show, packstack_log

CASES = Path(__file__).parent / "cases" / "parse"
HAVANA = Path(__file__).parents[2] / "shared" / "havana"
SHOWS = sorted((CASES / "ovs_vsctl_show").glob("[0-9]*.txt")) + sorted((HAVANA / "ovs").glob("*.txt"))
SCREENS = sorted((CASES / "packstack_log").glob("*.txt")) + sorted((HAVANA / "packstack-runs").glob("*"))


def text_of(path):
    return path.read_bytes().decode("utf-8")


@pytest.mark.parametrize("path", SHOWS, ids=lambda path: path.stem)
def test_nothing_of_a_switch_is_left_out(path):
    text = text_of(path)
    switch = ovs_vsctl_show.parse(text)
    assert len(switch.interfaces) == text.count("Interface ")
    assert len(switch.bridges) == text.count("Bridge ")
    assert sum(row.type != "" for row in switch.interfaces) == text.count("type: ") - text.count("datapath_type: ")
    assert sum(row.tag is not None for row in switch.interfaces) == text.count("tag: ")
    assert sum(row.error is not None for row in switch.interfaces) == text.count("error: ")
    assert sum(bool(row.options) for row in switch.interfaces) == text.count("options: ")
    assert len(switch.omitted) == text.count("略")


@pytest.mark.parametrize("path", SHOWS, ids=lambda path: path.stem)
def test_at_once_and_by_lines_read_the_same(path, monkeypatch):
    text = text_of(path)
    at_once = ovs_vsctl_show.parse(text)
    monkeypatch.setattr(ovs_vsctl_show, "_at_once", lambda _: None)
    assert ovs_vsctl_show.parse(text) == at_once


@pytest.mark.parametrize("path", SHOWS[:6], ids=lambda path: path.stem)
def test_a_cut_switch_is_an_error(path):
    text = text_of(path).rstrip("\n")
    if not ovs_vsctl_show.parse(text).uuid:
        pytest.skip("a published excerpt")
    for end in range(len(text)):
        with pytest.raises(ParseError):
            ovs_vsctl_show.parse(text[:end])


NAME = st.one_of(st.text("abz019-_.", min_size=1, max_size=8), st.text(min_size=1, max_size=6).filter(str.strip))
VALUE = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def quoted(name):
    bare = name.isascii() and all(c.isalnum() or c in "_-." for c in name) and not any(c.isdigit() for c in name)
    return name if name and bare else json.dumps(name, ensure_ascii=False)


def drawn(bridges):
    lines = ["903f6cd5-29f3-4b8d-9cda-3411ddf98ecb"]
    for bridge, ports in bridges.items():
        lines.append(f"    Bridge {quoted(bridge)}")
        for port, (tag, trunks, interfaces) in ports.items():
            lines.append(f"        Port {quoted(port)}")
            lines += [f"            tag: {tag}"] if tag is not None else []
            lines += [f"            trunks: [{', '.join(map(str, trunks))}]"] if trunks else []
            for name, (kind, options, error) in interfaces.items():
                lines.append(f"            Interface {quoted(name)}")
                lines += [f"                type: {kind}"] if kind else []
                pairs = ", ".join(f"{key}={quoted(value)}" for key, value in options.items())
                lines += [f"                options: {{{pairs}}}"] if options else []
                shown = json.dumps(error, ensure_ascii=False)
                lines += [f"                error: {shown}"] if error is not None else []
    return "\n".join([*lines, '    ovs_version: "1.11.0"', ""])


INTERFACE = st.tuples(st.sampled_from(["", "internal", "gre", "patch"]),
                      st.dictionaries(st.text("abc_", min_size=1, max_size=4), VALUE, max_size=3),
                      st.one_of(st.none(), VALUE))  # fmt: skip
PORT = st.tuples(st.one_of(st.none(), st.integers(0, 4095)), st.lists(st.integers(1, 4094), max_size=3),
                 st.dictionaries(NAME, INTERFACE, min_size=1, max_size=2))  # fmt: skip


@settings(deadline=None)
@given(st.dictionaries(NAME, st.dictionaries(NAME, PORT, max_size=3), max_size=3))
def test_any_switch_comes_back(bridges):
    found = ovs_vsctl_show.parse(drawn(bridges))
    assert [bridge["bridge"] for bridge in found.bridges] == list(bridges)
    wanted = [
        (bridge, port, tag, trunks or None, name, kind, options, error, None)
        for bridge, ports in bridges.items()
        for port, (tag, trunks, interfaces) in ports.items()
        for name, (kind, options, error) in interfaces.items()
    ]
    assert [tuple(row) for row in found.interfaces] == wanted


@settings(max_examples=300)
@given(st.text(max_size=100))
def test_any_text_is_read_or_refused(text):
    for parse in (ovs_vsctl_show.parse, packstack_log.parse):
        try:
            parse(text)
        except ParseError as error:
            assert error.line_number <= text.count("\n") + 1


@pytest.mark.parametrize("path", [p for p in SCREENS if "foreign" not in p.stem], ids=lambda path: path.stem)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_screen_in_pieces_is_the_screen(path, size):
    text = text_of(path)
    reader, events = packstack_log.Reader(), []
    for i in range(0, len(text), size):
        events += reader.feed(text[i : i + size])
    events += reader.close()
    whole = packstack_log.parse(text)
    assert reader.log == whole
    over = [(e.text, e.state) for e in events if e.kind == "step"]
    assert over == [(step["step"], step["state"]) for step in whole.steps if step["state"]]
    assert sum(e.kind == "password" for e in events) == len(whole.passwords)
    assert sum(e.kind == "applied" for e in events) == sum(m["state"] != "" for m in whole.manifests)


def test_a_prompt_is_told_while_packstack_waits():
    reader = packstack_log.Reader()
    reader.feed("Clean Up                                             [ \x1b[32mDONE\x1b[0m ]\r\n")
    events = reader.feed("\rroot@192.168.0.11's password: ")
    assert [(e.kind, e.host) for e in events] == [("password", "192.168.0.11")]
    assert reader.feed("\r\n") == []


def test_a_reboot_is_asked_for():
    path = HAVANA / "packstack-runs" / "ok-ntp-reboot-needed.raw"
    if not path.exists():
        pytest.skip("the recorded runs are not beside the project")
    log = packstack_log.parse(text_of(path))
    assert log.finished and log.reboot == ["192.168.0.11"] and log.manifests_path.endswith("/manifests")
