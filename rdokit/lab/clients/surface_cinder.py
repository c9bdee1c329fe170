"""Which subcommands and arguments the cinder client of Havana has (names and kinds only; read by `arguments.build`)."""

SURFACE = """
(base)
    -h,--help true hidden
    --version version
    --debug true
    --os-username meta=<auth-user-name> default=''
    --os_username hidden
    --os-password meta=<auth-password> default=''
    --os_password hidden
    --os-tenant-name meta=<auth-tenant-name> default=''
    --os_tenant_name hidden
    --os-tenant-id meta=<auth-tenant-id> default=''
    --os_tenant_id hidden
    --os-auth-url meta=<auth-url> default=''
    --os_auth_url hidden
    --os-region-name meta=<region-name> default=''
    --os_region_name hidden
    --service-type meta=<service-type>
    --service_type hidden
    --service-name meta=<service-name> default=''
    --service_name hidden
    --volume-service-name meta=<volume-service-name> default=''
    --volume_service_name hidden
    --endpoint-type meta=<endpoint-type> default='publicURL'
    --endpoint_type hidden
    --os-volume-api-version meta=<volume-api-ver> default='1'
    --os_volume_api_version hidden
    --os-cacert meta=<ca-certificate>
    --insecure true hidden
    --retries meta=<retries> type=int default=0
    --username hidden
    --region_name hidden
    --apikey,--password default='' hidden
    --projectid,--tenant_name default='' hidden
    --url,--auth_url default='' hidden
absolute-limits
availability-zone-list
backup-create
    volume meta=<volume>
    --container meta=<container>
    --display-name meta=<display-name>
    --display-description meta=<display-description>
backup-delete
    backup meta=<backup>
backup-list
backup-restore
    backup meta=<backup>
    --volume-id meta=<volume>
backup-show
    backup meta=<backup>
bash-completion
bash_completion
create
    size meta=<size> type=int
    --snapshot-id meta=<snapshot-id>
    --snapshot_id hidden
    --source-volid meta=<source-volid>
    --source_volid hidden
    --image-id meta=<image-id>
    --image_id hidden
    --display-name meta=<display-name>
    --display_name hidden
    --display-description meta=<display-description>
    --display_description hidden
    --volume-type meta=<volume-type>
    --volume_type hidden
    --availability-zone meta=<availability-zone>
    --availability_zone hidden
    --metadata meta=<key=value> nargs=* type=str
credentials
delete
    volume meta=<volume>
encryption-type-create
    volume_type meta=<volume_type> type=str
    provider meta=<provider> type=str
    --cipher meta=<cipher> type=str
    --key_size meta=<key_size> type=int
    --control_location meta=<control_location> type=str choices=front-end,back-end
encryption-type-list
encryption-type-show
    volume_type meta=<volume_type> type=str
endpoints
extend
    volume meta=<volume>
    new_size meta=<new-size> type=int
extra-specs-list
force-delete
    volume meta=<volume>
help
    command meta=<subcommand> nargs=?
list
    --all-tenants meta=<0|1> nargs=? type=int default=0 const=1
    --all_tenants nargs=? type=int const=1 hidden
    --display-name meta=<display-name>
    --status meta=<status>
    --metadata meta=<key=value> nargs=* type=str
list-extensions
metadata
    volume meta=<volume>
    action meta=<action> choices=set,unset
    metadata meta=<key=value> nargs=+ default=[]
migrate
    volume meta=<volume>
    host meta=<host>
    --force-host-copy meta=<True|False> choices=True,False default=False
qos-associate
    qos_specs meta=<qos_specs>
    vol_type_id meta=<volume_type_id>
qos-create
    name meta=<name>
    metadata meta=<key=value> nargs=+ default=[]
qos-delete
    qos_specs meta=<qos_specs>
    --force meta=<True|False> default=False
qos-disassociate
    qos_specs meta=<qos_specs>
    vol_type_id meta=<volume_type_id>
qos-disassociate-all
    qos_specs meta=<qos_specs>
qos-get-association
    qos_specs meta=<qos_specs>
qos-key
    qos_specs meta=<qos_specs>
    action meta=<action> choices=set,unset
    metadata meta=key=value nargs=+ default=[]
qos-list
qos-show
    qos_specs meta=<qos_specs>
quota-class-show
    class_name meta=<class>
quota-class-update
    class_name meta=<class>
    --volumes meta=<volumes> type=int
    --snapshots meta=<snapshots> type=int
    --gigabytes meta=<gigabytes> type=int
    --volume-type meta=<volume_type_name>
quota-defaults
    tenant meta=<tenant_id>
quota-show
    tenant meta=<tenant_id>
quota-update
    tenant meta=<tenant_id>
    --volumes meta=<volumes> type=int
    --snapshots meta=<snapshots> type=int
    --gigabytes meta=<gigabytes> type=int
    --volume-type meta=<volume_type_name>
rate-limits
rename
    volume meta=<volume>
    display_name meta=<display-name> nargs=?
    --display-description meta=<display-description>
reset-state
    volume meta=<volume>
    --state meta=<state> default='available'
service-disable
    host meta=<hostname>
    binary meta=<binary>
service-enable
    host meta=<hostname>
    binary meta=<binary>
service-list
    --host meta=<hostname>
    --binary meta=<binary>
show
    volume meta=<volume>
snapshot-create
    volume meta=<volume>
    --force meta=<True|False> default=False
    --display-name meta=<display-name>
    --display_name hidden
    --display-description meta=<display-description>
    --display_description hidden
snapshot-delete
    snapshot meta=<snapshot>
snapshot-list
    --all-tenants meta=<0|1> nargs=? type=int default=0 const=1
    --all_tenants nargs=? type=int const=1 hidden
    --display-name meta=<display-name>
    --status meta=<status>
    --volume-id meta=<volume-id>
snapshot-rename
    snapshot meta=<snapshot>
    display_name meta=<display-name> nargs=?
    --display-description meta=<display-description>
snapshot-reset-state
    snapshot meta=<snapshot>
    --state meta=<state> default='available'
snapshot-show
    snapshot meta=<snapshot>
transfer-accept
    transfer meta=<transfer>
    auth_key meta=<auth_key>
transfer-create
    volume meta=<volume>
    --display-name meta=<display-name>
transfer-delete
    transfer meta=<transfer>
transfer-list
transfer-show
    transfer meta=<transfer>
type-create
    name meta=<name>
type-delete
    id meta=<id>
type-key
    vtype meta=<vtype>
    action meta=<action> choices=set,unset
    metadata meta=<key=value> nargs=*
type-list
upload-to-image
    volume meta=<volume>
    --force meta=<True|False> default=False
    --container-format meta=<container-format> default='bare'
    --disk-format meta=<disk-format> default='raw'
    image_name meta=<image-name>
"""
