"""What happened between recorded sections: steps that a recording shows the effect of, not the command.

The recordings have gaps (their numbers jump). What a later output proves to
have happened meanwhile is done here, before the line of that number.
"""

from __future__ import annotations

DEMO = {"OS_USERNAME": "demo", "OS_PASSWORD": "demo", "OS_TENANT_NAME": "demo"}

# number of the line -> commands run before it; a command is a shell line, or (line, environment)
BEFORE: dict[str, list[str | tuple[str, dict[str, str]]]] = {
    "h0149": ["keystone tenant-delete t3", "keystone user-delete u2", "keystone user-delete u3",
              "keystone user-delete u4"],
    "h0219": ["#sql broken tenants"],
    "h0426": [
        ("neutron net-create dn", DEMO), ("neutron subnet-create dn 10.10.0.0/24", DEMO),
        "neutron net-create x3 --router:external=True", "neutron net-create x3 --router:external=True",
        "neutron port-create demo-net --name consumed", "neutron port-delete consumed",
        "#float",
    ],
    "h0523": ["neutron net-delete fmt1", "neutron net-delete fmt2", "neutron router-delete fmtr"],
    "h0552": ["#delete networks but public dn demo-net",
              *[f"neutron net-create q{i:02d}" for i in range(1, 8)]],
    "h0557": ["#delete networks but public dn demo-net", "#bulk"],
    "h0566": ["#delete networks but public dn demo-net"],
    "h0617": [
        "glance image-update 'CirrOS 0.3.2' --property os_type=linux --min-ram 64", "#delete images but CirrOS_0.3.2",
    ],
    "h0839": ["#delete servers", "#delete volumes", "#service stop neutron-server"],
    "h0844": ["#service start neutron-server", "#service stop openstack-glance-api"],
    "h0847": ["#service start openstack-glance-api", "#service stop openstack-glance-registry"],
    "h0849": ["#service start openstack-glance-registry", "#service stop openstack-nova-api"],
    "h0850": ["#service start openstack-nova-api", "#service stop openstack-cinder-api"],
    "h0852": ["#service start openstack-cinder-api", "#service stop openstack-keystone"],
    "h0857": ["#service start openstack-keystone", "#service stop openstack-nova-compute"],
    "h0858": ["#wait 76"],
    "h0859": ["#service start openstack-nova-compute", "#service stop neutron agents", "#wait 80"],
}

# a section that starts again from what these sections leave behind
FRESH_AFTER = {"doc-second-run": ["step12", "step13", "step15"]}
