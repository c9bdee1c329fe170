"""The world outside the lab: which hosts exist, what their web servers hold, which of them keep time.

In the lab it is the spring of 2014 and the addresses of the document work; the places where the same
files are found in 2026 work as well. Faults (`world.faults`):

* `internet: "off"`  no packet leaves the site (names are not resolved either);
* `mirrors: "2026"`  the addresses of 2014 answer as they do in 2026 (404, or a redirect yum cannot follow);
* `dns: "off"`       names are not resolved, addresses work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import packagedata

if TYPE_CHECKING:
    from .world import World

CIRROS = {  # file -> size, md5
    "cirros-0.3.0-x86_64-disk.img": (9761280, "50bdc35edb03a38d91b1b071afb20a3c"),
    "cirros-0.3.1-x86_64-disk.img": (13147648, "d972013792949d0d3ba628fbe8685bce"),
    "cirros-0.3.2-x86_64-disk.img": (13167616, "64d7c1cd2b6f60c92c14662941cb7913"),
    "cirros-0.3.4-x86_64-disk.img": (13287936, "ee1eca47dc88f4879d8a229cc70a07c6"),
}

HOSTS = {  # name -> address. Addresses are of documentation blocks where the real one does not matter
    "rdo.fedorapeople.org": "152.19.134.199",
    "repos.fedorapeople.org": "152.19.134.199",
    "fedorapeople.org": "152.19.134.199",
    "openstack.redhat.com": "198.51.100.20",
    "docs.openstack.org": "198.51.100.21",
    "download.cirros-cloud.net": "69.163.241.114",
    "launchpad.net": "198.51.100.22",
    "github.com": "192.30.252.129",
    "fedoraproject.org": "198.51.100.23",
    "mirrors.fedoraproject.org": "198.51.100.24",
    "dl.fedoraproject.org": "198.51.100.25",
    "download.fedoraproject.org": "198.51.100.26",
    "archives.fedoraproject.org": "198.51.100.27",
    "mirrorlist.centos.org": "198.51.100.30",
    "mirror.centos.org": "198.51.100.31",
    "vault.centos.org": "198.51.100.32",
    "archive.kernel.org": "198.51.100.33",
    "www.centos.org": "198.51.100.34",
    "ftp.iij.ad.jp": "202.232.140.170",
    "ftp.riken.jp": "134.160.38.1",
    "yum.theforeman.org": "198.51.100.40",
    "yum.puppetlabs.com": "198.51.100.41",
    "cloud-images.ubuntu.com": "198.51.100.42",
    "www.google.com": "198.51.100.50",
    "google.com": "198.51.100.50",
    "www.redhat.com": "198.51.100.51",
    "example.com": "93.184.216.119",
    "www.example.com": "93.184.216.119",
    "ntp.nict.jp": "133.243.238.163",
    "ntp1.jst.mfeed.ad.jp": "210.173.160.27",
    "0.centos.pool.ntp.org": "203.0.113.10",
    "1.centos.pool.ntp.org": "203.0.113.11",
    "2.centos.pool.ntp.org": "203.0.113.12",
    "3.centos.pool.ntp.org": "203.0.113.13",
    "pool.ntp.org": "203.0.113.14",
    "0.pool.ntp.org": "203.0.113.14",
    "1.pool.ntp.org": "203.0.113.15",
    "google-public-dns-a.google.com": "8.8.8.8",
    "google-public-dns-b.google.com": "8.8.4.4",
}
DNS_SERVERS = {"8.8.8.8", "8.8.4.4", "1.1.1.1"}
NTP_SERVERS = {  # address -> (reference id, stratum)
    "133.243.238.163": (".NICT.", 1),
    "210.173.160.27": ("210.173.176.4", 2),
    "203.0.113.10": ("133.243.238.243", 2),
    "203.0.113.11": ("133.243.238.244", 2),
    "203.0.113.12": ("210.173.160.27", 3),
    "203.0.113.13": ("133.243.238.164", 2),
    "203.0.113.14": ("133.243.238.243", 2),
    "203.0.113.15": ("133.243.238.244", 2),
}
LATENCY = {"8.8.8.8": 4.2, "8.8.4.4": 4.6, "133.243.238.163": 5.1}  # ms there and back; others 12 to 180

# URL (without scheme) -> what a repository there holds. Read from top to bottom.
REPOSITORIES = [
    (r"mirrorlist\.centos\.org/.*repo=os\b.*", "base"),
    (r"mirrorlist\.centos\.org/.*repo=updates\b.*", "updates"),
    (r"mirrorlist\.centos\.org/.*repo=extras\b.*", "extras"),
    (r"mirrorlist\.centos\.org/.*repo=(centosplus|contrib)\b.*", "nothing"),
    (r"(?:.*/)?(?:centos|centos-vault|pub/Linux/centos|Linux/centos)/6[.0-9]*/os/x86_64/?", "base"),
    (r"(?:.*/)?(?:centos|centos-vault|pub/Linux/centos|Linux/centos)/6[.0-9]*/updates/x86_64/?", "updates"),
    (r"(?:.*/)?(?:centos|centos-vault|pub/Linux/centos|Linux/centos)/6[.0-9]*/extras/x86_64/?", "extras"),
    (r"vault\.centos\.org/6[.0-9]*/(os|updates|extras)/x86_64/?", "redirect"),
    (r"mirrors\.fedoraproject\.org/(?:mirrorlist|metalink)\?repo=epel-6.*", "epel"),
    (r"(?:dl|download)\.fedoraproject\.org/pub/epel/6/x86_64/?", "epel"),
    (r"archives\.fedoraproject\.org/pub/archive/epel/6/x86_64/?", "epel"),
    (r"repos\.fedorapeople\.org/repos/openstack/EOL/openstack-havana/epel-6/?", "havana"),
    (r"repos\.fedorapeople\.org/repos/openstack/openstack-havana/epel-6/?", "havana"),
    (r"yum\.theforeman\.org/releases/1\.3/el6/x86_64/?", "foreman"),
    (r"yum\.theforeman\.org/plugins/1\.3/el6/x86_64/?", "nothing"),
    (r"yum\.puppetlabs\.com/el/6/(products|PC1)/x86_64/?", "puppetlabs"),
    (r"yum\.puppetlabs\.com/el/6/(dependencies|deps)/x86_64/?", "nothing"),
]
ONLY_2014 = re.compile(  # gone in 2026
    r"mirrorlist\.centos\.org|mirror\.centos\.org|ftp\.|mirrors\.fedoraproject\.org|dl\.fedoraproject\.org"
    r"|yum\.theforeman\.org|yum\.puppetlabs\.com|repos\.fedorapeople\.org/repos/openstack/openstack-havana"
    r"|rdo\.fedorapeople\.org|download\.fedoraproject\.org/pub/epel/6"
)
RPM_FILES = [  # URL (without scheme) -> name of the package in packagedata
    (r"rdo\.fedorapeople\.org/(?:openstack/)?openstack-havana/rdo-release-havana(?:-8\.noarch)?\.rpm", "rdo-release"),
    (r"rdo\.fedorapeople\.org/rdo-release\.rpm", "rdo-release"),
    (
        r"repos\.fedorapeople\.org/repos/openstack/(?:EOL/)?openstack-havana/rdo-release-havana(?:-[78])?(?:\.noarch)?\.rpm",
        "rdo-release",
    ),
    (r"(?:dl|download)\.fedoraproject\.org/pub/epel/6/(?:x86_64|i386)/epel-release-6-8\.noarch\.rpm", "epel-release"),
    (
        r"archives\.fedoraproject\.org/pub/archive/epel/6/x86_64/(?:Packages/e/)?epel-release-6-8\.noarch\.rpm",
        "epel-release",
    ),
]
RPM_MAGIC = b"\xed\xab\xee\xdb\x03\x00"


@dataclass
class Page:
    """What a web server answers. `body` is None when only size and MD5 are known."""

    status: int
    body: bytes | None = b""
    size: int = 0
    md5: str = ""
    location: str = ""
    kind: str = "text/html"


def resolve(world: World, name: str) -> str | None:
    """The address of an external name (DNS), or None."""
    if world.faults.get("internet") == "off" or world.faults.get("dns") == "off":
        return None
    return HOSTS.get(name.lower().rstrip("."))


def name_of(address: str) -> str | None:
    """Reverse DNS."""
    return next((name for name, ip in HOSTS.items() if ip == address), None)


def known(address: str) -> bool:
    """Whether a host answers at this address (any public address outside the documentation's holes)."""
    return address in HOSTS.values() or address in DNS_SERVERS or address in NTP_SERVERS


def latency(address: str) -> float:
    """Milliseconds there and back; always the same for one address."""
    if address in LATENCY:
        return LATENCY[address]
    return 12 + sum(int(part) * weight for part, weight in zip(address.split("."), (7, 5, 3, 11), strict=True)) % 168


def repository(world: World, url: str) -> str | None:
    """The content (a key of packagedata.CONTENT, "nothing", or "redirect") of a repository URL, None = 404.

    >>> from rdokit.lab.world import World
    >>> repository(World("x"), "http://repos.fedorapeople.org/repos/openstack/openstack-havana/epel-6/")
    'havana'
    >>> repository(World("x", faults={"mirrors": "2026"}), "http://mirror.centos.org/centos/6/os/x86_64/")
    """
    bare = re.sub(r"^(https?|ftp)://", "", url)
    if world.faults.get("mirrors") == "2026" and ONLY_2014.match(bare):
        return None
    for pattern, content in REPOSITORIES:
        if re.fullmatch(pattern, bare):
            return content
    return None


def rpm_body(name: str, version: str, release: str, arch: str) -> bytes:
    """The bytes of an RPM in the lab: rpm's magic, then what it is."""
    return RPM_MAGIC + f"{name}|{version}|{release}|{arch}\n".encode()


def rpm_of(data: bytes) -> tuple[str, str, str, str] | None:
    """(name, version, release, arch) of a file that `rpm_body` made, else None."""
    if not data.startswith(RPM_MAGIC):
        return None
    part = data[len(RPM_MAGIC) :].decode("utf-8", "replace").strip().split("|")
    return (part[0], part[1], part[2], part[3]) if len(part) == 4 else None


def page(world: World, url: str) -> Page:
    """What GET of a URL answers, once its host is reached."""
    bare = re.sub(r"^(https?|ftp)://", "", url).split("#")[0]
    if world.faults.get("mirrors") == "2026" and ONLY_2014.match(bare):
        return _missing(bare)
    host, _, path = bare.partition("/")
    name = path.rsplit("/", 1)[-1]
    for pattern, package in RPM_FILES:
        if re.fullmatch(pattern, bare):
            return _rpm(package)
    if host.endswith("cirros-cloud.net") and name in CIRROS:
        size, md5 = CIRROS[name]
        if world.faults.get("mirrors") == "2026" and url.startswith("http:"):
            return Page(302, b"", location=f"https://github.com/cirros-dev/cirros/releases/download/{path}")
        return Page(200, None, size, md5, kind="application/octet-stream")
    if repository(world, f"http://{bare}") or repository(world, f"http://{bare}".replace("/repodata/repomd.xml", "/")):
        return Page(200, b"<html><body><h1>Index</h1></body></html>\n")
    if path in ("", "index.html") and host in HOSTS:
        return Page(200, f"<html><head><title>{host}</title></head><body></body></html>\n".encode())
    return _missing(bare)


def _missing(bare: str) -> Page:
    path = "/" + bare.partition("/")[2]
    text = (
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found</title>\n'
        f"</head><body>\n<h1>Not Found</h1>\n<p>The requested URL {path} was not found on this server.</p>\n"
        "</body></html>\n"
    )
    return Page(404, text.encode())


def _rpm(package: str) -> Page:
    for text in packagedata.CONTENT.values():
        for line in text.splitlines():
            part = line.lstrip("*").split("|")
            if part[0] == package:
                version, _, release = part[1].partition("-")
                return Page(200, rpm_body(package, version, release, part[2]), kind="application/x-rpm")
    return Page(404)
