"""Which subcommands and arguments the nova client of Havana has (names and kinds only; read by `arguments.build`)."""

SURFACE = """
(base)
    -h,--help true hidden
    --version version
    --debug true
    --no-cache dest=os_cache false default=False hidden
    --no_cache dest=os_cache false hidden
    --os-cache true
    --timings true
    --timeout meta=<seconds> type=positive_non_zero_float default=600
    --os-username meta=<auth-user-name> default=''
    --os_username hidden
    --os-password meta=<auth-password> default=''
    --os_password hidden
    --os-tenant-name meta=<auth-tenant-name> default=''
    --os_tenant_name hidden
    --os-tenant-id meta=<auth-tenant-id> default=''
    --os-auth-url meta=<auth-url> default=''
    --os_auth_url hidden
    --os-region-name meta=<region-name> default=''
    --os_region_name hidden
    --os-auth-system meta=<auth-system> default=''
    --os_auth_system hidden
    --service-type meta=<service-type>
    --service_type hidden
    --service-name meta=<service-name> default=''
    --service_name hidden
    --volume-service-name meta=<volume-service-name> default=''
    --volume_service_name hidden
    --endpoint-type meta=<endpoint-type> default='publicURL'
    --os-compute-api-version meta=<compute-api-ver> default='1.1'
    --os_compute_api_version hidden
    --os-cacert meta=<ca-certificate>
    --insecure true
    --bypass-url meta=<bypass-url>
    --bypass_url hidden
absolute-limits
    --tenant meta=<tenant> nargs=?
    --reserved true
add-fixed-ip
    server meta=<server>
    network_id meta=<network-id>
add-floating-ip
    server meta=<server>
    address meta=<address>
    --fixed-address meta=<fixed_address>
add-secgroup
    server meta=<server>
    secgroup meta=<secgroup>
agent-create
    os meta=<os>
    architecture meta=<architecture>
    version meta=<version>
    url meta=<url>
    md5hash meta=<md5hash>
    hypervisor meta=<hypervisor> default='xen'
agent-delete
    id meta=<id>
agent-list
    --hypervisor meta=<hypervisor>
agent-modify
    id meta=<id>
    version meta=<version>
    url meta=<url>
    md5hash meta=<md5hash>
aggregate-add-host
    aggregate meta=<aggregate>
    host meta=<host>
aggregate-create
    name meta=<name>
    availability_zone meta=<availability-zone> nargs=?
aggregate-delete
    aggregate meta=<aggregate>
aggregate-details
    aggregate meta=<aggregate>
aggregate-list
aggregate-remove-host
    aggregate meta=<aggregate>
    host meta=<host>
aggregate-set-metadata
    aggregate meta=<aggregate>
    metadata meta=<key=value> append nargs=+ default=[]
aggregate-update
    aggregate meta=<aggregate>
    name meta=<name>
    availability_zone meta=<availability-zone> nargs=?
availability-zone-list
backup
    server meta=<server>
    name meta=<name>
    backup_type meta=<backup-type>
    rotation meta=<rotation>
baremetal-interface-add
    node meta=<node>
    address meta=<address>
    --datapath_id meta=<datapath_id> default=0
    --port_no meta=<port_no> default=0
baremetal-interface-list
    node meta=<node>
baremetal-interface-remove
    node meta=<node>
    address meta=<address>
baremetal-node-create
    service_host meta=<service_host>
    cpus meta=<cpus> type=int
    memory_mb meta=<memory_mb> type=int
    local_gb meta=<local_gb> type=int
    prov_mac_address meta=<prov_mac_address>
    --pm_address meta=<pm_address>
    --pm_user meta=<pm_user>
    --pm_password meta=<pm_password>
    --terminal_port meta=<terminal_port> type=int
baremetal-node-delete
    node meta=<node>
baremetal-node-list
baremetal-node-show
    node meta=<node>
bash-completion
bash_completion
boot
    --flavor meta=<flavor>
    --image meta=<image>
    --image-with meta=<key=value> append type=_key_value_pairing default=[]
    --boot-volume meta=<volume_id>
    --snapshot meta=<snapshot_id>
    --num-instances meta=<number> type=int
    --meta meta=<key=value> append default=[]
    --file meta=<dst-path=src-path> dest=files append default=[]
    --key-name meta=<key-name>
    --key_name hidden
    name meta=<name>
    --user-data meta=<user-data>
    --user_data hidden
    --availability-zone meta=<availability-zone>
    --availability_zone hidden
    --security-groups meta=<security-groups>
    --security_groups hidden
    --block-device-mapping meta=<dev-name=mapping> append default=[]
    --block_device_mapping append hidden
    --block-device meta=key1=value1[,key2=value2...] append default=[]
    --swap meta=<swap_size>
    --ephemeral meta=size=<size>[,format=<format>] append default=[]
    --hint meta=<key=value> dest=scheduler_hints append default=[]
    --nic meta=<net-id=net-uuid,v4-fixed-ip=ip-addr,port-id=port-uuid> dest=nics append default=[]
    --config-drive meta=<value> default=False
    --poll true
cell-capacities
    --cell meta=<cell-name>
cell-show
    cell meta=<cell-name>
clear-password
    server meta=<server>
cloudpipe-configure
    address meta='<ip address>'
    port meta=<port>
cloudpipe-create
    project meta=<project>
cloudpipe-list
console-log
    server meta=<server>
    --length meta=<length>
coverage-report
    filename meta=<filename>
    --html true
    --xml true
coverage-reset
coverage-start
    --combine true
coverage-stop
credentials
    --wrap meta=<integer> default=64
delete
    server meta=<server> nargs=+
diagnostics
    server meta=<server>
dns-create
    ip meta=<ip>
    name meta=<name>
    domain meta=<domain>
    --type meta=<type> default='A'
dns-create-private-domain
    domain meta=<domain>
    --availability-zone meta=<availability-zone>
    --availability_zone hidden
dns-create-public-domain
    domain meta=<domain>
    --project meta=<project>
dns-delete
    domain meta=<domain>
    name meta=<name>
dns-delete-domain
    domain meta=<domain>
dns-domains
dns-list
    domain meta=<domain>
    --ip meta=<ip>
    --name meta=<name>
endpoints
evacuate
    server meta=<server>
    host meta=<host>
    --password meta=<password>
    --on-shared-storage true
fixed-ip-get
    fixed_ip meta=<fixed_ip>
fixed-ip-reserve
    fixed_ip meta=<fixed_ip>
fixed-ip-unreserve
    fixed_ip meta=<fixed_ip>
flavor-access-add
    flavor meta=<flavor>
    tenant meta=<tenant_id>
flavor-access-list
    --flavor meta=<flavor>
    --tenant meta=<tenant_id>
flavor-access-remove
    flavor meta=<flavor>
    tenant meta=<tenant_id>
flavor-create
    name meta=<name>
    id meta=<id>
    ram meta=<ram>
    disk meta=<disk>
    --ephemeral meta=<ephemeral> default=0
    vcpus meta=<vcpus>
    --swap meta=<swap> default=0
    --rxtx-factor meta=<factor> default=1.0
    --is-public meta=<is-public> type=bool_from_str default=True
flavor-delete
    flavor meta=<flavor>
flavor-key
    flavor meta=<flavor>
    action meta=<action> choices=set,unset
    metadata meta=<key=value> append nargs=+ default=[]
flavor-list
    --extra-specs true
    --all true
flavor-show
    flavor meta=<flavor>
floating-ip-bulk-create
    ip_range meta=<range>
    --pool meta=<pool>
    --interface meta=<interface>
floating-ip-bulk-delete
    ip_range meta=<range>
floating-ip-bulk-list
    --host meta=<host>
floating-ip-create
    pool meta=<floating-ip-pool> nargs=?
floating-ip-delete
    address meta=<address>
floating-ip-list
floating-ip-pool-list
force-delete
    server meta=<server>
get-password
    server meta=<server>
    private_key meta=<private-key>
get-spice-console
    server meta=<server>
    console_type meta=<console-type>
get-vnc-console
    server meta=<server>
    console_type meta=<console-type>
help
    command meta=<subcommand> nargs=?
host-action
    host meta=<hostname>
    --action meta=<action> choices=startup,shutdown,reboot
host-describe
    host meta=<hostname>
host-evacuate
    host meta=<host>
    --target_host meta=<target_host>
    --on-shared-storage true
host-list
    --zone meta=<zone>
host-meta
    host meta=<host>
    action meta=<action> choices=set,delete
    metadata meta=<key=value> append nargs=+ default=[]
host-servers-migrate
    host meta=<host>
host-update
    host meta=<hostname>
    --status meta=<enable|disable>
    --maintenance meta=<enable|disable>
hypervisor-list
    --matching meta=<hostname>
hypervisor-servers
    hostname meta=<hostname>
hypervisor-show
    hypervisor meta=<hypervisor>
hypervisor-stats
hypervisor-uptime
    hypervisor meta=<hypervisor>
image-create
    server meta=<server>
    name meta=<name>
    --poll true
image-delete
    image meta=<image> nargs=+
image-list
    --limit meta=<limit>
image-meta
    image meta=<image>
    action meta=<action> choices=set,delete
    metadata meta=<key=value> append nargs=+ default=[]
image-show
    image meta=<image>
instance-action
    server meta=<server>
    request_id meta=<request_id>
instance-action-list
    server meta=<server>
interface-attach
    server meta=<server>
    --port-id meta=<port_id>
    --net-id meta=<net_id>
    --fixed-ip meta=<fixed_ip>
interface-detach
    server meta=<server>
    port_id meta=<port_id>
interface-list
    server meta=<server>
keypair-add
    name meta=<name>
    --pub-key meta=<pub-key>
    --pub_key hidden
keypair-delete
    name meta=<name>
keypair-list
keypair-show
    keypair meta=<keypair>
list
    --reservation-id meta=<reservation-id>
    --reservation_id hidden
    --ip meta=<ip-regexp>
    --ip6 meta=<ip6-regexp>
    --name meta=<name-regexp>
    --instance-name meta=<name-regexp>
    --instance_name hidden
    --status meta=<status>
    --flavor meta=<flavor>
    --image meta=<image>
    --host meta=<hostname>
    --all-tenants meta=<0|1> nargs=? type=int default=0 const=1
    --all_tenants nargs=? type=int const=1 hidden
    --tenant meta=<tenant> nargs=?
    --fields meta=<fields>
list-extensions
list-secgroup
    server meta=<server>
live-migration
    server meta=<server>
    host meta=<host> nargs=?
    --block-migrate true
    --block_migrate true hidden
    --disk-over-commit true
    --disk_over_commit true hidden
lock
    server meta=<server>
meta
    server meta=<server>
    action meta=<action> choices=set,delete
    metadata meta=<key=value> append nargs=+ default=[]
migrate
    server meta=<server>
    --poll true
migration-list
    --host meta=<host>
    --status meta=<status>
    --cell_name meta=<cell_name>
net
    network_id meta=<network_id>
net-create
    label meta=<network_label>
    cidr meta=<cidr>
net-delete
    network_id meta=<network_id>
net-list
network-associate-host
    network meta=<network>
    host meta=<host>
network-associate-project
    network meta=<network>
network-create
    label meta=<network_label>
    --fixed-range-v4 meta=<x.x.x.x/yy> dest=cidr
    --fixed-range-v6 dest=cidr_v6
    --vlan meta='<vlan id>' dest=vlan_start
    --vpn meta='<vpn start>' dest=vpn_start
    --gateway
    --gateway-v6
    --bridge meta=<bridge>
    --bridge-interface meta='<bridge interface>'
    --multi-host meta=<'T'|'F'>
    --dns1 meta='<DNS Address>'
    --dns2 meta='<DNS Address>'
    --uuid meta='<network uuid>'
    --fixed-cidr meta=<x.x.x.x/yy>
    --project-id meta='<project id>'
    --priority meta=<number>
network-disassociate
    --host-only meta=<0|1> nargs=? type=int default=0 const=1
    --project-only meta=<0|1> nargs=? type=int default=0 const=1
    network meta=<network>
network-list
network-show
    network meta=<network>
pause
    server meta=<server>
quota-class-show
    class_name meta=<class>
quota-class-update
    class_name meta=<class>
    --instances meta=<instances> type=int
    --cores meta=<cores> type=int
    --ram meta=<ram> type=int
    --volumes meta=<volumes> type=int
    --gigabytes meta=<gigabytes> type=int
    --floating-ips meta=<floating-ips> type=int
    --floating_ips type=int hidden
    --metadata-items meta=<metadata-items> type=int
    --metadata_items type=int hidden
    --injected-files meta=<injected-files> type=int
    --injected_files type=int hidden
    --injected-file-content-bytes meta=<injected-file-content-bytes> type=int
    --injected_file_content_bytes type=int hidden
    --injected-file-path-bytes meta=<injected-file-path-bytes> type=int
    --key-pairs meta=<key-pairs> type=int
    --security-groups meta=<security-groups> type=int
    --security-group-rules meta=<security-group-rules> type=int
quota-defaults
    --tenant meta=<tenant-id>
quota-delete
    --tenant meta=<tenant-id>
    --user meta=<user-id>
quota-show
    --tenant meta=<tenant-id>
    --user meta=<user-id>
quota-update
    tenant meta=<tenant-id>
    --user meta=<user-id>
    --instances meta=<instances> type=int
    --cores meta=<cores> type=int
    --ram meta=<ram> type=int
    --volumes meta=<volumes> type=int
    --gigabytes meta=<gigabytes> type=int
    --floating-ips meta=<floating-ips> type=int
    --floating_ips type=int hidden
    --fixed-ips meta=<fixed-ips> type=int
    --metadata-items meta=<metadata-items> type=int
    --metadata_items type=int hidden
    --injected-files meta=<injected-files> type=int
    --injected_files type=int hidden
    --injected-file-content-bytes meta=<injected-file-content-bytes> type=int
    --injected_file_content_bytes type=int hidden
    --injected-file-path-bytes meta=<injected-file-path-bytes> type=int
    --key-pairs meta=<key-pairs> type=int
    --security-groups meta=<security-groups> type=int
    --security-group-rules meta=<security-group-rules> type=int
    --force true default=None
rate-limits
reboot
    --hard dest=reboot_type const='HARD' default='SOFT'
    server meta=<server>
    --poll true
rebuild
    server meta=<server>
    image meta=<image>
    --rebuild-password meta=<rebuild-password> default=False
    --rebuild_password hidden
    --poll true
    --minimal true
remove-fixed-ip
    server meta=<server>
    address meta=<address>
remove-floating-ip
    server meta=<server>
    address meta=<address>
remove-secgroup
    server meta=<server>
    secgroup meta=<secgroup>
rename
    server meta=<server>
    name meta=<name>
rescue
    server meta=<server>
reset-network
    server meta=<server>
reset-state
    server meta=<server>
    --active dest=state const='active' default='error'
resize
    server meta=<server>
    flavor meta=<flavor>
    --poll true
resize-confirm
    server meta=<server>
resize-revert
    server meta=<server>
restore
    server meta=<server>
resume
    server meta=<server>
root-password
    server meta=<server>
scrub
    project_id meta=<project_id>
secgroup-add-group-rule
    secgroup meta=<secgroup>
    source_group meta=<source-group>
    ip_proto meta=<ip-proto>
    from_port meta=<from-port>
    to_port meta=<to-port>
secgroup-add-rule
    secgroup meta=<secgroup>
    ip_proto meta=<ip-proto>
    from_port meta=<from-port>
    to_port meta=<to-port>
    cidr meta=<cidr>
secgroup-create
    name meta=<name>
    description meta=<description>
secgroup-delete
    secgroup meta=<secgroup>
secgroup-delete-group-rule
    secgroup meta=<secgroup>
    source_group meta=<source-group>
    ip_proto meta=<ip-proto>
    from_port meta=<from-port>
    to_port meta=<to-port>
secgroup-delete-rule
    secgroup meta=<secgroup>
    ip_proto meta=<ip-proto>
    from_port meta=<from-port>
    to_port meta=<to-port>
    cidr meta=<cidr>
secgroup-list
    --all-tenants meta=<0|1> nargs=? type=int default=0 const=1
    --all_tenants nargs=? type=int const=1 hidden
secgroup-list-rules
    secgroup meta=<secgroup>
secgroup-update
    secgroup meta=<secgroup>
    name meta=<name>
    description meta=<description>
service-disable
    host meta=<hostname>
    binary meta=<binary>
    --reason meta=<reason>
service-enable
    host meta=<hostname>
    binary meta=<binary>
service-list
    --host meta=<hostname>
    --binary meta=<binary>
show
    --minimal true
    server meta=<server>
ssh
    server meta=<server>
    --port type=int default=22
    --private true
    --ipv6 true
    --login meta=<login> default='root'
    -i,--identity default=''
    --extra-opts dest=extra default=''
start
    server meta=<server>
stop
    server meta=<server>
suspend
    server meta=<server>
unlock
    server meta=<server>
unpause
    server meta=<server>
unrescue
    server meta=<server>
usage
    --start meta=<start>
    --end meta=<end>
    --tenant meta=<tenant-id>
usage-list
    --start meta=<start>
    --end meta=<end>
volume-attach
    server meta=<server>
    volume meta=<volume>
    device meta=<device>
volume-create
    size meta=<size> type=int
    --snapshot-id meta=<snapshot-id>
    --snapshot_id hidden
    --image-id meta=<image-id>
    --display-name meta=<display-name>
    --display_name hidden
    --display-description meta=<display-description>
    --display_description hidden
    --volume-type meta=<volume-type>
    --volume_type hidden
    --availability-zone meta=<availability-zone>
volume-delete
    volume meta=<volume>
volume-detach
    server meta=<server>
    attachment_id meta=<volume>
volume-list
    --all-tenants meta=<0|1> nargs=? type=int default=0 const=1
    --all_tenants nargs=? type=int const=1 hidden
volume-show
    volume meta=<volume>
volume-snapshot-create
    volume_id meta=<volume-id>
    --force meta=<True|False> default=False
    --display-name meta=<display-name>
    --display_name hidden
    --display-description meta=<display-description>
    --display_description hidden
volume-snapshot-delete
    snapshot meta=<snapshot>
volume-snapshot-list
volume-snapshot-show
    snapshot meta=<snapshot>
volume-type-create
    name meta=<name>
volume-type-delete
    id meta=<id>
volume-type-list
volume-update
    server meta=<server>
    attachment_id meta=<volume>
    new_volume meta=<volume>
x509-create-cert
    pk_filename meta=<private-key-filename> nargs=? default='pk.pem'
    cert_filename meta=<x509-cert-filename> nargs=? default='cert.pem'
x509-get-root-cert
    filename meta=<filename> nargs=? default='cacert.pem'
"""
