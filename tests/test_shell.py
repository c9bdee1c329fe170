"""Quoting proved by a real bash; masking proved on every form a secret can take."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import urllib.parse

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rdokit.errors import CommandError, ParameterError
from rdokit.secret import MASK, Masker, Secret
from rdokit.shell import cmd, plain, shorten

BASH = shutil.which("bash")
ANY = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=200)


def bash(line: str) -> bytes:
    done = subprocess.run([BASH, "--norc", "-c", line], capture_output=True, check=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    return done.stdout


@pytest.mark.skipif(not BASH, reason="no bash here")
@given(ANY)
@example("$(reboot)")
@example("a'b\"c`d`\\")
@example("line one\nline two\n")
@example("日本 | > /tmp/x; rm -rf ~")
@example("x" * 10_240)
def test_any_value_arrives_exactly_as_the_value_of_an_option(value: str) -> None:
    assert bash(cmd("printf '%s' --name={value}", value=value).sent) == f"--name={value}".encode()


@pytest.mark.skipif(not BASH, reason="no bash here")
@given(st.lists(ANY.filter(lambda v: not v.startswith("-") or len(v) < 2), min_size=1, max_size=4))
def test_a_list_arrives_as_so_many_words(values: list[str]) -> None:
    said = bash(cmd("printf '<%s>' {values}", values=values).sent)
    assert said == "".join(f"<{value}>" for value in values).encode()


@pytest.mark.parametrize("value", ["-rf", "--help"])
def test_a_dash_in_front_is_refused_where_it_would_be_an_option(value: str) -> None:
    with pytest.raises(ParameterError, match="starts with a dash"):
        cmd("rm {path}", path=value).sent  # noqa: B018
    assert cmd("rm --path={path}", path=value).sent == f"rm --path={value}"


def test_what_cannot_be_quoted_is_refused() -> None:
    with pytest.raises(ParameterError, match="NUL"):
        cmd("echo {x}", x="a\0b")
    with pytest.raises(ParameterError, match="within quotes"):
        cmd('echo "{x}"', x="a")
    with pytest.raises(ParameterError, match="differ"):
        cmd("echo {x}", y="a")


def test_a_value_that_is_not_known_yet_shows_as_its_hole() -> None:
    def unknown() -> str:
        raise LookupError("no tenant yet")
    line = cmd("neutron net-create n --tenant-id {tenant}", tenant=unknown)
    assert line.shown == "neutron net-create n --tenant-id <tenant>"
    with pytest.raises(LookupError):
        line.sent  # noqa: B018


def test_a_secret_is_sent_and_never_shown() -> None:
    secret = Secret("correct horse 'battery'", "env:X")
    line = cmd("keystone user-create --pass {pw}", pw=secret)
    assert "battery" in line.sent and "battery" not in f"{line}{line.shown}{secret!r}{secret}"
    assert "battery" not in str(CommandError("node1", line.shown, 1, f"said: {secret.reveal()}"))


@given(st.text(min_size=6, max_size=40).filter(str.strip), st.text(max_size=5), st.text(max_size=5))
def test_every_form_of_a_secret_is_masked(value: str, before: str, after: str) -> None:
    masker = Masker()
    masker.add(value)
    raw = f"{before}{value}{after}".encode("utf-8", "surrogatepass")
    for shown in (value, urllib.parse.quote(value, safe="", errors="replace"), json.dumps(value)[1:-1]):
        assert MASK in masker(f"{before} {shown} {after}")
    if len(value.encode("utf-8", "surrogatepass")) >= 12 and value.isascii():
        coded = base64.b64encode(raw).decode()
        assert base64.b64encode(value.encode()).decode()[4:-4] not in masker(coded)


def test_secrets_that_nobody_told_us_are_masked_by_their_names() -> None:
    masker = Masker()
    text = "CONFIG_MYSQL_PW=ab12cd34\nexport OS_PASSWORD='two words'\nsql_connection=mysql://nova:ab12@10.0.0.1/nova\n"
    shown = masker(text)
    assert not {"ab12cd34", "two words", "ab12"} & set(shown.replace("'", " ").replace("@", " ").split())
    assert shown.count(MASK) == 3 and "10.0.0.1/nova" in shown


@given(st.text())
def test_plain_text_can_not_steer_a_terminal(text: str) -> None:
    said = plain(text)
    assert not any(ord(c) < 32 and c not in "\t\n\r" or 127 <= ord(c) < 160 or c in "\u202e\u2066" for c in said)
    assert plain(said) == said or "\r" in said


def test_shortened_output_keeps_the_lines_that_matter() -> None:
    lines = [f"line {n}" for n in range(1000)]
    lines[500] = "Error: something"
    assert "Error: something" in shorten(lines, 5, 5, keep=lambda line: "Error" in line)
    assert len(shorten(lines, 5, 5)) == 11
