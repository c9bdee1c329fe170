"""`python -m rdokit.lab …`: start, stop, ask and repair a practice lab. `rdokit lab …` calls this."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

WAIT = 30.0  # seconds for a lab to become ready or to stop


class LabError(Exception):
    """One sentence for the user."""


def status_of(state: Path) -> dict[str, Any] | None:
    """status.json of a lab that is alive, else None."""
    try:
        data = json.loads((state / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if data.get("state") != "ready" or not alive(data.get("pid", 0)):
        return None
    try:
        return {**data, **ask_with(data, {"do": "status"}, 5.0)}
    except (OSError, LabError, ValueError):
        return None


def alive(pid: int) -> bool:
    if pid <= 0:
        return False
    if os.name == "nt":
        out = subprocess.run(["tasklist", "/FI", f"PID eq {pid}"], capture_output=True, text=True, check=False).stdout
        return str(pid) in out
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def ask_with(status: dict[str, Any], request: dict[str, Any], timeout: float = 60.0) -> Any:
    """Send one request to the running lab."""
    control = status["control"]
    with socket.create_connection(("127.0.0.1", control["port"]), timeout) as sock:
        sock.sendall(json.dumps({**request, "token": control["token"]}).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            data = sock.recv(1 << 16)
            if not data:
                break
            answer += data
    if not answer:
        raise LabError("the lab closed the connection")
    result = json.loads(answer)
    if "error" in result:
        raise LabError(result["error"])
    return result["ok"]


def ask(state: Path, request: dict[str, Any]) -> Any:
    status = status_of(state)
    if status is None:
        raise LabError("the lab is not running; start it with: rdokit lab up")
    return ask_with(status, request)


def spec_path(args: argparse.Namespace) -> Path | None:
    if args.spec:
        return Path(args.spec)
    default = Path(args.state) / "spec.json"
    return default if default.exists() else None


def up(args: argparse.Namespace) -> dict[str, Any]:
    """Start the lab and wait until it answers; does nothing when it runs."""
    state = Path(args.state)
    status = status_of(state)
    if status is not None:
        path = spec_path(args)
        if path is not None:
            spec = json.loads(path.read_text(encoding="utf-8"))
            if {n["name"] for n in spec.get("nodes", [])} - set(status["nodes"]):
                ask_with(status, {"do": "spec", "spec": spec})
                status = status_of(state) or status
        return {**status, "was_running": True}
    state.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        (state / "status.json").unlink()
    line = [sys.executable, "-m", "rdokit.lab", "serve", "--state", str(state.resolve())]
    if args.spec:
        line += ["--spec", str(Path(args.spec).resolve())]
    if args.speed is not None:
        line += ["--speed", str(args.speed)]
    errors = state / "lab.err"
    with errors.open("wb") as err:
        child = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=err,
            stderr=err,
            start_new_session=True,
            creationflags=getattr(subprocess, "DETACHED_PROCESS", 0),
            cwd=str(state.resolve()),
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, [package_root(), os.environ.get("PYTHONPATH", "")])),
            },
        )
    limit = WAIT + 2 * node_count(spec_path(args))
    end = time.monotonic() + limit
    while time.monotonic() < end:
        status = status_of(state)
        if status is not None and status["pid"] == child.pid:
            return {**status, "was_running": False}
        if child.poll() is not None:
            text = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise LabError(
                (text[-1] if text else f"it ended with status {child.returncode}").removeprefix("rdokit lab: ")
            )
        time.sleep(0.03)
    raise LabError(f"not ready after {limit:.0f} s; see {state / 'lab.log'}")


def node_count(path: Path | None) -> int:
    """How many nodes a spec asks for: fifty need longer to be built than two."""
    try:
        return len(json.loads(path.read_text(encoding="utf-8"))["nodes"]) if path else 2
    except (OSError, ValueError, KeyError):
        return 2


def package_root() -> str:
    return str(Path(__file__).resolve().parent.parent.parent)


def down(args: argparse.Namespace) -> bool:
    """Stop the lab, keeping its world. False when it was not running."""
    state = Path(args.state)
    status = status_of(state)
    if status is None:
        with contextlib.suppress(OSError):
            (state / "status.json").unlink()
        return False
    with contextlib.suppress(OSError, LabError):
        ask_with(status, {"do": "stop"}, 5.0)
    end = time.monotonic() + WAIT
    while alive(status["pid"]) and time.monotonic() < end:
        if reap(status["pid"]):
            break
        time.sleep(0.02)
    else:
        if alive(status["pid"]):
            os.kill(status["pid"], signal.SIGTERM)
    return True


def reap(pid: int) -> bool:
    """Collect the lab when it is our own child; it would look alive as a zombie."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except (ChildProcessError, AttributeError, OSError):
        return False


def print_status(status: dict[str, Any], state: Path, verb: str) -> None:
    print(f"lab {verb} (pid {status['pid']}, {status['speed']:g} times faster than real, world in {state})")
    for name, node in status["nodes"].items():
        print(
            f"  {name:<10} {node['state']:<5} ssh -p {node['port']} root@{node['host']}   "
            f"{', '.join(node['addresses'])}"
        )
    if status.get("root_password_file") and verb != "is running":
        print(f"  root password: in {status['root_password_file']}")
    if status.get("unknown_commands"):
        print(f"  {status['unknown_commands']} commands were asked for that the lab does not have: see lab.log")


def print_password(status: dict[str, Any]) -> None:
    """The practice lab's root password is no secret: it is asked at every `ssh` by hand."""
    with contextlib.suppress(OSError):
        text = Path(status.get("root_password_file") or "/nonexistent").read_text(encoding="utf-8").strip()
        print(f"  root password: {text}")


def ssh(args: argparse.Namespace) -> int:
    """A terminal on a node with the system's ssh client."""
    state = Path(args.state)
    status = status_of(state) or up(args)
    name, *command = args.rest or [""]
    if name not in status["nodes"]:
        raise LabError(f"no node {name!r}; there are {', '.join(status['nodes'])}")
    client = shutil.which("ssh")
    if client is None:
        raise LabError(f"no ssh client found; connect to 127.0.0.1 port {status['nodes'][name]['port']} with yours")
    options = ["-p", str(status["nodes"][name]["port"]), "-o", f"UserKnownHostsFile={state / 'known_hosts'}"]
    for option in ("HostKeyAlgorithms", "PubkeyAcceptedKeyTypes"):
        options += ["-o", f"{option}=+ssh-rsa"]
    options += ["-o", "KexAlgorithms=+diffie-hellman-group14-sha1", "-o", "StrictHostKeyChecking=yes"]
    return subprocess.call([client, *options, "root@127.0.0.1", *command])


def reset(args: argparse.Namespace) -> dict[str, Any]:
    """A fresh world; host keys and ports stay."""
    down(args)
    with contextlib.suppress(OSError):
        (Path(args.state) / "world.lab").unlink()
    return up(args)


def run(args: argparse.Namespace) -> int:
    state = Path(args.state)
    action, rest = args.action, args.rest
    if action == "serve":
        from .daemon import serve

        return serve(state, Path(args.spec) if args.spec else None, args.speed)
    result: Any = None
    if action in ("up", "reset"):
        result = up(args) if action == "up" else reset(args)
        if not args.json:
            print_status(
                result,
                state,
                "was running" if result.get("was_running") else "is ready" if action == "up" else "is new",
            )
    elif action == "down":
        result = {"stopped": down(args)}
        if not args.json:
            print("lab stopped; its world is kept" if result["stopped"] else "the lab was not running")
    elif action == "status":
        status = status_of(state)
        if status is None:
            result = {"state": "stopped"}
            if not args.json:
                print("the lab is not running; start it with: rdokit lab up")
            else:
                print(json.dumps(result))
            return 3
        result = status
        if not args.json:
            print_status(status, state, "is running")
            print_password(status)
    elif action == "ssh":
        return ssh(args)
    elif action in ("snapshot", "restore"):
        need(rest, 1, f"{action} FILE")
        result = ask(state, {"do": action, "path": str(Path(rest[0]).resolve())})
        if not args.json:
            print(f"{'saved to' if action == 'snapshot' else 'restored from'} {rest[0]}")
    elif action == "compare":
        return compare(args)
    elif action == "power":
        need(rest, 2, "power NODE on|off|reset")
        result = ask(state, {"do": "power", "node": rest[0], "how": rest[1]})
        if not args.json:
            print(f"{rest[0]}: power {rest[1]}")
    elif action == "fault":
        name = rest[0] if rest else None
        value: Any = rest[1] if len(rest) > 1 else ("on" if rest else None)
        with contextlib.suppress(ValueError, TypeError):
            value = json.loads(value)
        result = ask(state, {"do": "fault", "name": name, "value": value})
        if not args.json:
            print("\n".join(f"{k} = {v}" for k, v in result.items()) or "no faults")
    elif action == "unknown":
        result = ask(state, {"do": "unknown"})
        if not args.json:
            print("\n".join(result))
    else:
        raise LabError(
            f"unknown action {action!r}: up, down, status, reset, ssh, snapshot, restore, compare, power, "
            f"fault, unknown"
        )
    if args.json:
        if isinstance(result, dict):
            result.pop("control", None)
        print(json.dumps(result, default=str))
    return 0


def need(rest: list[str], count: int, usage: str) -> None:
    if len(rest) < count:
        raise LabError(f"usage: rdokit lab {usage}")


def compare(args: argparse.Namespace) -> int:
    """The facts in which two saved worlds differ; exit 1 when there are any."""
    need(args.rest, 2, "compare A B")
    from .compare import compare_files

    lines = compare_files(Path(args.rest[0]), Path(args.rest[1]))
    print(json.dumps(lines) if args.json else "\n".join(lines) or "no difference")
    return 1 if lines else 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="rdokit lab", description="The practice lab: simulated CentOS 6 nodes behind SSH."
    )
    parser.add_argument(
        "action",
        help="up, down, status, reset, ssh NODE, snapshot FILE, restore FILE, compare A B, power NODE HOW, "
        "fault NAME VALUE, unknown, serve",
    )
    parser.add_argument(
        "--state", default=".lab", metavar="DIR", help="where world, keys, status and log are (default: .lab)"
    )
    parser.add_argument("--spec", metavar="FILE", help="what the nodes are like, JSON (default: DIR/spec.json)")
    parser.add_argument(
        "--speed", type=float, metavar="F", help="how much faster than real waiting passes (default 60)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
    args, extra = parser.parse_known_args(argv)
    args.rest += extra
    try:
        return run(args)
    except LabError as err:
        print(f"rdokit lab: {err}", file=sys.stderr)
        return 1
    except (ValueError, OSError) as err:
        print(f"rdokit lab: {err}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
