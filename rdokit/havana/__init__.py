"""What is Havana's and CentOS 6's: the facts and edits of the document's steps, for the notebooks.

A notebook shows the command lines and their order; here stands what "already so" means for each step, as
small functions of a kit and a node. Another release would be another package like this one.

    machines   Step 0–6   requirements, sysctl, SELinux, hosts, repository, update, boot
    answers    Step 7–9   packages, clocks, the answer file
    stack      Step 10    keys, packstack, what it leaves running
    bridge     Step 11    ifcfg files, plugin.ini, tunnels
    cloud      Step 12–14 networks, users, hypervisor
    image      Step 15    the image
    check      動作確認    instance, volume, floating address, login
"""

from .answers import (
    add_ntp_edits,
    answer_table,
    answers,
    answers_right,
    clock_set,
    clocks,
    keys_with_public_address,
    ntp_server,
    packages,
    runs,
    starts_at_boot,
)
from .bridge import (
    bridge_in_force,
    ifcfg_bridge,
    ifcfg_port,
    plugin_ini,
    refuse_lockout,
    tunnels_right,
    volume_group,
)
from .check import (
    DEMO_RC,
    add_floating,
    add_instance,
    add_rules,
    add_volume,
    demo_rc,
    fixed_address,
    floating_address,
    floating_answers,
    instance_active,
    log_in,
    volume_attached,
)
from .cloud import (
    add_gateway,
    add_grant,
    add_interface,
    add_network,
    add_roles,
    add_subnet,
    add_tenant,
    add_user,
    compute_restarted,
    gateway_set,
    granted,
    in_tenant,
    interface_added,
    kvm_loaded,
    nova_conf,
    router_answers,
    router_namespace,
    tenant,
    user,
    virt_type_right,
)
from .image import add_download, add_image, image_file, image_right
from .machines import (
    add_mirrors,
    add_setenforce,
    addresses_right,
    available,
    booted_right,
    cards,
    hardware,
    hosts_right,
    ifcfg_static,
    installed,
    kernels,
    newest_kernel_runs,
    nm_off,
    no_reverse_path_filter,
    selinux_right,
    sysctl_back,
    sysctl_conf,
    sysctl_in_force,
    up_to_date,
)
from .stack import (
    add_tunnel_rules,
    agents_alive,
    authorized_keys,
    bridge_filtered,
    computes_up,
    controller_gets_in,
    has_namespaces,
    packstack_done,
    packstack_explain,
    packstack_progress,
    packstack_result,
)
