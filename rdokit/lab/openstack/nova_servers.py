"""What a user may ask of an instance, and when nova refuses (the request half of the compute service)."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .nova_words import check_length, locked, stored
from .py2 import Py2Dict, is_uuid
from .times import iso

if TYPE_CHECKING:
    from ..world import World
    from .auth import Caller
    from .cloud import Cloud
    from .nova import Flavor, Instance

FAILED = "The server has either erred or is incapable of performing the requested operation."
NOT_FOUND = "The resource could not be found."

# vm_state -> status, and what a task makes of it
STATUS: dict[str, dict[str | None, str]] = {
    "active": {
        None: "ACTIVE", "rebooting": "REBOOT", "rebooting_hard": "HARD_REBOOT", "updating_password": "PASSWORD",
        "rebuilding": "REBUILD", "rebuild_spawning": "REBUILD", "migrating": "MIGRATING", "resize_prep": "RESIZE",
        "resize_migrating": "RESIZE", "resize_migrated": "RESIZE", "resize_finish": "RESIZE",
    },
    "building": {None: "BUILD"},
    "stopped": {
        None: "SHUTOFF", "resize_prep": "RESIZE", "resize_migrating": "RESIZE", "resize_migrated": "RESIZE",
        "resize_finish": "RESIZE", "rebuilding": "REBUILD", "rebuild_spawning": "REBUILD",
    },
    "resized": {None: "VERIFY_RESIZE", "resize_reverting": "REVERT_RESIZE"},
    "paused": {None: "PAUSED"},
    "suspended": {None: "SUSPENDED"},
    "rescued": {None: "RESCUE"},
    "error": {None: "ERROR", "rebuilding": "REBUILD"},
    "deleted": {None: "DELETED"},
}  # fmt: skip
WITH_PROGRESS = ("ACTIVE", "BUILD", "DELETED", "REBUILD", "RESIZE", "VERIFY_RESIZE", "REVERT_RESIZE", "MIGRATING")

# action -> (vm states it wants, task while it runs, step of the plan, name in refusals)
ACTIONS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "stop": (("active", "rescued", "error"), "powering-off", "stop"),
    "start": (("stopped",), "powering-on", "start"),
    "pause": (("active", "rescued"), "pausing", "pause"),
    "unpause": (("paused",), "unpausing", "unpause"),
    "suspend": (("active", "rescued"), "suspending", "suspend"),
    "resume": (("suspended",), "resuming", "resume"),
    "rescue": (("active", "stopped", "error"), "rescuing", "rescue"),
    "unrescue": (("rescued",), "unrescuing", "unrescue"),
    "confirmResize": (("resized",), "", "confirm"),
    "revertResize": (("resized",), "resize_reverting", "revert"),
    "createImage": (("active", "stopped", "paused", "suspended"), "image_snapshot", "snapshot"),
    "createBackup": (("active", "stopped", "paused", "suspended"), "image_backup", "snapshot"),
    "rebuild": (("active", "stopped"), "rebuilding", "rebuild"),
    "resize": (("active", "stopped"), "resize_prep", "resize"),
    "migrate": (("active", "stopped"), "resize_prep", "resize"),
    "reboot": (("active",), "rebooting", "start"),
    "reboot_hard": (("active", "stopped", "rescued", "paused", "suspended", "error"), "rebooting_hard", "start"),
    "os-migrateLive": (("active",), "migrating", "live"),
    "changePassword": (("active",), "updating_password", "password"),
}


def wrong_state(instance: Instance, action: str) -> ApiError:
    """409 for an instance that is not in the right state."""
    return ApiError(409, f"Cannot '{action}' while instance is in vm_state {instance.vm_state}")


def busy(instance: Instance, action: str) -> ApiError:
    return ApiError(409, f"Cannot '{action}' while instance is in task_state {instance.task_state}")


class Servers:
    """The part of `Nova` behind /servers."""

    world: World
    cloud: Cloud
    instances: dict[str, Instance]

    # --- looking ---

    def server(self, caller: Caller, server_id: str) -> Instance:
        """Raises:
        ApiError: 404.
        """
        found = self.instances.get(server_id)
        if found is None or found.deleted or not (caller.is_admin or found.tenant_id == caller.tenant_id):
            raise ApiError(404, "Instance could not be found")
        return found

    def server_list(self, caller: Caller, **search: Any) -> list[Instance]:
        """Own instances, newest first; filters as of `nova list`."""
        everybody = caller.is_admin and (search.get("all_tenants") or search.get("tenant_id"))
        found = [i for i in self.instances.values() if not i.deleted and (everybody or i.tenant_id == caller.tenant_id)]
        if caller.is_admin and search.get("tenant_id"):
            found = [i for i in found if i.tenant_id == search["tenant_id"]]
        if search.get("status"):
            found = [i for i in found if self.status(i) == search["status"].upper()]
        for key, value in (("image_id", search.get("image")), ("flavor_id", search.get("flavor"))):
            if value:
                found = [i for i in found if getattr(i, key) == value]
        if search.get("reservation_id"):
            found = [i for i in found if i.reservation == search["reservation_id"]]
        patterns = [("name", lambda i: [i.name])]
        if caller.is_admin:
            patterns.append(("instance_name", lambda i: [i.domain]))
            if search.get("host"):
                found = [i for i in found if i.host and self.fqdn(i.host) == search["host"]]  # type: ignore[attr-defined]
        patterns.append(("ip", lambda i: [a["addr"] for net in self.addresses(i).values() for a in net]))
        for key, values in patterns:
            if search.get(key):
                try:
                    wanted = re.compile(search[key], re.IGNORECASE if key == "name" else 0)
                except re.error:
                    raise ApiError(500, FAILED) from None
                found = [i for i in found if any(wanted.search(v) for v in values(i))]
        if search.get("ip6"):
            found = []
        return sorted(found, key=lambda i: -i.number)

    def status(self, instance: Instance) -> str:
        """What the API calls the state.

        A task that is not listed leaves the state's own name.
        """
        table = STATUS.get(instance.vm_state, {None: "UNKNOWN"})
        return table.get(instance.task_state, table[None])

    def addresses(self, instance: Instance) -> Py2Dict:
        """Network name -> fixed and floating addresses, from the instance's ports."""
        found: Py2Dict = Py2Dict()
        if not instance.ready:
            return found
        neutron = self.cloud.neutron
        for port_id in instance.ports:
            port = neutron.ports.get(port_id)
            if port is None:
                continue
            label = neutron.networks[port["network_id"]]["name"]
            entries = found.setdefault(label, [])
            for ip in port["fixed_ips"]:
                entries.append(self._address(port, ip["ip_address"], "fixed"))
                for floating in neutron.floatingips.values():
                    if (floating["port_id"], floating["fixed_ip_address"]) == (port_id, ip["ip_address"]):
                        entries.append(self._address(port, floating["floating_ip_address"], "floating"))
        return found

    @staticmethod
    def _address(port: dict[str, Any], address: str, kind: str) -> Py2Dict:
        return Py2Dict(
            [
                ("version", 6 if ":" in address else 4), ("addr", address), ("OS-EXT-IPS:type", kind),
                ("OS-EXT-IPS-MAC:mac_addr", port["mac_address"]),
            ]
        )  # fmt: skip

    def show_server(self, caller: Caller, instance: Instance) -> Py2Dict:
        """A server as GET /servers/ID answers, keys as the server's dictionaries order them."""
        status = self.status(instance)
        image: Any = Py2Dict([("id", instance.image_id), ("links", [])]) if instance.image_id else ""
        host = self.fqdn(instance.host) if instance.host else None  # type: ignore[attr-defined]
        found = Py2Dict.literal(
            ("id", instance.id), ("name", instance.name), ("status", status), ("tenant_id", instance.tenant_id),
            ("user_id", instance.user_id), ("metadata", Py2Dict(instance.metadata.items())),
            ("hostId", hashlib.sha224((instance.tenant_id + host).encode()).hexdigest() if host else ""),
            ("image", image), ("flavor", Py2Dict([("id", instance.flavor_id), ("links", [])])),
            ("created", iso(instance.created, "Z")), ("updated", iso(instance.updated, "Z")),
            ("addresses", self.addresses(instance)), ("accessIPv4", ""), ("accessIPv6", ""), ("links", []),
        )  # fmt: skip
        if status == "ERROR" and instance.fault:
            found["fault"] = self._fault(caller, instance)
        if status in WITH_PROGRESS:
            found["progress"] = 100 if False else 0
        found["config_drive"] = instance.config_drive
        found["OS-DCF:diskConfig"] = "MANUAL"
        found["OS-EXT-AZ:availability_zone"] = self.zone_of(instance)  # type: ignore[attr-defined]
        if caller.is_admin:
            found["OS-EXT-SRV-ATTR:host"] = host
            found["OS-EXT-SRV-ATTR:hypervisor_hostname"] = host
            found["OS-EXT-SRV-ATTR:instance_name"] = instance.domain
        found["OS-EXT-STS:task_state"] = instance.task_state
        found["OS-EXT-STS:vm_state"] = instance.vm_state
        found["OS-EXT-STS:power_state"] = instance.power_state
        found["os-extended-volumes:volumes_attached"] = [{"id": v} for v in instance.volumes]
        found["key_name"] = instance.key_name
        names = self.group_names(instance)  # type: ignore[attr-defined]
        if names:
            found["security_groups"] = [{"name": n} for n in names]
        found["OS-SRV-USG:launched_at"] = iso(instance.launched, ".000000") if instance.launched else None
        found["OS-SRV-USG:terminated_at"] = None
        return found

    @staticmethod
    def _fault(caller: Caller, instance: Instance) -> Py2Dict:
        held = instance.fault or {}
        fault = Py2Dict.literal(("code", 500), ("created", iso(held["created"], "Z")), ("message", held["message"]))
        if caller.is_admin and held.get("details"):
            fault["details"] = held["details"]
        return fault

    # --- creating ---

    def create_servers(self, caller: Caller, ask: dict[str, Any]) -> list[Instance]:
        """POST /servers.

        Args:
            ask: name, image (an Image or None), flavor, networks [{"uuid", "fixed_ip", "port"}], key_name,
                security_groups, min_count, max_count, metadata, user_data, availability_zone, config_drive,
                volumes [(device, volume id)].

        Raises:
            ApiError: in the order in which the API and the compute layer look.
        """
        name = ask["name"].strip()
        check_length(name, "Server name")
        name = stored(name)
        networks = self.parse_networks(ask.get("networks"))  # type: ignore[attr-defined]
        flavor: Flavor = ask["flavor"]
        self._check_image(ask.get("image"), flavor)
        groups = ask.get("security_groups") or ["default"]
        self.check_groups(caller, groups)  # type: ignore[attr-defined]
        networks = self.choose_networks(caller, networks)  # type: ignore[attr-defined]
        if ask.get("key_name") and (caller.user_id, ask["key_name"]) not in self.keypairs:  # type: ignore[attr-defined]
            raise ApiError(400, "Invalid key_name provided.")
        if len(ask.get("metadata", {})) > self.limit(caller.tenant_id, "metadata_items"):  # type: ignore[attr-defined]
            raise ApiError(
                413,
                "Maximum number of metadata items exceeds " + str(self.limit(caller.tenant_id, "metadata_items")),  # type: ignore[attr-defined]
            )
        zone = ask.get("availability_zone") or ""
        if ":" in zone and not caller.is_admin:
            raise self.policy("compute:create:forced_host")  # type: ignore[attr-defined]
        for _, volume_id in ask.get("volumes", []):
            self._check_volume(caller, volume_id)
        count = self.allowed_count(caller, flavor, ask["min_count"], ask["max_count"])
        made = [self._new(caller, ask, name, flavor, networks, groups, zone, count) for _ in range(count)]
        for device, volume_id in ask.get("volumes", []):
            self.cloud.cinder.attach(volume_id, made[0].id, device, None)
            made[0].volumes[volume_id] = device
        return made

    def _check_image(self, image: Any, flavor: Flavor) -> None:
        if image is None:
            return
        if image.status != "active":
            raise ApiError(400, f"Image {image.id} is not active.")
        if flavor.ram < image.min_ram:
            raise ApiError(400, "Instance type's memory is too small for requested image.")
        if flavor.disk and (flavor.disk * 1024**3 < image.size or flavor.disk < image.min_disk):
            raise ApiError(400, "Instance type's disk is too small for requested image.")

    def _check_volume(self, caller: Caller, volume_id: str) -> None:
        try:
            self.cloud.cinder.check_attach(caller, volume_id)
        except ApiError:
            raise ApiError(
                400,
                f"Block Device Mapping is Invalid: failed to get volume {volume_id}.",
            ) from None

    def allowed_count(self, caller: Caller, flavor: Flavor, least: int, most: int) -> int:
        """How many instances the quota lets through, at least `least`.

        Raises:
            ApiError: 413.
        """
        used = self.usage(caller.tenant_id)  # type: ignore[attr-defined]
        limits = {k: self.limit(caller.tenant_id, k, caller.user_id) for k in ("cores", "instances", "ram")}  # type: ignore[attr-defined]
        wanted = {"cores": most * flavor.vcpus, "instances": most, "ram": most * flavor.ram}
        over = sorted(k for k in limits if 0 <= limits[k] < used[k] + wanted[k])
        if not over:
            return most
        room = {k: (limits[k] - used[k] if limits[k] >= 0 else 10**9) for k in limits}
        allowed = min(
            room["instances"],
            room["cores"] // flavor.vcpus if flavor.vcpus else 10**9,
            room["ram"] // flavor.ram if flavor.ram else 10**9,
        )
        if least <= allowed:
            return self.allowed_count(caller, flavor, least, allowed)
        first = over[0]
        raise ApiError(
            413,
            f"Quota exceeded for {','.join(over)}: Requested {wanted[first]}, but already used {used[first]} of "
            f"{limits[first]} {first}",
        )

    def _new(
        self, caller: Caller, ask: dict[str, Any], name: str, flavor: Flavor, networks: list[dict[str, str]],
        groups: list[str], zone: str, count: int,
    ) -> Instance:  # fmt: skip
        from .nova import Instance

        self.drawn += 1
        now = self.world.clock.now()
        image = ask.get("image")
        instance = Instance(
            self.world.ids.uuid(), self.drawn, name, caller.tenant_id, caller.user_id, flavor.id,
            image_id=image.id if image else "", image_name=(image.name or "") if image else "",
            key_name=ask.get("key_name"), created=now, updated=now, metadata=dict(ask.get("metadata", {})),
            groups=list(groups), networks=[dict(n) for n in networks], zone=zone, stepped=now,
            user_data=ask.get("user_data", ""), config_drive=str(ask.get("config_drive") or ""),
            admin_pass=self.password(), plan=["schedule", "spawn"],  # type: ignore[attr-defined]
            reservation="r-" + self.world.ids.hex(8), hints=ask.get("hints", {}), files=dict(ask.get("files", {})),
        )  # fmt: skip
        if count > 1:
            instance.name = f"{name}-{instance.id}"
        self.instances[instance.id] = instance
        self.note(instance, caller, "create")
        return instance

    def note(self, instance: Instance, caller: Caller, action: str) -> None:
        """Remember an action for `instance-action-list`."""
        instance.actions.insert(
            0,
            {
                "action": action, "request_id": "req-" + self.world.ids.uuid(), "message": None,
                "user_id": caller.user_id, "project_id": caller.tenant_id, "start": self.world.clock.now(),
            },
        )  # fmt: skip

    # --- acting ---

    def begin(self, caller: Caller, instance: Instance, action: str) -> None:
        """Check state and lock, set the task and plan the work.

        Raises:
            ApiError: 409 wrong state, busy or locked.
        """
        states, task, step = ACTIONS[action]
        word = "reboot" if action.startswith("reboot") else action
        if instance.locked and not caller.is_admin:
            raise locked(instance, word)
        plain = action in ("stop", "start")
        if instance.vm_state not in states:
            if plain:
                raise ApiError(
                    409,
                    f"Instance {instance.id} in vm_state {instance.vm_state}. Cannot {action} while the instance is "
                    "in this state.",
                )
            raise wrong_state(instance, word)
        if instance.task_state is not None and action != "confirmResize":
            if plain:
                raise ApiError(
                    409,
                    f"Instance {instance.id} in task_state {instance.task_state}. Cannot {action} while the instance "
                    "is in this state.",
                )
            raise busy(instance, word)
        instance.task_state = task or None
        instance.plan = [step]
        instance.stepped = instance.updated = self.world.clock.now()
        self.note(instance, caller, word.replace("os-", ""))

    def delete_server(self, caller: Caller, server_id: str) -> None:
        instance = self.server(caller, server_id)
        if instance.locked and not caller.is_admin:
            raise locked(instance, "delete")
        if instance.host is None:
            # Nothing runs anywhere yet: the API removes it by itself.
            self.remove(instance)  # type: ignore[attr-defined]
            return
        instance.task_state = "deleting"
        instance.plan = ["delete"]
        instance.stepped = self.world.clock.now()
        self.note(instance, caller, "delete")

    def resize(self, caller: Caller, server_id: str, flavor: Flavor | None) -> None:
        """Resize, or migrate when there is no flavor."""
        instance = self.server(caller, server_id)
        action = "resize" if flavor else "migrate"
        if flavor is None:
            self.admin(caller, "compute_extension:admin_actions:migrate")  # type: ignore[attr-defined]
        if flavor and flavor.id == instance.flavor_id and instance.vm_state in ACTIONS["resize"][0]:
            raise ApiError(400, "Resize requires a flavor change.")
        if flavor and instance.vm_state in ACTIONS["resize"][0]:
            old = self.flavor_of(instance)  # type: ignore[attr-defined]
            self._check_headroom(caller, old, flavor)
        self.begin(caller, instance, action)
        instance.resized_from, instance.old_host = instance.vm_state, instance.host
        instance.old_flavor = instance.flavor_id
        instance.hints["new_flavor"] = flavor.id if flavor else instance.flavor_id
        instance.plan = ["resize", "resized"]

    def _check_headroom(self, caller: Caller, old: Flavor, new: Flavor) -> None:
        used = self.usage(caller.tenant_id)  # type: ignore[attr-defined]
        for key, more in (("cores", new.vcpus - old.vcpus), ("ram", new.ram - old.ram)):
            allowed = self.limit(caller.tenant_id, key)  # type: ignore[attr-defined]
            if more > 0 and 0 <= allowed < used[key] + more:
                raise ApiError(
                    413,
                    f"Quota exceeded for {key}: Requested {more}, but already used {used[key]} of {allowed} {key}",
                )

    def create_image(self, caller: Caller, server_id: str, name: str, action: str = "createImage") -> str:
        """Snapshot a server into glance; the id of the image that will be."""
        instance = self.server(caller, server_id)
        self.begin(caller, instance, action)
        source = self.cloud.glance.images.get(instance.image_id)
        properties = {
            "instance_uuid": instance.id, "user_id": caller.user_id, "image_type": "snapshot",
            "base_image_ref": instance.image_id, "instance_type_id": instance.flavor_id,
            "instance_type_name": self.flavor_of(instance).name,  # type: ignore[attr-defined]
        }  # fmt: skip
        fields = {
            "name": name, "disk_format": source.disk_format if source else "raw",
            "container_format": source.container_format if source else "bare", "properties": properties,
            "min_disk": self.flavor_of(instance).disk,  # type: ignore[attr-defined]
        }  # fmt: skip
        image = self.cloud.glance.create(self.world, caller, fields, None)
        instance.hints["snapshot"] = image.id
        return image.id

    # --- volumes ---

    def attach_volume(self, caller: Caller, server_id: str, volume_id: str, device: str | None) -> Py2Dict:
        """POST os-volume_attachments: reserve the volume and plan the work.

        Raises:
            ApiError: 400 bad id, device or volume; 404; 409 device in use or wrong state.
        """
        if not is_uuid(volume_id):
            raise ApiError(400, f"Bad volumeId format: volumeId is not in proper format ({volume_id})")
        if device and not re.match(r"(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$", device):
            raise ApiError(400, f"The supplied device path ({device}) is invalid.")
        instance = self.server(caller, server_id)
        if instance.locked and not caller.is_admin:
            raise ApiError(409, f"Instance {instance.id} is locked")
        if instance.vm_state not in ("active", "paused", "suspended", "stopped", "resized"):
            raise wrong_state(instance, "attach_volume")
        try:
            volume = self.cloud.cinder.volume(caller, volume_id)
        except ApiError:
            raise ApiError(404, NOT_FOUND) from None
        taken = {"/dev/vda", *instance.volumes.values()}
        if device in taken:
            raise ApiError(409, f"The supplied device path ({device}) is in use.")
        self.cloud.cinder.check_attach(caller, volume_id)
        if not device:
            device = next(d for d in (f"/dev/vd{c}" for c in "bcdefghijklmnopqrstuvwxyz") if d not in taken)
        volume.status = "attaching"
        instance.volumes[volume_id] = device
        instance.plan.append(f"attach {volume_id}")
        instance.stepped = self.world.clock.now()
        return self.attachment(instance, volume_id)

    def attachment(self, instance: Instance, volume_id: str) -> Py2Dict:
        return Py2Dict(
            [
                ("id", volume_id), ("volumeId", volume_id), ("serverId", instance.id),
                ("device", instance.volumes[volume_id]),
            ]
        )  # fmt: skip

    def detach_volume(self, caller: Caller, server_id: str, volume_id: str) -> None:
        instance = self.server(caller, server_id)
        if instance.vm_state not in ("active", "paused", "suspended", "stopped", "resized"):
            raise wrong_state(instance, "detach_volume")
        volume = self.cloud.cinder.volumes.get(volume_id)
        if volume is None or volume_id not in instance.volumes:
            raise ApiError(404, NOT_FOUND)
        if volume.status != "in-use":
            raise ApiError(400, "Invalid volume: status must be 'in-use'")
        volume.status = "detaching"
        instance.plan.append(f"detach {volume_id}")
        instance.stepped = self.world.clock.now()
