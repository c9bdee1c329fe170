"""The simulated files: errors as the kernel gives them, attributes that edits must keep."""

from __future__ import annotations

import errno
import pickle

import pytest

from rdokit.lab.fs import Filesystem


@pytest.fixture
def fs() -> Filesystem:
    made = Filesystem("node1")
    for path in ("/etc", "/root", "/tmp", "/home"):
        made.mkdir(path)
    made.chmod("/tmp", 0o1777)
    made.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nann:x:500:500::/home/ann:/bin/bash\n")
    made.write("/etc/group", "root:x:0:\nann:x:500:\nwheel:x:10:ann\n")
    return made


@pytest.mark.parametrize(
    ("act", "number"),
    [
        (lambda f: f.read("/nope"), errno.ENOENT),
        (lambda f: f.read("/etc"), errno.EISDIR),
        (lambda f: f.read("/etc/passwd/x"), errno.ENOTDIR),
        (lambda f: f.write("/nodir/x", ""), errno.ENOENT),
        (lambda f: f.mkdir("/etc"), errno.EEXIST),
        (lambda f: f.rmdir("/etc"), errno.ENOTEMPTY),
        (lambda f: f.remove("/etc"), errno.EISDIR),
        (lambda f: f.write("/etc/x", "", user="ann"), errno.EACCES),
        (lambda f: f.chmod("/etc/passwd", 0, user="ann"), errno.EPERM),
        (lambda f: f.rename("/etc", "/etc/inside"), errno.EINVAL),
        (lambda f: f.write("/tmp/" + "x" * 300, ""), errno.ENAMETOOLONG),
    ],
)
def test_errors(fs: Filesystem, act, number: int) -> None:
    with pytest.raises(OSError) as caught:
        act(fs)
    assert caught.value.errno == number


def test_link_loops(fs: Filesystem) -> None:
    fs.symlink("b", "/tmp/a")
    fs.symlink("a", "/tmp/b")
    with pytest.raises(OSError) as caught:
        fs.read("/tmp/a")
    assert caught.value.errno == errno.ELOOP


def test_overwriting_keeps_inode_owner_mode_and_label(fs: Filesystem) -> None:
    fs.write("/etc/conf", "a", mode=0o640, owner="ann:wheel")
    fs.set_context("/etc/conf", "system_u:object_r:etc_t:s0")
    before = fs.stat("/etc/conf")
    fs.write("/etc/conf", "bb")
    after = fs.stat("/etc/conf")
    assert (after.ino, after.mode, after.user, after.group, after.context) == (
        before.ino,
        0o640,
        "ann",
        "wheel",
        before.context,
    )


def test_open_file_survives_its_name(fs: Filesystem) -> None:
    inode = fs.open_inode("/tmp/log")
    fs.rename("/tmp/log", "/tmp/old")
    fs.write_inode(inode, b"more")
    assert fs.read("/tmp/old") == b"more" and not fs.exists("/tmp/log")


def test_disk_full_read_only_and_immutable(fs: Filesystem) -> None:
    fs.write("/etc/a", "1")
    fs.set_immutable("/etc/a")
    with pytest.raises(PermissionError):
        fs.write("/etc/a", "2")
    with pytest.raises(PermissionError):
        fs.remove("/etc/a")
    fs.mount("/home", "ro")
    with pytest.raises(OSError) as caught:
        fs.write("/home/x", "")
    assert caught.value.errno == errno.EROFS
    fs.limit = fs.used + 10
    with pytest.raises(OSError) as caught:
        fs.write("/tmp/big", b"x" * 100)
    assert caught.value.errno == errno.ENOSPC


def test_sticky_directory(fs: Filesystem) -> None:
    fs.write("/tmp/rootfile", "")
    with pytest.raises(PermissionError):
        fs.remove("/tmp/rootfile", user="ann")


def test_hard_links_and_synthetic_files(fs: Filesystem) -> None:
    fs.write("/tmp/a", "x")
    fs.link("/tmp/a", "/tmp/b")
    assert fs.stat("/tmp/a").nlink == 2 and fs.stat("/tmp/a").ino == fs.stat("/tmp/b").ino
    fs.write_synthetic("/tmp/img", 13167616, "64d7c1cd2b6f60c92c14662941cb7913")
    again = pickle.loads(pickle.dumps(fs))
    assert again.checksum("/tmp/img") == "64d7c1cd2b6f60c92c14662941cb7913"
    assert again.stat("/tmp/img").size == 13167616 and len(again.read("/tmp/img")) == 13167616
    assert again.read("/tmp/img").startswith(b"QFI\xfb")
