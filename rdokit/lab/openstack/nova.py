"""The compute service of the simulated cloud: its rows, quotas, flavors and key pairs.

What happens to instances is in `nova_servers` (requests), `nova_compute`
(scheduler, hosts, the work between two requests), `nova_network` (ports,
floating addresses, security groups through neutron) and `nova_admin`
(services, hypervisors, aggregates, zones, usage).
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .nova_admin import Admin
from .nova_compute import Compute
from .nova_network import Network
from .nova_servers import Servers
from .nova_words import check_length, invalid_input
from .py2 import Py2Dict

if TYPE_CHECKING:
    from ..world import World
    from .auth import Caller
    from .cloud import Cloud

NOT_FOUND = "The resource could not be found."
FAILED = "The server has either erred or is incapable of performing the requested operation."
CONFLICT = "There was a conflict when trying to complete your request."

QUOTAS = {  # in the order of `nova quota-show`
    "instances": 10, "cores": 20, "ram": 51200, "floating_ips": 10, "fixed_ips": -1, "metadata_items": 128,
    "injected_files": 5, "injected_file_content_bytes": 10240, "injected_file_path_bytes": 255, "key_pairs": 100,
    "security_groups": 10, "security_group_rules": 20,
}  # fmt: skip
FLAVORS = [(1, "m1.tiny", 512, 1, 1), (2, "m1.small", 2048, 20, 1), (3, "m1.medium", 4096, 40, 2),
           (4, "m1.large", 8192, 80, 4), (5, "m1.xlarge", 16384, 160, 8)]  # fmt: skip
PASSWORD = ["23456789", "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz"]


@dataclass
class Flavor:
    id: str  # flavorid, a text
    name: str
    ram: int
    disk: int
    vcpus: int
    ephemeral: int = 0
    swap: int = 0
    rxtx_factor: float = 1.0
    is_public: bool = True
    extra_specs: dict[str, str] = field(default_factory=dict)
    tenants: list[str] = field(default_factory=list)


@dataclass
class Keypair:
    name: str
    user_id: str
    public_key: str
    fingerprint: str
    private_key: str = ""


@dataclass
class Instance:
    """A virtual machine. `plan` holds what is still to be done to it, one step per client command or so."""

    id: str
    number: int
    name: str
    tenant_id: str
    user_id: str
    flavor_id: str
    image_id: str = ""
    image_name: str = ""
    key_name: str | None = None
    vm_state: str = "building"
    task_state: str | None = "scheduling"
    power_state: int = 0
    host: str | None = None  # name of the node
    zone: str = ""
    created: float = 0.0
    updated: float = 0.0
    launched: float | None = None
    terminated: float | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=lambda: ["default"])  # asked for at boot
    networks: list[dict[str, str]] = field(default_factory=list)  # asked for: network, fixed_ip, port
    ports: list[str] = field(default_factory=list)
    ready: bool = False  # addresses are shown (network info has been stored)
    fault: dict[str, Any] | None = None
    plan: list[str] = field(default_factory=list)
    stepped: float = 0.0
    volumes: dict[str, str] = field(default_factory=dict)  # volume id -> device
    user_data: str = ""
    config_drive: str = ""
    locked: bool = False
    deleted: bool = False
    admin_pass: str = ""
    reservation: str = ""
    old_flavor: str = ""
    old_host: str | None = None
    resized_from: str = ""
    hints: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    actions: list[dict[str, Any]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)  # hosts that failed to build it
    guest: Any = None  # what lives inside (rdokit.lab.guest), once it has booted
    boots: int = 0
    host_boot: str = ""  # boot id of the host when it was started there

    @property
    def domain(self) -> str:
        """Name of the libvirt domain."""
        return f"instance-{self.number:08x}"


class Nova(Servers, Compute, Network, Admin):
    """State and rules of the compute service."""

    def __init__(self, world: World, cloud: Cloud):
        self.world = world
        self.cloud = cloud
        self.instances: dict[str, Instance] = {}
        self.flavors: dict[str, Flavor] = {
            str(n): Flavor(str(n), name, ram, disk, cpus) for n, name, ram, disk, cpus in FLAVORS
        }
        self.keypairs: dict[tuple[str, str], Keypair] = {}
        self.quotas: dict[str, dict[str, int]] = {}
        self.user_quotas: dict[tuple[str, str], dict[str, int]] = {}
        self.class_quotas: dict[str, dict[str, int]] = {}
        self.aggregates: dict[int, dict[str, Any]] = {}
        self.agents: dict[int, dict[str, Any]] = {}
        self.daemons: list[dict[str, Any]] = []
        self.hypervisors: list[str] = []  # node names; the position + 1 is the id
        self.drawn = 0
        self.aggregates_drawn = 0
        # How ssh-keygen of the controller prints a fingerprint: "md5" (OpenSSH 5.3) or "sha256" (7 and later).
        self.fingerprints = "md5"

    @classmethod
    def install(cls, world: World, cloud: Cloud) -> Nova:
        """Services and hypervisors as packstack leaves them.

        The computes are numbered as they reported first: those that had nothing else to do before the controller.
        """
        self = cls(world, cloud)
        controller = world.nodes[cloud.controller]
        for binary in ("scheduler", "conductor", "consoleauth", "cert"):
            self._add_daemon(controller.name, f"nova-{binary}")
        self.meet_computes()
        return self

    def meet_computes(self) -> None:
        """Take up compute nodes that are named in the answers (a later packstack run can add some)."""
        answers = self.cloud.answers.get("CONFIG_NOVA_COMPUTE_HOSTS", "")
        named = [a.strip() for a in answers.split(",") if a.strip()]
        nodes = [self.world.node_at(a) for a in named]
        found = [n.name for n in nodes if n is not None]
        if self.cloud.host in named and self.cloud.controller not in found:
            found.append(self.cloud.controller)
        if not named:
            found = [n.name for n in self.world.nodes.values() if "openstack-nova-compute" in n.services]
        found.sort(key=lambda name: name == self.cloud.controller)
        for name in dict.fromkeys(found):
            if name not in self.hypervisors:
                self.hypervisors.append(name)
                self._add_daemon(name, "nova-compute")

    def _add_daemon(self, node: str, binary: str) -> None:
        self.daemons.append(
            {
                "id": len(self.daemons) + 1, "binary": binary, "node": node, "disabled": False, "reason": None,
                "seen": self.world.clock.now(),
            }
        )  # fmt: skip

    # --- limits ---

    def limit(self, tenant: str, key: str, user: str = "") -> int:
        if user and key in self.user_quotas.get((tenant, user), {}):
            return self.user_quotas[tenant, user][key]
        default = self.class_quotas.get("default", {}).get(key, QUOTAS[key])
        return self.quotas.get(tenant, {}).get(key, default)

    def usage(self, tenant: str) -> dict[str, int]:
        """Instances, cores and MB in use (failed ones count until they are deleted)."""
        mine = [i for i in self.instances.values() if i.tenant_id == tenant and not i.deleted]
        flavors = [self.flavor_of(i) for i in mine]
        return {
            "instances": len(mine), "cores": sum(f.vcpus for f in flavors), "ram": sum(f.ram for f in flavors)
        }  # fmt: skip

    def quota_set(self, caller: Caller, tenant: str, user: str = "", defaults: bool = False) -> Py2Dict:
        if not caller.is_admin and tenant != caller.tenant_id:
            raise self.policy("compute_extension:quotas:show")
        base = self.class_quotas.get("default", {})
        values = {k: base.get(k, v) if defaults else self.limit(tenant, k, user) for k, v in QUOTAS.items()}
        return Py2Dict([("id", tenant), *values.items()])

    def update_quota(self, caller: Caller, tenant: str, changes: dict[str, int], force: bool, user: str = "") -> None:
        """Raises:
        ApiError: 400 below -1 or below what is used, 403 for others than admins.
        """
        if not caller.is_admin:
            raise self.policy("compute_extension:quotas:update")
        used = self.usage(tenant)
        unknown = sorted(k for k in changes if k not in QUOTAS)
        if unknown:
            raise ApiError(400, f"Bad key(s) {','.join(unknown)} in quota_set")
        changes = {k: v for k, v in changes.items() if v}  # Havana takes 0 for "not given"
        for key, value in changes.items():
            held = used.get(key, 0)
            now = self.limit(tenant, key, user)
            if not force and now >= 0 and 0 <= value < held:
                raise ApiError(400, f"Quota value {value} for {key} are greater than already used and reserved {held}")
            self._check_quota(tenant, key, value, held, user)
        if user:
            self.user_quotas.setdefault((tenant, user), {}).update(changes)
        else:
            self.quotas.setdefault(tenant, {}).update(changes)

    def _check_quota(self, tenant: str, key: str, value: int, held: int, user: str) -> None:
        """Between what is used (or was given to users) and what the tenant has left."""
        if value < -1:
            raise ApiError(400, "Quota limit must be -1 or greater.")
        given = {u: q[key] for (t, u), q in self.user_quotas.items() if t == tenant and key in q}
        whole = self.limit(tenant, key)
        least, most = held, -1
        if user and whole >= 0:
            most = whole - sum(given.values()) + given.get(user, 0)
        elif not user:
            least = max(held, sum(given.values()))
        if value < least and (most != -1 or value != -1):
            raise ApiError(400, f"Quota limit must greater than {least}.")
        if most != -1 and value > most:
            raise ApiError(400, f"Quota limit must less than {most}.")

    @staticmethod
    def policy(action: str) -> ApiError:
        return ApiError(403, f"Policy doesn't allow {action} to be performed.")

    def admin(self, caller: Caller, action: str) -> None:
        if not caller.is_admin:
            raise self.policy(action)

    # --- flavors ---

    def flavor_of(self, instance: Instance) -> Flavor:
        return self.flavors.get(instance.flavor_id) or self._old_flavors()[instance.flavor_id]

    def _old_flavors(self) -> dict[str, Flavor]:
        if not hasattr(self, "gone_flavors"):
            self.gone_flavors: dict[str, Flavor] = {}
        return self.gone_flavors

    def show_flavor(self, flavor: Flavor) -> Py2Dict:
        found = Py2Dict.literal(
            ("id", flavor.id), ("name", flavor.name), ("ram", flavor.ram), ("disk", flavor.disk),
            ("vcpus", flavor.vcpus), ("links", []),
        )  # fmt: skip
        found["OS-FLV-EXT-DATA:ephemeral"] = flavor.ephemeral
        found["OS-FLV-DISABLED:disabled"] = False
        found["os-flavor-access:is_public"] = flavor.is_public
        found["rxtx_factor"] = flavor.rxtx_factor
        found["swap"] = flavor.swap or ""
        return found

    def sees_flavor(self, caller: Caller, flavor: Flavor) -> bool:
        return flavor.is_public or caller.is_admin or caller.tenant_id in flavor.tenants

    def flavor_list(self, caller: Caller, everything: bool = False) -> list[Flavor]:
        """Public ones and those opened to the tenant; all for an admin who asks for them."""
        found = []
        for flavor in self.flavors.values():
            shared = flavor.is_public or caller.tenant_id in flavor.tenants
            if shared and (flavor.is_public or not caller.is_admin) or (everything and caller.is_admin):
                found.append(flavor)
        return sorted(found, key=lambda f: f.id)

    def flavor(self, caller: Caller, flavor_id: str) -> Flavor:
        flavor = self.flavors.get(flavor_id)
        if flavor is None or not self.sees_flavor(caller, flavor):
            raise ApiError(404, "The resource could not be found.")
        return flavor

    def create_flavor(self, caller: Caller, fields: dict[str, Any]) -> Flavor:
        """Raises:
        ApiError: 400 bad numbers or names, 403, 409 a name or id in use.
        """
        self.admin(caller, "compute_extension:flavormanage")
        name, flavor_id = fields["name"], str(fields["id"])
        if flavor_id == "auto":
            flavor_id = self.world.ids.uuid()
        self._check_name("name", name)
        if flavor_id.strip() != flavor_id:
            raise invalid_input("id cannot contain leading and/or trailing whitespace(s)")
        self._check_name("id", flavor_id)
        numbers = {}
        for key, least, text in (
            ("ram", 1, "memory_mb"), ("vcpus", 1, "vcpus"), ("disk", 0, "root_gb"), ("ephemeral", 0, "ephemeral_gb"),
            ("swap", 0, "swap"),
        ):  # fmt: skip
            given = str(fields[key]).strip()
            if not re.fullmatch(r"[-+]?\d+", given) or int(given) < least:
                kind = "a positive integer" if least else "an integer greater than or equal to 0"
                raise invalid_input(f"'{text}' argument must be {kind}")
            numbers[key] = int(given)
        try:
            factor = float(str(fields["rxtx_factor"]))
        except ValueError:
            factor = 0.0
        if factor <= 0:
            raise invalid_input("'rxtx_factor' argument must be a positive float")
        if any(f.name == name for f in self.flavors.values()):
            raise ApiError(409, f"Instance Type with name {name} already exists.")
        if flavor_id in self.flavors:
            raise ApiError(409, f"Instance Type with ID {flavor_id} already exists.")
        flavor = Flavor(
            flavor_id, name, numbers["ram"], numbers["disk"], numbers["vcpus"], numbers["ephemeral"], numbers["swap"],
            factor, bool(fields["is_public"]),
        )  # fmt: skip
        self.flavors[flavor_id] = flavor
        return flavor

    @staticmethod
    def _check_name(what: str, text: str) -> None:
        """Length and characters of a flavor's name or id."""
        check_length(text, what)
        if not re.fullmatch(r"[a-zA-Z0-9_.\- ]*", text):
            raise invalid_input(f"{'names' if what == 'name' else what} can only contain [a-zA-Z0-9_.- ]")

    def delete_flavor(self, caller: Caller, flavor_id: str) -> None:
        self.admin(caller, "compute_extension:flavormanage")
        self._old_flavors()[flavor_id] = self.flavors.pop(flavor_id)

    # --- key pairs ---

    def keypair_list(self, caller: Caller) -> list[Keypair]:
        """By name: the table's key is (user, name)."""
        return [k for (user, _), k in sorted(self.keypairs.items()) if user == caller.user_id]

    def create_keypair(self, caller: Caller, name: str, public_key: str | None) -> Keypair:
        """Import a public key, or make a pair when there is none.

        Raises:
            ApiError: 400 bad name or key, 409 the name is in use, 413 quota.
        """
        if not re.fullmatch(r"[0-9A-Za-z_\- ]*", name):
            raise ApiError(400, "Keypair data is invalid: Keypair name contains unsafe characters")
        if not 0 < len(name) < 256:
            raise ApiError(400, "Keypair data is invalid: Keypair name must be between 1 and 255 characters long")
        if len(self.keypair_list(caller)) >= self.limit(caller.tenant_id, "key_pairs") >= 0:
            raise ApiError(413, "Quota exceeded, too many key pairs.")
        private = ""
        if public_key is None:
            private, public_key = self._make_keys(caller)
            printed = self._fingerprint(public_key)
        else:
            printed = self._fingerprint(public_key)
        if (caller.user_id, name) in self.keypairs:
            raise ApiError(409, f"Key pair '{name}' already exists.")
        pair = Keypair(name, caller.user_id, public_key, printed, private)
        self.keypairs[caller.user_id, name] = pair
        return pair

    def _make_keys(self, caller: Caller) -> tuple[str, str]:
        """A real RSA key: it must open an instance's door."""
        import io

        import paramiko

        key = paramiko.RSAKey.generate(2048)
        out = io.StringIO()
        key.write_private_key(out)
        return out.getvalue(), f"ssh-rsa {key.get_base64()} Generated by Nova\n"

    def _fingerprint(self, public_key: str) -> str:
        words = public_key.split()
        try:
            blob = base64.b64decode(words[1], validate=True)
            kind = words[0].encode()
            if not blob.startswith(len(kind).to_bytes(4, "big") + kind):
                raise ValueError("not a key")
        except (IndexError, ValueError):
            raise ApiError(400, "Keypair data is invalid: failed to generate fingerprint") from None
        if self.fingerprints == "sha256":
            return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        digest = hashlib.md5(blob).hexdigest()
        return ":".join(digest[i : i + 2] for i in range(0, 32, 2))

    def keypair(self, caller: Caller, name: str) -> Keypair:
        if (caller.user_id, name) not in self.keypairs:
            raise ApiError(404, NOT_FOUND)
        return self.keypairs[caller.user_id, name]

    def delete_keypair(self, caller: Caller, name: str) -> None:
        self.keypair(caller, name)
        del self.keypairs[caller.user_id, name]

    # --- small things ---

    def password(self) -> str:
        """A 12-character password of readable letters, from the lab's own draws."""
        ids = self.world.ids
        letters = [group[ids.number(len(group))] for group in PASSWORD]
        whole = "".join(PASSWORD)
        letters += [whole[ids.number(len(whole))] for _ in range(12 - len(letters))]
        return "".join(letters[(i * 5) % 12] for i in range(12))
