"""What holds for every edit and any file: run again it changes nothing, it reads back what it wrote,
and every line that it was not asked for stays byte for byte, in its order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdokit import edit
from rdokit.errors import EditError

NOISE = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=20)
REMARK = NOISE.map("#".__add__)
BLANK = st.text(" \t", max_size=3)
ENDING = st.sampled_from(["\n", "\r\n"])
KEYS = ["alpha", "beta", "gamma.delta", "net.ipv4.ip_forward"]
WORD = st.text("abcxyz0189./:_-", min_size=1, max_size=8)


@st.composite
def files(draw, *lines):
    """Any mixture of such lines, with either line ending, and with or without a last one."""
    end = draw(ENDING)
    found = draw(st.lists(st.one_of(REMARK, BLANK, *lines), max_size=12))
    text = "".join(line + end for line in found)
    return text if draw(st.booleans()) else text.removesuffix(end)


def check(before, change, touched):
    """Idempotent; and the lines not touched are the same before and after.

    A line without an ending gets one when something is put behind it; so endings are compared apart.
    """
    after = change(before)
    assert change(after) == after
    # both sides without the touched lines, and without a blank line put in front of a new section
    kept = [line for line in before.split("\n") if line.strip() and not touched(line)]
    left = [line for line in after.split("\n") if line.strip() and not touched(line)]
    assert [line.removesuffix("\r") for line in kept] == [line.removesuffix("\r") for line in left]
    assert (not before) or before.endswith("\n") == after.endswith("\n") or not after
    if "\r" not in before:
        assert "\r" not in after
    return after


SETTING = st.builds("{}{}{}{}{}{}".format, st.sampled_from(["", " "]), st.sampled_from(KEYS),
                    st.sampled_from(["=", " = ", " =\t"]), WORD, BLANK, st.one_of(st.just(""), REMARK))  # fmt: skip


@given(files(SETTING, NOISE.map("x ".__add__)), st.dictionaries(st.sampled_from(KEYS), WORD, max_size=3))
def test_sysctl(text, values):
    after = check(text, lambda t: edit.sysctl_conf(t, values), lambda line: any(key in line for key in values))
    assert values.items() <= edit.sysctl_values(after).items()
    if values.items() <= edit.sysctl_values(text).items() and len(edit.sysctl_values(text)) == text.count("="):
        assert after == text


MODE_LINE = st.builds("SELINUX={}{}".format, st.sampled_from(["enforcing", "disabled", ""]), BLANK)


@given(files(MODE_LINE, st.just("SELINUXTYPE=targeted")), st.sampled_from(["enforcing", "permissive", "disabled"]))
def test_selinux(text, mode):
    after = check(text, lambda t: edit.selinux(t, mode), lambda line: line.startswith("SELINUX="))
    assert edit.selinux_mode(after) == mode


NAMES = st.sampled_from(["node1", "node1.example.com", "node2", "other", "localhost"])
ADDRESSES = st.sampled_from(["192.168.0.11", "192.168.0.12", "127.0.0.1", "10.0.0.9", "::1"])
HOST_LINE = st.builds(lambda ip, names, r: f"{ip}  {' '.join(names)}{r}", ADDRESSES,
                      st.lists(NAMES, min_size=1, max_size=4), st.sampled_from(["", " # own", " "]))  # fmt: skip
ENTRIES = [("192.168.0.11", ["node1.example.com", "node1"]), ("192.168.0.12", ["node2"])]


@given(files(HOST_LINE))
def test_hosts(text):
    after = edit.hosts(text, ENTRIES)
    assert edit.hosts(after, ENTRIES) == after
    left = iter(after.replace("\r", "").split("\n"))  # a line that loses a name keeps the others: a subsequence
    assert all(line in left for line in text.replace("\r", "").split("\n") if line and "node" not in line.lower())
    found = edit.hosts_values(after)
    assert (found["node1"], found["node1.example.com"], found["node2"]) == (*["192.168.0.11"] * 2, "192.168.0.12")
    before = edit.hosts_values(text)  # a name that was not asked for leads where it led
    assert {k: v for k, v in before.items() if "node" not in k} == {k: v for k, v in found.items() if "node" not in k}


ANSWER_KEYS = ["CONFIG_A", "CONFIG_B", "EXCLUDE_SERVERS"]
ANSWER = st.builds("{}={}".format, st.sampled_from(ANSWER_KEYS), st.one_of(st.just(""), WORD))
ANSWERS = files(ANSWER).filter(lambda t: "\r" not in t).map("[general]\nCONFIG_A=\nCONFIG_B=x\n".__add__)


@given(ANSWERS, st.dictionaries(st.sampled_from(ANSWER_KEYS[:2]), WORD, max_size=2))
def test_answer_file(text, values):
    after = check(text, lambda t: edit.answer_file(t, values), lambda line: line.partition("=")[0] in values)
    assert values.items() <= edit.answers(after).items()


OLD, NEW = "192.168.1.11", "192.168.0.11"
LISTED = st.lists(st.sampled_from([OLD, OLD + "0", "1" + OLD, "http://" + OLD + "/", "x"]), max_size=3).map(",".join)


@given(files(LISTED.map("A=".__add__)).filter(lambda t: "\r" not in t).map("[general]\n".__add__))
def test_replace_address(text):
    after = check(text, lambda t: edit.replace_address(t, OLD, NEW), lambda line: line.startswith("A="))
    assert not edit.keys_with_address(after, OLD)
    assert edit.replace_address(text, OLD, OLD) == text


INI_VALUE = st.one_of(WORD, st.lists(WORD, min_size=1, max_size=3))
INI_LINE = st.one_of(
    st.builds("{}{}{}".format, st.sampled_from(["a", "b", "c"]), st.sampled_from(["=", " = ", ":"]), WORD),
    st.sampled_from(["[OVS]", "[DEFAULT]", "# a = 1", "#b=2"]),
)


@given(files(INI_LINE), st.sampled_from(["OVS", "DEFAULT", "NEW"]),
       st.dictionaries(st.sampled_from(["a", "b"]), INI_VALUE, max_size=2))  # fmt: skip
def test_ini(text, section, values):
    text = "[X]" + ("\r\n" if "\r\n" in text else "\n") + text
    keys = tuple(values)
    after = check(text, lambda t: edit.ini_set(t, section, values),
                  lambda line: line.startswith((*keys, f"[{section}]")) if keys else False)  # fmt: skip
    found = edit.ini_values(after, section)
    for key, value in values.items():
        assert found[key] == (value if isinstance(value, str) else value[-1])
    for other in {"X", "OVS", "DEFAULT"} - {section}:
        assert edit.ini_values(text, other) == edit.ini_values(after, other)


IFCFG_KEYS = ["DEVICE", "IPADDR", "HWADDR"]
QUOTED = st.one_of(WORD, WORD.map("'{} y'".format), WORD.map('"{} z"'.format))
IFCFG = st.builds("{}={}{}".format, st.sampled_from(IFCFG_KEYS), QUOTED, st.sampled_from(["", " ", " # own"]))
ANY_VALUE = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=12)


@given(files(IFCFG), st.dictionaries(st.sampled_from(IFCFG_KEYS[:2]), ANY_VALUE), st.booleans())
def test_ifcfg(text, values, remove):
    gone = ["HWADDR"] if remove else []
    after = check(text, lambda t: edit.ifcfg(t, values, gone), lambda line: line.startswith((*values, *gone, "?")))
    found = edit.ifcfg_values(after)
    assert values.items() <= found.items() and not (remove and "HWADDR" in found)


SERVER = st.sampled_from(["server a iburst", "server b", "server 127.127.1.0", "restrict 127.0.0.1", "driftfile x"])


@given(files(SERVER), st.lists(st.sampled_from(["a", "c.example"]), unique=True), st.booleans())
def test_ntp(text, servers, clock):
    after = check(text, lambda t: edit.ntp_conf(t, servers, ["192.168.0.0/24"], local_clock=clock),
                  lambda line: line.startswith(("server", "fudge", "restrict 192")))  # fmt: skip
    assert sorted(edit.ntp_servers(after)) == sorted(servers)
    assert edit.has_line(after, "restrict 192.168.0.0 mask 255.255.255.0 nomodify notrap")


@given(files(NOISE), st.sampled_from(["-A INPUT -p gre -j ACCEPT", "losetup /dev/loop0 f"]))
def test_lines(text, line):
    after = check(text, lambda t: edit.ensure_line(t, line), lambda one: one.rstrip() == line)
    assert edit.has_line(after, line)
    assert not edit.has_line(edit.remove_line(after, line), line)


@settings(max_examples=300)
@given(st.text(max_size=60), st.sampled_from([
    lambda t: edit.sysctl_conf(t, {"a": 1}), lambda t: edit.selinux(t, "permissive"), lambda t: edit.hosts(t, ENTRIES),
    lambda t: edit.answer_file(t, {}), lambda t: edit.ini_set(t, "A", {"b": 1}), lambda t: edit.ifcfg(t, {"A": "b"}),
    lambda t: edit.ntp_conf(t, ["a"]),
]))  # fmt: skip
def test_any_text_is_edited_or_refused(text, change):
    try:
        after = change(text)
    except EditError:
        return
    assert change(after) == after


def test_the_error_says_where():
    with pytest.raises(EditError, match="nova.conf:2: no setting"):
        edit.ini_set("[DEFAULT]\nnonsense\n", "DEFAULT", {"a": 1}, path="nova.conf")
