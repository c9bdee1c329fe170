"""Where instances run: the scheduler, the compute hosts, and the work done between two requests.

nova answers a request at once and works afterwards. Here each instance has a
plan of steps; one step is done at the start of each client command (and when
some lab time has gone by), so that `nova boot` shows BUILD and a later
`nova list` ACTIVE, every time alike.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .nova_conf import Settings, read_settings
from .times import iso, lab_seconds

if TYPE_CHECKING:
    from ..world import Node, World
    from .cloud import Cloud
    from .nova import Flavor, Instance

STEP = 30.0  # lab seconds after which a step is done without any further command
RESERVED_MB = 512  # kept for the host
RAM_RATIO, CPU_RATIO = 1.5, 16.0
NO_HOST = "No valid host was found. "
NO_HOST_TRACE = (
    '  File "/usr/lib/python2.6/site-packages/nova/scheduler/filter_scheduler.py", line 107, in schedule_run_instance\n'
    '    raise exception.NoValidHost(reason="")\n'
)


class Compute:
    """The part of `Nova` that runs things."""

    world: World
    cloud: Cloud
    instances: dict[str, Instance]
    hypervisors: list[str]

    def fqdn(self, node: str) -> str:
        return self.world.nodes[node].fqdn

    def settings(self, node: str) -> Settings:
        """What the node's nova-compute read when it started."""
        return read_settings(self.world.nodes[node])

    # --- time ---

    def settle(self, steps: int = 1) -> None:
        """Do what is due: `steps` of every plan, more where lab time has passed."""
        self.report()  # type: ignore[attr-defined]
        now = self.world.clock.now()
        for instance in list(self.instances.values()):
            due = steps + int(lab_seconds(self.world, instance.stepped) // STEP)
            while due > 0 and instance.plan and not instance.deleted:
                due -= 1
                if not self._step(instance):
                    break
                instance.stepped = now
        self._look_at_hosts()

    def _look_at_hosts(self) -> None:
        """What has become of the hosts: guests do not survive a reboot of theirs, and KVM counts those it runs."""
        for name in self.hypervisors:
            node = self.world.nodes[name]
            here = [i for i in self.instances.values() if i.host == name and not i.deleted and i.launched]
            if node.up:
                for instance in here:
                    if instance.power_state == 1 and instance.host_boot != node.kernel.boot_id and not instance.plan:
                        instance.vm_state, instance.task_state, instance.power_state = "stopped", None, 4
            if self.settings(name).virt_type == "kvm":
                running = [i for i in here if i.power_state == 1 and not self.settings(name).fake]
                node.extra["guest_memory_kb"] = {
                    i.domain: self.flavor_of(i).ram * 1024 for i in running  # type: ignore[attr-defined]
                }
            else:
                node.extra.pop("guest_memory_kb", None)

    def _step(self, instance: Instance) -> bool:
        """One step; False when nobody is there to do it."""
        step, *words = instance.plan[0].split(" ")
        controller = self.world.nodes[self.cloud.controller]
        if step == "schedule":
            if not controller.running("openstack-nova-scheduler") or not controller.running("openstack-nova-conductor"):
                return False
        elif instance.host and not self.alive(instance.host):
            return False
        instance.plan.pop(0)
        getattr(self, "_do_" + step)(instance, *words)
        instance.updated = self.world.clock.now()
        return True

    def alive(self, node: str) -> bool:
        """Whether a node's nova-compute works now."""
        found = self.world.nodes.get(node)
        return found is not None and found.up and found.running("openstack-nova-compute")

    # --- the scheduler ---

    def used(self, node: str) -> dict[str, int]:
        """Memory, disk and cores that the instances of a host take, as the resource tracker counts."""
        found = {"ram": RESERVED_MB, "disk": 0, "vcpus": 0, "count": 0}
        for instance in self.instances.values():
            if instance.host == node and not instance.deleted:
                flavor: Flavor = self.flavor_of(instance)  # type: ignore[attr-defined]
                found["ram"] += flavor.ram
                found["disk"] += flavor.disk + flavor.ephemeral
                found["vcpus"] += flavor.vcpus
                found["count"] += 1
        return found

    def pick(self, instance: Instance, flavor: Flavor, exclude: list[str]) -> str | None:
        """The host with most free memory among those that pass the filters; the controller on a tie."""
        best: tuple[float, int, str] | None = None
        zone, _, forced = instance.zone.partition(":")
        for rank, node in enumerate(self.hypervisors):
            daemon = self.daemon("nova-compute", node)  # type: ignore[attr-defined]
            if forced and forced not in (self.fqdn(node), node):
                continue
            up = self.is_up(daemon)  # type: ignore[attr-defined]
            if node in exclude or (not forced and (not up or daemon["disabled"])):
                continue
            if zone and not forced and self.zone_of_host(node) != zone:  # type: ignore[attr-defined]
                continue
            total, used = self.capacity(node), self.used(node)
            if not forced and (
                used["ram"] + flavor.ram > total["memory_mb"] * RAM_RATIO
                or used["vcpus"] + flavor.vcpus > total["vcpus"] * CPU_RATIO
            ):
                continue
            if not self._hints_allow(instance, node):
                continue
            key = (float(total["memory_mb"] * RAM_RATIO - used["ram"]), rank, node)
            if best is None or key[:2] > best[:2]:
                best = key
        return best[2] if best else None

    def _hints_allow(self, instance: Instance, node: str) -> bool:
        """different_host and same_host only count when their filters are configured; packstack's list has neither."""
        return True

    def _do_schedule(self, instance: Instance) -> None:
        flavor: Flavor = self.flavor_of(instance)  # type: ignore[attr-defined]
        node = self.pick(instance, flavor, instance.tried)
        if node is None:
            self.fail(instance, NO_HOST, NO_HOST_TRACE)
            return
        instance.host = node
        instance.task_state = "block_device_mapping"
        try:
            self.allocate_ports(instance)  # type: ignore[attr-defined]
        except ApiError:
            self._reschedule(instance)

    def _reschedule(self, instance: Instance) -> None:
        """A host could not build it: try another."""
        assert instance.host is not None
        instance.tried.append(instance.host)
        self.free_ports(instance)  # type: ignore[attr-defined]
        instance.host = None
        instance.task_state = "scheduling"
        instance.plan = ["schedule", "spawn"]

    def fail(self, instance: Instance, message: str, details: str = "") -> None:
        """Into ERROR, with the fault that `nova show` tells."""
        instance.vm_state, instance.task_state, instance.power_state = "error", None, 0
        instance.plan, instance.host = [], None
        instance.fault = {"message": message, "details": details, "created": self.world.clock.now()}

    # --- the hypervisor ---

    def driver_ok(self, node: str) -> bool:
        """Whether libvirt can start a guest of the configured type here."""
        settings = self.settings(node)
        found = self.world.nodes[node]
        if settings.fake:
            return True
        if not found.running("libvirtd"):
            return False
        if settings.virt_type == "kvm":
            modules = found.kernel.modules
            return "kvm_intel" in modules or "kvm_amd" in modules
        return settings.virt_type in ("qemu", "lxc", "xen", "uml")

    def _do_spawn(self, instance: Instance) -> None:
        assert instance.host is not None
        if not self.driver_ok(instance.host):
            self._reschedule(instance)
            return
        now = self.world.clock.now()
        instance.ready = True
        instance.vm_state, instance.task_state, instance.power_state = "active", None, 1
        instance.launched = now
        for volume_id in instance.volumes:
            volume = self.cloud.cinder.volumes.get(volume_id)
            if volume is not None:
                volume.attached_host = None
        self.plug_ports(instance)  # type: ignore[attr-defined]
        self.boot_guest(instance)

    def boot_guest(self, instance: Instance) -> None:
        """Start (or restart) what lives inside."""
        from .guests import boot

        if instance.host is not None:
            instance.host_boot = self.world.nodes[instance.host].kernel.boot_id
        if instance.host is None or self.settings(instance.host).fake:
            return  # nova's test driver starts nothing
        instance.boots += 1
        boot(self.world, instance)

    # --- steps of the plans ---

    def _settle_state(self, instance: Instance, vm_state: str, power: int) -> None:
        instance.vm_state, instance.task_state, instance.power_state = vm_state, None, power

    def _do_stop(self, instance: Instance) -> None:
        self._settle_state(instance, "stopped", 4)

    def _do_start(self, instance: Instance) -> None:
        if instance.host and not self.driver_ok(instance.host):
            self._settle_state(instance, "error", 0)
            return
        self._settle_state(instance, "active", 1)
        self.boot_guest(instance)

    def _do_pause(self, instance: Instance) -> None:
        self._settle_state(instance, "paused", 3)

    def _do_unpause(self, instance: Instance) -> None:
        self._settle_state(instance, "active", 1)

    def _do_suspend(self, instance: Instance) -> None:
        self._settle_state(instance, "suspended", 4)

    def _do_resume(self, instance: Instance) -> None:
        self._settle_state(instance, "active", 1)

    def _do_rescue(self, instance: Instance) -> None:
        self._settle_state(instance, "rescued", 1)
        self.boot_guest(instance)

    def _do_unrescue(self, instance: Instance) -> None:
        self._settle_state(instance, "active", 1)
        self.boot_guest(instance)

    def _do_rebuild(self, instance: Instance) -> None:
        instance.guest = None
        self._settle_state(instance, "active", 1)
        self.boot_guest(instance)

    def _do_password(self, instance: Instance) -> None:
        instance.task_state = None  # the fake driver sets it; libvirt cannot, the API had refused

    def _do_snapshot(self, instance: Instance) -> None:
        instance.task_state = None
        image = self.cloud.glance.images.get(instance.hints.pop("snapshot", ""))
        if image is not None:
            from .glance import Data

            source = self.cloud.glance.images.get(instance.image_id)
            image.size = source.size if source else 25165824
            image.checksum = Data.of(image.id.encode()).checksum
            image.status = "active"

    def _do_resize(self, instance: Instance) -> None:
        from_host = instance.old_host
        flavor = self.flavors[instance.hints["new_flavor"]]  # type: ignore[attr-defined]
        node = self.pick(instance, flavor, [from_host] if from_host and len(self.hypervisors) > 1 else [])
        if node is None:
            instance.plan = []
            self._settle_state(instance, instance.resized_from or "active", instance.power_state)
            instance.fault = {"message": NO_HOST, "details": NO_HOST_TRACE, "created": self.world.clock.now()}
            return
        instance.hints["new_host"] = node
        instance.task_state = "resize_finish"

    def _do_resized(self, instance: Instance) -> None:
        instance.flavor_id = instance.hints["new_flavor"]
        instance.host = instance.hints["new_host"]
        self._settle_state(instance, "resized", 1)
        self.plug_ports(instance)  # type: ignore[attr-defined]
        self.boot_guest(instance)

    def _do_confirm(self, instance: Instance) -> None:
        stopped = instance.resized_from == "stopped"
        self._settle_state(instance, "stopped" if stopped else "active", 4 if stopped else 1)

    def _do_revert(self, instance: Instance) -> None:
        instance.flavor_id, instance.host = instance.old_flavor, instance.old_host
        instance.host_boot = self.world.nodes[instance.host or ""].kernel.boot_id
        stopped = instance.resized_from == "stopped"
        self._settle_state(instance, "stopped" if stopped else "active", 4 if stopped else 1)
        self.plug_ports(instance)  # type: ignore[attr-defined]

    def _do_live(self, instance: Instance) -> None:
        instance.host = instance.hints.pop("live", instance.host)
        instance.host_boot = self.world.nodes[instance.host or ""].kernel.boot_id
        self._settle_state(instance, "active", 1)
        self.plug_ports(instance)  # type: ignore[attr-defined]

    def _do_attach(self, instance: Instance, volume_id: str) -> None:
        cinder = self.cloud.cinder
        if volume_id in cinder.volumes and volume_id in instance.volumes:
            cinder.attach(volume_id, instance.id, instance.volumes[volume_id], None)

    def _do_detach(self, instance: Instance, volume_id: str) -> None:
        instance.volumes.pop(volume_id, None)
        self.cloud.cinder.detach(volume_id)

    def _do_delete(self, instance: Instance) -> None:
        self.remove(instance)

    def remove(self, instance: Instance) -> None:
        """Take an instance away: ports, volumes, what lived inside."""
        for volume_id in list(instance.volumes):
            self.cloud.cinder.detach(volume_id)
        self.free_ports(instance)  # type: ignore[attr-defined]
        instance.deleted, instance.vm_state, instance.task_state = True, "deleted", None
        instance.terminated = self.world.clock.now()
        instance.plan, instance.guest = [], None

    # --- what a host is ---

    def capacity(self, node: str) -> dict[str, Any]:
        """Totals of a host as its driver reports them: the fake driver's constants, or the machine's own."""
        if self.settings(node).fake:
            return {
                "vcpus": 1, "memory_mb": 8192, "local_gb": 1028, "hypervisor_type": "fake", "hypervisor_version": 1,
                "cpu_info": "?",
            }  # fmt: skip
        spec = self.world.nodes[node].spec
        return {
            "vcpus": spec.cpus, "memory_mb": max(spec.memory_mb - spec.memory_mb // 50 - 148, 512), "local_gb": 49,
            "hypervisor_type": "QEMU", "hypervisor_version": 12001, "cpu_info": self._cpu_info(self.world.nodes[node]),
        }  # fmt: skip

    @staticmethod
    def _cpu_info(node: Node) -> str:
        amd = node.spec.vmx == "svm"
        features = ["svm", "npt"] if amd else ["vmx", "hypervisor"] if node.spec.vmx else ["hypervisor"]
        info = {
            "vendor": "AMD" if amd else "Intel", "model": "Opteron_G3" if amd else "SandyBridge", "arch": "x86_64",
            "features": features, "topology": {"cores": node.spec.cpus, "threads": 1, "sockets": 1},
        }  # fmt: skip
        return json.dumps(info)

    def console(self, instance: Instance, lines: str | None) -> str:
        """The text of the serial console.

        Args:
            lines: how many of the last ones, as the user typed it.

        Raises:
            ApiError: 400 a number that is none, 404 no console yet, 409 not on a host.
        """
        count = None
        if lines is not None:
            if not re.fullmatch(r"-?\d+", lines):
                raise ApiError(400, "Length in request body must be an integer value")
            count = int(lines)
        if instance.host is None:
            raise ApiError(409, f"Instance {instance.id} is not ready")
        if self.settings(instance.host).fake:
            text = "FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE"
        else:
            text = instance.guest.console() if instance.guest is not None else ""
        if count is not None and count >= 0:
            rows = text.split("\n")
            text = "\n".join(rows[-count:]) if count else ""
        return text

    def guests(self) -> list[Any]:
        """Instances that have booted, for the network simulation."""
        if any(i.plan for i in self.instances.values()):
            self.settle(steps=0)
        from .guests import view

        return [view(self.world, i) for i in self.instances.values() if i.guest is not None and not i.deleted]

    def domains(self, node: str) -> list[tuple[int, str, str]]:
        """What `virsh list --all` shows on a node: number (0 when off), name, state."""
        states = {"stopped": "shut off", "suspended": "shut off", "paused": "paused"}
        found = []
        number = 0
        for instance in sorted(self.instances.values(), key=lambda i: i.number):
            if instance.host != node or instance.deleted or not instance.launched:
                continue
            state = states.get(instance.vm_state, "running")
            number += state != "shut off"
            found.append((number if state != "shut off" else 0, instance.domain, state))
        return found

    def uptime(self, node: str) -> str:
        """The line of `uptime` on a host."""
        since = self.world.clock.now() - (self.world.nodes[node].kernel.booted or self.world.clock.now())
        minutes = int(since // 60)
        clock = iso(self.world.clock.now())[11:]
        return f" {clock} up {minutes} min,  0 users,  load average: 0.00, 0.01, 0.05"
