"""The lab's SSH server, asked by paramiko as the kit asks it."""

from __future__ import annotations

import io
import socket
import stat
import time

import paramiko
import pytest

from rdokit.lab.server import OldConnection

from .kernel_lab import PASSWORD, Served, execute


@pytest.fixture(scope="module")
def lab():
    served = Served()
    yield served
    served.stop()


@pytest.fixture
def client(lab: Served):
    made = lab.connect()
    yield made
    made.close()


def test_speaks_like_openssh_5_3(lab: Served) -> None:
    transport = paramiko.Transport(("127.0.0.1", lab.port()))
    transport.start_client(timeout=10)
    assert transport.remote_version == "SSH-2.0-OpenSSH_5.3"
    assert transport.host_key_type == "ssh-rsa"
    assert not transport.server_extensions, "5.3 sends no server-sig-algs"
    with pytest.raises(paramiko.BadAuthenticationType) as refused:
        transport.auth_none("root")
    assert set(refused.value.allowed_types) == {"publickey", "password"}
    transport.close()


def test_wrong_password(lab: Served) -> None:
    with pytest.raises(paramiko.AuthenticationException):
        lab.connect(password="wrong")


def test_keys(lab: Served) -> None:
    fs = lab.node().fs
    rsa = paramiko.RSAKey.generate(2048)
    fs.mkdir("/root/.ssh", 0o700, parents=True)
    fs.write("/root/.ssh/authorized_keys", f"ssh-rsa {rsa.get_base64()} me\n", mode=0o600)
    old = {"disabled_algorithms": {"pubkeys": ["rsa-sha2-256", "rsa-sha2-512"]}}
    lab.connect(password=None, pkey=rsa, **old).close()
    with pytest.raises(paramiko.AuthenticationException):  # SHA-2 signatures are from later versions
        lab.connect(password=None, pkey=rsa)
    fs.chmod("/root/.ssh/authorized_keys", 0o666)
    with pytest.raises(paramiko.AuthenticationException):  # StrictModes
        lab.connect(password=None, pkey=rsa, **old)
    fs.rmtree("/root/.ssh")


def test_status_and_streams(client: paramiko.SSHClient) -> None:
    assert execute(client, "echo out; echo err >&2; exit 7") == (7, b"out\n", b"err\n")
    assert execute(client, "nosuch")[0::2] == (127, b"bash: nosuch: command not found\n")
    assert execute(client, "kill -9 $$")[0] == -1  # exit-signal
    assert execute(
        client, b"printf '\xff\xfe' | od -An -tx1".decode("utf-8", "surrogateescape").encode("utf-8", "surrogateescape")
    )[1].split() == [b"ff", b"fe"]


def test_binary_input(client: paramiko.SSHClient) -> None:
    data = bytes(range(256)) * 8000
    assert (
        execute(client, "cat > /tmp/bin; md5sum < /tmp/bin | cut -c1-8; wc -c < /tmp/bin", data)[1].split()[1]
        == b"2048000"
    )
    assert execute(client, "cat /tmp/bin")[1] == data


def test_a_command_costs_milliseconds(client: paramiko.SSHClient) -> None:
    client.get_transport().sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    execute(client, "true")
    begun = time.perf_counter()
    for _ in range(20):
        execute(client, "true")
    assert (time.perf_counter() - begun) / 20 < 0.05


def test_a_command_takes_few_packets(client: paramiko.SSHClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """None to be ignored (asyncssh's way, which doubles the work of both sides), and several go out in one piece."""
    execute(client, "true")
    kinds, pieces = [], []
    packetizer = client.get_transport().packetizer
    read, send = packetizer.read_message, OldConnection._send_gathered

    def message() -> tuple:
        found = read()
        kinds.append(found[0])
        return found

    monkeypatch.setattr(packetizer, "read_message", message)
    monkeypatch.setattr(OldConnection, "_send_gathered", lambda *args: pieces.append(send(*args)))
    assert execute(client, "echo out")[1] == b"out\n"
    time.sleep(0.1)
    assert paramiko.common.MSG_IGNORE not in kinds
    assert len(pieces) < len(kinds) < 10, kinds


def test_background_process_keeps_the_channel_open(client: paramiko.SSHClient) -> None:
    begun = time.perf_counter()
    _, out, _ = client.exec_command("sleep 0.6 & echo $!")
    assert out.channel.recv_exit_status() == 0
    assert time.perf_counter() - begun < 0.5
    out.read()
    assert time.perf_counter() - begun > 0.5


def test_job_outlives_the_connection(lab: Served) -> None:
    one = lab.connect()
    pid = execute(one, "nohup sh -c 'sleep 0.5; echo $$ > /tmp/pid' > /dev/null 2>&1 < /dev/null & echo $!")[1].split()[
        0
    ]
    one.close()
    two = lab.connect()
    assert execute(two, f"kill -0 {pid.decode()}")[0] == 0
    time.sleep(0.8)
    assert execute(two, "cat /tmp/pid")[1].split() == [pid]
    two.close()


def test_command_without_terminal_ends_when_it_writes(lab: Served) -> None:
    one = lab.connect()
    _, out, _ = one.exec_command("echo $$; sleep 0.3; echo > /tmp/still; echo text; echo > /tmp/notreached")
    out.readline()
    one.close()
    time.sleep(0.6)
    fs = lab.node().fs
    assert fs.exists("/tmp/still") and not fs.exists("/tmp/notreached")


def test_environment(client: paramiko.SSHClient) -> None:
    _, out, _ = client.exec_command(
        "echo $LANG $FOO $USER $HOME $PATH", environment={"LANG": "ja_JP.UTF-8", "FOO": "x"}
    )
    assert out.read().split() == [
        b"ja_JP.UTF-8",
        b"root",
        b"/root",
        b"/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin",
    ]


def read_until(channel: paramiko.Channel, text: bytes, seconds: float = 5) -> bytes:
    got, end = b"", time.monotonic() + seconds
    channel.settimeout(0.1)
    while text not in got and time.monotonic() < end:
        try:
            got += channel.recv(65536)
        except TimeoutError:
            continue
    assert text in got, got
    return got


def at_prompt(client: paramiko.SSHClient) -> paramiko.Channel:
    """A terminal in which bash waits for a line."""
    channel = client.invoke_shell()
    read_until(channel, b"# ")
    return channel


def test_interactive_shell(lab: Served) -> None:
    client = lab.connect()
    channel = client.invoke_shell(term="xterm", width=70, height=20)
    read_until(channel, b"[root@node1 ~]# ")
    channel.send(b"stty size; echo 'two\r")
    read_until(channel, b"> ")
    channel.send(b"lines'\r")
    assert b"20 70\r\ntwo\r\nlines\r\n" in read_until(channel, b"lines\r\n[root@node1 ~]# ")
    channel.send(b"sleep 30\r")
    time.sleep(0.2)
    channel.send(b"\x03")
    read_until(channel, b"[root@node1 ~]# ")
    channel.send(b"echo $?\r")
    read_until(channel, b"130\r\n")
    channel.send(b"cat /etc/redhat-r\t\r")
    read_until(channel, b"CentOS release 6")
    channel.send(b"type ll\r")
    read_until(channel, b"ll is aliased to `ls -l --color=auto'")
    channel.send(b"\x04")
    read_until(channel, b"logout\r\n")
    assert channel.recv_exit_status() == 0
    client.close()


def test_vi_by_hand(lab: Served) -> None:
    client = lab.connect()
    channel = client.invoke_shell(term="xterm", width=80, height=24)
    read_until(channel, b"# ")
    for keys in (b"vi /tmp/answer\r", b"iA=192.168.1.11\rB=192.168.1.11\x1b", b":%s/192.168.1.11/192.168.0.11/gc\r"):
        channel.send(keys)
        time.sleep(0.2)
    read_until(channel, b"replace with 192.168.0.11 (y/n/a/q/l/^E/^Y)?")
    channel.send(b"yn:wq\r")
    time.sleep(0.3)
    assert lab.node().fs.read("/tmp/answer") == b"A=192.168.0.11\nB=192.168.1.11\n"
    client.close()


def test_lost_terminal_hangs_up_its_foreground(lab: Served) -> None:
    client = lab.connect()
    channel = at_prompt(client)
    channel.send(b"echo pid $$; sleep 300\r")
    time.sleep(0.3)
    client.close()
    time.sleep(0.3)
    assert not any(e.argv[:1] == ["sleep"] and "300" in e.argv for e in lab.lab.machines["node1"].procs.values())


def test_sftp(lab: Served, client: paramiko.SSHClient) -> None:
    sftp = client.open_sftp()
    sftp.putfo(io.BytesIO(b"one\n"), "/tmp/up")
    sftp.chmod("/tmp/up", 0o600)
    assert stat.S_IMODE(sftp.stat("/tmp/up").st_mode) == 0o600
    with sftp.open("/tmp/up", "a") as file:
        file.write(b"two\n")
    assert sftp.open("/tmp/up").read() == b"one\ntwo\n"
    sftp.symlink("/tmp/up", "/tmp/link")
    assert sftp.readlink("/tmp/link") == "/tmp/up" and stat.S_ISLNK(sftp.lstat("/tmp/link").st_mode)
    assert sftp.normalize("/tmp/link") == "/tmp/up"
    sftp.putfo(io.BytesIO(b"new"), "/tmp/other")
    with pytest.raises(OSError, match="Failure"):
        sftp.rename("/tmp/other", "/tmp/up")
    sftp.posix_rename("/tmp/other", "/tmp/up")
    assert sftp.open("/tmp/up").read() == b"new"
    with pytest.raises(FileNotFoundError):
        sftp.stat("/tmp/other")
    assert b"node1" in sftp.open("/proc/sys/kernel/hostname").read()
    fs = lab.node().fs
    fs.limit = fs.used + 100
    try:
        with pytest.raises(OSError, match="Failure"), sftp.open("/tmp/full", "w") as file:
            file.write(b"x" * 100000)
    finally:
        fs.limit = None
    sftp.close()


def test_jump_host(lab: Served, client: paramiko.SSHClient) -> None:
    channel = client.get_transport().open_channel("direct-tcpip", ("192.168.0.12", 22), ("127.0.0.1", 0))
    behind = lab.connect("node2", sock=channel)
    assert execute(behind, "hostname")[1] == b"node2.example.com\n"
    behind.close()
    with pytest.raises(paramiko.ChannelException):
        client.get_transport().open_channel("direct-tcpip", ("192.168.0.77", 22), ("127.0.0.1", 0))


def test_ssh_between_nodes(lab: Served) -> None:
    client = lab.connect()
    channel = at_prompt(client)
    channel.send(b"ssh 192.168.0.12 hostname\r")
    read_until(channel, b"(yes/no)? ")
    channel.send(b"yes\r")
    read_until(channel, b"root@192.168.0.12's password: ")
    channel.send(PASSWORD.encode() + b"\r")
    read_until(channel, b"node2.example.com")
    client.close()


def test_reboot(lab: Served) -> None:
    client = lab.connect("node2")
    before = execute(client, "cat /proc/sys/kernel/random/boot_id; nohup sleep 1000 > /dev/null 2>&1 &")[1]
    _, out, _ = client.exec_command("reboot")
    out.read()
    time.sleep(0.15)
    end, refused, again = time.monotonic() + 10, False, None
    while time.monotonic() < end and again is None:
        try:
            again = lab.connect("node2")
        except (OSError, paramiko.SSHException):
            refused = True
            time.sleep(0.02)
    assert refused and again is not None
    assert execute(again, "cat /proc/sys/kernel/random/boot_id")[1] != before
    assert execute(again, "pgrep sleep")[0] == 1
    again.close()


def test_ten_sessions_on_one_connection(client: paramiko.SSHClient) -> None:
    transport = client.get_transport()
    open_now = [transport.open_session() for _ in range(10)]
    with pytest.raises(paramiko.ChannelException):
        transport.open_session()
    open_now.pop().close()
    time.sleep(0.2)
    transport.open_session().close()


def test_six_failures_end_the_connection(lab: Served) -> None:
    transport = paramiko.Transport(("127.0.0.1", lab.port()))
    transport.start_client(timeout=10)
    for _ in range(5):
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password("root", "wrong")
    with pytest.raises(paramiko.SSHException):
        transport.auth_password("root", "wrong")
    time.sleep(0.2)
    assert not transport.is_active()


def test_the_node_holds_its_host_key(lab: Served, client: paramiko.SSHClient) -> None:
    key = client.get_transport().get_remote_server_key().get_base64()
    assert execute(client, "cut -d' ' -f2 /etc/ssh/ssh_host_rsa_key.pub")[1].decode().strip() == key


def test_key_refused_then_password_on_the_same_connection(lab: Served) -> None:
    transport = paramiko.Transport(("127.0.0.1", lab.port()))
    transport.start_client(timeout=10)
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_publickey("root", paramiko.RSAKey.generate(2048))
    transport.auth_password("root", PASSWORD)
    assert transport.is_authenticated()
    transport.close()


def test_lines_pasted_at_once(lab: Served) -> None:
    client = lab.connect()
    channel = at_prompt(client)
    channel.send(b"cat > /tmp/pasted\rfirst\rsecond\r\x04vi /tmp/pasted\rGothird\x1b:wq\recho do''ne\r")
    read_until(channel, b"\r\ndone\r\n")
    assert lab.node().fs.read("/tmp/pasted") == b"first\nsecond\nthird\n"
    client.close()
