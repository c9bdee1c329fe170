"""Edits as functions: text in, text out. One module per kind of file, nothing here touches a node.

Every edit takes the file's text first, leaves lines it was not asked for byte for byte as they are
(CR LF and a missing last newline included), and changes nothing when run again. Beside each edit stands
a function that reads the same file, so that a plan can look before and after.
A line that the file's own program would not understand is an `EditError` with file and line.

A package and not one file, because these are eight grammars of 40–150 lines each.
"""

from rdokit.edit.answer_files import (
    answer_file,
    answers,
    is_secret_answer,
    keys_with_address,
    masked_answers,
    replace_address,
)
from rdokit.edit.etc_hosts import hosts, hosts_values
from rdokit.edit.ifcfg_files import ifcfg, ifcfg_ovs_bridge, ifcfg_ovs_port, ifcfg_static, ifcfg_values
from rdokit.edit.ini_files import ini_set, ini_values
from rdokit.edit.ntp_config import ntp_conf, ntp_servers
from rdokit.edit.selinux_config import selinux, selinux_mode
from rdokit.edit.sysctl_config import sysctl_conf, sysctl_values
from rdokit.edit.whole_lines import ensure_line, has_line, remove_line

__all__ = [
    "answer_file", "answers", "ensure_line", "has_line", "hosts", "hosts_values", "ifcfg", "ifcfg_ovs_bridge",
    "ifcfg_ovs_port", "ifcfg_static", "ifcfg_values", "ini_set", "ini_values", "is_secret_answer",
    "keys_with_address", "masked_answers", "ntp_conf", "ntp_servers", "remove_line", "replace_address", "selinux",
    "selinux_mode", "sysctl_conf", "sysctl_values",
]  # fmt: skip
