"""The library half of neutronclient 2.3.1: login, requests, lookups by name, and the words for what goes wrong."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from ..openstack import auth
from ..openstack.errors import ApiError, Unreachable
from ..openstack.neutron import Neutron
from ..openstack.neutron_attrs import UUID
from ..process import Process
from .tables import py2_repr

PLURALS = {"ipsecpolicy": "ipsecpolicies", "ikepolicy": "ikepolicies", "firewall_policy": "firewall_policies",
           "quota": "quotas"}
SERVED = {"network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule", "agent"}
# resources whose calls exist in the client, though this cloud's server does not know them
KNOWN = SERVED | {
    "vip", "pool", "member", "health_monitor", "qos_queue", "network_gateway", "firewall_rule", "firewall_policy",
    "firewall", "credential", "network_profile", "policy_profile", "ipsec_site_connection", "vpnservice",
    "ipsecpolicy", "ikepolicy", "extension", "service_provider", "quota",
}
NO_PAGE = "404 Not Found\n\n{}\n\n   "


class NeutronFailure(Exception):
    """An exception of the client library: shown on stderr, exit status 1."""


def plural(resource: str) -> str:
    return PLURALS.get(resource, resource + "s")


class NeutronClient:
    """A login and the requests behind it; created at the first request, as in the genuine client."""

    def __init__(self, p: Process, options: SimpleNamespace):
        self.p, self.options = p, options
        self.caller = auth.Caller("", "")
        self.url = options.os_url
        if not options.os_url:
            self._login()

    def _login(self) -> None:
        o, p = self.options, self.p
        url = o.os_auth_url.rstrip("/")
        try:
            self.caller = auth.password_login(p.world, p.node, p.world.cloud, url, o.os_username, o.os_password,
                                              o.os_tenant_name, o.os_tenant_id)
        except Unreachable as error:
            raise NeutronFailure(f"Connection to neutron failed: {_why(error, url + '/tokens')}") from None
        except ApiError as error:
            title = {401: "Unauthorized", 404: "Not Found"}.get(error.status, "Internal Server Error")
            body = {"error": {"message": error.message, "code": error.status, "title": title}}
            raise NeutronFailure(json.dumps(body)) from None
        keystone = p.world.cloud.keystone  # type: ignore[union-attr]
        endpoints = [
            e for s in keystone.catalog(self.caller) if s["type"] == "network" for e in s["endpoints"]
            if not o.os_region_name or e["region"] == o.os_region_name
        ]
        if not endpoints:
            raise NeutronFailure("Could not find Service or Region in Service Catalog.")
        if len(endpoints) > 1:
            raise NeutronFailure(f"AmbiguousEndpoints: {py2_repr(endpoints)}")
        if o.endpoint_type not in endpoints[0]:
            raise NeutronFailure(f"Could not find endpoint type {py2_repr(o.endpoint_type)[1:]} in Service Catalog.")
        self.url = endpoints[0][o.endpoint_type]

    # -- requests

    def reach(self, method: str = "GET") -> Neutron:
        """The server, when it answers.

        Raises:
            NeutronFailure: it does not; only POST tells why.
        """
        try:
            service = auth.dial(self.p.world, self.p.node, self.p.world.cloud, self.url)
        except Unreachable as error:
            why = _why(error, self.url) if method == "POST" else "Maximum attempts reached"
            raise NeutronFailure(f"Connection to neutron failed: {why}") from None
        if service != "neutron":
            raise NeutronFailure(NO_PAGE.format("The resource could not be found."))
        if self.options.os_url:
            self._token_caller()
        cloud = self.p.world.cloud
        assert cloud is not None
        cloud.neutron.agents_report(self.p.world)
        return cloud.neutron

    def _token_caller(self) -> None:
        cloud = self.p.world.cloud
        assert cloud is not None
        if self.options.os_token != cloud.keystone.admin_token:
            raise NeutronFailure("Authentication required")
        self.caller = auth.Caller("", "", roles=["admin"])

    def call(self, method: str, resource: str, action: str, *given: Any, **named: Any) -> Any:
        """One request of `Neutron`'s API for a resource.

        Raises:
            NeutronFailure: the server's answer in the client's words.
        """
        server = self.reach(method)
        if resource not in SERVED:
            raise NeutronFailure(NO_PAGE.format("The resource could not be found."))
        try:
            return getattr(server, action)(self.caller, *given, **named)
        except ApiError as error:
            raise NeutronFailure(worded(error)) from None

    def list(
        self, resource: str, filters: dict[str, Any] | None = None, fields: list[str] | None = None
    ) -> list[dict[str, Any]]:
        if resource not in KNOWN:
            raise NeutronFailure(f"'Client' object has no attribute 'list_{plural(resource)}'")
        wanted = {k: v if isinstance(v, list) else [v] for k, v in (filters or {}).items()}
        return self.call("GET", resource, "list", resource, wanted, fields or None)

    def show(self, resource: str, row_id: str, fields: list[str] | None = None) -> dict[str, Any]:
        return self.call("GET", resource, "show", resource, row_id, fields or None)

    def create(self, resource: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.call("POST", resource, "create", resource, body)

    def update(self, resource: str, row_id: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.call("PUT", resource, "update", resource, row_id, body)

    def delete(self, resource: str, row_id: str) -> None:
        self.call("DELETE", resource, "delete", resource, row_id)

    # -- lookups

    def find_by_id(self, resource: str, text: str) -> str:
        """Raises NeutronFailure when no such id is visible."""
        if UUID.match(text[:36]) and (found := self.list(resource, {"id": text}, ["id"])):
            return found[0]["id"]
        if resource not in KNOWN:
            self.list(resource)
        raise NeutronFailure(f"Unable to find {resource} with id '{text}'")

    def find(self, resource: str, text: str) -> str:
        """Id for an id or a name; names are compared by the server (without case).

        Raises:
            NeutronFailure: none or several.
        """
        if resource not in KNOWN:
            self.list(resource)
        if UUID.match(text[:36]):
            found = self.list(resource, {"id": text}, ["id"])
            if found:
                return found[0]["id"]
        found = self.list(resource, {"name": text}, ["id"])
        if len(found) > 1:
            raise NeutronFailure(f"Multiple {resource} matches found for name '{text}', use an ID to be more specific.")
        if not found:
            raise NeutronFailure(f"Unable to find {resource} with name '{text}'")
        return found[0]["id"]


def _why(error: Unreachable, url: str) -> str:
    host = auth.split_url(url)[0] if error.reason != "url" else ""
    return {
        "url": f"Only absolute URIs are allowed. uri = {url}",
        "unresolved": f"Unable to find the server at {host}",
        "noroute": "[Errno 113] No route to host",
    }.get(error.reason, "[Errno 111] Connection refused")


def worded(error: ApiError) -> str:
    """A refusal as the library words it: 403 raw, some types plain, the rest as status and dict."""
    if not error.kind:
        if error.status == 403:
            return json.dumps({"NeutronError": error.message})
        return error.message
    body = {"message": error.message, "type": error.kind, "detail": error.detail}
    if error.status == 403:
        return json.dumps({"NeutronError": body})
    if error.kind in ("NetworkNotFound", "NetworkInUse", "PortNotFound", "PortInUse"):
        return f"{error.message}\n{error.detail}"
    return f"{error.status}-{py2_repr({'NeutronError': body})}"
