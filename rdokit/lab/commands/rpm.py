"""rpm 4.8: queries (-q -qa -qi -ql -qc -qf -qp -qR --last --qf), -V, -i/-U/-e of the lab's RPM files, --import."""

from __future__ import annotations

import fnmatch
import re
import time
from collections.abc import Iterable

from .. import internet, network, packagefiles, packages
from ..packagedata import KEYS
from ..packages import Transaction
from ..process import Process, command
from ..world import Package

LETTERS = "qaiflcdpRVUeFvhsKL"
LONG = (
    "--query",
    "--all",
    "--info",
    "--list",
    "--file",
    "--queryformat",
    "--qf",
    "--last",
    "--verify",
    "--install",
    "--upgrade",
    "--erase",
    "--nodeps",
    "--force",
    "--test",
    "--import",
    "--quiet",
    "--whatprovides",
    "--whatrequires",
    "--requires",
    "--provides",
    "--changelog",
    "--scripts",
    "--version",
    "--eval",
    "--replacepkgs",
    "--nosignature",
    "--nodigest",
    "--nomd5",
    "--nofiles",
    "--noscripts",
    "--justdb",
    "--allmatches",
    "--configfiles",
    "--state",
    "--checksig",
    "--oldpackage",
    "--rebuilddb",
    "--initdb",
    "--freshen",
    "--package",
    "--dump",
    "--help",
    "--noorder",
    "--excludedocs",
    "--hash",
    "--percent",
    "--verbose",
    "--docfiles",
    "--triggers",
)


class Rpm:
    """One run of rpm."""

    def __init__(self, p: Process):
        self.p = p
        self.letters: set[str] = set()
        self.long: set[str] = set()
        self.format = ""
        self.names: list[str] = []

    def parse(self) -> str:
        """Read the command line; returns an error text or ""."""
        queue = list(self.p.argv[1:])
        while queue:
            word = queue.pop(0)
            if word in ("--qf", "--queryformat", "--eval"):
                if not queue:
                    return f"rpm: {word}: missing argument"
                self.format = queue.pop(0)
                self.long.add("--eval" if word == "--eval" else "--qf")
            elif word.startswith(("--qf=", "--queryformat=")):
                self.format = word.partition("=")[2]
                self.long.add("--qf")
            elif word.startswith("--"):
                if word not in LONG:
                    return f"{word}: unknown option"
                self.long.add(word)
            elif word.startswith("-") and len(word) > 1:
                bad = next((c for c in word[1:] if c not in LETTERS), "")
                if bad:
                    return f"-{bad}: unknown option" if len(word) == 2 else f"{word}: unknown option"
                self.letters |= set(word[1:])
            else:
                self.names.append(word)
        return ""


def expand(text: str, package: Package) -> str:
    r"""A --queryformat: %{NAME}, %-30{NAME}, \n.

    >>> expand("%{NAME}-%{VERSION}\\n", Package("ntp", "4.2", "1"))
    'ntp-4.2\n'
    """
    item = packages.record(package)
    epoch = packages.epoch_of(package)
    values = {
        "NAME": package.name,
        "VERSION": package.version,
        "RELEASE": package.release,
        "ARCH": package.arch,
        "EPOCH": epoch if epoch != "0" else "(none)",
        "SUMMARY": item.summary,
        "SIZE": str(item.size * 3174),
        "INSTALLTIME": str(int(package.installed)),
        "VENDOR": "CentOS",
        "BUILDTIME": "1385090109",
        "LICENSE": "GPLv2+",
        "GROUP": "System Environment/Base",
        "NVRA": f"{package.name}-{package.version}-{package.release}.{package.arch}",
        "NEVRA": packages.nvra(package),
        "SOURCERPM": f"{package.name}-{package.version}-{package.release}.src.rpm",
        "URL": "",
        "PACKAGER": "CentOS BuildSystem <http://bugs.centos.org>",
        "OS": "linux",
    }

    def value(match: re.Match) -> str:
        width, tag, kind = match.group(1), match.group(2).upper(), match.group(3) or ""
        found = values.get(tag, "(none)")
        if kind == ":date" and found.isdigit():
            found = time.strftime("%a %d %b %Y %I:%M:%S %p UTC", time.gmtime(int(found)))
        return f"{found:<{width[1:]}}" if width.startswith("-") else f"{found:>{width}}" if width else found

    out = re.sub(r"%(-?\d*)\{(\w+)(:\w+)?\}", value, text)
    return out.replace("\\n", "\n").replace("\\t", "\t")


def _info(package: Package) -> str:
    item = packages.record(package)
    when = time.strftime("%a %d %b %Y %I:%M:%S %p UTC", time.gmtime(package.installed))
    vendor = "Fedora Project" if "openstack" in package.repo else "CentOS"
    return (
        f"{'Name':<12}: {package.name:<27} Relocations: (not relocatable)\n"
        f"{'Version':<12}: {package.version:<32} Vendor: {vendor}\n"
        f"{'Release':<12}: {package.release:<27} Build Date: Fri 22 Nov 2013 03:15:09 AM UTC\n"
        f"Install Date: {when:<26} Build Host: c6b8.bsys.dev.centos.org\n"
        f"{'Group':<12}: {'System Environment/Base':<27} Source RPM: {package.name}-{package.version}-{package.release}.src.rpm\n"  # noqa: E501
        f"{'Size':<12}: {item.size * 3174:<32} License: GPLv2+\n"
        f"{'Signature':<12}: RSA/SHA1, Sun 24 Nov 2013 07:32:09 PM UTC, Key ID 0946fca2c105b9de\n"
        f"{'Summary':<12}: {item.summary}\nDescription :\n{item.summary}."
    )


def _select(r: Rpm) -> tuple[list[Package], int]:
    """The packages a query or verification means; complaints are printed."""
    p, found, status = r.p, [], 0

    def latest_first(some: Iterable[Package]) -> list[Package]:
        return sorted(some, key=lambda q: (-q.installed, q.name))

    if "a" in r.letters or "--all" in r.long:
        everything = latest_first(p.node.packages.values())
        if not r.names:
            return everything, 0
        return [q for q in everything if any(fnmatch.fnmatchcase(q.name, n) or fnmatch.fnmatchcase(packages.nvra(q), n)
                                             for n in r.names)], 0  # fmt: skip
    for name in r.names:
        if "f" in r.letters or "--file" in r.long:
            hits = _owners(r, name)
            if hits is None:
                status += 1
                continue
        elif "p" in r.letters or "--package" in r.long:
            package = _file(r, name)
            hits = [package] if package else []
            status += not hits
        elif "--whatprovides" in r.long or "--whatrequires" in r.long:
            hits = [
                q
                for q in latest_first(p.node.packages.values())
                if (q.name == name if "--whatprovides" in r.long else name in packages.record(q).requires)
            ]
            if not hits:
                p.print(f"no package {'provides' if '--whatprovides' in r.long else 'requires'} {name}")
                status += 1
        else:
            hits = latest_first(q for q in p.node.packages.values() if name.startswith(q.name) and _named(q, name))
            hits.sort(key=lambda q: q.installed)
            if not hits:
                p.print(f"package {name} is not installed")
                status += 1
        found += hits
    return found, status


def _named(package: Package, name: str) -> bool:
    q = package
    return name in (
        q.name,
        f"{q.name}-{q.version}",
        f"{q.name}-{q.version}-{q.release}",
        packages.nvra(q),
        f"{q.name}.{q.arch}",
    )


def _owners(r: Rpm, name: str) -> list[Package] | None:
    path = r.p.path(name)
    if not r.p.node.fs.exists(path):
        r.p.error(f"error: file {path}: No such file or directory")
        return None
    real = r.p.node.fs.realpath(path)
    hits = [
        q
        for q in r.p.node.packages.values()
        for manifest in [packagefiles.manifest(r.p.node, q)]
        if path in manifest or real in manifest
    ]
    if not hits:
        r.p.print(f"file {path} is not owned by any package")
        return None
    return hits


def _file(r: Rpm, name: str) -> Package | None:
    """The package inside an RPM file (or URL)."""
    data = b""
    if re.match(r"(https?|ftp)://", name):
        if packages.unreachable(r.p.world, r.p.node, name) is None:
            data = internet.page(r.p.world, name).body or b""
        known = internet.rpm_of(data)
        if known is None:
            r.p.error(
                f"curl: (22) The requested URL returned error: 404 Not Found\nerror: skipping {name} - transfer failed"
            )
            return None
    else:
        try:
            data = r.p.node.fs.read(r.p.path(name))
        except OSError as error:
            r.p.error(f"error: open of {name} failed: {error.strerror}")
            return None
        known = internet.rpm_of(data)
        if known is None:
            r.p.error(f"error: {name}: not an rpm package (or package manifest): ")
            return None
    return Package(known[0], known[1], known[2], known[3])


def query(r: Rpm) -> int:
    names, status = r.names, 0
    if "a" in r.letters or "--all" in r.long or "--last" in r.long:
        return _query(r)
    for name in names:  # one after the other: what is missing is said in its place
        r.names = [name]
        status += _query(r)
    return status


def _query(r: Rpm) -> int:
    found, status = _select(r)
    if "--last" in r.long:
        found.sort(key=lambda q: -q.installed)
    for q in found:
        paths = sorted(packagefiles.manifest(r.p.node, q)) or sorted(
            f.path for f in packagefiles.files_of(packages.record(q))
        )
        if "--qf" in r.long:
            r.p.print(expand(r.format, q), end="")
        elif "i" in r.letters or "--info" in r.long:
            r.p.print(_info(q))
        elif "l" in r.letters or "--list" in r.long:
            r.p.print("\n".join(paths) if paths else "(contains no files)")
        elif "c" in r.letters or "--configfiles" in r.long:
            rows = packagefiles.manifest(r.p.node, q)
            for path in sorted(path for path, row in rows.items() if row[3]):
                r.p.print(path)
        elif "R" in r.letters or "--requires" in r.long:
            for name in packages.record(q).requires:
                r.p.print(f"{name}  ")
        elif "--provides" in r.long:
            r.p.print(f"{q.name} = {q.version}-{q.release}")
        elif "--last" in r.long:
            when = time.strftime("%a %d %b %Y %I:%M:%S %p UTC", time.gmtime(q.installed))
            r.p.print(f"{packages.nvra(q):<45} {when}")
        elif (
            "--quiet" not in r.long
            and "d" not in r.letters
            and "--scripts" not in r.long
            and "--changelog" not in r.long
        ):
            r.p.print(packages.nvra(q))
    return status


def verify(r: Rpm) -> int:
    found, status = _select(r)
    fs = r.p.node.fs
    for q in found:
        for path, (md5, size, mode, config) in sorted(packagefiles.manifest(r.p.node, q).items()):
            mark = "c" if config else " "
            if not fs.exists(path):
                r.p.print(f"missing   {mark} {path}")
                status = 1
                continue
            info = fs.stat(path)
            same = fs.checksum(path) == md5
            flags = ("." if info.size == size else "S") + ("." if info.mode == mode else "M") + ("." if same else "5")
            flags += "...." + ("." if same else "T") + "."
            if flags != ".........":
                r.p.print(f"{flags}  {mark} {path}")
                status = 1
    return status


def _bar(r: Rpm, number: int, name: str) -> None:
    if "h" in r.letters:
        r.p.print(f"{f'{number:>4}:{name}':<28}########################################### [100%]")


def install(r: Rpm) -> int:
    p = r.p
    if not r.names:
        p.error("rpm: no packages given for install")
        return 1
    if p.user != "root":
        p.error("error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Permission denied)")
        return 1
    items = []
    for name in r.names:
        if re.match(r"(https?|ftp)://", name):
            p.print(f"Retrieving {name}")
        package = _file(r, name)
        if package is None:
            return 1
        item = packages.record(package)
        have = packages.installed(p.node, item.name)
        if have and "--force" not in r.long and "--replacepkgs" not in r.long:
            order = packages.evrcmp(item, have[-1])
            if order == 0:
                _bar_prepare(r)
                p.error(f"\tpackage {item.name}-{item.version}-{item.release}.{item.arch} is already installed")
                return 1
            if order < 0:
                p.error(f"\tpackage {packages.nvra(have[-1])} (which is newer than {item.nvra}) is already installed")
                return 1
        items.append(item)
    missing = [
        (n, i)
        for i in items
        for n in i.requires
        if not packages.installed(p.node, n) and all(x.name != n for x in items)
    ]
    if missing and "--nodeps" not in r.long:
        p.error("error: Failed dependencies:")
        for name, item in missing:
            p.error(f"\t{name} is needed by {item.name}-{item.version}-{item.release}.{item.arch}")
        return len(missing)
    _bar_prepare(r)
    for number, item in enumerate(items, 1):
        if "--test" not in r.long:
            packages.put(p.world, p.node, item)
        _bar(r, number, item.name)
    return 0


def _bar_prepare(r: Rpm) -> None:
    if "h" in r.letters:
        r.p.print("Preparing...                ########################################### [100%]")


def erase(r: Rpm) -> int:
    p = r.p
    if not r.names:
        p.error("rpm: no packages given for erase")
        return 1
    if p.user != "root":
        p.error("error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Permission denied)")
        return 1
    gone, status = [], 0
    for name in r.names:
        hits = [q for q in p.node.packages.values() if _named(q, name)]
        if not hits:
            p.error(f"error: package {name} is not installed")
            status = 1
        elif len(hits) > 1 and "--allmatches" not in r.long:
            p.error(f'error: "{name}" specifies multiple packages:')
            for q in hits:
                p.error(f"  {packages.nvra(q)}")
            status = 1
        gone += hits
    if status:
        return status
    plan = packages.plan(p.node, {}, remove=gone)
    if plan.depends_remove and "--nodeps" not in r.long:
        p.error("error: Failed dependencies:")
        for name, who in plan.why:
            p.error(f"\t{name} is needed by (installed) {who}")
        return len(plan.why)
    for line in packages.apply(p.world, p.node, Transaction(remove=gone)):
        p.error(line)
    return 0


def _import(r: Rpm) -> int:
    status = 0
    for name in r.names:
        text = b""
        if re.match(r"https?://", name):
            address = network.resolve(r.p.world, r.p.node, network.host_of(name))
            if address and network.connect(r.p.world, r.p.node, address, network.port_of(name)).open:
                text = internet.page(r.p.world, name).body or b""
        else:
            try:
                text = r.p.node.fs.read(r.p.path(name))
            except OSError:
                r.p.error(f"error: {name}: import read failed(2).")
                status = 1
                continue
        if b"BEGIN PGP PUBLIC KEY BLOCK" not in text:
            r.p.error(f"error: {name}: key 1 not an armored public key.")
            status = 1
            continue
        key = next(
            (k for c, (k, _) in KEYS.items() if c.lower() in name.lower()),
            "c105b9de" if "CentOS" in name else "0608b895",
        )
        r.p.node.packages[f"gpg-pubkey-{key}-4e79d4dc"] = Package(
            "gpg-pubkey", key, "4e79d4dc", "(none)", "", r.p.world.clock.now()
        )
    return status


@command("rpm", "rpmquery", path="/bin")
async def rpm(p: Process) -> int:
    """The package database."""
    r = Rpm(p)
    error = r.parse()
    if error:
        p.error(error if error.startswith("rpm:") else f"rpm: {error}")
        return 1
    if p.argv[0].endswith("rpmquery"):
        r.letters.add("q")
    if "--version" in r.long:
        p.print("RPM version 4.8.0")
        return 0
    if "--eval" in r.long:
        p.print({"%{_arch}": "x86_64", "%{?dist}": ".el6", "%rhel": "6"}.get(r.format, r.format))
        return 0
    if "--import" in r.long:
        return _import(r)
    if "q" in r.letters or "--query" in r.long:
        if not r.names and not (r.letters & {"a"} or "--all" in r.long):
            p.error("rpm: no arguments given for query")
            return 1
        return query(r)
    if "V" in r.letters or "--verify" in r.long:
        if not r.names and "a" not in r.letters:
            p.error("rpm: no arguments given for verify")
            return 1
        return verify(r)
    if "e" in r.letters or "--erase" in r.long:
        return erase(r)
    if r.letters & {"i", "U", "F"} or r.long & {"--install", "--upgrade", "--freshen"}:
        return install(r)
    if r.long & {"--rebuilddb", "--initdb"}:
        return 0
    if "K" in r.letters or "--checksig" in r.long:
        for name in r.names:
            if _file(r, name):
                p.print(f"{name}: rsa sha1 (md5) pgp md5 OK")
        return 0
    p.error(
        "rpm: no operation given"
        if r.letters or r.long
        else "RPM version 4.8.0\nCopyright (C) 1998-2002 - Red Hat, Inc."
    )
    return 1 if r.letters or r.long else 0
