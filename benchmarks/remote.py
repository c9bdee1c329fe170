"""How long rdokit takes on real nodes, beside what an operator would use instead. One command, as root on Linux:

    python benchmarks/remote.py                # the whole table, about 15 minutes on 2 cores
    python benchmarks/remote.py --nodes 2 --only raw,rdokit --repeat 3

Nodes are those of tests/real (namespaces with real OpenSSH restricted to CentOS 6's algorithms). The work is Steps
2-4 of the document: 7 sysctl keys, SELINUX, 3 lines of /etc/hosts, each read back. Tools take turns within each
repetition, so that a change of the machine's load meets all of them; the table shows medians, and ratios to raw
paramiko of the same run. A tool whose files differ from the others' is an error. The other tools live in an
environment of their own (requirements-remote.txt), made once in the user's cache.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS = HERE / "peers"
sys.path.insert(0, str(ROOT))

import remote_lab  # noqa: E402
import remote_session  # noqa: E402

from rdokit.site import DOCUMENT_SYSCTL  # noqa: E402
from tests.real import missing, sites  # noqa: E402
from tests.real.furnish import ROOT_PASSWORD  # noqa: E402
from tests.real.nodes import RealLab  # noqa: E402

FILES = ("/etc/sysctl.conf", "/etc/selinux/config", "/etc/hosts")
HOSTS = [["192.168.0.10", ["nfs.example.com", "nfs"]]]


def environment() -> Path:
    """bin/ of the environment with the other tools, made if it is not there or lists other versions."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rdokit-benchmarks"
    wanted = (HERE / "requirements-remote.txt").read_text()
    name = hashlib.sha256((wanted + sys.version).encode()).hexdigest()[:12]
    folder = cache / name
    if not (folder / "complete").exists():
        print(f"installing the other tools into {folder} …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([folder / "bin/pip", "install", "-q", "-r", HERE / "requirements-remote.txt"], check=True)
        (folder / "complete").touch()
    return folder / "bin"


def tools(other: Path, folder: Path, lab: RealLab) -> dict[str, list[str]]:
    """name -> command line. The names are the table's rows."""
    inventory = folder / "hosts.ini"
    inventory.write_text("".join(f"{n.private} ansible_user=root\n" for n in lab.nodes))
    python = str(other / "python")
    return {
        "raw paramiko in threads": [python, str(PEERS / "raw_paramiko.py")],
        "rdokit": [sys.executable, str(PEERS / "rdokit_prepare.py")],
        "rdokit run 02 (the notebook)": [sys.executable, "-m", "rdokit.cli", "run", "02", "--site",
                                         str(folder / "real.yml")],
        "parallel-ssh, one script": [python, str(PEERS / "pssh_prepare.py")],
        "fabric": [python, str(PEERS / "fabric_prepare.py")],
        "pyinfra": [str(other / "pyinfra"), "-y", str(PEERS / "pyinfra_inventory.py"),
                    str(PEERS / "pyinfra_prepare.py")],
        "ansible, pipelining": [str(other / "ansible-playbook"), "-i", str(inventory),
                                str(PEERS / "ansible_prepare.yml")],
    }  # fmt: skip


def surroundings(lab: RealLab, folder: Path) -> dict[str, str]:
    """Environment of every tool: what to do and where, and nothing of this user's own settings."""
    spec = {"nodes": {n.name: n.private for n in lab.nodes}, "key": str(lab.key), "password": ROOT_PASSWORD,
            "known_hosts": str(folder / "known_hosts"), "sysctl": DOCUMENT_SYSCTL, "hosts": _hosts(lab)}  # fmt: skip
    (folder / "spec.json").write_text(json.dumps(spec))
    ssh = (f"-i {lab.key} -o UserKnownHostsFile={folder}/known_hosts -o HostKeyAlgorithms=ssh-rsa "
           "-o PubkeyAcceptedAlgorithms=ssh-rsa -o IdentitiesOnly=yes")  # fmt: skip
    return {
        "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "",
        "BENCH_SPEC": str(folder / "spec.json"), "BENCH_SITE": str(sites.site(lab, folder)),
        "RDOKIT_RUNS": str(folder / "runs"), "RDOKIT_NOTEBOOKS": str(ROOT / "notebooks"),
        "ANSIBLE_PIPELINING": "1", "ANSIBLE_FORKS": str(len(lab.nodes)),
        "ANSIBLE_SSH_ARGS": f"-C -o ControlMaster=auto -o ControlPersist=60s {ssh}",
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3", "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
    }  # fmt: skip


def _hosts(lab: RealLab) -> list:
    """Step 4's lines: the Client, then every node (as rdokit derives them from its site)."""
    return HOSTS + [[n.private, [f"{n.name}.example.com", n.name]] for n in lab.nodes]


def pristine(lab: RealLab, keep: bool = False) -> None:
    """Every node as it was installed: files, kernel values, SELinux mode (`keep`: note that state first)."""
    for node in lab.nodes:
        if keep:
            node.sh(f"mkdir -p /root/before && cp --parents -p {' '.join(FILES)} /root/before")
        node.sh("cp -rp /root/before/etc /; sysctl -q -w net.ipv4.conf.all.forwarding=0 net.ipv4.conf.all.rp_filter=1;"
                "sysctl -q -e -p; setenforce 1; rm -f /etc/*.rdokit-* /etc/selinux/*.rdokit-*")  # fmt: skip


def result(lab: RealLab) -> str:
    """Digest of the three files of all nodes."""
    whole = b"".join(node.raw(f"cat {' '.join(FILES)}") for node in lab.nodes)
    return hashlib.sha256(whole).hexdigest()[:12]


def once(name: str, argv: list[str], env: dict[str, str]) -> dict[str, float]:
    """Run a tool; seconds of the whole process, and of work and imports where it tells them."""
    start = time.perf_counter()
    cwd = ROOT if name.startswith("rdokit") else env["HOME"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, cwd=cwd)
    seconds = {"whole": time.perf_counter() - start}
    if done.returncode:
        raise SystemExit(f"{name} failed ({done.returncode}):\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    last = done.stdout.strip().splitlines()[-1:] or [""]
    return seconds | (json.loads(last[0]) if last[0].startswith('{"imports"') else {})


def prepare(count: int, repeat: int, only: list[str]) -> list[dict]:
    """Rows of the table for `count` nodes: medians over `repeat` rounds."""
    taken: dict[tuple[str, str], list[dict[str, float]]] = {}
    digests: dict[str, str] = {}
    other = environment()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch, RealLab(Path(scratch), count) as lab, lab.entered():
        folder = Path(tempfile.mkdtemp(dir=scratch))
        env = surroundings(lab, folder)
        chosen = {n: argv for n, argv in tools(other, folder, lab).items() if not only or any(o in n for o in only)}
        pristine(lab, keep=True)
        for number in range(-1, repeat):  # round -1 warms caches up and is not counted
            for name, argv in chosen.items():
                pristine(lab)
                for pass_ in ("first", "second"):
                    seconds = once(name, argv, env)
                    digest = result(lab)
                    if digests.setdefault("files", digest) != digest:
                        raise SystemExit(f"{name}, {pass_} run: the files differ from those of {next(iter(chosen))}")
                    if number >= 0:
                        taken.setdefault((name, pass_), []).append(seconds)
                print(f"{count} nodes, round {number}, {name}: {seconds['whole']:.2f} s", file=sys.stderr)
    return [row(count, name, taken) for name in chosen]


def row(count: int, name: str, taken: dict) -> dict:
    def middle(pass_: str, field: str) -> float | None:
        values = [one[field] for one in taken[name, pass_] if field in one]
        return statistics.median(values) if values else None

    fields = ("work", "whole", "imports")
    found = {f"{pass_} {field}": middle(pass_, field) for pass_ in ("first", "second") for field in fields}
    return {"nodes": count, "tool": name} | found


def table(rows: list[dict]) -> str:
    """The rows as a table for the documentation, ratios beside the seconds."""
    lines = ["| nodes | tool | first run: work | second run: work | imports | first run: whole | second run: whole |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for one in rows:
        base = next(r for r in rows if r["nodes"] == one["nodes"])
        cells = [str(one["nodes"]), one["tool"]]
        for field in ("first work", "second work", "first imports", "first whole", "second whole"):
            value = one[field]
            ratio = "" if value is None or "imports" in field else f" ({value / base[field]:.2f}×)"
            cells.append("–" if value is None else f"{value:.2f} s{ratio}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def session(repeat: int) -> str:
    """The tables of a kept connection and of an upload."""
    other = environment()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch, RealLab(Path(scratch), 2) as lab, lab.entered():
        folder = Path(tempfile.mkdtemp(dir=scratch))
        env = surroundings(lab, folder)
        parts = [remote_session.commands(lab, folder, other, env, repeat),
                 remote_session.upload(lab, folder, other, env, repeat)]  # fmt: skip
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", default="2,10", help="numbers of real nodes (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", default="", help="parts of tools' names, e.g. raw,rdokit")
    parser.add_argument("--parts", default="prepare,session,lab", help="what to measure (default: %(default)s)")
    args = parser.parse_args()
    if reasons := missing.parts():
        raise SystemExit("; ".join(reasons))
    only = [part for part in args.only.split(",") if part]
    if "prepare" in args.parts:
        print(table([row for count in map(int, args.nodes.split(",")) for row in prepare(count, args.repeat, only)]))
    if "session" in args.parts:
        print("\n" + session(args.repeat))
    if "lab" in args.parts:
        print("\n" + remote_lab.table(args.repeat))


if __name__ == "__main__":
    main()
