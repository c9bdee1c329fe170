"""The lab's bash against the machine's own: the same scripts, the same output, status and messages."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rdokit.lab.shell.syntax import BashSyntaxError, Parser

from .kernel_lab import bare, run, type_in

FOLDER = Path(__file__).parent / "cases"
CASES = [c for name in ("bash", "bash2") for c in (FOLDER / f"{name}.txt").read_text().split("\n%%%%\n") if c.strip()]
REAL = shutil.which("bash")


def real(line: str) -> tuple[int, str, str]:
    folder = tempfile.mkdtemp()
    env = {"PATH": os.environ["PATH"], "HOME": "/root", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["bash", "-c", line],
            capture_output=True,
            cwd=folder,
            env=env,
            timeout=20,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    finally:
        shutil.rmtree(folder)
    return done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode("utf-8", "replace")


def plain(text: str) -> str:
    """Without what newer versions say differently: line numbers and the kind of quotes."""
    text = re.sub(r"^(bash|environment): (-c: )?(line \d+: )?", "bash: ", text, flags=re.M)
    return re.sub(r"[`'‘’\"]", "'", text).strip()


@pytest.mark.skipif(REAL is None or os.getuid() != 0, reason="compares with a real bash as root")
@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_as_the_real_bash(case: str) -> None:
    """`#4.1`: bash 4.1 of CentOS 6 differs from newer ones here; `#noerr`: the messages are not compared."""
    status, out, err = run(case)
    assert "internal error" not in err
    if "#4.1" in case:
        return
    want_status, want_out, want_err = real(case)
    assert (status, out) == (want_status, want_out)
    if "#noerr" not in case:
        assert plain(err) == plain(want_err)


@pytest.mark.parametrize(
    ("line", "status", "err"),
    [
        ("nosuch", 127, "bash: nosuch: command not found\n"),
        ("/tmp", 126, "bash: /tmp: is a directory\n"),
        ("cd /nope", 1, "bash: line 0: cd: /nope: No such file or directory\n"),
        (
            "echo 'a",
            2,
            "bash: -c: line 0: unexpected EOF while looking for matching `''\n"
            "bash: -c: line 1: syntax error: unexpected end of file\n",
        ),
        ("fi", 2, "bash: -c: line 0: syntax error near unexpected token `fi'\nbash: -c: line 0: `fi'\n"),
        ("ls --nope", 2, "ls: unrecognized option '--nope'\nTry `ls --help' for more information.\n"),
        ("cp a", 1, "cp: missing destination file operand after `a'\nTry `cp --help' for more information.\n"),
        ("rm nope", 1, "rm: cannot remove `nope': No such file or directory\n"),
        ("head -n x", 1, "head: x: invalid number of lines\n"),
    ],
)
def test_words_of_centos_6(line: str, status: int, err: str) -> None:
    got = run(line)
    assert (got[0], got[2]) == (status, err)


def test_output_comes_as_it_is_written() -> None:
    async def main() -> None:
        from rdokit.lab.shell.streams import Collector, Descriptors, Null

        machine, out = bare(), Collector()
        fds = Descriptors({0: Null(), 1: out, 2: out.dup()})
        p = machine.login_process("root", ["bash", "-c", "echo first; sleep 5; echo second"], fds, {})
        entry = machine.start(p, machine.shell_session)
        await asyncio.sleep(0.1)
        assert out.value() == b"first\n"
        machine.kill(entry.pid, 15)
        assert await asyncio.wait_for(entry.wait(), 1) == 143

    asyncio.run(main())


def test_background_job_outlives_its_shell() -> None:
    async def main() -> None:
        machine = bare()
        line = "nohup sh -c 'sleep 0.2; echo done > /tmp/mark' > /dev/null 2>&1 & echo $!"
        status, out, _ = await type_in(machine, line)
        pid = int(out)
        assert status == 0 and pid in machine.procs
        assert machine.kill(pid, 1) and pid in machine.procs, "nohup ignores SIGHUP"
        assert (await type_in(machine, f"kill -0 {pid} && ps -o pid= -p {pid}"))[1].split() == [str(pid).encode()]
        await asyncio.sleep(0.4)
        assert (await type_in(machine, "cat /tmp/mark"))[1] == b"done\n"
        assert (await type_in(machine, f"kill -0 {pid}"))[0] == 1

    asyncio.run(main())


def test_long_output_stays_linear() -> None:
    status, out, _ = run("seq 200000 | grep -c 7; seq 100000 | sed s/1/x/ | tail -1; yes | head -c 5000000 | wc -c")
    assert (status, out) == (0, "81902\nx00000\n5000000\n")


def test_script_from_standard_input_reads_no_more_than_it_needs() -> None:
    async def main() -> tuple[int, bytes, bytes]:
        machine = bare()
        return await type_in(machine, "bash -s one", b'read line\nthis is data\necho "[$line] $1"\n')

    assert asyncio.run(main())[1] == b"[this is data] one\n"


MACHINE = bare()
TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=30)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_quoted_arguments_arrive_exactly(args: list[str]) -> None:
    line = "printf '%s\\0' " + " ".join(map(shlex.quote, args))
    status, out, err = run(line, machine=MACHINE)
    assert (status, out, err) == (0, "".join(a + "\0" for a in args), "")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=300))
def test_bytes_pass_through_pipes_and_files(data: bytes) -> None:
    async def main() -> bytes:
        machine = bare()
        await type_in(machine, "cat | tee copy > /tmp/f", data)
        return (await type_in(machine, "cat < /tmp/f | cat; cmp /tmp/f copy"))[1]

    assert asyncio.run(main()) == data


def test_endless_commands_can_be_stopped() -> None:
    for line in (
        "yes > /dev/null",
        "while :; do :; done",
        "cat /dev/zero > /dev/null",
        "f() { f; }; f 2>/dev/null; sleep 9",
    ):

        async def main(line: str = line) -> int:
            from rdokit.lab.shell.streams import Descriptors, Null

            machine = bare()
            p = machine.login_process("root", ["bash", "-c", line], Descriptors({i: Null() for i in range(3)}), {})
            entry = machine.start(p, machine.shell_session)
            await asyncio.sleep(0.05)
            for number in list(machine.procs):
                machine.kill(number, 15)
            return await asyncio.wait_for(entry.wait(), 2)

        assert asyncio.run(main()) in (143, 1), line


def test_function_that_calls_itself_ends() -> None:
    status, _, err = run("f() { f; }; f; echo $?")
    assert "maximum function nesting level exceeded" in err and "internal error" not in err and status == 1


VALUES = ["abc", "a b  c", "", "*.x", "a/b.c/d.e", "x=y:z", " lead", "trail ", "aXbXc", "'q'", '"d"', "$y", "日本"]
OPERATORS = [
    ":-w",
    ":+w",
    "-w",
    "+w",
    "#a",
    "##*b",
    "%c",
    "%%b*",
    "/b/Z",
    "//[abX]/-",
    "/#a/S",
    "/%c/E",
    ":1",
    ":1:2",
    ": -2",
    "^",
    "^^",
    ",",
    ",,",
    "#*/",
    "##*/",
    "%/*",
    "%.*",
    "//./",
    "// /_",
    "//\\*/s",
    "//b/$y",
    "%%[. ]*",
    "#[a-c]",
]
OTHERS = [
    "'lit'",
    '"$x $y"',
    "~",
    "{a,b}",
    '"$@"',
    "$*",
    '"$*"',
    "${@:2}",
    '"${a[@]}"',
    "${a[*]}",
    "${#a[@]}",
    "${a[1]}",
    "$x",
    "${#y}",
    "$(echo $x)",
    "$(echo 'c d')",
    "$((1+2))",
    "$((${#x}*2))",
    "\\ ",
]


@pytest.mark.skipif(REAL is None or os.getuid() != 0, reason="compares with a real bash as root")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.data())
def test_expansions_as_the_real_bash(data: st.DataObject) -> None:
    values = [shlex.quote(data.draw(st.sampled_from(VALUES))) for _ in "xy"]
    separators = data.draw(st.sampled_from(["", "IFS=:; ", "IFS=' :'; ", "IFS=/; "]))
    pieces = []
    for _ in range(data.draw(st.integers(1, 3))):
        name, op = data.draw(st.sampled_from("xyz")), data.draw(st.sampled_from(OPERATORS))
        text = data.draw(st.sampled_from(["${" + name + op + "}", *OTHERS]))
        pieces.append(f'"{text}"' if data.draw(st.booleans()) and '"' not in text else text)
    line = f"x={values[0]}; y={values[1]}; unset z; set -- 'p q' r; a=(one 'two three' ''); {separators}"
    line += f"for i in {''.join(pieces)}; do printf '<%s>' \"$i\"; done"
    assert run(line)[:2] == real(line)[:2], line


def test_a_line_is_parsed_once_for_all_nodes() -> None:
    """What is remembered is told apart by all that decides how a text is read: its place, extglob, aliases."""
    text = "echo $(( 1 + 1 )) remembered\nls @(a|b)"
    first, second = Parser(text), Parser(text)
    assert first.next_line() is second.next_line()
    with pytest.raises(BashSyntaxError):
        first.next_line()
    assert Parser(text.split("\n")[1], extglob=True).next_line() is not None
    aliased = Parser("ls", {"ls": "ls --color"})
    assert len(Parser("ls").next_line().items[0][0].first.commands[0].words) == 1
    assert len(aliased.next_line().items[0][0].first.commands[0].words) == 2
    lines = list(iter(Parser("a\nb <<E\ntext\nE\n\nc # end\n").next_line, None))
    again = Parser("a\nb <<E\ntext\nE\n\nc # end\n")
    assert [again.next_line() for _ in lines] == lines
    assert again.at_end()
    assert again.next_line() is None
