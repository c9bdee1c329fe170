"""Reading and replacing files on a real file system: nothing but what was asked for changes, or nothing at all."""

from __future__ import annotations

import hashlib
import threading
import time

import pytest

from rdokit.errors import AuthError, CommandError, CommandTimeout, ConnectionLost, FileChanged
from rdokit.node import Node, RemoteFile
from rdokit.secret import Secret
from rdokit.ssh import Door

from .furnish import USERS
from .nodes import RealLab, RealNode, wait_for


def facts(machine: RealNode, path: str) -> str:
    return machine.sh(f"stat -c '%a %U %G %F' {path}").strip()


AWKWARD = {
    "no last newline": b"a=1\nb=2",
    "crlf": b"a=1\r\nb=2\r\n",
    "latin-1": "a=1 # Gr\u00fc\u00dfe\n".encode("latin-1"),
    "nul and binary": bytes(range(256)) * 3,
    "empty": b"",
    "only newlines": b"\n\n\n",
    "long line": b"x" * 300_000 + b"\n",
    "japanese": "net.ipv4.ip_forward = 1   #変更\n".encode(),
}


@pytest.mark.parametrize("data", AWKWARD.values(), ids=AWKWARD.keys())
def test_read_gives_the_very_bytes_and_write_puts_them_back(node: Node, machine: RealNode, data: bytes):
    machine.write("/etc/t.conf", data)
    seen = node.read("/etc/t.conf")
    assert seen.data == data and seen.text.encode("utf-8", "surrogateescape") == data
    node.write(seen.path, b"changed " + data, seen=seen)
    assert machine.read("/etc/t.conf") == b"changed " + data
    node.write(seen.path, data, seen=node.read("/etc/t.conf"))
    assert machine.read("/etc/t.conf") == data


def test_owner_group_and_mode_stay_and_nothing_is_left_beside(node: Node, machine: RealNode):
    machine.sh("mkdir -p /etc/d; echo x > /etc/d/f; chown operator:deploy /etc/d/f; chmod 0640 /etc/d/f")
    seen = node.read("/etc/d/f")
    assert (seen.mode, seen.owner, seen.group) == ("640", "operator", "deploy")
    node.write(seen.path, b"y\n", seen=seen, backup="/etc/d/f.orig")
    assert facts(machine, "/etc/d/f") == "640 operator deploy regular file"
    assert facts(machine, "/etc/d/f.orig") == "640 operator deploy regular file"
    assert machine.sh("ls -A /etc/d").split() == ["f", "f.orig"] and machine.read("/etc/d/f.orig") == b"x\n"


def test_a_link_stays_a_link(node: Node, machine: RealNode):
    machine.sh("mkdir -p /etc/n/plugins; echo '[OVS]' > /etc/n/plugins/real.ini; chmod 640 /etc/n/plugins/real.ini;"
               "ln -sf plugins/real.ini /etc/n/plugin.ini")  # fmt: skip
    seen = node.read("/etc/n/plugin.ini")
    assert seen.path == "/etc/n/plugins/real.ini"
    node.write(seen.path, b"[OVS]\nlocal_ip=192.168.0.11\n", seen=seen)
    assert machine.sh("readlink /etc/n/plugin.ini").strip() == "plugins/real.ini"
    assert machine.read("/etc/n/plugin.ini") == b"[OVS]\nlocal_ip=192.168.0.11\n"
    assert facts(machine, "/etc/n/plugins/real.ini").startswith("640")


def test_names_with_blanks_quotes_and_japanese(node: Node, machine: RealNode):
    for name in ("/etc/a b.conf", "/etc/it's.conf", "/etc/設定.conf", "/etc/$(reboot).conf", "/etc/-n"):
        seen = node.read(name)
        assert not seen.exists
        node.write(name, b"1\n", seen=seen, mode="0600")
        assert node.read(name).data == b"1\n" and node.read(name).mode == "600"


def test_dangling_link_and_directory_are_told_apart(node: Node, machine: RealNode):
    machine.sh("ln -sfn /nowhere/x /etc/dangling; mkdir -p /etc/adir")
    assert not node.read("/etc/dangling").exists
    with pytest.raises(CommandError, match="not a regular file"):
        node.read("/etc/adir")


def test_changed_by_somebody_between_look_and_write(node: Node, machine: RealNode):
    machine.write("/etc/t.conf", "a\n")
    seen = node.read("/etc/t.conf")
    machine.write("/etc/t.conf", "by hand\n")
    with pytest.raises(FileChanged):
        node.write(seen.path, b"ours\n", seen=seen)
    assert machine.read("/etc/t.conf") == b"by hand\n"
    machine.sh("rm -f /etc/new.conf")
    gone = node.read("/etc/new.conf")
    machine.write("/etc/new.conf", "made meanwhile\n")
    with pytest.raises(FileChanged):
        node.write("/etc/new.conf", b"ours\n", seen=gone)
    assert machine.read("/etc/new.conf") == b"made meanwhile\n"


def untouched(node: Node, machine: RealNode, path: str) -> str:
    """Write to `path` must be refused; the file and its folder must be as before. The refusal's text."""
    folder = path.rsplit("/", 1)[0]
    before, names = machine.read(path), machine.sh(f"ls -A {folder}")
    seen = node.read(path)
    with pytest.raises(CommandError) as caught:
        node.write(seen.path, b"new\n" * 100_000, seen=seen, backup=path + ".orig")
    assert machine.read(path) == before and machine.sh(f"ls -A {folder}") == names
    return str(caught.value)


def test_immutable_file(node: Node, machine: RealNode):
    machine.sh("mkdir -p /root/im; echo old > /root/im/f; chattr +i /root/im/f")
    try:
        assert "immutable" in untouched(node, machine, "/root/im/f")
    finally:
        machine.sh("chattr -i /root/im/f")


def test_read_only_file_system(node: Node, machine: RealNode):
    machine.sh("mkdir -p /mnt/ro && mount -t tmpfs ro /mnt/ro && echo old > /mnt/ro/f && mount -o remount,ro /mnt/ro")
    try:
        assert "read-only" in untouched(node, machine, "/mnt/ro/f").lower()
    finally:
        machine.sh("umount /mnt/ro")


def test_full_disk(node: Node, machine: RealNode):
    machine.sh("mkdir -p /mnt/tiny && mount -t tmpfs -o size=64k tiny /mnt/tiny && echo old > /mnt/tiny/f")
    try:
        assert "full" in untouched(node, machine, "/mnt/tiny/f").lower()
    finally:
        machine.sh("umount /mnt/tiny")


def test_full_disk_at_the_backup(node: Node, machine: RealNode):
    """Room for the new file, none for the copy of the old one: still nothing may change."""
    machine.sh("mkdir -p /mnt/tiny && mount -t tmpfs -o size=160k tiny /mnt/tiny"
               " && head -c 120000 /dev/zero > /mnt/tiny/f")  # fmt: skip
    try:
        seen = node.read("/mnt/tiny/f")
        with pytest.raises(CommandError):
            node.write(seen.path, b"n" * 20_000, seen=seen, backup="/mnt/tiny/f.orig")
        assert machine.read("/mnt/tiny/f") == seen.data
        assert machine.sh("ls -A /mnt/tiny").split() == ["f"]
    finally:
        machine.sh("umount /mnt/tiny")


def test_a_backup_that_exists_is_not_overwritten(node: Node, machine: RealNode):
    machine.sh("echo first > /etc/b.conf; rm -f /etc/b.conf.orig")
    for text in (b"second\n", b"third\n"):
        node.write("/etc/b.conf", text, seen=node.read("/etc/b.conf"), backup="/etc/b.conf.orig")
    assert machine.read("/etc/b.conf.orig") == b"first\n"


def test_as_a_sudo_user(pair: RealLab, machine: RealNode, known_hosts: str):
    machine.sh("echo secret > /etc/t600; chmod 600 /etc/t600")
    door = Door("node1", machine.private, user="operator", key=str(pair.key), known_hosts=known_hosts,
                sudo_password=Secret(USERS["operator"]))  # fmt: skip
    node = Node(door)
    seen = node.read("/etc/t600")
    assert seen.data == b"secret\n"
    node.write(seen.path, b"line 1\nline 2\n", seen=seen)
    assert machine.read("/etc/t600") == b"line 1\nline 2\n"
    assert facts(machine, "/etc/t600") == "600 root root regular file"
    node.close()


def test_without_rights_it_is_refused(pair: RealLab, machine: RealNode, known_hosts: str):
    machine.sh("echo old > /etc/t644")
    node = Node(Door("node1", machine.private, user="operator", key=str(pair.key), known_hosts=known_hosts))
    with pytest.raises(AuthError, match="sudo refuses operator"):
        node.write("/etc/t644", b"new\n", seen=RemoteFile("/etc/t644", b"old\n"))
    assert machine.read("/etc/t644") == b"old\n"
    node.close()


# --- a write that is cut off -----------------------------------------------------------------------

BIG = bytes(range(256)) * 4096 * 24  # 24 MB: long enough to be caught in the middle


def interrupted(node: Node, machine: RealNode, cut, then=lambda: None) -> None:
    """Start replacing /root/w/big, `cut` in the middle: the old file or the new one, and `then` nothing beside it."""
    machine.sh("mkdir -p /root/w; rm -f /root/w/* /root/w/.big*; echo old > /root/w/big")
    seen = node.read("/root/w/big")
    errors: list[BaseException] = []

    def write() -> None:
        try:
            node.write(seen.path, BIG, seen=seen, limit=8)
        except (ConnectionLost, CommandTimeout, CommandError) as error:
            errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    wait_for(lambda: machine.sh("cat /root/w/.*.rdokit.* 2>/dev/null | head -c 1000 | wc -c", check=False) != "0\n", 10,
             "the first bytes to arrive")  # fmt: skip
    cut()
    writer.join(30)
    assert not writer.is_alive(), "the write hangs"
    now = hashlib.sha256(machine.read("/root/w/big")).hexdigest()
    assert now in (hashlib.sha256(b"old\n").hexdigest(), hashlib.sha256(BIG).hexdigest())
    assert errors or now == hashlib.sha256(BIG).hexdigest()
    then()
    wait_for(lambda: machine.sh("ls -A /root/w").split() == ["big"], 10, "the half file to be removed")


def test_a_new_secret_file_is_never_readable_by_others(node: Node, machine: RealNode):
    """Not even while it arrives."""
    machine.sh("mkdir -p /root/s; rm -f /root/s/* /root/s/.[a-z]*")
    thread = threading.Thread(target=lambda: node.write("/root/s/rc", BIG, seen=node.read("/root/s/rc"), mode="0600"))
    thread.start()
    wait_for(lambda: machine.sh("ls -A /root/s"), 10, "the file to arrive")
    modes = set(machine.sh("stat -c %a /root/s/.rc* /root/s/rc 2>/dev/null", check=False).split())
    thread.join(60)
    assert modes == {"600"} and facts(machine, "/root/s/rc") == "600 root root regular file"


def test_session_killed_in_the_middle_of_a_write(node: Node, machine: RealNode):
    interrupted(node, machine, lambda: machine.sh("pkill -f 'sshd: [r]oot@'"))


def test_our_own_death_in_the_middle_of_a_write(node: Node, machine: RealNode):
    interrupted(node, machine, node.close)


def test_power_cut_in_the_middle_of_a_write(node: Node, machine: RealNode):
    machine.sh("mkdir -p /root/w; rm -f /root/w/* /root/w/.big*; echo old > /root/w/big; sync")

    def power_cut() -> None:
        machine.power_off()
        machine.power_on()
        machine.wait_up()
        node.close()

    def write_again() -> None:  # a dead machine cannot tidy: the next write does
        assert ".big.rdokit." in machine.sh("ls -A /root/w")
        machine.sh("ln /root/w/big /root/w/big.rdokit-1.bak")  # power gone between the backup and the rename
        node.write("/root/w/big", b"new\n", seen=node.read("/root/w/big"), backup="/root/w/big.rdokit-2.bak")
        assert machine.sh("cat /root/w/big; ls /root/w").split() == ["new", "big", "big.rdokit-2.bak"]
        assert machine.read("/root/w/big.rdokit-2.bak") == b"old\n"
        machine.sh("rm /root/w/*.bak")

    interrupted(node, machine, power_cut, write_again)


def test_cable_pulled_in_the_middle_of_a_write_and_not_put_back_in_time(node: Node, machine: RealNode):
    def pull() -> None:
        machine.cable("eth0", False)
        time.sleep(8.5)
        machine.cable("eth0", True)

    interrupted(node, machine, pull)


def test_cable_pulled_in_the_middle_of_a_write_and_put_back(node: Node, machine: RealNode):
    def pull() -> None:
        with machine.unplugged("eth0"):
            time.sleep(1.5)

    interrupted(node, machine, pull)
    assert hashlib.sha256(machine.read("/root/w/big")).digest() == hashlib.sha256(BIG).digest()
