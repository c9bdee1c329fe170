"""/etc/sysconfig/network-scripts/ifcfg-* (document Steps 1 and 11).

The network scripts source these files, so values follow the shell's quoting and may carry a remark
(`HWADDR=52:54:00:92:05:AE # your eth1's hwaddr`), which is kept.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping

from rdokit.edit import _lines
from rdokit.errors import EditError

_WORD = r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\#;&|<>()`]|(?<=\S)\#)*"""
_SETTING = re.compile(rf"(\s*(?:export\s+)?)([A-Za-z_]\w*)=({_WORD})(\s*;?\s*(?:(?<=\s)\#.*)?)")


def ifcfg_values(text: str, *, path: str = "ifcfg") -> dict[str, str]:
    """key → value without quotes; the last line of a key counts.

    Raises:
        EditError: a line that is neither KEY=value nor a comment.

    >>> ifcfg_values('DEVICE="eth1"\\nHWADDR=52:54:00:92:05:AE # your own\\n')
    {'DEVICE': 'eth1', 'HWADDR': '52:54:00:92:05:AE'}
    """
    return {match[2]: _unquoted(match[3]) for _, match in _settings(_lines.split(text), path)}


def ifcfg(text: str, values: Mapping[str, object], remove: Iterable[str] = (), *, path: str = "ifcfg") -> str:
    """The file with these values and without the keys of `remove`.

    Raises:
        EditError: a line that is neither KEY=value nor a comment, or a key that is no variable's name.

    >>> print(ifcfg("DEVICE=eth1\\nIPADDR=192.168.1.11\\n", {"ONBOOT": "yes"}, remove=["IPADDR"]), end="")
    DEVICE=eth1
    ONBOOT=yes
    """
    wanted, gone = {key: str(value) for key, value in values.items()}, set(remove)
    for key, value in wanted.items():
        if not re.fullmatch(r"[A-Za-z_]\w*", key) or key in gone or re.search(r"[\n\r\0]", value):
            raise EditError(f"{key}={value!r} cannot be set", path)
    lines, seen = _lines.split(text), set()
    for i, match in reversed(list(_settings(lines, path))):
        key = match[2]
        if key in gone:
            del lines[i]
        elif key in wanted:
            seen.add(key)
            if _unquoted(match[3]) != wanted[key]:
                lines[i] = _lines.with_body(lines[i], f"{match[1]}{key}={_quoted(wanted[key])}{match[4]}")
    _lines.insert(lines, len(lines), (f"{k}={_quoted(v)}" for k, v in wanted.items() if k not in seen))
    return _lines.join(lines, text)


def ifcfg_static(
    text: str, device: str, address: str, netmask: str, *,
    gateway: str | None = None, hwaddr: str | None = None, dns: Iterable[str] = (),
) -> str:  # fmt: skip
    """A fixed address (Step 1): what stands in the file besides stays, DHCP's and the old gateway's lines go."""
    values = {"DEVICE": device, "ONBOOT": "yes", "BOOTPROTO": "none", "IPADDR": address, "NETMASK": netmask,
              "NM_CONTROLLED": "no"}  # fmt: skip
    values |= {"HWADDR": hwaddr} if hwaddr else {}
    values |= {"GATEWAY": gateway} if gateway else {}
    values |= {f"DNS{i}": server for i, server in enumerate(dns, 1)}
    gone = ["DHCP_HOSTNAME", "PREFIX", "IPADDR0", "NETMASK0", "PREFIX0", "GATEWAY0"]
    return ifcfg(text, values, gone + ([] if gateway else ["GATEWAY"]))


def ifcfg_ovs_port(text: str, device: str, bridge: str, *, hwaddr: str | None = None) -> str:
    """The whole file of a NIC that is a port of a bridge (Step 11): no address of its own, no BOOTPROTO.

    >>> print(ifcfg_ovs_port("DEVICE=eth1\\nIPADDR=192.168.1.11\\n", "eth1", "br-ex"), end="")
    DEVICE=eth1
    ONBOOT=yes
    TYPE=OVSPort
    DEVICETYPE=ovs
    OVS_BRIDGE=br-ex
    NM_CONTROLLED=no
    """
    values = {"DEVICE": device, "ONBOOT": "yes"} | ({"HWADDR": hwaddr} if hwaddr else {})
    values |= {"TYPE": "OVSPort", "DEVICETYPE": "ovs", "OVS_BRIDGE": bridge, "NM_CONTROLLED": "no"}
    return _whole(text, values)


def ifcfg_ovs_bridge(
    text: str, device: str, address: str, netmask: str, *, gateway: str | None = None, dns: Iterable[str] = ()
) -> str:
    """The whole file of a bridge that carries an address (Step 11)."""
    values = {"DEVICE": device, "ONBOOT": "yes", "DEVICETYPE": "ovs", "TYPE": "OVSBridge", "BOOTPROTO": "none",
              "IPADDR": address, "NETMASK": netmask}  # fmt: skip
    values |= {"GATEWAY": gateway} if gateway else {}
    values |= {f"DNS{i}": server for i, server in enumerate(dns, 1)}
    return _whole(text, values | {"NM_CONTROLLED": "no"})


def _whole(text: str, values: Mapping[str, str]) -> str:
    """Exactly these settings; a file that says just that already stays as it is, remarks and order included."""
    try:
        if ifcfg_values(text) == dict(values):
            return text
    except EditError:
        pass  # it is replaced as a whole
    end = _lines.newline(_lines.split(text))
    return "".join(f"{key}={_quoted(value)}{end}" for key, value in values.items())


def _settings(lines: list[str], path: str):
    for i, line in enumerate(lines):
        content = _lines.body(line)
        if not content.strip() or content.lstrip().startswith("#"):
            continue
        match = _SETTING.fullmatch(content)
        if not match:
            raise EditError(f"KEY=value expected, not {content!r}", path, i + 1)
        yield i, match


def _unquoted(word: str) -> str:
    return "".join(shlex.split(word)) if word else ""


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w./:@%+,-]*", value, re.ASCII) else shlex.quote(value)
