"""A reboot is proved by the boot id, and a node that does not come back, or comes back as another, is said to."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from rdokit.errors import CommandTimeout, HostKeyError
from rdokit.node import Node

from . import furnish
from .nodes import RealNode


def test_reboot_is_proved_by_the_boot_id(node: Node, machine: RealNode):
    before = node.boot_id()
    seconds = node.reboot(limit=60)
    assert node.boot_id() == machine.boot_id != before
    assert 0 < seconds < 30


def test_a_slow_reboot_is_waited_for(node: Node, machine: RealNode):
    ticks: list[float] = []
    machine.reboot_seconds = 3.0
    try:
        assert node.reboot(limit=60, tick=ticks.append) > 3
    finally:
        machine.reboot_seconds = 0.0
    assert ticks == sorted(ticks) and len(ticks) >= 2


def test_a_reboot_command_that_does_nothing_is_not_taken_for_a_reboot(node: Node, machine: RealNode):
    machine.sh("mv /usr/local/sbin/reboot /usr/local/sbin/reboot.real; ln -s /bin/true /usr/local/sbin/reboot")
    try:
        with pytest.raises(CommandTimeout):
            node.reboot(limit=3)
    finally:
        machine.sh("mv -f /usr/local/sbin/reboot.real /usr/local/sbin/reboot")


def test_reboot_by_a_sudo_user(node: Node, machine: RealNode):
    deploy = Node(replace(node.connection.door, user="deploy"), heard=lambda line: None)
    before = machine.boot_id
    deploy.reboot(limit=60)
    assert machine.boot_id != before
    deploy.close()


def test_a_node_that_never_comes_back(node: Node, machine: RealNode):
    machine.comes_back = False
    start = time.monotonic()
    try:
        with pytest.raises(CommandTimeout, match="(?s)reboot.*console"):
            node.reboot(limit=6)
    finally:
        machine.comes_back = True
        machine.power_off()
        machine.power_on()
        machine.wait_up()
    assert time.monotonic() - start < 25


def test_a_node_that_comes_back_with_another_host_key(node: Node, machine: RealNode):
    machine.while_down = furnish.new_host_key
    try:
        with pytest.raises(HostKeyError, match="CHANGED"):
            node.reboot(limit=60)
    finally:
        machine.while_down = None
