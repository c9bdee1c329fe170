"""The cable is pulled, or the session dies, in the middle of work: nothing hangs, nothing runs twice, jobs go on."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable

import pytest

from rdokit import job as job_module
from rdokit.errors import CommandTimeout, ConnectError, ConnectionLost
from rdokit.job import Job
from rdokit.node import Node
from rdokit.shell import cmd

from .nodes import RealNode, wait_for

KILL_SESSIONS = "pkill -f 'sshd: [r]oot@'"


@pytest.fixture(autouse=True)
def traces(machine: RealNode) -> None:
    """Work of these tests signs here; twice is an error."""
    machine.sh("rm -f /root/ran /root/slow.log; touch /root/ran")


def ran(machine: RealNode) -> int:
    return int(machine.sh("wc -l < /root/ran"))


def beside(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """`work` in a thread of its own; its result, or the exception it ended with."""
    end: list[object] = []

    def body() -> None:
        try:
            end.append(work())
        except Exception as error:
            end.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    return thread, end


# --- a command -------------------------------------------------------------------------------------

def test_cable_out_and_back_during_a_command(node: Node, machine: RealNode):
    node.run("true")
    thread, end = beside(lambda: node.run("echo x >> /root/ran; sleep 1; echo done", limit=30))
    wait_for(lambda: ran(machine) == 1, 5, "the command to start")
    with machine.unplugged("eth0"):
        time.sleep(2.5)
    thread.join(30)
    assert end[0].stdout == "done\n" and ran(machine) == 1


def test_cable_stays_out_during_a_command(node: Node, machine: RealNode):
    node.run("true")
    start = time.monotonic()
    with machine.unplugged("eth0"):
        with pytest.raises((CommandTimeout, ConnectionLost, ConnectError)):
            node.run("echo x >> /root/ran", limit=3)
        assert time.monotonic() - start < 8
    assert node.run("echo back", limit=20).stdout == "back\n"
    assert ran(machine) <= 1


def test_session_dies_during_a_command_that_changes_something(node: Node, machine: RealNode):
    """Whether it happened is not known: it is said, and not sent again."""
    thread, end = beside(lambda: node.run("echo x >> /root/ran; sleep 5"))
    wait_for(lambda: ran(machine) == 1, 5, "the command to start")
    machine.sh(KILL_SESSIONS)
    thread.join(10)
    assert isinstance(end[0], ConnectionLost) and "sleep 5" in str(end[0])
    assert ran(machine) == 1


def test_session_dies_during_a_question(node: Node, machine: RealNode):
    """A question may be asked again, aloud."""
    said: list[str] = []
    node._heard = said.append
    thread, end = beside(lambda: node.ask("echo x >> /root/ran; sleep 1; echo answer"))
    wait_for(lambda: ran(machine) == 1, 5, "the question to be asked")
    machine.sh(KILL_SESSIONS)
    thread.join(20)
    assert end[0].stdout == "answer\n" and any("connect" in line for line in said)


def test_sshd_restarted_between_two_commands(node: Node, machine: RealNode):
    node.run("true")
    machine.sh("pkill -x sshd; sleep 0.2; setsid /usr/local/sbin/sshd -f /etc/ssh/sshd_config", check=False)
    machine.wait_up()
    assert node.ask("echo again").stdout == "again\n"


# --- a job -----------------------------------------------------------------------------------------

SLOW = "echo x >> /root/ran; for i in $(seq 1 40); do echo line $i; sleep 0.1; done; exit 3"


def slow(node: Node, attempt: str) -> Job:
    return Job(node, "slow", cmd("bash -c {line}", line=SLOW), attempt)


EXPECTED = [f"line {i}" for i in range(1, 41)]


def check_whole(machine: RealNode, end: list[object], log: bytearray) -> None:
    started, result = end[0]
    assert result.status == 3 and ran(machine) == 1
    assert log.decode().splitlines() == EXPECTED


def followed(node: Node, attempt: str) -> tuple[threading.Thread, list[object], bytearray]:
    log = bytearray()
    thread, end = beside(lambda: slow(node, attempt).run(log.extend))
    return thread, end, log


def test_job_undisturbed(node: Node, machine: RealNode):
    thread, end, log = followed(node, "undisturbed")
    thread.join(30)
    check_whole(machine, end, log)


def test_cable_out_and_back_during_a_job(node: Node, machine: RealNode):
    thread, end, log = followed(node, "cable")
    wait_for(lambda: b"line 5" in log, 10, "the job to run")
    with machine.unplugged("eth0"):
        time.sleep(3)
    thread.join(40)
    check_whole(machine, end, log)


def test_session_dies_during_a_job(node: Node, machine: RealNode):
    thread, end, log = followed(node, "session")
    wait_for(lambda: b"line 5" in log, 10, "the job to run")
    machine.sh(KILL_SESSIONS)
    thread.join(40)
    check_whole(machine, end, log)


def test_we_die_during_a_job_and_another_kernel_finds_it(node: Node, machine: RealNode):
    job = slow(node, "kernel")
    assert job.start() is True
    node.close()
    other = Node(node.connection.door, heard=lambda line: None)
    assert slow(other, "kernel").look().state in ("running", "starting")
    assert slow(other, "kernel").start() is False
    log = bytearray()
    ours, result = slow(other, "kernel").run(log.extend)
    assert not ours
    check_whole(machine, [(ours, result)], log)
    other.close()


def test_a_job_that_ended_is_found_and_not_run_again(node: Node, machine: RealNode):
    logs = [bytearray(), bytearray()]
    for log in logs:
        result = slow(node, "ended").run(log.extend)
    assert logs[0] == logs[1] and result[0] is False and ran(machine) == 1


def test_ten_who_start_the_same_job_start_it_once(node: Node, machine: RealNode):
    nodes = [Node(node.connection.door, heard=lambda line: None) for _ in range(10)]
    threads = [beside(slow(one, "ten").start) for one in nodes]
    for thread, _ in threads:
        thread.join(30)
    assert sorted(str(end[0]) for _, end in threads) == ["False"] * 9 + ["True"]
    slow(node, "ten").run(lambda data: None)
    assert ran(machine) == 1
    for one in nodes:
        one.close()


def test_a_job_cut_off_by_a_reboot_is_told_apart(node: Node, machine: RealNode):
    slow(node, "reboot").start()
    machine.reboot()
    state = slow(node, "reboot").look()
    assert state.state == "rebooted" and state.over
    ours, result = slow(node, "reboot").run(lambda data: None)
    assert not ours and result.status is None and "reboot" in result.note


def test_a_job_that_was_killed_is_told_apart(node: Node, machine: RealNode):
    slow(node, "killed").start()
    wait_for(lambda: ran(machine) == 1, 5, "the job to start")
    machine.sh("kill -9 -$(cat /var/lib/rdokit/jobs/slow-*/pid | tail -1)", check=False)
    machine.sh("for f in /var/lib/rdokit/jobs/slow-*/pid; do kill -9 -$(cat $f); done", check=False)
    wait_for(lambda: slow(node, "killed").look().over, 10, "the job to be seen as over")
    assert slow(node, "killed").look().state == "died"


def test_cut_off_while_the_job_is_being_started(node: Node, machine: RealNode):
    """Half a command line must never run: start again and again with the session killed at a random moment."""
    for number in range(6):
        machine.sh(": > /root/ran")
        job = Job(node, "cut", cmd("echo x >> /root/ran; : {pad}; echo complete", pad="a" * 400_000), str(number))
        thread, end = beside(lambda job=job: job.run(lambda data: None, limit=20))
        time.sleep(0.01 + 0.03 * number)
        machine.sh(KILL_SESSIONS, check=False)
        thread.join(60)
        assert not thread.is_alive()
        if isinstance(end[0], Exception):
            assert isinstance(end[0], (ConnectionLost, ConnectError)), end[0]
            continue
        ours, result = end[0]
        assert ran(machine) <= 1
        whole = (result.status, result.stdout) == (0, "complete\n")
        assert whole or result.status is None, (number, result, result.stdout)


def test_half_a_line_never_starts_a_job(node: Node, machine: RealNode):
    """The session dies when only a part of the line has arrived: no job, and the next start is a whole one."""
    job = Job(node, "half", cmd("echo x >> /root/ran; echo {pad}", pad="b" * 1000))
    script = job._script(job_module._START, "start", sum=hashlib.sha256(job.command.sent.encode() + b"\n").hexdigest())
    for part in (b"", b"echo x >> /root/ran\n", job.command.sent.encode()[:-1]):
        channel = node.connection.transport().open_session()
        channel.exec_command(script.sent)
        channel.sendall(part)
        time.sleep(0.2)
        machine.sh(KILL_SESSIONS)
        wait_for(lambda: not node.connection.alive, 5, "the session to be gone")
        assert job.look().state == "none"
    assert job.start() is True
    job.follow(lambda data: None, limit=20)
    assert ran(machine) == 1 and machine.sh("ls -A /var/lib/rdokit/jobs | grep -c '^.line'", check=False).strip() == "0"
