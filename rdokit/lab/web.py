"""HTTP between the lab's parts: a URL to a page of the internet, of a node's httpd, or of an OpenStack API's root."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from . import internet, network
from .internet import Page
from .network import Connection

if TYPE_CHECKING:
    from .world import Node, World


@dataclass
class Fetched:
    """The answer to one request; `error` is resolve | refused | prohibited | timeout | unreachable | ssl | protocol."""

    page: Page | None
    error: str = ""
    address: str = ""
    url: str = ""


def fetch(world: World, node: Node, url: str, netns: str = "", method: str = "GET") -> Fetched:
    """One HTTP request from a node, redirects not followed."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme == "file":
        try:
            return Fetched(Page(200, node.fs.read(parts.path), kind="text/plain"), url=url)
        except OSError:
            return Fetched(None, "file", url=url)
    if parts.scheme not in ("http", "https", "ftp"):
        return Fetched(None, "protocol", url=url)
    host = parts.hostname or ""
    try:
        port = parts.port or {"https": 443, "ftp": 21}.get(parts.scheme, 80)
    except ValueError:
        return Fetched(None, "resolve", url=url)
    address = network.resolve(world, node, host, netns)
    if address is None:
        return Fetched(None, "resolve", url=url)
    link = network.connect(world, node, address, port, netns=netns)
    if not link.open:
        reason = {"no-route": "unreachable", "host-unreachable": "unreachable"}.get(link.reason, link.reason)
        return Fetched(None, reason, address, url)
    if link.reach.kind == "external":
        if parts.scheme == "https" and host == "github.com" and world.faults.get("mirrors") == "2026":
            return Fetched(None, "ssl", address, url)
        return Fetched(internet.page(world, url), "", address, url)
    if link.reach.kind == "node":
        return Fetched(
            _local(world, world.nodes[link.reach.target], link, port, parts.path or "/", parts.scheme), "", address, url
        )
    return Fetched(None, "refused", address, url)


def _local(world: World, node: Node, link: Connection, port: int, path: str, scheme: str) -> Page:
    """A page of a service of a node."""
    if link.program == "httpd":
        return _httpd(node, path)
    host = f"http://{network.address_of(next(iter(n for n in node.nics.values() if n.kind != 'loopback')))}:{port}"
    versions = {
        5000: (
            300,
            {
                "versions": {
                    "values": [{"status": "stable", "id": "v2.0", "links": [{"href": f"{host}/v2.0/", "rel": "self"}]}]
                }
            },
        ),
        35357: (
            300,
            {
                "versions": {
                    "values": [{"status": "stable", "id": "v2.0", "links": [{"href": f"{host}/v2.0/", "rel": "self"}]}]
                }
            },
        ),
        9292: (
            300,
            {"versions": [{"status": "CURRENT", "id": "v2.2", "links": [{"href": f"{host}/v2/", "rel": "self"}]}]},
        ),
        8774: (
            200,
            {"versions": [{"status": "CURRENT", "id": "v2.0", "links": [{"href": f"{host}/v2/", "rel": "self"}]}]},
        ),
        8776: (
            300,
            {"versions": [{"status": "CURRENT", "id": "v1.0", "links": [{"href": f"{host}/v1/", "rel": "self"}]}]},
        ),
        9696: (
            200,
            {"versions": [{"status": "CURRENT", "id": "v2.0", "links": [{"href": f"{host}/v2.0", "rel": "self"}]}]},
        ),
    }
    if port in versions and path == "/":
        status, body = versions[port]
        return Page(status, json.dumps(body).encode(), kind="application/json")
    if port in versions:
        text = {
            "error": {
                "message": "The request you have made requires authentication.",
                "code": 401,
                "title": "Unauthorized",
            }
        }
        return Page(401, json.dumps(text).encode(), kind="application/json")
    if link.program in ("sshd", "mysqld", "qpidd"):
        return Page(0, b"SSH-2.0-OpenSSH_5.3\r\n" if link.program == "sshd" else b"")
    return Page(404, b"")


def _httpd(node: Node, path: str) -> Page:
    if path == "/dashboard" and "openstack-dashboard" in node.packages:
        return Page(301, b"", location="/dashboard/")
    if path.startswith("/dashboard/") and "openstack-dashboard" in node.packages:
        return Page(
            200,
            b"<!DOCTYPE html>\n<html>\n<head>\n<title>Login - OpenStack Dashboard</title>\n</head>\n<body></body>\n</html>\n",  # noqa: E501
        )
    if path.startswith("/nagios") and "nagios" in node.packages:
        return Page(401, b"<html><head><title>401 Authorization Required</title></head></html>\n")
    file = "/var/www/html" + (path if not path.endswith("/") else path + "index.html")
    if node.fs.isfile(file):
        declared = node.fs.synthetic(file)
        if declared:
            return Page(200, None, declared[0], declared[1], kind="application/octet-stream")
        return Page(200, node.fs.read(file))
    if path == "/":
        return Page(403, b"<html><head><title>Apache HTTP Server Test Page powered by CentOS</title></head></html>\n")
    return internet._missing(f"localhost{path}")


def size(page: Page) -> int:
    return page.size if page.body is None else len(page.body)


REASONS = {
    0: "",
    200: "OK",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Found",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    503: "Service Unavailable",
}


def headers(page: Page, when: str) -> str:
    """The head of an answer, as curl -I shows it."""
    lines = [
        f"HTTP/1.1 {page.status} {REASONS.get(page.status, '')}",
        f"Date: {when}",
        "Server: Apache/2.2.15 (CentOS)",
    ]
    if page.location:
        lines.append(f"Location: {page.location}")
    lines += [f"Content-Length: {size(page)}", f"Content-Type: {page.kind}"]
    return "".join(f"{line}\r\n" for line in lines) + "\r\n"
