"""Output of commands as rows: one module per command, each with `parse(text)`. Pure text, no pandas.

    cli_table, cli_csv, cli_shell    keystone, neutron, nova, glance, cinder
    schemas                          their columns and what these hold
    ovs_vsctl_show, ovs_vsctl_list   the switch
    packstack_log                    packstack's screen, also while it is still running
    lsmod, ip, ifconfig, rpm, …      CentOS

A parser returns every row or raises a `ParseError` that names the line; it never returns fewer rows.
"""

from rdokit.parse.table import KINDS, Table, convert, typed, typed_pairs

__all__ = ["KINDS", "Table", "convert", "typed", "typed_pairs"]
