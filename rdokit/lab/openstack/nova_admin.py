"""What an administrator sees of the compute service: daemons, hypervisors, zones, aggregates, usage."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .nova_words import check_length
from .py2 import Py2Dict
from .times import at, iso, lab_seconds

if TYPE_CHECKING:
    from ..world import World
    from .auth import Caller
    from .cloud import Cloud
    from .nova import Instance

NOT_FOUND = "The resource could not be found."
CONFLICT = "There was a conflict when trying to complete your request."
DOWN_AFTER = 60.0  # lab seconds without a report
INTERNAL = "internal"
REGISTERED = (  # quota resources in the order in which nova registers them
    "instances", "cores", "ram", "floating_ips", "fixed_ips", "metadata_items", "injected_files",
    "injected_file_content_bytes", "injected_file_path_bytes", "security_groups", "security_group_rules", "key_pairs",
)  # fmt: skip
LIMIT_NAMES = {
    "ram": ("maxTotalRAMSize",), "instances": ("maxTotalInstances",), "cores": ("maxTotalCores",),
    "key_pairs": ("maxTotalKeypairs",), "floating_ips": ("maxTotalFloatingIps",),
    "metadata_items": ("maxServerMeta", "maxImageMeta"), "injected_files": ("maxPersonality",),
    "injected_file_content_bytes": ("maxPersonalitySize",), "security_groups": ("maxSecurityGroups",),
    "security_group_rules": ("maxSecurityGroupRules",),
}  # fmt: skip


class Admin:
    """The administrator's part of `Nova`."""

    world: World
    cloud: Cloud
    instances: dict[str, Instance]
    daemons: list[dict[str, Any]]
    hypervisors: list[str]
    aggregates: dict[int, dict[str, Any]]

    # --- daemons ---

    def report(self) -> None:
        """Every running daemon writes its row (really every ten seconds)."""
        now = self.world.clock.now()
        for daemon in self.daemons:
            node = self.world.nodes.get(daemon["node"])
            if node is not None and node.up and node.running("openstack-" + daemon["binary"]):
                daemon["seen"] = now

    def is_up(self, daemon: dict[str, Any]) -> bool:
        return lab_seconds(self.world, daemon["seen"]) <= DOWN_AFTER

    def daemon(self, binary: str, node: str) -> dict[str, Any]:
        return next(d for d in self.daemons if (d["binary"], d["node"]) == (binary, node))

    def services(self, caller: Caller, host: str | None = None, binary: str | None = None) -> list[dict[str, Any]]:
        self.admin(caller, "compute_extension:services")  # type: ignore[attr-defined]
        rows = []
        for d in self.daemons:
            name = self.fqdn(d["node"])  # type: ignore[attr-defined]
            if (host and name != host) or (binary and d["binary"] != binary):
                continue
            rows.append(
                {
                    "binary": d["binary"], "host": name, "zone": self._zone(d),
                    "status": "disabled" if d["disabled"] else "enabled", "state": "up" if self.is_up(d) else "down",
                    "updated_at": iso(d["seen"], ".000000"), "disabled_reason": d["reason"],
                }
            )  # fmt: skip
        return rows

    def _zone(self, daemon: dict[str, Any]) -> str:
        return self.zone_of_host(daemon["node"]) if daemon["binary"] == "nova-compute" else INTERNAL

    def switch(self, caller: Caller, host: str, binary: str, disabled: bool, reason: str | None = None) -> None:
        """Enable or disable a daemon.

        Raises:
            ApiError: 404.
        """
        self.admin(caller, "compute_extension:services")  # type: ignore[attr-defined]
        for d in self.daemons:
            if d["binary"] == binary and self.fqdn(d["node"]) == host:  # type: ignore[attr-defined]
                d["disabled"], d["reason"] = disabled, reason if disabled else None
                return
        raise ApiError(404, "Unknown service")

    # --- zones ---

    def zone_of_host(self, node: str) -> str:
        host = self.fqdn(node)  # type: ignore[attr-defined]
        for aggregate in self.aggregates.values():
            if host in aggregate["hosts"] and aggregate["metadata"].get("availability_zone"):
                return aggregate["metadata"]["availability_zone"]
        return "nova"

    def zone_of(self, instance: Instance) -> str:
        if instance.host:
            return self.zone_of_host(instance.host)
        return instance.zone.split(":")[0] or "nova"

    def zones(self) -> list[tuple[str, bool, Py2Dict]]:
        """Name, available, host -> daemon -> row; available zones first, the internal one before them."""
        found: dict[str, Py2Dict] = {}
        alive: dict[str, bool] = {}
        for d in self.daemons:
            zone, host = self._zone(d), self.fqdn(d["node"])  # type: ignore[attr-defined]
            alive[zone] = alive.get(zone, False) or not d["disabled"]
            hosts = found.setdefault(zone, Py2Dict())
            rows = hosts.setdefault(host, Py2Dict())
            rows[d["binary"]] = {
                "available": self.is_up(d), "active": not d["disabled"], "updated_at": iso(d["seen"], ".000000")
            }  # fmt: skip
        names = sorted(found, key=lambda z: (not alive[z], z != INTERNAL, z))
        return [(name, alive[name], found[name]) for name in names]

    # --- hypervisors ---

    def hypervisor_rows(self, caller: Caller) -> list[tuple[int, str]]:
        self.admin(caller, "compute_extension:hypervisors")  # type: ignore[attr-defined]
        return [(n, self.fqdn(node)) for n, node in enumerate(self.hypervisors, 1)]  # type: ignore[attr-defined]

    def hypervisor(self, caller: Caller, number: int) -> Py2Dict:
        self.admin(caller, "compute_extension:hypervisors")  # type: ignore[attr-defined]
        if not 0 < number <= len(self.hypervisors):
            raise ApiError(404, f"Hypervisor with ID '{number}' could not be found.")
        node = self.hypervisors[number - 1]
        host = self.fqdn(node)  # type: ignore[attr-defined]
        total, used = self.capacity(node), self.used(node)  # type: ignore[attr-defined]
        running = [i for i in self.instances.values() if i.host == node and not i.deleted]
        workload = sum(
            i.task_state in ("block_device_mapping", "spawning", "rebuilding", "resize_prep") for i in running
        )
        free_disk = total["local_gb"] - used["disk"]
        found = Py2Dict.literal(("id", number), ("hypervisor_hostname", host))
        for key, value in (
            ("vcpus", total["vcpus"]), ("memory_mb", total["memory_mb"]), ("local_gb", total["local_gb"]),
            ("vcpus_used", used["vcpus"]), ("memory_mb_used", used["ram"]), ("local_gb_used", used["disk"]),
            ("hypervisor_type", total["hypervisor_type"]), ("hypervisor_version", total["hypervisor_version"]),
            ("free_ram_mb", total["memory_mb"] - used["ram"]), ("free_disk_gb", free_disk),
            ("current_workload", workload), ("running_vms", used["count"]), ("cpu_info", total["cpu_info"]),
            ("disk_available_least", 0 if total["hypervisor_type"] == "fake" else max(free_disk - 3, 0)),
        ):  # fmt: skip
            found[key] = value
        found["service"] = {"id": self.daemon("nova-compute", node)["id"], "host": host}
        return found

    def hypervisor_stats(self, caller: Caller) -> Py2Dict:
        rows = [self.hypervisor(caller, n) for n in range(1, len(self.hypervisors) + 1)]
        keys = (
            "count", "vcpus_used", "local_gb_used", "memory_mb", "current_workload", "vcpus", "running_vms",
            "free_disk_gb", "disk_available_least", "local_gb", "free_ram_mb", "memory_mb_used",
        )  # fmt: skip
        return Py2Dict([(k, len(rows) if k == "count" else sum(r[k] for r in rows)) for k in keys])

    def hypervisor_search(self, caller: Caller, pattern: str) -> list[tuple[int, str, list[Instance]]]:
        """Number, host name and instances of the hypervisors whose name holds the text.

        Raises:
            ApiError: 404.
        """
        found = []
        for number, host in self.hypervisor_rows(caller):
            if pattern.lower() in host.lower():
                node = self.hypervisors[number - 1]
                inside = [i for i in self.instances.values() if i.host == node and not i.deleted]
                found.append((number, host, inside))
        if not found:
            raise ApiError(404, f"No hypervisor matching '{pattern}' could be found.")
        return found

    # --- hosts ---

    def host_rows(self, caller: Caller, zone: str | None = None) -> list[list[str]]:
        self.admin(caller, "compute_extension:hosts")  # type: ignore[attr-defined]
        rows = []
        for d in self.daemons:
            row = [self.fqdn(d["node"]), d["binary"].removeprefix("nova-"), self._zone(d)]  # type: ignore[attr-defined]
            if not zone or row[2] == zone:
                rows.append(row)
        return rows

    def host_detail(self, caller: Caller, host: str) -> list[list[Any]]:
        """Host, project, cores, MB, GB: total, used now, used at most, then per project."""
        self.admin(caller, "compute_extension:hosts")  # type: ignore[attr-defined]
        node = next((n for n in self.hypervisors if self.fqdn(n) == host), None)  # type: ignore[attr-defined]
        if node is None:
            raise ApiError(404, f"Compute host {host} could not be found.")
        total, used = self.capacity(node), self.used(node)  # type: ignore[attr-defined]
        per: dict[str, list[int]] = {}
        for i in self.instances.values():
            if i.host == node and not i.deleted:
                flavor = self.flavor_of(i)  # type: ignore[attr-defined]
                sums = per.setdefault(i.tenant_id, [0, 0, 0])
                sums[0] += flavor.vcpus
                sums[1] += flavor.ram
                sums[2] += flavor.disk + flavor.ephemeral
        most = [sum(s[n] for s in per.values()) for n in range(3)]
        return [
            [host, "(total)", total["vcpus"], total["memory_mb"], total["local_gb"]],
            [host, "(used_now)", used["vcpus"], used["ram"], used["disk"]],
            [host, "(used_max)", *most],
            *([host, tenant, *sums] for tenant, sums in per.items()),
        ]

    # --- aggregates ---

    def aggregate(self, caller: Caller, number: int) -> dict[str, Any]:
        self.admin(caller, "compute_extension:aggregates")  # type: ignore[attr-defined]
        if number not in self.aggregates:
            raise ApiError(404, NOT_FOUND)
        return self.aggregates[number]

    def create_aggregate(self, caller: Caller, name: str, zone: str | None) -> dict[str, Any]:
        self.admin(caller, "compute_extension:aggregates")  # type: ignore[attr-defined]
        check_length(name, "Aggregate name")
        if any(a["name"] == name for a in self.aggregates.values()):
            raise ApiError(409, CONFLICT)
        self.aggregates_drawn += 1
        made: dict[str, Any] = {
            "id": self.aggregates_drawn, "name": name, "hosts": [],
            "metadata": {"availability_zone": zone} if zone else {},
        }  # fmt: skip
        self.aggregates[made["id"]] = made
        return made

    def delete_aggregate(self, caller: Caller, number: int) -> None:
        if self.aggregate(caller, number)["hosts"]:
            raise ApiError(400, f"Cannot perform action 'delete' on aggregate {number}. Reason: not empty.")
        del self.aggregates[number]

    def aggregate_host(self, caller: Caller, number: int, host: str, add: bool) -> dict[str, Any]:
        found = self.aggregate(caller, number)
        known = host in {self.fqdn(n) for n in self.hypervisors}  # type: ignore[attr-defined]
        if add:
            if not known:
                raise ApiError(404, NOT_FOUND)
            zone = found["metadata"].get("availability_zone")
            for other in self.aggregates.values():
                held = other["metadata"].get("availability_zone")
                if host in other["hosts"] and zone and held and held != zone:
                    raise ApiError(
                        409,
                        f"Cannot perform action 'add_host_to_aggregate' on aggregate {number}. "
                        f"Reason: Host already in availability zone {held}.",
                    )
            if host in found["hosts"]:
                raise ApiError(409, f"Aggregate {number} already has host {host}.")
            found["hosts"].append(host)
        else:
            if host not in found["hosts"]:
                raise ApiError(404, NOT_FOUND)
            found["hosts"].remove(host)
        return found

    # --- usage and limits ---

    def tenant_usage(self, tenant: str, start: float, end: float) -> dict[str, float]:
        """Instances, MB hours, core hours, GB hours between two moments."""
        total = {"count": 0.0, "ram": 0.0, "vcpus": 0.0, "disk": 0.0}
        for i in self.instances.values():
            if i.tenant_id != tenant or i.launched is None:
                continue
            last = min(i.terminated or self.world.clock.now(), end)
            hours = max(0.0, last - max(i.launched, start)) / 3600
            flavor = self.flavor_of(i)  # type: ignore[attr-defined]
            total["count"] += 1
            total["ram"] += flavor.ram * hours
            total["vcpus"] += flavor.vcpus * hours
            total["disk"] += (flavor.disk + flavor.ephemeral) * hours
        return total

    def period(self, start: str | None, end: str | None) -> tuple[datetime.datetime, datetime.datetime]:
        """Four weeks back to tomorrow, or as given (YYYY-MM-DD).

        Raises:
            ValueError: another form.
        """
        now = at(self.world.clock.now())
        first = datetime.datetime.strptime(start, "%Y-%m-%d") if start else now - datetime.timedelta(weeks=4)
        last = datetime.datetime.strptime(end, "%Y-%m-%d") if end else now + datetime.timedelta(days=1)
        return first, last

    def absolute_limits(self, tenant: str) -> Py2Dict:
        """Limits, then what is used of them, in the order in which the server's dictionaries hand them on."""
        resources = Py2Dict([(k, self.limit(tenant, k)) for k in (*REGISTERED,)])  # type: ignore[attr-defined]
        limits: Py2Dict = Py2Dict()
        for key, value in Py2Dict(Py2Dict(resources.items()).items()).items():
            for name in LIMIT_NAMES.get(key, ()):
                limits[name] = value
        used = self.usage(tenant)  # type: ignore[attr-defined]
        shown = Py2Dict.literal(
            ("totalRAMUsed", used["ram"]), ("totalCoresUsed", used["cores"]), ("totalInstancesUsed", used["instances"]),
            ("totalFloatingIpsUsed", 0), ("totalSecurityGroupsUsed", 0),
        )  # fmt: skip
        limits.update(Py2Dict(shown.items()))
        return limits
