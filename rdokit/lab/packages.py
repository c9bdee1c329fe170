"""RPM packages of a node and the repositories it can see.

What is installed is `node.packages`; which repositories exist for a node is decided by its
/etc/yum.repos.d/*.repo files, its network and `internet.py`. Other parts of the lab use

    install(world, node, ["openstack-nova-compute"])      # with dependencies, as yum would
    remove(world, node, ["ntp"]);  update(world, node)
    HOOKS.setdefault("openvswitch", []).append(function)   # function(world, node) after installation

A kernel is installed beside the old ones: the newest is `node.packages["kernel"]`, the others
`node.packages["kernel-2.6.32-431.el6"]`.
"""

from __future__ import annotations

import configparser
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import internet, packagedata, packagefiles
from .world import Package

if TYPE_CHECKING:
    from .world import Node, World

HOOKS: dict[str, list[Callable[[World, Node], None]]] = {}
REMOVE_HOOKS: dict[str, list[Callable[[World, Node], None]]] = {}
INSTALL_ONLY = ("kernel", "kernel-devel", "gpg-pubkey")
INSTALLONLY_LIMIT = 5  # kernels kept, installonly_limit of /etc/yum.conf
REPO_DIR = "/etc/yum.repos.d"


class PackageError(Exception):
    """yum or rpm cannot do it. `lines` is what it prints."""

    def __init__(self, *lines: str):
        super().__init__("\n".join(lines))
        self.lines = list(lines)


@dataclass(frozen=True)
class Available:
    """A package in a repository. `size` in KiB."""

    name: str
    epoch: str
    version: str
    release: str
    arch: str
    size: int
    requires: tuple[str, ...]
    summary: str
    content: str  # key of packagedata.CONTENT
    repo: str = ""  # id of the repository on the node

    @property
    def evr(self) -> str:
        return f"{self.epoch}:{self.version}-{self.release}"

    @property
    def vr(self) -> str:
        """As yum's table shows it: the epoch only when it is not 0."""
        return f"{self.version}-{self.release}" if self.epoch == "0" else self.evr

    @property
    def nvra(self) -> str:
        return f"{self.name}-{self.version}-{self.release}.{self.arch}"

    @property
    def envra(self) -> str:
        """As yum's messages show it."""
        return self.nvra if self.epoch == "0" else f"{self.epoch}:{self.nvra}"


@dataclass
class Repo:
    """A section of a .repo file, with $releasever and $basearch replaced."""

    id: str
    name: str
    enabled: bool
    gpgcheck: bool
    baseurl: list[str] = field(default_factory=list)
    mirrorlist: str = ""
    metalink: str = ""
    gpgkey: str = ""
    skip_if_unavailable: bool = False
    exclude: list[str] = field(default_factory=list)
    file: str = ""


@dataclass
class Transaction:
    """What will be done, in the order it is done."""

    install: list[Available] = field(default_factory=list)
    depends: list[Available] = field(default_factory=list)
    update: list[tuple[Available, Package]] = field(default_factory=list)
    depends_update: list[tuple[Available, Package]] = field(default_factory=list)
    remove: list[Package] = field(default_factory=list)
    depends_remove: list[Package] = field(default_factory=list)
    why: list[tuple[str, str]] = field(default_factory=list)  # (name required, nvra of who requires it)

    def __bool__(self) -> bool:
        return bool(self.install or self.depends or self.update or self.depends_update or self.remove)

    @property
    def incoming(self) -> list[Available]:
        return [*self.depends, *self.install, *[a for a, _ in self.depends_update], *[a for a, _ in self.update]]


@functools.cache
def catalogue(content: str) -> dict[str, Available]:
    """All packages of one repository content, by name.

    >>> catalogue("havana")["openvswitch"].nvra
    'openvswitch-1.11.0-1.el6.x86_64'
    """
    found = {}
    for line in packagedata.CONTENT.get(content, "").strip().splitlines():
        name, evr, arch, size, requires, summary = line.lstrip("*").split("|")
        epoch, _, vr = evr.rpartition(":")
        version, _, release = vr.rpartition("-") if name != "rdo-release" else vr.partition("-")
        found[name] = Available(
            name,
            epoch or "0",
            version,
            release,
            arch,
            int(size),
            tuple(filter(None, requires.split(","))),
            summary,
            content,
        )
    return found


@functools.cache
def _by_name(name: str) -> tuple[Available, ...]:
    return tuple(found[name] for found in map(catalogue, packagedata.CONTENT) if name in found)


@functools.cache
def minimal() -> tuple[Available, ...]:
    """What a minimal installation of CentOS 6.5 has."""
    names = [line.lstrip("*").split("|")[0] for line in packagedata.BASE.splitlines() if line.startswith("*")]
    return tuple(catalogue("base")[name] for name in names)


def vercmp(left: str, right: str) -> int:
    """rpm's comparison of versions or releases: -1, 0, 1.

    >>> vercmp("431.el6", "431.17.1.el6"), vercmp("358.123.2.openstack.el6", "504.el6"), vercmp("1.0", "1.0")
    (-1, -1, 0)
    >>> vercmp("130.el6ost.netns.2", "33.el6_6"), vercmp("1.0a", "1.0")
    (1, 1)
    """
    one, two = (re.findall(r"\d+|[a-zA-Z]+", text) for text in (left, right))
    for a, b in zip(one, two, strict=False):
        if a.isdigit() != b.isdigit():
            return 1 if a.isdigit() else -1
        if a.isdigit():
            a, b = int(a), int(b)
        if a != b:
            return 1 if a > b else -1
    return (len(one) > len(two)) - (len(one) < len(two))


def epoch_of(package: Package | Available) -> str:
    """The epoch of an installed package (the world keeps none; the repositories know it)."""
    if isinstance(package, Available):
        return package.epoch
    return next((a.epoch for a in _by_name(package.name)), "0")


def evrcmp(left: Package | Available, right: Package | Available) -> int:
    a, b = int(epoch_of(left)), int(epoch_of(right))
    if a != b:
        return 1 if a > b else -1
    return vercmp(left.version, right.version) or vercmp(left.release, right.release)


def nvra(package: Package) -> str:
    """As `rpm -q` prints it (gpg-pubkey has no arch)."""
    tail = "" if package.name == "gpg-pubkey" else f".{package.arch}"
    return f"{package.name}-{package.version}-{package.release}{tail}"


def record(package: Package) -> Available:
    """Size, summary and dependencies of an installed package."""
    for found in _by_name(package.name):
        if (found.version, found.release) == (package.version, package.release):
            return found
    known = _by_name(package.name)
    if known:
        k = known[0]
        return Available(
            k.name, k.epoch, package.version, package.release, package.arch, k.size, k.requires, k.summary, k.content
        )
    return Available(package.name, "0", package.version, package.release, package.arch, 1, (), package.name, "")


def installed(node: Node, name: str) -> list[Package]:
    """All installed packages of a name, oldest first (only kernels and keys can be several)."""
    found = [p for p in node.packages.values() if p.name == name]
    return sorted(found, key=functools.cmp_to_key(evrcmp))


# -- repositories ------------------------------------------------------------------------------------------------------


def _variables(node: Node) -> dict[str, str]:
    release = node.packages.get("centos-release")
    return {"releasever": release.version if release else "6", "basearch": "x86_64", "arch": "x86_64", "infra": "stock"}


def repos(node: Node) -> list[Repo]:
    """Every repository that the node's files describe, enabled or not, in yum's order (by file, then section).

    Raises:
        PackageError: a file is not an INI file (yum stops with exit 1 as well).
    """
    found: dict[str, Repo] = {}
    if not node.fs.isdir(REPO_DIR):
        return []
    values = _variables(node)
    for name in node.fs.listdir(REPO_DIR):
        if not name.endswith(".repo"):
            continue
        text = node.fs.read_text(f"{REPO_DIR}/{name}")
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
        try:
            parser.read_string(text)
        except configparser.Error as error:
            line = getattr(error, "lineno", 1)
            bad = text.splitlines()[line - 1] if text.splitlines() else ""
            raise PackageError(
                "Loaded plugins: fastestmirror",
                "",
                f"File contains no section headers.\nfile: file://///{REPO_DIR}/{name}, line: {line}\n{bad + chr(10)!r}",  # noqa: E501
            ) from None
        for section in parser.sections():
            found[section] = _repo(section, dict(parser.items(section)), values, f"{REPO_DIR}/{name}")
    return list(found.values())


def _repo(section: str, items: dict[str, str | None], values: dict[str, str], file: str) -> Repo:
    def text(key: str, default: str = "") -> str:
        value = items.get(key) or default
        return re.sub(r"\$\{?(\w+)\}?", lambda m: values.get(m.group(1), m.group(0)), value).strip()

    def yes(key: str, default: str) -> bool:
        return text(key, default).lower() in ("1", "yes", "true", "on")

    return Repo(
        section,
        text("name", section),
        yes("enabled", "1"),
        yes("gpgcheck", "1"),
        text("baseurl").split(),
        text("mirrorlist"),
        text("metalink"),
        text("gpgkey"),
        yes("skip_if_unavailable", "0"),
        text("exclude").replace(",", " ").split(),
        file,
    )


def unreachable(world: World, node: Node, url: str) -> str | None:
    """curl's sentence for why a URL's host is not reached, or None when it is."""
    from . import network

    host = network.host_of(url)
    if url.startswith("file:"):
        path = url[7:].rstrip("/")
        return None if node.fs.exists(path) else f'PYCURL ERROR 37 - "Couldn\'t open file {path}/repodata/repomd.xml"'
    address = network.resolve(world, node, host)
    if address is None:
        return f"PYCURL ERROR 6 - \"Couldn't resolve host '{host}'\""
    outcome = network.connect(world, node, address, network.port_of(url))
    if outcome.open:
        return None
    if outcome.reason == "timeout":
        return 'PYCURL ERROR 28 - "connect() timed out!"'
    return 'PYCURL ERROR 7 - "couldn\'t connect to host"'


def repo_content(world: World, node: Node, repo: Repo) -> str:
    """Which content a repository has for this node.

    Raises:
        PackageError: with yum's own lines, when it cannot be read.
    """
    if repo.metalink or repo.mirrorlist:
        url = repo.metalink or repo.mirrorlist
        why = unreachable(world, node, url)
        content = internet.repository(world, url)
        if why is None and content is None:
            why = 'PYCURL ERROR 22 - "The requested URL returned error: 404"'
        if why is None:
            return content or "nothing"
        if not repo.baseurl:
            kind = "metalink" if repo.metalink else "mirrorlist"
            if kind == "metalink":
                raise PackageError(
                    f"Error: Cannot retrieve metalink for repository: {repo.id}. Please verify its path and try again"
                )
            raise PackageError(
                f"Could not retrieve mirrorlist {url} error was\n14: {why}",
                f"Error: Cannot find a valid baseurl for repo: {repo.id}",
            )
    if not repo.baseurl:
        raise PackageError(f"Error: Cannot find a valid baseurl for repo: {repo.id}")
    lines = []
    for url in repo.baseurl:
        why = unreachable(world, node, url)
        content = (
            packagefiles.local_repository(node, url) if url.startswith("file:") else internet.repository(world, url)
        )
        if why is None and content == "redirect":
            why = 'PYCURL ERROR 35 - "SSL connect error"'
        if why is None and content is None:
            why = 'PYCURL ERROR 22 - "The requested URL returned error: 404 Not Found"'
        if why is None:
            return content or "nothing"
        lines.append(f"{url.rstrip('/')}/repodata/repomd.xml: [Errno 14] {why}\nTrying other mirror.")
    raise PackageError(
        *lines,
        f"Error: Cannot retrieve repository metadata (repomd.xml) for repository: {repo.id}. "
        "Please verify its path and try again",
    )


def available(
    world: World, node: Node, enable: Iterable[str] = (), disable: Iterable[str] = ()
) -> tuple[dict[str, list[Available]], list[Repo], list[str]]:
    """(packages by name, the repositories read, complaints about those skipped).

    Args:
        enable, disable: as --enablerepo and --disablerepo, with shell wildcards.

    Raises:
        PackageError: a repository that may not be skipped cannot be read.
    """
    import fnmatch

    found: dict[str, list[Available]] = {}
    read, complaints = [], []
    for repo in repos(node):
        on = repo.enabled
        if any(fnmatch.fnmatch(repo.id, p) for p in disable):
            on = False
        if any(fnmatch.fnmatch(repo.id, p) for p in enable):
            on = True
        if not on:
            continue
        try:
            content = repo_content(world, node, repo)
        except PackageError as error:
            if repo.skip_if_unavailable:
                complaints.extend(error.lines[:-1])
                continue
            raise
        read.append(repo)
        for item in catalogue(content).values():
            if not any(fnmatch.fnmatch(item.name, p) for p in repo.exclude):
                found.setdefault(item.name, []).append(_in(item, repo.id))
    for items in found.values():
        items.sort(key=functools.cmp_to_key(evrcmp))
    return found, read, complaints


def _in(item: Available, repo: str) -> Available:
    return Available(**{**item.__dict__, "repo": repo})


# -- resolving ---------------------------------------------------------------------------------------------------------


def _newest(items: list[Available]) -> Available:
    return items[-1]


def plan(
    node: Node,
    universe: dict[str, list[Available]],
    install: Iterable[Available] = (),
    update: Iterable[str] | None = None,
    remove: Iterable[Package] = (),
) -> Transaction:
    """Close a wish under dependencies.

    Args:
        install: packages to install (or to update to).
        update: names to update; an empty iterable means everything, None nothing.
        remove: packages to remove, with what needs them.

    Raises:
        PackageError: a dependency is in no repository.
    """
    tx = Transaction()
    wanted: dict[str, Available] = {}

    def add(item: Available, asked: bool) -> None:
        if item.name in wanted:
            return
        have = installed(node, item.name)
        if have and item.name not in INSTALL_ONLY:
            if evrcmp(item, have[-1]) <= 0:
                return
            (tx.update if asked else tx.depends_update).append((item, have[-1]))
        elif have and any(evrcmp(item, p) == 0 for p in have):
            return
        else:
            (tx.install if asked else tx.depends).append(item)
        wanted[item.name] = item
        for name in item.requires:
            if name in wanted:
                continue
            there = installed(node, name)
            same_source = there and universe.get(name) and _same_build(record(there[-1]), item)
            if there and not same_source:
                continue
            if name not in universe:
                if there:
                    continue
                raise PackageError(
                    f"Error: Package: {item.nvra} ({item.repo or 'installed'})",
                    f"           Requires: {name}",
                    " You could try using --skip-broken to work around the problem",
                    " You could try running: rpm -Va --nofiles --nodigest",
                )
            tx.why.append((name, item.nvra))
            add(_newest(universe[name]), False)

    for item in install:
        add(item, True)
    if update is not None:
        names = list(update) or [p.name for p in sorted(node.packages.values(), key=lambda p: p.name)]
        for name in names:
            have = installed(node, name)
            if have and name in universe and evrcmp(_newest(universe[name]), have[-1]) > 0:
                add(_newest(universe[name]), True)
    for package in remove:
        _plan_remove(node, tx, package, True)
    return tx


def _same_build(one: Available, two: Available) -> bool:
    """Sub-packages of one source require each other in the same version (curl and libcurl)."""
    return one.release == two.release and one.version == two.version and one.name != two.name


def _plan_remove(node: Node, tx: Transaction, package: Package, asked: bool) -> None:
    if package in tx.remove or package in tx.depends_remove:
        return
    (tx.remove if asked else tx.depends_remove).append(package)
    if len(installed(node, package.name)) > 1:
        return
    for other in list(node.packages.values()):
        if package.name in record(other).requires:
            tx.why.append((package.name, nvra(other)))
            _plan_remove(node, tx, other, False)


# -- changing ----------------------------------------------------------------------------------------------------------


def put(world: World, node: Node, item: Available) -> Package:
    """Install or update one package now: files, users, services, hooks. No dependencies."""
    from . import services

    now = world.clock.now()
    package = Package(item.name, item.version, item.release, item.arch, item.repo, now)
    old = node.packages.get(item.name)
    if old and item.name in INSTALL_ONLY:
        if evrcmp(item, old) > 0:
            node.packages[f"{old.name}-{old.version}-{old.release}"] = old
            node.packages[item.name] = package
        else:
            node.packages[f"{item.name}-{item.version}-{item.release}"] = package
    else:
        node.packages[item.name] = package
    packagefiles.unpack(world, node, item, fresh=old is None)
    services.register_package(node, item.name)
    for hook in HOOKS.get(item.name, []):
        hook(world, node)
    return package


def take(world: World, node: Node, package: Package) -> list[str]:
    """Remove one package now; returns rpm's warnings about changed configuration files."""
    from . import services

    for hook in REMOVE_HOOKS.get(package.name, []):
        hook(world, node)
    services.forget_package(world, node, package.name)
    key = next(k for k, p in node.packages.items() if p is package)
    del node.packages[key]
    if key == package.name and (rest := installed(node, package.name)):
        newest = rest[-1]
        del node.packages[f"{newest.name}-{newest.version}-{newest.release}"]
        node.packages[key] = newest
    return packagefiles.clean(node, package)


def apply(world: World, node: Node, tx: Transaction) -> list[str]:
    """Carry a transaction out at once; returns warnings."""
    warnings: list[str] = []
    for item in tx.incoming:
        put(world, node, item)
        warnings += prune_kernels(world, node)
    for package in [*tx.depends_remove, *tx.remove]:
        warnings += take(world, node, package)
    return warnings


def prune_kernels(world: World, node: Node) -> list[str]:
    """installonly_limit: the oldest kernel that does not run goes."""
    kernels = installed(node, "kernel")
    warnings: list[str] = []
    while len(kernels) > INSTALLONLY_LIMIT:
        oldest = next(k for k in kernels if f"{k.version}-{k.release}.{k.arch}" != node.kernel.release)
        kernels.remove(oldest)
        warnings += take(world, node, oldest)
    return warnings


def install(world: World, node: Node, names: Iterable[str]) -> list[Package]:
    """Install packages by name with their dependencies, from the repositories the node can reach.

    What is installed already is left (and not updated). Returns what was installed or updated.

    Raises:
        PackageError: no such package, or a repository cannot be read; `.lines` is what yum prints.
    """
    universe, _, _ = available(world, node)
    wanted = []
    for name in names:
        if installed(node, name):
            continue
        if name not in universe:
            raise PackageError(f"No package {name} available.", "Error: Nothing to do")
        wanted.append(_newest(universe[name]))
    tx = plan(node, universe, install=wanted)
    apply(world, node, tx)
    return [node.packages[item.name] for item in tx.incoming]


def update(world: World, node: Node, names: Iterable[str] = ()) -> list[Package]:
    """Update packages (all without names). Returns what was installed or updated."""
    universe, _, _ = available(world, node)
    tx = plan(node, universe, update=list(names))
    apply(world, node, tx)
    return [node.packages[item.name] for item in tx.incoming]


def remove(world: World, node: Node, names: Iterable[str]) -> list[Package]:
    """Remove packages and what needs them; names that are not installed are passed over."""
    tx = plan(node, {}, remove=[p for name in names for p in installed(node, name)])
    apply(world, node, tx)
    return [*tx.remove, *tx.depends_remove]


def newest_kernel(node: Node) -> str:
    """What the boot loader chooses: `2.6.32-504.el6.x86_64`."""
    kernels = installed(node, "kernel")
    if not kernels:
        return "2.6.32-431.el6.x86_64"
    return f"{kernels[-1].version}-{kernels[-1].release}.{kernels[-1].arch}"


def has_netns(node: Node) -> bool:
    """Whether the running kernel offers network namespaces to `ip netns` (defect 2).

    The stock 2.6.32-431.el6 of the lab does not; later and RDO's kernels do.
    """
    release = node.kernel.release
    return "openstack" in release or vercmp(release.partition("-")[2], "431.1.el6") > 0
