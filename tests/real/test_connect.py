"""Getting in: every way the document's readers use, and every way it is refused, against real OpenSSH."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rdokit import ssh
from rdokit.errors import AuthError, ConnectError, HostKeyError
from rdokit.secret import Secret
from rdokit.shell import cmd
from rdokit.ssh import Connection, Door

from .furnish import ROOT_PASSWORD, USERS
from .nodes import RealLab

ROOT = Path(__file__).parents[2]
MODERN = """\
Port 2200
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_rsa_key
PermitRootLogin yes
UsePAM no
Banner /etc/issue.net
PidFile /run/sshd-modern.pid
"""


@pytest.fixture(scope="module")
def door(pair: RealLab, tmp_path_factory: pytest.TempPathFactory) -> Door:
    """The door of node1 by key, its host key trusted."""
    known = tmp_path_factory.mktemp("trust") / "known_hosts"
    known.write_text(pair.known_hosts())
    return Door("node1", pair["node1"].private, key=str(pair.key), known_hosts=str(known))


def whoami(door: Door, line: str = "id -un") -> str:
    connection = Connection(door)
    try:
        return connection.run(line).check().stdout.strip()
    finally:
        connection.close()


# --- let in ----------------------------------------------------------------------------------------

def test_rsa_key(door: Door):
    assert whoami(door) == "root"


def test_password_with_blank_and_non_ascii(door: Door):
    assert whoami(replace(door, key=None, password=Secret(ROOT_PASSWORD))) == "root"


def test_key_in_openssh_format_with_passphrase(door: Door, pair: RealLab, tmp_path: Path):
    key = tmp_path / "id_rsa"
    make = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "pass phrase", "-f", str(key)]
    subprocess.run(make, check=True)
    pair["node1"].sh("cat >> /root/.ssh/authorized_keys", stdin=key.with_suffix(".pub").read_text())
    assert whoami(replace(door, key=str(key), passphrase=Secret("pass phrase"))) == "root"
    with pytest.raises(AuthError, match="has a passphrase"):
        whoami(replace(door, key=str(key)))
    with pytest.raises(AuthError, match="cannot be read"):
        whoami(replace(door, key=str(key), passphrase=Secret("another one")))


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A real ssh-agent of this test's own, empty."""
    address = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(address)], stdout=subprocess.DEVNULL)
    while not address.exists():
        time.sleep(0.01)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(address))
    yield
    process.terminate()
    process.wait()


def test_agent(door: Door, pair: RealLab, agent: None, tmp_path: Path):
    other = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    by_agent = replace(door, key=None, agent=True)
    with pytest.raises(AuthError, match="no usable RSA key"):
        whoami(by_agent)
    for key in (other, pair.key):
        subprocess.run(["ssh-add", "-q", str(key)], check=True, capture_output=True)
    assert whoami(by_agent) == "root"


def test_sudo_with_a_password(door: Door):
    operator = replace(door, user="operator", sudo_password=Secret(USERS["operator"]))
    assert whoami(operator) == "root"
    assert whoami(operator, "umask; echo \"$HOME\" 'a  b'").endswith("a  b")


def test_sudo_passes_input_on_behind_its_password(door: Door):
    connection = Connection(replace(door, user="operator", sudo_password=Secret(USERS["operator"])))
    for _ in range(2):  # the second time sudo could remember, and must still not eat or leak a line
        assert connection.run("cat", stdin=b"line 1\nline 2\n").check().stdout == "line 1\nline 2\n"
    connection.close()


def test_sudo_without_a_password(door: Door):
    assert whoami(replace(door, user="deploy")) == "root"


@pytest.mark.parametrize("password", [None, "wrong-password"])
def test_refusal_by_sudo_is_no_exit_status_of_the_command(door: Door, password: str | None):
    connection = Connection(replace(door, user="operator", sudo_password=password and Secret(password)))
    start = time.monotonic()
    with pytest.raises(AuthError, match="sudo refuses operator") as caught:
        connection.run("false", limit=20)
    assert "wrong-password" not in str(caught.value) and time.monotonic() - start < 15
    connection.close()


def test_sudo_of_centos_6_wants_a_terminal(door: Door, pair: RealLab):
    pair["node1"].sh("echo 'Defaults:deploy requiretty' > /etc/sudoers.d/tty; chmod 440 /etc/sudoers.d/tty")
    try:
        with pytest.raises(AuthError, match="!requiretty"):
            whoami(replace(door, user="deploy"))
    finally:
        pair["node1"].sh("rm /etc/sudoers.d/tty")


def test_exit_status_of_a_command_under_sudo(door: Door):
    connection = Connection(replace(door, user="deploy"))
    result = connection.run("echo problem >&2; exit 1")
    assert result.status == 1 and result.stderr.endswith("problem\n")  # sudo may warn above it about the host's name
    connection.close()


def test_through_a_jump_host(door: Door, pair: RealLab):
    far = replace(door, name="node2", host=pair["node2"].private, jump=door)
    address = whoami(far, "echo ${SSH_CONNECTION%% *}")
    assert address == pair["node1"].private  # node2 saw node1 come, not us


def test_jump_host_that_cannot_reach_the_node(door: Door):
    with pytest.raises(ConnectError, match="through node1"):
        whoami(replace(door, name="node9", host="192.168.0.11", port=9, jump=door))


@pytest.fixture(scope="module")
def modern(pair: RealLab, door: Door) -> Door:
    """A second, unrestricted sshd on node1 that also shows a banner before the login."""
    node = pair["node1"]
    node.write("/etc/issue.net", "*** 無断使用禁止 ***\nUnauthorised use is prohibited.\n" * 50)
    node.write("/etc/ssh/sshd_modern", MODERN)
    node.sh("ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; /usr/sbin/sshd -f /etc/ssh/sshd_modern")
    ed25519 = node.sh("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub").strip()
    with Path(door.known_hosts).open("a") as file:
        file.write(f"[{node.private}]:2200 {ed25519}\n")
    return replace(door, port=2200)


def test_present_server_with_rsa_key_and_banner_before_login(modern: Door):
    assert whoami(modern) == "root"


def test_banner_before_login_with_password(modern: Door):
    assert whoami(replace(modern, key=None, password=Secret(ROOT_PASSWORD))) == "root"


# --- host keys -------------------------------------------------------------------------------------

def trusting(door: Door, tmp_path: Path, text: str) -> Door:
    """The same door with a known_hosts of its own."""
    file = tmp_path / "known_hosts"
    file.write_text(text)
    return replace(door, known_hosts=str(file))


def logins(pair: RealLab) -> str:
    return pair["node1"].console()


def test_unknown_host_key_is_refused_and_nothing_secret_was_sent(door: Door, pair: RealLab, tmp_path: Path):
    before = logins(pair)
    fingerprint = pair["node1"].sh("ssh-keygen -lf /etc/ssh/ssh_host_rsa_key.pub").split()[1]
    with pytest.raises(HostKeyError) as caught:
        whoami(trusting(replace(door, password=Secret(ROOT_PASSWORD)), tmp_path, ""))
    assert fingerprint in str(caught.value) and "rdokit trust node1" in str(caught.value)
    time.sleep(0.2)
    tried = logins(pair).removeprefix(before)
    assert "Accepted" not in tried and "Failed" not in tried


def test_changed_host_key_shows_both_fingerprints(door: Door, pair: RealLab, tmp_path: Path):
    other = f"{pair['node1'].private} {pair['node2'].host_key}\n"
    with pytest.raises(HostKeyError, match="CHANGED") as caught:
        whoami(trusting(door, tmp_path, other))
    for node in pair.nodes:
        assert node.sh("ssh-keygen -lf /etc/ssh/ssh_host_rsa_key.pub").split()[1] in str(caught.value)


def test_revoked_host_key_is_refused_even_if_also_trusted(door: Door, pair: RealLab, tmp_path: Path):
    trusted = pair.known_hosts("node1")
    with pytest.raises(HostKeyError, match="revoked"):
        whoami(trusting(door, tmp_path, f"{trusted}@revoked * {pair['node1'].host_key}\n"))


@pytest.mark.parametrize("pattern", ["192.168.0.*", "192.168.?.11", "other,192.168.0.11"])
def test_revoked_for_a_pattern_of_hosts(door: Door, pair: RealLab, tmp_path: Path, pattern: str):
    text = f"{pair.known_hosts('node1')}@revoked {pattern} {pair['node1'].host_key}\n"
    with pytest.raises(HostKeyError, match="revoked"):
        whoami(trusting(door, tmp_path, text))


def test_a_certificate_authority_is_no_trusted_host_key(door: Door, pair: RealLab, tmp_path: Path):
    with pytest.raises(HostKeyError, match="not known"):
        whoami(trusting(door, tmp_path, f"@cert-authority * {pair['node1'].host_key}\n"))


def test_hashed_known_hosts_written_by_ssh_keygen(door: Door, pair: RealLab, tmp_path: Path):
    hashed = trusting(door, tmp_path, pair.known_hosts())
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", hashed.known_hosts], check=True, capture_output=True)
    assert pair["node1"].private not in Path(hashed.known_hosts).read_text()
    assert whoami(hashed) == "root"


def test_trust_on_request_then_in(door: Door, tmp_path: Path):
    fresh = trusting(door, tmp_path, "# no newline at the end")
    ssh.record_host_key(fresh, ssh.scan_host_key(fresh))
    assert whoami(fresh) == "root"
    assert Path(fresh.known_hosts).read_text().startswith("# no newline at the end\n192.168.0.11 ssh-rsa ")


def test_jump_hosts_key_is_judged_too(door: Door, pair: RealLab, tmp_path: Path):
    jump = trusting(door, tmp_path, "")
    with pytest.raises(HostKeyError, match="node1"):
        whoami(replace(door, name="node2", host=pair["node2"].private, jump=jump))


# --- refused ---------------------------------------------------------------------------------------

def test_ed25519_user_key_is_refused_by_name(door: Door, tmp_path: Path):
    key = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    with pytest.raises(AuthError, match="ed25519.*must be RSA"):
        whoami(replace(door, key=str(key)))


def test_key_that_the_node_does_not_know(door: Door, tmp_path: Path):
    key = tmp_path / "id_rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(key)], check=True)
    with pytest.raises(AuthError, match="root is not let in"):
        whoami(replace(door, key=str(key)))


def test_missing_key_file(door: Door, tmp_path: Path):
    with pytest.raises(AuthError, match="does not exist"):
        whoami(replace(door, key=str(tmp_path / "none")))


def test_wrong_password_is_refused_and_not_shown(door: Door):
    with pytest.raises(AuthError) as caught:
        whoami(replace(door, key=None, password=Secret("not-the-password", "env:PW")))
    assert "env:PW" in str(caught.value) and "not-the-password" not in str(caught.value)


def test_unknown_user(door: Door):
    with pytest.raises(AuthError, match="nobody-here is not let in"):
        whoami(replace(door, user="nobody-here"))


def test_closed_port(door: Door):
    with pytest.raises(ConnectError, match="refused"):
        whoami(replace(door, port=9))


def test_no_such_machine(door: Door, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ssh.limits, "CONNECT", 2.0)
    start = time.monotonic()
    with pytest.raises(ConnectError):
        whoami(replace(door, host="192.168.0.99"))
    assert time.monotonic() - start < 5


@pytest.fixture
def mute() -> Iterator[int]:
    """A TCP server that accepts and never says anything; its port."""
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        def accept() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    for connection in kept:
        connection.close()


def test_server_that_accepts_and_says_nothing(door: Door, mute: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ssh.limits, "CONNECT", 1.5)
    start = time.monotonic()
    with pytest.raises(ConnectError, match="said nothing"):
        whoami(replace(door, host="127.0.0.1", port=mute))
    assert time.monotonic() - start < 5


def test_server_that_is_no_ssh_server(door: Door, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ssh.limits, "CONNECT", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer() -> None:
            connection = server.accept()[0]
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()
        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(ConnectError):
            whoami(replace(door, host="127.0.0.1", port=server.getsockname()[1]))


def test_failed_connects_leave_no_thread_and_no_socket(door: Door, mute: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ssh.limits, "CONNECT", 1.0)
    files, before = len(os.listdir("/proc/self/fd")), set(threading.enumerate())
    for bad in (replace(door, port=9), replace(door, key=None, password=Secret("wrong-password")),
                replace(door, host="127.0.0.1", port=mute)):  # fmt: skip
        with pytest.raises(ConnectError):
            whoami(bad)
    for _ in range(50):
        left = [t.name for t in threading.enumerate() if "Transport" in type(t).__name__ and t not in before]
        if not left and len(os.listdir("/proc/self/fd")) <= files + 1:  # + the mute server's side
            return
        time.sleep(0.1)
    assert left == [] and len(os.listdir("/proc/self/fd")) <= files + 1


# --- many ------------------------------------------------------------------------------------------

def test_forty_connects_all_get_in(door: Door):
    """The service-request race of paramiko's other transports showed in one of ten connects."""
    assert [whoami(door) for _ in range(40)] == ["root"] * 40


def test_kept_connection_needs_no_second_login(door: Door, pair: RealLab):
    connection = Connection(door)
    before = logins(pair).count("Accepted publickey")
    for number in range(5):
        assert connection.run(cmd("echo {n}", n=number)).stdout == f"{number}\n"
    connection.close()
    assert logins(pair).count("Accepted publickey") == before + 1


def test_a_failed_connect_prints_nothing_beside_its_error(mute: int):
    """paramiko logs tracebacks; in a notebook they would stand above the sentence that helps."""
    script = ("from rdokit import ssh; from rdokit.errors import ConnectError\n"
              "ssh.limits.CONNECT = 1.0\n"
              f"try: ssh.Connection(ssh.Door('n', '127.0.0.1', port={mute})).run('true')\n"
              "except ConnectError as error: print(error)")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert "said nothing" in done.stdout and done.stderr == ""
