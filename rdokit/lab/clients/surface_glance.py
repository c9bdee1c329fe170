"""Which subcommands and arguments the glance client of Havana has (names and kinds only; read by `arguments.build`)."""

SURFACE = """
(base)
    -h,--help true hidden
    --version version
    -d,--debug true
    -v,--verbose true
    --get-schema true
    -k,--insecure true
    --cert-file
    --key-file
    --os-cacert meta=<ca-certificate-file> default=''
    --ca-file dest=os_cacert
    --timeout default=600
    --no-ssl-compression dest=ssl_compression false
    -f,--force true
    --dry-run true
    --ssl dest=use_ssl true
    -H,--host meta=ADDRESS
    -p,--port meta=PORT type=int default=9292
    --os-username default=''
    --os_username hidden
    -I dest=os_username
    --os-password default=''
    --os_password hidden
    -K dest=os_password
    --os-tenant-id default=''
    --os_tenant_id hidden
    --os-tenant-name default=''
    --os_tenant_name hidden
    -T dest=os_tenant_name
    --os-auth-url default=''
    --os_auth_url hidden
    -N dest=os_auth_url
    --os-region-name default=''
    --os_region_name hidden
    -R dest=os_region_name
    --os-auth-token default=''
    --os_auth_token hidden
    -A,--auth_token dest=os_auth_token
    --os-image-url default=''
    --os_image_url hidden
    -U,--url dest=os_image_url
    --os-image-api-version default='1'
    --os_image_api_version hidden
    --os-service-type default=''
    --os_service_type hidden
    --os-endpoint-type default=''
    --os_endpoint_type hidden
    -S,--os_auth_strategy
add
    --silent-upload true
    fields nargs=* default=[] hidden
clear
delete
    id meta=<IMAGE_ID>
details
    --limit meta=LIMIT type=int default=10
    --marker meta=MARKER
    --sort_key meta=KEY
    --sort_dir meta=[desc|asc]
    filters nargs=* default='' hidden
help
    command meta=<subcommand> nargs=?
image-create
    --id meta=<IMAGE_ID>
    --name meta=<NAME>
    --store meta=<STORE>
    --disk-format meta=<DISK_FORMAT>
    --container-format meta=<CONTAINER_FORMAT>
    --owner meta=<TENANT_ID>
    --size meta=<SIZE>
    --min-disk meta=<DISK_GB>
    --min-ram meta=<DISK_RAM>
    --location meta=<IMAGE_URL>
    --file meta=<FILE>
    --checksum meta=<CHECKSUM>
    --copy-from meta=<IMAGE_URL>
    --public true hidden
    --is-public meta={True,False} type=string_to_bool
    --is-protected meta={True,False} type=string_to_bool
    --property meta=<key=value> append default=[]
    --human-readable true
    --progress true
image-delete
    images meta=<IMAGE> nargs=+
image-download
    --file meta=<FILE>
    image meta=<IMAGE>
    --progress true
image-list
    --name meta=<NAME>
    --status meta=<STATUS>
    --container-format meta=<CONTAINER_FORMAT>
    --disk-format meta=<DISK_FORMAT>
    --size-min meta=<SIZE>
    --size-max meta=<SIZE>
    --property-filter meta=<KEY=VALUE> dest=properties append default=[]
    --page-size meta=<SIZE> type=int
    --human-readable true
    --sort-key choices=name,status,container_format,disk_format,size,id,created_at,updated_at default='name'
    --sort-dir choices=asc,desc default='asc'
    --is-public meta={True,False} type=string_to_bool
    --owner meta=<TENANT_ID>
    --all-tenants true
image-members
    image_id
image-show
    image meta=<IMAGE>
    --human-readable true
image-update
    image meta=<IMAGE>
    --name meta=<NAME>
    --disk-format meta=<DISK_FORMAT>
    --container-format meta=<CONTAINER_FORMAT>
    --owner meta=<TENANT_ID>
    --size meta=<SIZE>
    --min-disk meta=<DISK_GB>
    --min-ram meta=<DISK_RAM>
    --location meta=<IMAGE_URL>
    --file meta=<FILE>
    --checksum meta=<CHECKSUM>
    --copy-from meta=<IMAGE_URL>
    --is-public meta={True,False} type=string_to_bool
    --is-protected meta={True,False} type=string_to_bool
    --property meta=<key=value> append default=[]
    --purge-props true
    --human-readable true
    --progress true
index
    --limit meta=LIMIT type=int default=10
    --marker meta=MARKER
    --sort_key meta=KEY
    --sort_dir meta=[desc|asc]
    filters nargs=* default=[] hidden
member-add
    --can-share true
    image_id
    member_id
member-create
    image meta=<IMAGE>
    tenant_id meta=<TENANT_ID>
    --can-share true
member-delete
    image meta=<IMAGE>
    tenant_id meta=<TENANT_ID>
member-images
    --can-share true
    member_id
member-list
    --image-id meta=<IMAGE_ID>
    --tenant-id meta=<TENANT_ID>
members-replace
    --can-share true
    image_id
    member_id
show
    id meta=<IMAGE_ID>
update
    id meta=<IMAGE_ID>
    fields nargs=* default=[] hidden
"""
