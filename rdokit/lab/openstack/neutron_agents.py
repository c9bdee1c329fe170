"""Agents of neutron 2013.2: which run where, whether they are alive, and what they are given to do.

An agent lives as long as its init script runs on its node; silent for more
than 75 seconds (of lab time) it is dead. The DHCP agent answers every new
network with a port of its own.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .neutron_attrs import neutron_error

if TYPE_CHECKING:
    from ..world import Node, World
    from .auth import Caller
    from .cloud import Cloud

AGENT_DOWN_TIME = 75.0  # seconds

# agent type -> (binary = init script, topic)
KINDS = {
    "L3 agent": ("neutron-l3-agent", "l3_agent"),
    "Metadata agent": ("neutron-metadata-agent", "N/A"),
    "DHCP agent": ("neutron-dhcp-agent", "dhcp_agent"),
    "Open vSwitch agent": ("neutron-openvswitch-agent", "N/A"),
    "Loadbalancer agent": ("neutron-lbaas-agent", "lbaas_process_on_host_agent"),
}


def stamp(seconds: float) -> str:
    """A time as the database gives it: "2026-11-22 14:40:31" (UTC)."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def _setting(world: World, row: dict[str, Any], key: str) -> str:
    """A value of the plugin's file on the agent's node, "" when there is none."""
    try:
        text = world.nodes[row["_node"]].fs.read_text("/etc/neutron/plugin.ini")
    except (OSError, KeyError):
        return ""
    found = ""
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip() == key:
            found = value.strip()
    return found


class Agents:
    """The agent part of `Neutron`."""

    agents: dict[str, dict[str, Any]]
    networks: dict[str, dict[str, Any]]
    ports: dict[str, dict[str, Any]]
    routers: dict[str, dict[str, Any]]
    dhcp_bindings: dict[str, list[str]]
    l3_bindings: dict[str, str]

    def install_agents(self, world: World, cloud: Cloud) -> None:
        """One row per agent and host of the answer file that has none yet; ids in the order `agent-list` shows them."""
        answers = cloud.answers

        def hosts(key: str) -> list[Node]:
            found = [world.node_at(a.strip()) for a in answers.get(key, "").split(",") if a.strip()]
            return [n for n in found if n is not None] or [world.nodes[cloud.controller]]

        network = hosts("CONFIG_NEUTRON_L3_HOSTS")
        wanted = [("L3 agent", n) for n in network]
        compute = [n for n in hosts("CONFIG_NOVA_COMPUTE_HOSTS") if n.name != cloud.controller]
        wanted += [("Open vSwitch agent", n) for n in compute]
        wanted += [("Metadata agent", n) for n in hosts("CONFIG_NEUTRON_METADATA_HOSTS")]
        wanted += [("DHCP agent", n) for n in hosts("CONFIG_NEUTRON_DHCP_HOSTS")]
        wanted += [("Open vSwitch agent", n) for n in network if n not in compute]
        if answers.get("CONFIG_NEUTRON_LBAAS_HOSTS"):
            wanted += [("Loadbalancer agent", n) for n in hosts("CONFIG_NEUTRON_LBAAS_HOSTS")]
        known = {(a["agent_type"], a["_node"]) for a in self.agents.values()}
        wanted = [(kind, node) for kind, node in wanted if (kind, node.name) not in known]
        now = world.clock.now()
        ids = sorted(self.new_id() for _ in wanted)
        for (kind, node), row_id in zip(wanted, ids, strict=True):
            binary, topic = KINDS[kind]
            self.agents[row_id] = {
                "id": row_id, "agent_type": kind, "binary": binary, "topic": topic, "host": node.fqdn,
                "admin_state_up": True, "created_at": stamp(now), "started_at": stamp(now), "description": None,
                "heartbeat_timestamp": stamp(now), "alive": True, "configurations": {}, "_node": node.name,
                "_seen": now, "_tunnel": next((a.split("/")[0] for nic in node.nics.values() for a in nic.addresses
                                               if not a.startswith("127.")), cloud.host),
            }

    def agents_report(self, world: World) -> None:
        """Let the agents that run send their report (call it before asking who is alive)."""
        now = world.clock.now()
        for row in self.agents.values():
            node = world.nodes.get(row["_node"])
            service = node.services.get(row["binary"]) if node else None
            if node is not None and node.up and service is not None and service.running:
                row["_seen"] = now
                if service.started:
                    row["started_at"] = stamp(service.started)
            elif service is not None and service.state.get("stopped"):
                row["_seen"] = min(row["_seen"], float(service.state["stopped"]))
            row["alive"] = (now - row["_seen"]) * world.clock.speed <= AGENT_DOWN_TIME
            row["heartbeat_timestamp"] = stamp(row["_seen"])
            row["configurations"] = self._configurations(world, row)

    def _configurations(self, world: World, row: dict[str, Any]) -> dict[str, Any]:
        """What an agent reports of itself, its keys in the order in which its source code puts them in."""
        kind = row["agent_type"]
        if kind == "L3 agent":
            mine = [r for r, agent in self.l3_bindings.items() if agent == row["id"]]
            ports = [p for p in self.ports.values() if p["device_id"] in mine]
            owners = [p["device_owner"] for p in ports]
            return {
                "use_namespaces": True, "router_id": "", "handle_internal_only_routers": True,
                "gateway_external_network_id": "",
                "interface_driver": "neutron.agent.linux.interface.OVSInterfaceDriver",
                "routers": len(mine), "ex_gw_ports": owners.count("network:router_gateway"),
                "interfaces": owners.count("network:router_interface"),
                "floating_ips": sum(1 for f in self.floatingips.values() if f["router_id"] in mine),
            }
        if kind == "DHCP agent":
            mine = [n for n, agents in self.dhcp_bindings.items() if row["id"] in agents]
            subnets = [s for s in self.subnets.values() if s["network_id"] in mine]
            return {
                "dhcp_driver": "neutron.agent.linux.dhcp.Dnsmasq", "use_namespaces": True, "dhcp_lease_duration": 86400,
                "subnets": len(subnets), "networks": len(mine),
                "ports": sum(1 for p in self.ports.values() if p["network_id"] in mine),
            }
        if kind == "Open vSwitch agent":
            devices = sum(1 for p in self.ports.values() if p["binding:host_id"] == row["host"])
            mapped = dict(m.split(":", 1) for m in _setting(world, row, "bridge_mappings").split(",") if ":" in m)
            tunnel = _setting(world, row, "local_ip") or row["_tunnel"]
            return {"bridge_mappings": mapped, "tunnel_types": list(self.tunnel_types), "tunneling_ip": tunnel,
                    "l2_population": False, "devices": devices}
        if kind == "Metadata agent":
            return {"metadata_proxy_socket": "/var/lib/neutron/metadata_proxy", "nova_metadata_ip": row["_tunnel"],
                    "nova_metadata_port": 8775}
        return {}

    def update_agent(self, caller: Caller, row: dict[str, Any], changes: dict[str, Any]) -> None:
        row.update(changes)

    def delete_agent(self, caller: Caller, row: dict[str, Any]) -> None:
        for agents in self.dhcp_bindings.values():
            if row["id"] in agents:
                agents.remove(row["id"])
        self.l3_bindings = {k: v for k, v in self.l3_bindings.items() if v != row["id"]}
        del self.agents[row["id"]]

    # -- DHCP

    def _of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [a for a in self.agents.values() if a["agent_type"] == kind and a["alive"] and a["admin_state_up"]]

    def port_created(self, network_id: str) -> None:
        """The first port of a network brings it to a DHCP agent."""
        if not self.dhcp_bindings.get(network_id) and network_id in self.networks:
            for agent in self._of_kind("DHCP agent")[:1]:
                self.dhcp_bindings[network_id] = [agent["id"]]
                self._serve(network_id, agent)

    def subnet_created(self, subnet: dict[str, Any]) -> None:
        """A new or changed subnet of a network that a DHCP agent serves."""
        for agent_id in self.dhcp_bindings.get(subnet["network_id"], []):
            if agent_id in self.agents and self.agents[agent_id]["alive"]:
                self._serve(subnet["network_id"], self.agents[agent_id])

    def _serve(self, network_id: str, agent: dict[str, Any]) -> None:
        """Give the agent's own port an address on every subnet with DHCP."""
        device = f"dhcp{uuid.uuid5(uuid.NAMESPACE_DNS, agent['host'])}-{network_id}"
        subnets = [s for s in self.subnets_of(network_id) if s["enable_dhcp"]]
        port = next((p for p in self.ports.values() if p["device_id"] == device), None)
        served = {ip["subnet_id"] for ip in port["fixed_ips"]} if port else set()
        asked = [{"subnet_id": s["id"]} for s in subnets if s["id"] not in served]
        if not asked:
            return
        network = self.networks[network_id]
        try:
            if port is None:
                port = self._own_port(network, device, "network:dhcp", network["tenant_id"], asked)
            else:
                port["fixed_ips"] += self._allocate(network, asked)
        except ApiError:
            return  # a full pool: the agent logs it, nobody else hears of it
        port["binding:host_id"] = agent["host"]

    def add_network_to_dhcp_agent(self, caller: Caller, agent_id: str, network_id: str) -> None:
        """Raises ApiError: no such network or agent, no DHCP agent, already hosted."""
        self._scheduler_admin(caller, "create_dhcp-network")
        self._get(caller, "network", network_id)
        agent = self._get(None, "agent", agent_id)
        if agent["agent_type"] != "DHCP agent" or not agent["admin_state_up"]:
            raise neutron_error(404, "InvalidDHCPAgent",
                                f"Agent {agent_id} is not a valid DHCP Agent or has been disabled")
        if agent["id"] in self.dhcp_bindings.get(network_id, []):
            raise neutron_error(409, "NetworkHostedByDHCPAgent", f"The network {network_id} has been already hosted "
                                                                 f"by the DHCP Agent {agent['id']}.")
        self.dhcp_bindings.setdefault(network_id, []).append(agent["id"])
        self._serve(network_id, agent)

    def remove_network_from_dhcp_agent(self, caller: Caller, agent_id: str, network_id: str) -> None:
        self._scheduler_admin(caller, "delete_dhcp-network")
        agent = self._get(None, "agent", agent_id)
        if agent["id"] not in self.dhcp_bindings.get(network_id, []):
            raise neutron_error(409, "NetworkNotHostedByDhcpAgent",
                                f"The network {network_id} is not hosted by the DHCP agent {agent_id}.")
        self.dhcp_bindings[network_id].remove(agent["id"])
        device = f"dhcp{uuid.uuid5(uuid.NAMESPACE_DNS, agent['host'])}-{network_id}"
        for port in [p for p in self.ports.values() if p["device_id"] == device]:
            self.remove_port(port["id"])

    # -- routers

    def schedule_router(self, router_id: str) -> None:
        """A router that has work to do gets an L3 agent."""
        if router_id not in self.l3_bindings:
            for agent in self._of_kind("L3 agent")[:1]:
                self.l3_bindings[router_id] = agent["id"]

    def add_router_to_l3_agent(self, caller: Caller, agent_id: str, router_id: str) -> None:
        """Raises ApiError: no such router or agent, no L3 agent, already hosted."""
        self._scheduler_admin(caller, "create_l3-router")
        self._get(caller, "router", router_id)
        agent = self._get(None, "agent", agent_id)
        if agent["agent_type"] != "L3 agent" or not agent["admin_state_up"]:
            raise neutron_error(404, "InvalidL3Agent", f"Agent {agent_id} is not a L3 Agent or has been disabled")
        if router_id in self.l3_bindings:
            raise neutron_error(409, "RouterHostedByL3Agent", f"The router {router_id} has been already hosted by the "
                                                              f"L3 Agent {self.l3_bindings[router_id]}.")
        self.l3_bindings[router_id] = agent["id"]

    def remove_router_from_l3_agent(self, caller: Caller, agent_id: str, router_id: str) -> None:
        self._scheduler_admin(caller, "delete_l3-router")
        agent = self._get(None, "agent", agent_id)
        if self.l3_bindings.get(router_id) != agent["id"]:
            raise neutron_error(409, "RouterNotHostedByL3Agent",
                                f"The router {router_id} is not hosted by L3 agent {agent_id}.")
        del self.l3_bindings[router_id]

    def _scheduler_admin(self, caller: Caller, action: str) -> None:
        if not caller.is_admin:
            raise ApiError(403, f"Policy doesn't allow {action} to be performed.", "PolicyNotAuthorized")
