"""yum 3.2.29 (Steps 5 to 7): install, update, remove, list, info, search, repolist, check-update, clean, history.

Output goes out line by line while packages are installed one by one, so a yum that is killed leaves half of
them installed, as a real one does.
"""

from __future__ import annotations

import asyncio
import fnmatch
import re

from .. import internet, network, packagefiles, packages, yumtext
from ..nodestate import append, now, runtime, stamp
from ..packagedata import KEYS
from ..packages import Available, PackageError, Transaction
from ..process import Process, command
from ..world import Package

SECONDS_PER_PACKAGE = 0.25  # lab seconds
RELEASES = {"base": 6367, "extras": 14, "updates": 286, "epel": 10950, "openstack-havana": 1008, "foreman": 321,
            "foreman-plugins": 0, "puppetlabs-products": 422, "puppetlabs-deps": 68}  # fmt: skip
TAKES_VALUE = (
    "-d",
    "-e",
    "-c",
    "-x",
    "-R",
    "--enablerepo",
    "--disablerepo",
    "--exclude",
    "--setopt",
    "--installroot",
    "--disableplugin",
    "--enableplugin",
    "--releasever",
    "--debuglevel",
    "--errorlevel",
    "--config",
    "--color",
    "--randomwait",
    "--disableexcludes",
)
FLAGS = (
    "-y",
    "-q",
    "-v",
    "-C",
    "-t",
    "-h",
    "--assumeyes",
    "--assumeno",
    "--quiet",
    "--verbose",
    "--nogpgcheck",
    "--skip-broken",
    "--noplugins",
    "--version",
    "--showduplicates",
    "--obsoletes",
    "--cacheonly",
    "--tolerant",
    "--help",
    "--security",
    "--downloadonly",
)
COMMANDS = [
    "check",
    "check-update",
    "clean",
    "deplist",
    "distribution-synchronization",
    "downgrade",
    "erase",
    "groupinfo",
    "groupinstall",
    "grouplist",
    "groupremove",
    "help",
    "history",
    "info",
    "install",
    "list",
    "load-transaction",
    "localinstall",
    "localupdate",
    "makecache",
    "provides",
    "reinstall",
    "remove",
    "repolist",
    "resolvedep",
    "search",
    "shell",
    "update",
    "upgrade",
    "version",
    "whatprovides",
    "update-minimal",
    "distro-sync",
]


class Yum:
    """One run of yum."""

    def __init__(self, p: Process):
        self.p = p
        self.yes = self.no = self.quiet = self.verbose = self.nogpg = self.skip = False
        self.enable: list[str] = []
        self.disable: list[str] = []
        self.exclude: list[str] = []
        self.width = p.tty.width if p.tty is not None and p.stdout.isatty() else yumtext.WIDTH
        self._universe: dict[str, list[Available]] | None = None
        self.repos: list[packages.Repo] = []

    def say(self, text: str = "") -> None:
        """A line that -q hides."""
        if not self.quiet:
            self.p.print(text)

    # -- options -------------------------------------------------------------------------------------------------------

    def options(self, argv: list[str]) -> list[str]:
        """Take the options out of a command line."""
        rest, queue = [], list(argv)
        while queue:
            word = queue.pop(0)
            name, equals, value = word.partition("=")
            if name in TAKES_VALUE or word[:2] in ("-d", "-e", "-x", "-c", "-R") and not word.startswith("--"):
                if name not in TAKES_VALUE:
                    name, value = word[:2], word[2:]
                elif not equals:
                    if not queue:
                        raise _usage(f"{name} option requires an argument")
                    value = queue.pop(0)
                self._value(name, value)
            elif word in FLAGS:
                self._flag(word)
            elif re.fullmatch(r"-[yqvCt]{2,}", word):
                for letter in word[1:]:
                    self._flag(f"-{letter}")
            elif word.startswith("-") and word != "-":
                raise _usage(f"no such option: {word}")
            else:
                rest.append(word)
        return rest

    def _value(self, name: str, value: str) -> None:
        if name == "--enablerepo":
            self.enable += value.split(",")
        elif name == "--disablerepo":
            self.disable += value.split(",")
        elif name in ("-x", "--exclude"):
            self.exclude += value.split(",")
        elif name in ("-d", "--debuglevel") and value == "0":
            self.quiet = True
        elif name == "--setopt" and value.replace(" ", "") == "assumeyes=1":
            self.yes = True

    def _flag(self, word: str) -> None:
        if word in ("-y", "--assumeyes"):
            self.yes = True
        elif word == "--assumeno":
            self.no = True
        elif word in ("-q", "--quiet"):
            self.quiet = True
        elif word in ("-v", "--verbose"):
            self.verbose = True
        elif word == "--nogpgcheck":
            self.nogpg = True
        elif word == "--skip-broken":
            self.skip = True
        elif word in ("-h", "--help"):
            raise _usage("", 0)

    # -- repositories --------------------------------------------------------------------------------------------------

    def universe(self) -> dict[str, list[Available]]:
        """Read the repositories (once); says which mirrors were chosen."""
        if self._universe is not None:
            return self._universe
        p = self.p
        known = {r.id for r in packages.repos(p.node)}
        for pattern in [*self.enable, *self.disable]:
            if not any(fnmatch.fnmatch(name, pattern) for name in known):
                raise PackageError("", "", f"Error getting repository data for {pattern}, repository not found")
        found, self.repos, complaints = packages.available(p.world, p.node, self.enable, self.disable)
        for line in complaints:
            self.p.error(line)
        cache = p.node.extra.setdefault("yum_cache", [])
        mirrored = [
            r
            for r in self.repos
            if (r.mirrorlist or r.metalink) and packages.repo_content(p.world, p.node, r) != "nothing"
        ]
        if mirrored or not cache:
            self.say(
                "Loading mirror speeds from cached hostfile" if "hostfile" in cache else "Determining fastest mirrors"
            )
            for repo in sorted(mirrored, key=lambda r: r.id):
                self.say(f" * {repo.id}: {_mirror(repo)}")
        if p.stdout.isatty():
            for repo in self.repos:
                if repo.id not in cache:
                    self.say(yumtext.meter(repo.id, 3.7))
                    self.say(yumtext.meter(f"{repo.id}/primary_db", max(1, RELEASES.get(repo.id, 20) * 0.7)))
        p.node.extra["yum_cache"] = sorted({*cache, "hostfile", *(r.id for r in self.repos)})
        for name in [n for n in found if any(fnmatch.fnmatch(n, x) for x in self.exclude)]:
            del found[name]
        self._universe = found
        return found

    # -- looking things up ---------------------------------------------------------------------------------------------

    def match(self, pattern: str) -> list[Available]:
        """The newest available package of each name that a pattern (name, name.arch, NEVRA, wildcard) means."""
        hits = []
        for items in self.universe().values():
            fitting = [item for item in items if _means(pattern, item)]
            if fitting:
                hits.append(fitting[-1])
        return hits

    def installed(self, pattern: str) -> list[Package]:
        return [
            p for p in self.p.node.packages.values() if _means(pattern, packages.record(p)) and p.name != "gpg-pubkey"
        ]


def _usage(text: str, status: int = 1) -> PackageError:
    lines = [
        "Usage: yum [options] COMMAND",
        "",
        "List of Commands:",
        "",
        *(
            f"{name}"
            for name in COMMANDS
            if name
            in (
                "check-update",
                "clean",
                "erase",
                "info",
                "install",
                "list",
                "makecache",
                "provides",
                "repolist",
                "search",
                "update",
            )
        ),
    ]
    if text:
        lines += ["", "", f"Command line error: {text}"]
    error = PackageError(*lines)
    error.args = (status,)
    return error


def _mirror(repo: packages.Repo) -> str:
    if "centos.org" in (repo.mirrorlist or ""):
        return "ftp.iij.ad.jp" if repo.id != "extras" else "ftp.riken.jp"
    if repo.baseurl:
        return network.host_of(repo.baseurl[0])
    return "ftp.riken.jp" if "epel" in repo.id else network.host_of(repo.mirrorlist or repo.metalink)


def _means(pattern: str, item: Available) -> bool:
    forms = (
        item.name,
        f"{item.name}.{item.arch}",
        f"{item.name}-{item.version}",
        f"{item.name}-{item.version}-{item.release}",
        item.nvra,
        f"{item.epoch}:{item.nvra}",
        f"{item.name}-{item.epoch}:{item.version}-{item.release}",
    )
    if any(c in pattern for c in "*?["):
        return any(fnmatch.fnmatchcase(form, pattern) for form in forms)
    return pattern in forms


# -- transactions ------------------------------------------------------------------------------------------------------


async def _lock(y: Yum) -> None:
    """Wait for another yum."""
    state, said = runtime(y.p.node), False
    while state.get("yum_lock"):
        other = state["yum_lock"]
        if not said:
            y.p.error(f"Existing lock /var/run/yum.pid: another copy is running as pid {other['pid']}.")
            said = True
        started = max(0, int(now(y.p.world, y.p.node) - other["since"]))
        y.p.error(
            "Another app is currently holding the yum lock; waiting for it to exit...\n"
            "  The other application is: yum\n    Memory :  51 M RSS (344 MB VSZ)\n"
            f"    Started: {stamp(y.p.world, y.p.node, '%a %b %e %H:%M:%S %Y')} - {started // 60:02d}:{started % 60:02d} ago\n"  # noqa: E501
            f"    State  : Sleeping, pid: {other['pid']}"
        )
        await y.p.sleep(2)
    state["yum_lock"] = {"pid": y.p.pid or 2000, "since": now(y.p.world, y.p.node)}
    y.p.node.fs.write("/var/run/yum.pid", f"{y.p.pid or 2000}\n")


def _unlock(y: Yum) -> None:
    runtime(y.p.node).pop("yum_lock", None)
    if y.p.node.fs.exists("/var/run/yum.pid"):
        y.p.node.fs.remove("/var/run/yum.pid")


def _resolve_lines(y: Yum, tx: Transaction) -> None:
    """`--> Running transaction check` and what follows."""
    y.say("Resolving Dependencies")
    asked = [
        *[("install", a) for a in tx.install],
        *[("update", u) for u in tx.update],
        *[("erase", r) for r in tx.remove],
    ]
    y.say("--> Running transaction check")
    for kind, item in asked:
        _package_lines(y, kind, item)
    deps = {a.name: ("install", a) for a in tx.depends} | {a.name: ("update", (a, o)) for a, o in tx.depends_update}
    deps |= {r.name: ("erase", r) for r in tx.depends_remove}
    for name, who in tx.why:
        y.say(f"--> Processing Dependency: {name} for package: {who}")
    if deps:
        y.say("--> Running transaction check")
        for kind, item in deps.values():
            _package_lines(y, kind, item)
    y.say("--> Finished Dependency Resolution")
    y.say()
    y.say("Dependencies Resolved")


def _package_lines(y: Yum, kind: str, item) -> None:  # noqa: ANN001
    if kind == "install":
        y.say(f"---> Package {item.name}.{item.arch} {item.evr} will be installed")
    elif kind == "update":
        new, old = item
        y.say(
            f"---> Package {old.name}.{old.arch} {packages.epoch_of(old)}:{old.version}-{old.release} will be updated"
        )
        y.say(f"---> Package {new.name}.{new.arch} {new.evr} will be an update")
    else:
        y.say(
            f"---> Package {item.name}.{item.arch} {packages.epoch_of(item)}:{item.version}-{item.release} will be erased"  # noqa: E501
        )


def _gone(package: Package) -> Available:
    """An installed package as a row of the table: with the repository it came from."""
    item = packages.record(package)
    repo = f"@{package.repo}" if package.repo else "@anaconda-CentOS-201311272149.x86_64/6.5"
    return Available(**{**item.__dict__, "repo": repo})


def _table(y: Yum, tx: Transaction) -> None:
    groups = [
        ("Installing", tx.install),
        ("Updating", [a for a, _ in tx.update]),
        ("Removing", [_gone(r) for r in tx.remove]),
        ("Installing for dependencies", tx.depends),
        ("Updating for dependencies", [a for a, _ in tx.depends_update]),
        ("Removing for dependencies", [_gone(r) for r in tx.depends_remove]),
    ]
    everything = [item for _, items in groups for item in items]
    arch = max(len(item.arch) for item in everything)
    widths = yumtext.columns(
        [[i.name for i in everything], [], [i.vr for i in everything], [i.repo for i in everything], []],
        [1, arch, 1, 1, 5],
        y.width,
        2,
        2,
    )
    y.say()
    y.say("=" * y.width)
    y.say(yumtext.row(["Package", "Arch", "Version", "Repository", "Size"], widths, " ", True))
    y.say("=" * y.width)
    for title, items in groups:
        if items:
            y.say(f"{title}:")
            for item in sorted(items, key=lambda i: i.name):
                y.say(
                    yumtext.row([item.name, item.arch, item.vr, item.repo, yumtext.size(item.size)], widths, " ", True)
                )
    y.say()
    y.say("Transaction Summary")
    y.say("=" * y.width)
    for title, number in (
        ("Install", len(tx.install) + len(tx.depends)),
        ("Upgrade", len(tx.update) + len(tx.depends_update)),
        ("Remove ", len(tx.remove) + len(tx.depends_remove)),
    ):
        if number:
            y.say(f"{title}   {number:>5} Package(s)")
    y.say()


async def _confirm(y: Yum, tx: Transaction) -> bool:
    incoming = tx.incoming
    total = sum(item.size for item in incoming)
    if incoming:
        local = [i for i in incoming if i.repo.startswith("/")]
        if len(local) == len(incoming):
            y.say(f"Total size: {yumtext.size(total)}")
        else:
            y.say(f"Total download size: {yumtext.size(total)}")
        if not tx.update and not tx.depends_update:
            y.say(f"Installed size: {yumtext.size(total * 3.1)}")
    else:
        gone = sum(packages.record(r).size for r in [*tx.remove, *tx.depends_remove])
        y.say(f"Installed size: {yumtext.size(gone * 3.1)}")
    if y.yes:
        return True
    if y.no:
        y.say("Exiting on user Command")
        return False
    while True:
        y.p.print("Is this ok [y/N]: ", end="")
        answer = (await y.p.stdin.readline()).decode("utf-8", "replace")
        if not y.p.stdin.isatty():
            y.p.print()
        if answer.strip().lower() in ("y", "yes"):
            return True
        if not answer or answer.strip().lower() in ("n", "no", ""):
            y.p.print("Exiting on user Command")
            name = stamp(y.p.world, y.p.node, "/tmp/yum_save_tx-%Y-%m-%d-%H-%M") + "Lab.yumtx"
            y.p.node.fs.write(name, "saved\n")
            y.p.print(f"Your transaction was saved, rerun it with:\n yum load-transaction {name}")
            return False


async def _download(y: Yum, tx: Transaction) -> None:
    remote = [i for i in tx.incoming if not i.repo.startswith("/")]
    y.say("Downloading Packages:")
    for number, item in enumerate(remote, 1):
        await y.p.sleep(SECONDS_PER_PACKAGE)
        if y.p.stdout.isatty():
            head = f"({number}/{len(remote)}): " if len(remote) > 1 else ""
            y.say(yumtext.meter(f"{head}{item.nvra}.rpm", item.size))
    if len(remote) > 1:
        total = sum(i.size for i in remote)
        y.say("-" * y.width)
        y.say(
            f"{'Total':<47} {'1.2 M':>8}B/s | {yumtext.size(total):>6}B     00:{min(59, int(total / 1200)):02d}     "[
                : y.width
            ]
        )


def _import_keys(y: Yum, tx: Transaction) -> None:
    """The first package of a signed repository brings its key."""
    by_id = {r.id: r for r in y.repos}
    for item in tx.incoming:
        repo = by_id.get(item.repo)
        if repo is None or not repo.gpgcheck or y.nogpg or item.content not in KEYS:
            continue
        key, user = KEYS[item.content]
        name = f"gpg-pubkey-{key}"
        if any(k.startswith(name) for k in y.p.node.packages):
            continue
        path = repo.gpgkey.removeprefix("file://")
        y.p.error(f"warning: rpmts_HdrFromFdno: Header V3 RSA/SHA1 Signature, key ID {key}: NOKEY")
        if path.startswith("/") and not y.p.node.fs.exists(path):
            raise PackageError(
                f"Retrieving key from {repo.gpgkey}",
                "",
                "",
                f"GPG key retrieval failed: [Errno 14] Could not open/read file://{path}",
            )
        y.say(f"Retrieving key from {repo.gpgkey}")
        owner = (
            "centos-release-6-5.el6.centos.11.1.x86_64 (@anaconda-CentOS-201311272149.x86_64/6.5)"
            if "CentOS" in user
            else ""
        )
        y.say(f"Importing GPG key 0x{key.upper()}:\n Userid : {user}")
        if owner:
            y.say(f" Package: {owner}")
        y.say(f" From   : {path}")
        y.p.node.packages[f"{name}-4e79d4dc"] = Package(
            "gpg-pubkey", key, "4e79d4dc", "(none)", "", y.p.world.clock.now()
        )


async def _perform(y: Yum, tx: Transaction) -> int:
    p = y.p
    if tx.incoming:
        await _download(y, tx)
        _import_keys(y, tx)
    y.say("Running rpm_check_debug")
    y.say("Running Transaction Test")
    y.say("Transaction Test Succeeded")
    y.say("Running Transaction")
    updates = {a.name: old for a, old in [*tx.update, *tx.depends_update]}
    out = [*tx.remove, *tx.depends_remove]
    total, number = len(tx.incoming) + len(updates) + len(out), 0
    warnings: list[str] = []
    log = []
    for item in tx.incoming:
        number += 1
        await p.sleep(SECONDS_PER_PACKAGE)
        action = "Updating" if item.name in updates else "Installing"
        packages.put(p.world, p.node, item)
        y.say(yumtext.step(action, item.envra, number, total, y.width))
        log.append(f"{'Updated' if item.name in updates else 'Installed'}: {item.envra}")
        _log(y, log[-1])
    for package in out:
        number += 1
        await p.sleep(SECONDS_PER_PACKAGE)
        warnings = packages.take(p.world, p.node, package)
        y.say(yumtext.step("Erasing", _nvra(package), number, total, y.width))
        for line in warnings:
            p.print(line)
        log.append(f"Erased: {package.name}")
        _log(y, log[-1])
    for old in updates.values():
        number += 1
        y.say(yumtext.step("Cleanup", _nvra(old), number, total, y.width))
    everyone = [*[i.envra for i in tx.incoming], *map(_nvra, out), *map(_nvra, updates.values())]
    for number, name in enumerate(everyone, 1):
        y.say(yumtext.step("Verifying", name, number, total, y.width))
    packages.prune_kernels(p.world, p.node)
    _history(y, tx)
    _summary(y, tx)
    y.say()
    y.say("Complete!")
    return 0


def _nvra(package: Package) -> str:
    return packages.record(package).envra


def _log(y: Yum, text: str) -> None:
    append(y.p.node, "/var/log/yum.log", f"{stamp(y.p.world, y.p.node, '%b %d %H:%M:%S')} {text}\n")


def _history(y: Yum, tx: Transaction) -> None:
    actions = [a for a, there in (("Install", tx.install or tx.depends), ("Update", tx.update or tx.depends_update),
                                  ("Erase", tx.remove)) if there]  # fmt: skip
    y.p.node.extra.setdefault("yum_history", []).append({
        "time": now(y.p.world, y.p.node), "command": " ".join(y.p.argv[1:]), "actions": actions,
        "altered": len(tx.incoming) + len(tx.remove) + len(tx.depends_remove),
    })  # fmt: skip


def _summary(y: Yum, tx: Transaction) -> None:
    def text(item: Available) -> str:
        return f"{item.name}.{item.arch} {item.evr}"

    def gone(package: Package) -> str:
        return f"{package.name}.{package.arch} {packages.epoch_of(package)}:{package.version}-{package.release}"

    for title, names in (
        ("Removed", [gone(r) for r in tx.remove]),
        ("Dependency Removed", [gone(r) for r in tx.depends_remove]),
        ("Installed", [text(a) for a in tx.install]),
        ("Dependency Installed", [text(a) for a in tx.depends]),
        ("Updated", [text(a) for a, _ in tx.update]),
        ("Dependency Updated", [text(a) for a, _ in tx.depends_update]),
    ):
        if names:
            y.say(yumtext.post(title, sorted(names), y.width))


async def _transact(y: Yum, tx: Transaction) -> int:
    _resolve_lines(y, tx)
    _table(y, tx)
    if not await _confirm(y, tx):
        return 1
    return await _perform(y, tx)


# -- commands ----------------------------------------------------------------------------------------------------------


def _from_file(y: Yum, word: str) -> Available | None:
    """The package of an RPM file or URL; None with a message when it cannot be opened."""
    p = y.p
    if re.match(r"(https?|ftp)://", word):
        why = packages.unreachable(p.world, p.node, word)
        page = internet.page(p.world, word) if why is None else None
        if page is None or page.status != 200 or not page.body:
            p.error(f"Cannot open: {word}. Skipping.")
            return None
        data = page.body
        shown = f"/var/tmp/yum-root-{p.world.ids.seed[:2]}7xQk1/{word.rpartition('/')[2]}"
    else:
        shown = word
        try:
            data = p.node.fs.read(p.path(word))
        except OSError:
            p.error(f"Cannot open file: {word}. Skipping.")
            return None
    known = internet.rpm_of(data)
    if known is None:
        p.error(f"Cannot open file: {word}. Skipping.")
        return None
    name, version, release, arch = known
    item = packages.record(Package(name, version, release, arch))
    label = f"{name}-{version}-{release}.{arch}"
    y.say(f"Examining {shown}: {label}")
    have = packages.installed(p.node, name)
    if have and packages.evrcmp(item, have[-1]) <= 0:
        y.say(f"{shown}: does not update installed package.")
        return None
    y.say(
        f"Marking {shown} to be installed" if not have else f"Marking {shown} as an update to {packages.nvra(have[-1])}"
    )
    return Available(**{**item.__dict__, "repo": f"/{label}"})


async def install(y: Yum, names: list[str], local: bool = False) -> int:
    p = y.p
    if not names:
        raise PackageError("Error: Need to pass a list of pkgs to install")
    y.say("Setting up Local Package Process" if local else "Setting up Install Process")
    wanted: list[Available] = []
    found = False
    groups: list[str] = []
    for name in names:
        if name.endswith(".rpm") and (re.match(r"(https?|ftp)://", name) or p.node.fs.exists(p.path(name)) or local):
            item = _from_file(y, name)
            if item is not None:
                wanted.append(item)
            continue
        if name.startswith("@"):
            groups.append(name)
            continue
        hits = y.match(name)
        if not hits and name.startswith("/"):
            hits = [
                a
                for items in y.universe().values()
                for a in items[-1:]
                if any(f.path == name for f in packagefiles.files_of(a))
            ]
        if not hits:
            if y.installed(name):
                found = True
                _already(y, y.installed(name)[-1])
                continue
            p.error(f"No package {name} available.")
            continue
        found = True
        for item in hits:
            have = packages.installed(p.node, item.name)
            if have and packages.evrcmp(item, have[-1]) <= 0:
                _already(y, have[-1])
            else:
                wanted.append(item)
    for group in groups:
        p.error(f"Warning: Group {group[1:]} does not exist.")
    if not wanted:
        if not found:
            p.error("Error: Nothing to do")
            return 1
        y.say("Nothing to do")
        return 0
    tx = packages.plan(p.node, y.universe(), install=wanted)
    if not tx:
        y.say("Nothing to do")
        return 0
    return await _transact(y, tx)


def _already(y: Yum, package: Package) -> None:
    y.say(f"Package {_nvra(package)} already installed and latest version")


async def update(y: Yum, names: list[str]) -> int:
    y.say("Setting up Update Process")
    p, universe = y.p, y.universe()
    if names:
        chosen = []
        for name in names:
            hits = [i.name for i in y.match(name) if packages.installed(p.node, i.name)]
            if not hits and y.match(name) and not y.installed(name):
                p.error(f"Package(s) {name} available, but not installed.")
            elif not y.match(name):
                p.error("No Packages marked for Update" if y.installed(name) else f"No package {name} available.")
            chosen += hits
        tx = packages.plan(p.node, universe, update=chosen) if chosen else Transaction()
    else:
        tx = packages.plan(p.node, universe, update=[])
    if not tx:
        y.say("No Packages marked for Update")
        return 0
    return await _transact(y, tx)


async def remove(y: Yum, names: list[str]) -> int:
    if not names:
        raise PackageError("Error: Need to pass a list of pkgs to remove")
    y.say("Setting up Remove Process")
    gone: list[Package] = []
    for name in names:
        hits = y.installed(name)
        if not hits:
            y.p.error(f"No Match for argument: {name}")
        for package in hits:
            if package.name == "yum" or package.name == "rpm":
                raise PackageError('Error: Trying to remove "yum", which is protected')
            full = f"{package.version}-{package.release}.{package.arch}"
            if package.name == "kernel" and full == y.p.node.kernel.release:
                y.say(f"Skipping the running kernel: {packages.nvra(package)}")
                continue
            gone.append(package)
    if not gone:
        y.say("No Packages marked for removal")
        return 0
    return await _transact(y, packages.plan(y.p.node, {}, remove=gone))


async def reinstall(y: Yum, names: list[str]) -> int:
    y.say("Setting up Reinstall Process")
    items = [i for name in names for i in y.match(name) if packages.installed(y.p.node, i.name)]
    if not items:
        for name in names:
            y.p.error(f"No Match for argument: {name}")
        y.say("Nothing to do")
        return 1
    return await _transact(y, Transaction(install=items))


def _listing(y: Yum, title: str, rows: list[tuple[str, str, str]]) -> None:
    if not rows:
        return
    y.p.print(title)
    widths = yumtext.columns(
        [[r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]], [1, 1, 1], y.width, 0, 1
    )
    for r in rows:
        y.p.print(yumtext.row(list(r), widths))


def _installed_row(package: Package) -> tuple[str, str, str]:
    item = packages.record(package)
    repo = f"@{package.repo}" if package.repo else "@anaconda-CentOS-201311272149.x86_64/6.5"
    return f"{item.name}.{item.arch}", item.vr, repo


def _available_row(item: Available) -> tuple[str, str, str]:
    return f"{item.name}.{item.arch}", item.vr, item.repo


async def list_packages(y: Yum, words: list[str]) -> int:
    kinds = ("all", "installed", "available", "updates", "extras", "recent", "obsoletes")
    kind = words.pop(0) if words and words[0] in kinds else "all"
    patterns = words or ["*"]
    node, done = y.p.node, False
    universe = y.universe()

    def wanted(item: Available) -> bool:
        return any(_means(pattern, item) for pattern in patterns)

    if kind in ("all", "installed"):
        here = [q for q in node.packages.values() if wanted(packages.record(q)) and q.name != "gpg-pubkey"]
        rows = sorted((_installed_row(q) for q in here), key=lambda r: r[0])
        _listing(y, "Installed Packages", rows)
        done = done or bool(rows)
    new, fresh = [], []
    for items in universe.values():
        item = items[-1]
        if not wanted(item):
            continue
        have = packages.installed(node, item.name)
        if not have:
            fresh.append(item)
        elif packages.evrcmp(item, have[-1]) > 0:
            new.append(item)
    if kind in ("all", "available"):
        rows = sorted((_available_row(i) for i in fresh + new), key=lambda r: r[0])
        _listing(y, "Available Packages", rows)
        done = done or bool(rows)
    if kind == "updates":
        rows = sorted((_available_row(i) for i in new), key=lambda r: r[0])
        _listing(y, "Updated Packages", rows)
        done = True if not words else bool(rows)
    if kind == "extras":
        done = True
    if not done:
        y.p.error("Error: No matching Packages to list")
        return 1
    return 0


def _info(y: Yum, item: Available, package: Package | None) -> None:
    p = y.p
    rows = [("Name", item.name), ("Arch", item.arch)]
    if item.epoch != "0":
        rows.append(("Epoch", item.epoch))
    rows += [
        ("Version", item.version),
        ("Release", item.release),
        ("Size", yumtext.size(item.size * (3.1 if package else 1))),
    ]
    rows.append(("Repo", "installed" if package else item.repo))
    if package:
        rows.append(("From repo", package.repo or "anaconda-CentOS-201311272149.x86_64"))
    rows += [("Summary", item.summary), ("License", "GPLv2+"), ("Description", item.summary + ".")]
    for name, value in rows:
        p.print(f"{name:<12}: {value}")
    p.print()


async def info(y: Yum, words: list[str]) -> int:
    kind = words.pop(0) if words and words[0] in ("all", "installed", "available", "updates") else "all"
    done = False
    here = [q for q in y.p.node.packages.values() if any(_means(w, packages.record(q)) for w in words or ["*"])]
    universe = y.universe()
    if kind in ("all", "installed") and here:
        y.p.print("Installed Packages")
        for q in sorted(here, key=lambda q: q.name):
            _info(y, packages.record(q), q)
        done = True
    fresh = []
    for items in universe.values():
        have = packages.installed(y.p.node, items[-1].name)
        if any(_means(w, items[-1]) for w in words or ["*"]) and (not have or packages.evrcmp(items[-1], have[-1]) > 0):
            fresh.append(items[-1])
    if kind in ("all", "available", "updates") and fresh:
        y.p.print("Available Packages")
        for item in sorted(fresh, key=lambda i: i.name):
            _info(y, item, None)
        done = True
    if not done:
        y.p.error("Error: No matching Packages to list")
        return 1
    return 0


async def search(y: Yum, words: list[str]) -> int:
    if not words:
        raise PackageError("Error: Need to pass a list of pkgs to search")
    everything = {n: items[-1] for n, items in y.universe().items()}
    for q in y.p.node.packages.values():
        everything.setdefault(q.name, packages.record(q))
    names = [i for i in everything.values() if all(w.lower() in i.name.lower() for w in words)]
    texts = [
        i
        for i in everything.values()
        if i not in names and all(w.lower() in (i.name + " " + i.summary).lower() for w in words)
    ]
    if not names and not texts:
        y.p.error("Warning: No matches found for: " + " ".join(words))
        y.p.print("No Matches found")
        return 0
    for title, items in (("N/S Matched", names), ("Matched", texts)):
        if items and not (title == "Matched" and names):
            y.p.print(f" {title}: {', '.join(words)} ".center(y.width, "="))
            for item in sorted(items, key=lambda i: i.name):
                y.p.print(f"{item.name}.{item.arch} : {item.summary}")
    if names:
        y.p.print()
        y.p.print('  Name and summary matches only, use "search all" for everything.')
    return 0


async def provides(y: Yum, words: list[str]) -> int:
    if not words:
        raise PackageError("Error: Need to pass a list of pkgs to provides")
    done = False
    for items in y.universe().values():
        item = items[-1]
        for word in words:
            paths = [f.path for f in packagefiles.files_of(item)]
            if _means(word, item) or any(fnmatch.fnmatch(path, word) for path in paths):
                y.p.print(f"{item.envra} : {item.summary}\nRepo        : {item.repo}\nMatched from:")
                for path in paths:
                    if fnmatch.fnmatch(path, word):
                        y.p.print(f"Filename    : {path}")
                y.p.print("\n")
                done = True
    if not done:
        y.p.error("Warning: 3.0.x versions of yum would erroneously match against filenames.\n You can use "
                  f"\"*/{words[0]}\" and/or \"*bin/{words[0]}\" to get that behaviour")  # fmt: skip
        y.p.print("No Matches found")
    return 0


async def check_update(y: Yum, words: list[str]) -> int:
    rows = []
    for items in y.universe().values():
        have = packages.installed(y.p.node, items[-1].name)
        if (
            have
            and packages.evrcmp(items[-1], have[-1]) > 0
            and (not words or any(_means(w, items[-1]) for w in words))
        ):
            rows.append(_available_row(items[-1]))
    if not rows:
        return 0
    y.p.print()
    rows.sort()
    widths = yumtext.columns(
        [[r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]], [1, 1, 1], y.width, 0, 1
    )
    for r in rows:
        y.p.print(yumtext.row(list(r), widths))
    return 100


async def repolist(y: Yum, words: list[str]) -> int:
    kind = words[0] if words and words[0] in ("all", "enabled", "disabled") else "enabled"
    y.universe()
    rows = []
    total = 0
    for repo in sorted(packages.repos(y.p.node), key=lambda r: r.id):
        on = repo in y.repos or any(r.id == repo.id for r in y.repos)
        if (kind == "enabled" and not on) or (kind == "disabled" and on):
            continue
        count = (
            RELEASES.get(repo.id, len(packages.catalogue(packages.repo_content(y.p.world, y.p.node, repo))))
            if on
            else 0
        )
        total += count
        status = f"{count:,}" if on else "disabled"
        if kind == "all" and on:
            status = f"enabled: {count:,}"
        rows.append((repo.id, repo.name, status if kind != "disabled" else ""))
    if rows:
        name_width = max(len(r[0]) for r in rows)
        status_width = max([6, *(len(r[2]) for r in rows)])
        title_width = max(len(r[1]) for r in rows)
        left = y.width - (name_width + status_width + 2)
        if left > title_width:
            spare = left - title_width
            name_width += spare // 2
            title_width += spare - spare // 2
        else:
            title_width = left
        y.p.print(f"{'repo id':<{name_width}} {'repo name':<{title_width}} {'status':>{0}}")
        for name, title, status in rows:
            y.p.print(f"{name:<{name_width}} {title[:title_width]:<{title_width}} {status:>{status_width}}")
    y.p.print(f"repolist: {total:,}")
    return 0


async def clean(y: Yum, words: list[str]) -> int:
    known = ("all", "packages", "metadata", "dbcache", "rpmdb", "plugins", "expire-cache", "headers", "cache")
    if not words or words[0] not in known:
        raise PackageError(f"Error: clean requires an option: {', '.join(sorted(known))}" if not words else
                           f"Error: invalid clean argument: '{words[0]}'")  # fmt: skip
    repos = [r for r in packages.repos(y.p.node) if r.enabled]
    y.say("Cleaning repos: " + " ".join(sorted(r.id for r in repos)))
    if words[0] == "all":
        y.say("Cleaning up Everything")
        y.say("Cleaning up list of fastest mirrors")
        y.p.node.extra["yum_cache"] = []
    elif words[0] == "metadata":
        y.say("12 metadata files removed\n6 sqlite files removed\n0 metadata files removed")
        y.p.node.extra["yum_cache"] = ["hostfile"]
    elif words[0] == "packages":
        y.say("0 package files removed")
    return 0


async def makecache(y: Yum, words: list[str]) -> int:
    y.universe()
    y.say("Metadata Cache Created")
    return 0


async def history(y: Yum, words: list[str]) -> int:
    import time

    rows = y.p.node.extra.get("yum_history", [])
    y.p.print("ID     | Login user               | Date and time    | Action(s)      | Altered")
    y.p.print("-" * 79)
    for number, row in reversed(list(enumerate(rows, 1))):
        letters = {"Install": "Install", "Update": "Update", "Erase": "Erase"}
        actions = letters[row["actions"][0]] if len(row["actions"]) == 1 else ", ".join(a[0] for a in row["actions"])
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(row["time"]))
        y.p.print(f"{number:>6} | root <root>              | {when} | {actions:<14} | {row['altered']:>4}   ")
    y.p.print("history list")
    return 0


async def deplist(y: Yum, words: list[str]) -> int:
    for item in [i for w in words for i in y.match(w)]:
        y.p.print(f"package: {item.nvra}")
        for name in item.requires:
            found = y.universe().get(name)
            y.p.print(f"  dependency: {name}\n   provider: {found[-1].nvra if found else '?'}")
    return 0


async def group_list(y: Yum, words: list[str]) -> int:
    y.say("Setting up Group Process")
    y.universe()
    y.p.print(
        "Installed Groups:\n   E-mail server\nAvailable Groups:\n   Base\n   Development tools\n   Virtualization\nDone"
    )
    return 0


async def group_install(y: Yum, words: list[str]) -> int:
    """The lab's repositories have no groups."""
    y.say("Setting up Group Process")
    y.universe()
    for word in words:
        y.p.error(f"Warning: Group {word} does not exist.")
    y.say("No packages in any requested group available to install or update")
    return 0


async def version(y: Yum, words: list[str]) -> int:
    y.p.print(f"Installed: 6/x86_64 {len(y.p.node.packages):>40}")
    return 0


ACTIONS = {
    "install": install,
    "localinstall": install,
    "update": update,
    "upgrade": update,
    "localupdate": install,
    "remove": remove,
    "erase": remove,
    "list": list_packages,
    "info": info,
    "search": search,
    "provides": provides,
    "whatprovides": provides,
    "check-update": check_update,
    "repolist": repolist,
    "clean": clean,
    "makecache": makecache,
    "history": history,
    "deplist": deplist,
    "grouplist": group_list,
    "groupinstall": group_install,
    "version": version,
    "reinstall": reinstall,
}
CHANGING = (
    "install",
    "localinstall",
    "update",
    "upgrade",
    "localupdate",
    "remove",
    "erase",
    "reinstall",
    "clean",
    "makecache",
)


@command("yum", path="/usr/bin")
async def yum(p: Process) -> int:
    """The package manager."""
    y = Yum(p)
    try:
        if p.argv[1:] == ["--version"]:
            p.print(p.node.packages["yum"].version)
            return 0
        words = y.options(p.argv[1:])
        if not words:
            raise _usage("", 1)
        name, rest = words[0], words[1:]
        if name == "help":
            raise _usage("", 0)
    except PackageError as error:
        for line in error.lines:
            p.print(line)
        return error.args[0] if error.args and isinstance(error.args[0], int) else 1
    if name not in COMMANDS:
        p.print("Loaded plugins: fastestmirror")
        p.error(f"No such command: {name}. Please use /usr/bin/yum --help")
        return 1
    y.say("Loaded plugins: fastestmirror")
    action = ACTIONS.get(name)
    if action is None:
        p.world.unknown.append(f"{p.node.name}: yum {name}")
        p.error(f"{name}: not available in the lab")
        return 1
    if name in CHANGING and p.user != "root":
        p.error("You need to be root to perform this command.")
        return 1
    return await _guarded(y, name, action, rest)


async def _guarded(y: Yum, name: str, action, rest: list[str]) -> int:  # noqa: ANN001
    held = False
    try:
        if name in CHANGING:
            await _lock(y)
            held = True
        if action is install:
            return await install(y, rest, local=name.startswith("local"))
        return await action(y, rest)
    except PackageError as error:
        for line in error.lines:
            y.p.error(line)
        return 1
    except asyncio.CancelledError:
        y.p.error("\n\nExiting on user cancel")
        raise
    finally:
        if held:
            _unlock(y)
