# ruff: noqa: E501 - tables, one line each
"""What the lab's yum repositories hold: CentOS 6.5 and its updates, RDO Havana, EPEL, foreman, puppetlabs.

One line per package: `name|[epoch:]version-release|arch|KiB|requires|summary`. Names, versions and
dependencies are those of the real repositories as far as a person installing Havana meets them;
sizes are approximate. A `*` before the name marks what a "minimal" installation already has.
"""

from __future__ import annotations

BASE = """
*MAKEDEV|3.24-6.el6|x86_64|88||Creates the device nodes in /dev
*acl|2.2.49-6.el6|x86_64|74||Tools for access control lists
*atk|1.30.0-1.el6|x86_64|190||Accessibility interfaces
*attr|2.4.44-7.el6|x86_64|57||Tools for extended attributes
*audit|2.2-4.el6_5|x86_64|230||User space part of the kernel's auditing
*audit-libs|2.2-4.el6_5|x86_64|60||Libraries of the audit system
*authconfig|6.1.12-13.el6|x86_64|410||Configures how users are authenticated
*b43-openfwwf|5.2-4.el6|noarch|22||Free firmware for some wireless cards
*basesystem|10.0-4.el6|noarch|4||The skeleton of the system
*bash|4.1.2-15.el6_4|x86_64|905||The GNU Bourne Again shell
*binutils|2.20.51.0.2-5.36.el6|x86_64|2800||Tools for binary files
*bridge-utils|1.2-10.el6|x86_64|30||Configures Linux Ethernet bridges
*bzip2|1.0.5-7.el6_0|x86_64|49||A file compressor
*bzip2-libs|1.0.5-7.el6_0|x86_64|38||Libraries of bzip2
*ca-certificates|2013.1.94-65.0.el6|noarch|1100||The Mozilla CA root certificates
*centos-release|6-5.el6.centos.11.1|x86_64|20||Release files of CentOS
*checkpolicy|2.0.22-1.el6|x86_64|200||Compiles SELinux policies
*chkconfig|1.3.49.3-2.el6_4.1|x86_64|159||Keeps the /etc/rc*.d hierarchy
*coreutils|8.4-31.el6|x86_64|3000||The basic tools of GNU
*coreutils-libs|8.4-31.el6|x86_64|51||Libraries of coreutils
*cpio|2.10-11.el6_3|x86_64|198||An archiver
*cracklib|2.8.16-4.el6|x86_64|75||Checks passwords
*cracklib-dicts|2.8.16-4.el6|x86_64|3700||Dictionaries of cracklib
*cronie|1.4.4-12.el6|x86_64|73||Runs programs at set times
*cronie-anacron|1.4.4-12.el6|x86_64|30||Runs what cron missed
*crontabs|1.10-33.el6|noarch|10||The root crontab
*cryptsetup-luks|1.2.0-7.el6|x86_64|94||Encrypted block devices
*cryptsetup-luks-libs|1.2.0-7.el6|x86_64|60||Libraries of cryptsetup
*curl|7.19.7-37.el6_4|x86_64|194|libcurl|Fetches files from servers
*cyrus-sasl|2.1.23-13.el6_3.1|x86_64|78||The SASL daemon
*cyrus-sasl-lib|2.1.23-13.el6_3.1|x86_64|136||Libraries of SASL
*dash|0.5.5.1-4.el6|x86_64|69||A small POSIX shell
*db4|4.7.25-18.el6_4|x86_64|563||Berkeley DB 4
*db4-utils|4.7.25-18.el6_4|x86_64|130||Tools of Berkeley DB
*dbus-glib|0.86-6.el6|x86_64|170||GLib bindings of D-Bus
*dbus-libs|1:1.2.24-7.el6_3|x86_64|127||Libraries of D-Bus
*device-mapper|1.02.79-8.el6|x86_64|160||The device mapper's tools
*device-mapper-event|1.02.79-8.el6|x86_64|105||The device mapper's event daemon
*device-mapper-event-libs|1.02.79-8.el6|x86_64|100||Libraries of dmeventd
*device-mapper-libs|1.02.79-8.el6|x86_64|196||Libraries of the device mapper
*device-mapper-persistent-data|0.2.8-2.el6|x86_64|300||Tools of thin provisioning
*dhclient|12:4.1.1-38.P1.el6.centos|x86_64|317||The ISC DHCP client
*dhcp-common|12:4.1.1-38.P1.el6.centos|x86_64|141||Shared files of ISC DHCP
*diffutils|2.8.1-28.el6|x86_64|167||Compares files
*dracut|004-335.el6|noarch|119||Makes the initramfs
*dracut-kernel|004-335.el6|noarch|24||Makes the initramfs when a kernel is installed
*e2fsprogs|1.41.12-18.el6|x86_64|550||Tools of ext2, ext3 and ext4
*e2fsprogs-libs|1.41.12-18.el6|x86_64|120||Libraries of e2fsprogs
*efibootmgr|0.5.4-11.el6|x86_64|36||Manages EFI boot entries
*elfutils-libelf|0.152-1.el6|x86_64|182||Reads ELF files
*ethtool|2:3.5-1.el6|x86_64|94||Shows and changes settings of NICs
*expat|2.0.1-11.el6_2|x86_64|76||An XML parser
*file|5.04-15.el6|x86_64|47||Tells the type of a file
*file-libs|5.04-15.el6|x86_64|310||Libraries of file
*filesystem|2.4.30-3.el6|x86_64|1000||The directory layout
*findutils|1:4.4.2-6.el6|x86_64|442||find and xargs
*fipscheck|1.2.0-7.el6|x86_64|14||Checks integrity for FIPS
*fipscheck-lib|1.2.0-7.el6|x86_64|8||Library of fipscheck
*gamin|0.1.10-9.el6|x86_64|120||Watches files
*gawk|3.1.7-10.el6|x86_64|828||The GNU awk
*gdbm|1.8.0-36.el6|x86_64|28||A database of keys and values
*glib2|2.26.1-3.el6|x86_64|1600||The GLib library
*glibc|2.12-1.132.el6|x86_64|3800||The C library
*glibc-common|2.12-1.132.el6|x86_64|14000||Locales and tools of glibc
*gmp|4.3.1-7.el6_2.2|x86_64|206||Arithmetic without limit
*gnupg2|2.0.14-6.el6_4|x86_64|1600||Signs and encrypts
*gpgme|1.1.8-3.el6|x86_64|200||Library for GnuPG
*grep|2.6.3-4.el6|x86_64|225||Finds lines
*groff|1.18.1.4-21.el6|x86_64|1500||Formats text
*grub|1:0.97-83.el6|x86_64|932||The boot loader
*grubby|7.0.15-5.el6|x86_64|43||Edits boot loader entries
*gzip|1.3.12-19.el6_4|x86_64|114||A file compressor
*hwdata|0.233-9.1.el6|noarch|1200||Names of hardware
*info|4.13a-8.el6|x86_64|174||Reads info pages
*initscripts|9.03.40-2.el6.centos|x86_64|940||The init scripts and the network scripts
*iproute|2.6.32-31.el6|x86_64|365||Configures networking: ip, tc, ss
*iptables|1.4.7-11.el6|x86_64|252||Configures the packet filter
*iptables-ipv6|1.4.7-11.el6|x86_64|105||Configures the packet filter of IPv6
*iputils|20071127-17.el6_4.2|x86_64|120||ping, arping, tracepath
*kbd|1.15-11.el6|x86_64|264||Keyboard and console tools
*kbd-misc|1.15-11.el6|noarch|923||Keymaps and fonts
*kernel|2.6.32-431.el6|x86_64|28000|kernel-firmware|The Linux kernel
*kernel-firmware|2.6.32-431.el6|noarch|13000||Firmware used by the kernel
*keyutils-libs|1.4-4.el6|x86_64|20||Library of the kernel's key rings
*kpartx|0.4.9-72.el6|x86_64|61||Maps partitions
*krb5-libs|1.10.3-10.el6_4.6|x86_64|760||Libraries of Kerberos
*less|436-10.el6|x86_64|109||Pages through text
*libacl|2.2.49-6.el6|x86_64|17||Library of ACLs
*libattr|2.4.44-7.el6|x86_64|11||Library of extended attributes
*libblkid|2.17.2-12.14.el6|x86_64|115||Recognises block devices
*libcap|2.16-5.5.el6|x86_64|25||Library of capabilities
*libcap-ng|0.6.4-3.el6_0.1|x86_64|16||Another library of capabilities
*libcom_err|1.41.12-18.el6|x86_64|37||Error messages
*libcurl|7.19.7-37.el6_4|x86_64|166||Library of curl
*libdrm|2.4.45-2.el6|x86_64|110||Direct rendering
*libedit|2.11-4.20080712cvs.1.el6|x86_64|74||Edits command lines
*libffi|3.0.5-3.2.el6|x86_64|22||Calls foreign functions
*libgcc|4.4.7-4.el6|x86_64|101||Library of GCC
*libgcrypt|1.4.5-11.el6_4|x86_64|228||Library of cryptography
*libgpg-error|1.7-4.el6|x86_64|60||Error values of GnuPG
*libidn|1.18-2.el6|x86_64|136||International domain names
*libnih|1.0.1-7.el6|x86_64|106||Library of upstart
*libnl|1.1.4-2.el6|x86_64|120||Library of netlink
*libpciaccess|0.13.1-2.el6|x86_64|23||Library of PCI
*libpcap|14:1.4.0-1.20130826git2dbcaa1.el6|x86_64|131||Captures packets
*libselinux|2.0.94-5.3.el6_4.1|x86_64|108||Library of SELinux
*libselinux-utils|2.0.94-5.3.el6_4.1|x86_64|81||getenforce, setenforce and other tools
*libsemanage|2.0.43-4.2.el6|x86_64|103||Library managing SELinux policies
*libsepol|2.0.41-4.el6|x86_64|127||Library of binary policies
*libss|1.41.12-18.el6|x86_64|42||Library of command interfaces
*libssh2|1.4.2-1.el6|x86_64|121||Library of SSH 2
*libstdc++|4.4.7-4.el6|x86_64|293||Library of C++
*libudev|147-2.51.el6|x86_64|75||Library of udev
*libusb|0.1.12-23.el6|x86_64|24||Library of USB
*libuser|0.56.13-5.el6|x86_64|320||Library of accounts
*libutempter|1.1.5-4.1.el6|x86_64|23||Library of utmp
*libuuid|2.17.2-12.14.el6|x86_64|69||Library of UUIDs
*libxml2|2.7.6-14.el6|x86_64|800||Library of XML
*logrotate|3.7.8-17.el6|x86_64|52||Rotates logs
*lua|5.1.4-4.1.el6|x86_64|225||A small language
*lvm2|2.02.100-8.el6|x86_64|781||Logical volumes
*lvm2-libs|2.02.100-8.el6|x86_64|858||Libraries of lvm2
*m4|1.4.13-5.el6|x86_64|220||A macro processor
*make|1:3.81-20.el6|x86_64|389||Builds programs
*mingetty|1.08-5.el6|x86_64|20||A getty for consoles
*module-init-tools|3.9-21.el6_4|x86_64|463||modprobe, lsmod, modinfo
*mysql-libs|5.1.71-1.el6|x86_64|1200||Libraries of MySQL
*ncurses|5.7-3.20090208.el6|x86_64|262||Library of terminals
*ncurses-base|5.7-3.20090208.el6|x86_64|61||Descriptions of terminals
*ncurses-libs|5.7-3.20090208.el6|x86_64|245||Libraries of ncurses
*net-tools|1.60-110.el6_2|x86_64|235||ifconfig, route, netstat, arp
*newt|0.52.11-3.el6|x86_64|113||Text mode windows
*newt-python|0.52.11-3.el6|x86_64|40||newt for Python
*nspr|4.10.0-1.el6|x86_64|114||Portable runtime
*nss|3.15.1-15.el6|x86_64|829||Network security services
*nss-softokn|3.14.3-9.el6|x86_64|300||NSS cryptography
*nss-softokn-freebl|3.14.3-9.el6|x86_64|143||NSS base cryptography
*nss-sysinit|3.15.1-15.el6|x86_64|38||System-wide NSS
*nss-tools|3.15.1-15.el6|x86_64|354||Tools of NSS
*nss-util|3.15.1-3.el6|x86_64|63||NSS utilities
*openldap|2.4.23-32.el6_4.1|x86_64|263||Libraries of LDAP
*openssh|5.3p1-94.el6|x86_64|254||Shared files of OpenSSH
*openssh-clients|5.3p1-94.el6|x86_64|401||ssh, scp, sftp
*openssh-server|5.3p1-94.el6|x86_64|311||sshd
*openssl|1.0.1e-15.el6|x86_64|1500||Library and tool of TLS
*p11-kit|0.18.5-2.el6|x86_64|94||Coordinates PKCS#11 modules
*p11-kit-trust|0.18.5-2.el6|x86_64|71||Trust module of p11-kit
*pam|1.1.1-17.el6|x86_64|658||Authentication modules
*parted|2.1-21.el6|x86_64|606||Edits partition tables
*passwd|0.77-4.el6_2.2|x86_64|90||Sets passwords
*pciutils-libs|3.1.10-2.el6|x86_64|34||Library of PCI devices
*pcre|7.8-6.el6|x86_64|196||Regular expressions of Perl
*pinentry|0.7.6-6.el6|x86_64|68||Asks for a PIN
*pkgconfig|1:0.23-9.1.el6|x86_64|70||Tells compile options
*plymouth|0.8.3-27.el6.centos|x86_64|89||The boot screen
*plymouth-core-libs|0.8.3-27.el6.centos|x86_64|88||Libraries of plymouth
*plymouth-scripts|0.8.3-27.el6.centos|x86_64|31||Scripts of plymouth
*policycoreutils|2.0.83-19.39.el6|x86_64|648||restorecon, sestatus, semodule
*popt|1.13-7.el6|x86_64|33||Parses options
*postfix|2:2.6.6-2.2.el6_1|x86_64|2000||The mail server
*procps|3.2.8-25.el6|x86_64|216||ps, free, sysctl, top
*psmisc|22.6-15.el6_0.1|x86_64|77||killall, fuser, pstree
*pth|2.0.7-9.3.el6|x86_64|86||Portable threads
*pygpgme|0.1-18.20090824bzr68.el6|x86_64|63||gpgme for Python
*python|2.6.6-51.el6|x86_64|75||The Python language
*python-iniparse|0.3.1-2.1.el6|noarch|36||Reads INI files
*python-libs|2.6.6-51.el6|x86_64|5300||Libraries of Python
*python-pycurl|7.19.0-8.el6|x86_64|76||curl for Python
*python-urlgrabber|3.9.1-9.el6|noarch|85||Downloads for yum
*readline|6.0-4.el6|x86_64|178||Edits command lines
*redhat-logos|60.0.14-12.el6.centos|noarch|15000||Artwork
*rootfiles|8.1-6.1.el6|noarch|7||root's dot files
*rpm|4.8.0-37.el6|x86_64|902||The package manager
*rpm-libs|4.8.0-37.el6|x86_64|314||Libraries of rpm
*rpm-python|4.8.0-37.el6|x86_64|58||rpm for Python
*rsyslog|5.8.10-8.el6|x86_64|650||Writes the logs
*sed|4.2.1-10.el6|x86_64|370||Edits streams
*selinux-policy|3.7.19-231.el6|noarch|862||The SELinux policy
*selinux-policy-targeted|3.7.19-231.el6|noarch|2900||The targeted policy
*setup|2.8.14-20.el6_4.1|noarch|147||passwd, group, hosts and the like
*shadow-utils|2:4.1.4.2-13.el6|x86_64|1100||useradd and others
*shared-mime-info|0.70-4.el6|x86_64|209||MIME types
*slang|2.2.1-1.el6|x86_64|425||A language for terminals
*snappy|1.1.0-1.el6|x86_64|34||A fast compressor
*sqlite|3.6.20-1.el6|x86_64|300||A small database
*sudo|1.8.6p3-12.el6|x86_64|703||Runs as another user
*system-config-firewall-base|1.2.27-5.el6|noarch|432||Base of the firewall tools
*sysvinit-tools|2.87-5.dsf.el6|x86_64|60||pidof, last, mesg
*tar|2:1.23-11.el6|x86_64|808||The archiver
*tcp_wrappers-libs|7.6-57.el6|x86_64|62||Library of TCP wrappers
*tzdata|2013g-1.el6|noarch|463||Time zones
*udev|147-2.51.el6|x86_64|353||Manages devices
*upstart|0.6.5-12.el6_4.1|x86_64|177||The init program
*ustr|1.0.4-9.1.el6|x86_64|86||A string library
*util-linux-ng|2.17.2-12.14.el6|x86_64|1500||mount, fdisk, dmesg and others
*vim-minimal|2:7.2.411-1.8.el6|x86_64|363||A small vi
*which|2.19-6.el6|x86_64|38||Finds commands
*xz|4.999.9-0.3.beta.20091007git.el6|x86_64|137||A file compressor
*xz-libs|4.999.9-0.3.beta.20091007git.el6|x86_64|89||Libraries of xz
*yum|3.2.29-40.el6.centos|noarch|995||Installs, updates and removes packages
*yum-metadata-parser|1.1.2-16.el6|x86_64|26||Reads repository metadata
*yum-plugin-fastestmirror|1.1.30-14.el6|noarch|28||Chooses the nearest mirror
*zlib|1.2.3-29.el6|x86_64|72||A compression library
NetworkManager|1:0.8.1-66.el6|x86_64|1100|wpa_supplicant,ppp,dnsmasq,dbus|Network connection manager
wpa_supplicant|1:0.7.3-4.el6_3|x86_64|382||Keys of wireless networks
ppp|2.4.5-5.el6|x86_64|333||Point-to-point protocol
dbus|1:1.2.24-7.el6_3|x86_64|207||The system message bus
ntp|4.2.6p5-1.el6.centos|x86_64|592|ntpdate|The NTP daemon and its tools
ntpdate|4.2.6p5-1.el6.centos|x86_64|75||Sets the clock from a server
wget|1.12-1.8.el6|x86_64|483||Fetches files over HTTP and FTP
bind-utils|32:9.8.2-0.17.rc1.el6_4.6|x86_64|182|bind-libs|dig, host, nslookup
bind-libs|32:9.8.2-0.17.rc1.el6_4.6|x86_64|878||Libraries of bind
nc|1.84-22.el6|x86_64|57||Reads and writes over TCP and UDP
telnet|1:0.17-47.el6_3.1|x86_64|58||The telnet client
traceroute|3:2.0.14-2.el6|x86_64|52||Shows the way to a host
tcpdump|14:4.0.0-3.20090921gitdf3cb4.2.el6|x86_64|334||Shows packets
vim-enhanced|2:7.2.411-1.8.el6|x86_64|892|vim-common|vim with everything
vim-common|2:7.2.411-1.8.el6|x86_64|6000||Shared files of vim
man|1.6f-32.el6|x86_64|263||Reads manual pages
lsof|4.82-4.el6|x86_64|317||Lists open files
screen|4.0.3-16.el6|x86_64|494||Several terminals in one
rsync|3.0.6-9.el6_4.1|x86_64|334||Copies trees
strace|4.5.19-1.17.el6|x86_64|174||Traces system calls
unzip|6.0-1.el6|x86_64|149||Unpacks zip files
pciutils|3.1.10-2.el6|x86_64|85||lspci and setpci
dmidecode|1:2.11-2.el6|x86_64|71||Shows the BIOS tables
mailx|12.4-7.el6|x86_64|235||Sends mail
xinetd|2:2.3.14-39.el6_4|x86_64|121||Starts servers on demand
httpd|2.2.15-29.el6.centos|x86_64|821|httpd-tools,apr,apr-util,apr-util-ldap,mailcap|The Apache web server
httpd-tools|2.2.15-29.el6.centos|x86_64|73||Tools of httpd
apr|1.3.9-5.el6_2|x86_64|123||Apache's portable runtime
apr-util|1.3.9-3.el6_0.1|x86_64|87||More of it
apr-util-ldap|1.3.9-3.el6_0.1|x86_64|15||LDAP for apr-util
mailcap|2.1.31-2.el6|noarch|27||MIME helpers
mod_ssl|1:2.2.15-29.el6.centos|x86_64|91|httpd|TLS for httpd
mod_wsgi|3.2-3.el6|x86_64|66|httpd|Python applications in httpd
php|5.3.3-26.el6|x86_64|1100|php-cli,php-common|The PHP language
php-cli|5.3.3-26.el6|x86_64|2200|php-common|PHP on the command line
php-common|5.3.3-26.el6|x86_64|524||Shared files of PHP
mysql|5.1.71-1.el6|x86_64|893||The MySQL client
mysql-server|5.1.71-1.el6|x86_64|8600|mysql,perl-DBD-MySQL|The MySQL server
MySQL-python|1.2.3-0.3.c1.1.el6|x86_64|86||MySQL for Python
perl|4:5.10.1-136.el6|x86_64|10000|perl-libs,perl-Module-Pluggable,perl-Pod-Escapes,perl-Pod-Simple,perl-version|The Perl language
perl-libs|4:5.10.1-136.el6|x86_64|578||Libraries of Perl
perl-Module-Pluggable|1:3.90-136.el6|x86_64|40||Plug-ins for Perl
perl-Pod-Escapes|1:1.04-136.el6|x86_64|32||Escapes of POD
perl-Pod-Simple|1:3.13-136.el6|x86_64|212||Reads POD
perl-version|3:0.77-136.el6|x86_64|51||Version objects
perl-DBI|1.609-4.el6|x86_64|705|perl|Databases in Perl
perl-DBD-MySQL|4.013-3.el6|x86_64|134|perl-DBI|MySQL in Perl
perl-hivex|1.3.3-4.2.el6|x86_64|40|hivex,perl|Windows registry in Perl
hivex|1.3.3-4.2.el6|x86_64|92||Reads the Windows registry
libguestfs|1:1.20.11-2.el6|x86_64|1300|qemu-kvm,libvirt-client,hivex,augeas-libs,fuse,febootstrap-supermin-helper,libconfig|Works on disk images
libguestfs-tools-c|1:1.20.11-2.el6|x86_64|810|libguestfs,fuse-libs|guestfish, virt-df and others
libguestfs-tools|1:1.20.11-2.el6|x86_64|73|libguestfs-tools-c,perl-Sys-Guestfs,perl-Sys-Virt,perl-hivex,perl-libintl,perl-XML-Writer|virt-edit, virt-cat and others
perl-Sys-Guestfs|1:1.20.11-2.el6|x86_64|420|libguestfs,perl|libguestfs in Perl
perl-Sys-Virt|0.10.2-5.el6|x86_64|210|libvirt-client,perl|libvirt in Perl
perl-libintl|1.20-1.el6|x86_64|870|perl|Translations in Perl
perl-XML-Writer|0.606-6.el6|noarch|26|perl|Writes XML in Perl
augeas-libs|1.0.0-5.el6|x86_64|314||Edits configuration files
fuse|2.8.3-4.el6|x86_64|71||File systems in user space
fuse-libs|2.8.3-4.el6|x86_64|74||Libraries of fuse
febootstrap-supermin-helper|3.21-4.el6|x86_64|32||Helper of libguestfs
libconfig|1.3.2-1.1.el6|x86_64|57||Reads configuration files
qemu-kvm|2:0.12.1.2-2.415.el6|x86_64|1300|qemu-img,gpxe-roms-qemu,seabios,vgabios,sgabios-bin,spice-server,usbredir,celt051,pixman,libaio,alsa-lib|Runs virtual machines with KVM
qemu-img|2:0.12.1.2-2.415.el6|x86_64|490|libaio|Works on disk images
gpxe-roms-qemu|0.9.7-6.10.el6|noarch|220||Network boot ROMs
seabios|0.6.1.2-28.el6|x86_64|91||A BIOS
vgabios|0.6b-3.7.el6|noarch|42||A VGA BIOS
sgabios-bin|0-0.3.20110621svn.el6|noarch|6||A serial BIOS
spice-server|0.12.4-6.el6|x86_64|344||Remote display
usbredir|0.5.1-1.el6|x86_64|40||USB over the network
celt051|0.5.1.3-0.el6|x86_64|50||Audio codec
pixman|0.26.2-5.1.el6_5|x86_64|200||Pixels
libaio|0.3.107-10.el6|x86_64|21||Asynchronous I/O
alsa-lib|1.0.22-3.el6|x86_64|370||Sound
libvirt|0.10.2-29.el6|x86_64|2400|libvirt-client,dnsmasq,ebtables,iscsi-initiator-utils,lzop,nfs-utils,radvd,numad,cyrus-sasl-md5,avahi-libs,dbus,polkit,qemu-kvm,libcgroup|Manages virtual machines
libvirt-client|0.10.2-29.el6|x86_64|4000|avahi-libs,gnutls,nc,netcf-libs,numactl,yajl,libxslt|Client of libvirt
libvirt-python|0.10.2-29.el6|x86_64|489|libvirt-client|libvirt for Python
dnsmasq|2.48-13.el6|x86_64|149||A small DNS and DHCP server
ebtables|2.0.9-6.el6|x86_64|95||Packet filter of bridges
iscsi-initiator-utils|6.2.0.873-10.el6|x86_64|670||The iSCSI initiator
lzop|1.02-0.9.rc1.el6|x86_64|50||A fast compressor
nfs-utils|1:1.2.3-39.el6|x86_64|320|rpcbind|NFS
rpcbind|0.2.0-11.el6|x86_64|51||Maps RPC to ports
radvd|1.6-1.el6|x86_64|75||IPv6 router advertisements
numad|0.5-9.20130814git.el6|x86_64|31||NUMA daemon
numactl|2.0.7-8.el6|x86_64|72||NUMA policy
cyrus-sasl-md5|2.1.23-13.el6_3.1|x86_64|47||SASL with MD5
avahi-libs|0.6.25-12.el6|x86_64|54||Libraries of avahi
polkit|0.96-5.el6_4|x86_64|159||Authorisations
gnutls|2.8.5-10.el6_4.2|x86_64|345||TLS library
netcf-libs|0.1.9-4.el6|x86_64|64||Network configuration
yajl|1.0.7-3.el6|x86_64|27||Reads JSON
libxslt|1.1.26-2.el6_3.1|x86_64|452||XSLT
libcgroup|0.40.rc1-5.el6|x86_64|125||Control groups
scsi-target-utils|1.0.24-10.el6|x86_64|180|perl-Config-General,sg3_utils|The iSCSI target daemon
perl-Config-General|2.52-1.el6|noarch|72|perl|Configuration files in Perl
sg3_utils|1.28-4.el6|x86_64|470||SCSI tools
memcached|1.4.4-3.el6|x86_64|73||A cache in memory
python-memcached|1.43-6.el6|noarch|22||memcached for Python
python-setuptools|0.6.10-3.el6|noarch|336||Installs Python packages
python-netaddr|0.7.5-4.el6|noarch|972||Network addresses in Python
python-crypto|2.0.1-22.el6|x86_64|159||Cryptography in Python
python-lxml|2.2.3-1.1.el6|x86_64|2000|libxslt|XML in Python
python-simplejson|2.0.9-3.1.el6|x86_64|126||JSON in Python
python-dateutil|1.4.1-6.el6|noarch|84||Dates in Python
python-ply|3.3-7.el6|noarch|90||Parsers in Python
ruby|1.8.7.352-13.el6|x86_64|534|ruby-libs|The Ruby language
ruby-libs|1.8.7.352-13.el6|x86_64|1600|compat-readline5|Libraries of Ruby
ruby-irb|1.8.7.352-13.el6|x86_64|313|ruby|Ruby's shell
ruby-rdoc|1.8.7.352-13.el6|x86_64|376|ruby|Ruby's documentation
compat-readline5|5.2-17.1.el6|x86_64|130||An older readline
rubygems|1.3.7-5.el6|noarch|207|ruby,ruby-rdoc|Ruby packages
augeas|1.0.0-5.el6|x86_64|40|augeas-libs|Edits configuration files
virt-what|1.11-1.2.el6|x86_64|24||Tells whether this is a guest
qpid-cpp-server|0.14-22.el6_3|x86_64|1100|qpid-cpp-client|The Qpid message broker
qpid-cpp-client|0.14-22.el6_3|x86_64|1000|boost-filesystem,boost-program-options|Client of Qpid
boost-filesystem|1.41.0-18.el6|x86_64|47||Boost: file systems
boost-program-options|1.41.0-18.el6|x86_64|108||Boost: options
python-qpid|0.14-11.el6_3|noarch|430||Qpid for Python
setools-libs|3.3.7-4.el6|x86_64|400||Analyses SELinux policies
setools-libs-python|3.3.7-4.el6|x86_64|222|setools-libs|setools for Python
libselinux-python|2.0.94-5.3.el6_4.1|x86_64|201||SELinux for Python
libsemanage-python|2.0.43-4.2.el6|x86_64|81||semanage for Python
audit-libs-python|2.2-4.el6_5|x86_64|58||audit for Python
policycoreutils-python|2.0.83-19.39.el6|x86_64|342|audit-libs-python,libselinux-python,libsemanage-python,setools-libs-python,libcgroup|semanage and audit2allow
net-snmp-libs|1:5.5-49.el6|x86_64|1500|lm_sensors-libs|Libraries of SNMP
lm_sensors-libs|3.1.1-17.el6|x86_64|38||Libraries of sensors
xfsprogs|3.1.1-14.el6|x86_64|724||Tools of XFS
device-mapper-multipath|0.4.9-72.el6|x86_64|116||Multipath
tuned|0.2.19-13.el6|noarch|95||Tunes the system
yum-utils|1.1.30-14.el6|noarch|101|python-kitchen|Tools around yum
yum-plugin-priorities|1.1.30-14.el6|noarch|22||Priorities of repositories
python-kitchen|1.1.1-1.el6|noarch|254||Helpers in Python
createrepo|0.9.9-18.el6|noarch|94||Makes repositories
gcc|4.4.7-4.el6|x86_64|10000||The C compiler
libxml2-python|2.7.6-14.el6|x86_64|322||XML in Python
at|3.1.10-43.el6_2.1|x86_64|60||Runs a program once, later
tree|1.5.3-2.el6|x86_64|36||Draws trees
nmap|2:5.51-3.el6|x86_64|2700||Scans networks
iptraf|3.0.1-14.el6|x86_64|174||Watches networks
dstat|0.7.0-1.el6|noarch|144||Shows what is busy
sysstat|9.0.4-22.el6|x86_64|230||sar and iostat
acpid|1.0.10-2.1.el6|x86_64|35||ACPI events
irqbalance|2:1.0.4-6.el6|x86_64|40||Spreads interrupts
openssh-askpass|5.3p1-94.el6|x86_64|53||Asks for a passphrase
firefox|17.0.10-1.el6.centos|x86_64|27000||The web browser
"""

UPDATES = """
audit|2.3.7-5.el6|x86_64|230||User space part of the kernel's auditing
audit-libs|2.3.7-5.el6|x86_64|65||Libraries of the audit system
bash|4.1.2-29.el6|x86_64|907||The GNU Bourne Again shell
ca-certificates|2014.1.98-65.1.el6|noarch|1100||The Mozilla CA root certificates
centos-release|6-6.el6.centos.12.2|x86_64|21||Release files of CentOS
coreutils|8.4-37.el6|x86_64|3000||The basic tools of GNU
coreutils-libs|8.4-37.el6|x86_64|51||Libraries of coreutils
curl|7.19.7-40.el6_6.1|x86_64|194|libcurl|Fetches files from servers
libcurl|7.19.7-40.el6_6.1|x86_64|166||Library of curl
device-mapper|1.02.90-2.el6|x86_64|163||The device mapper's tools
device-mapper-event|1.02.90-2.el6|x86_64|107||The device mapper's event daemon
device-mapper-event-libs|1.02.90-2.el6|x86_64|102||Libraries of dmeventd
device-mapper-libs|1.02.90-2.el6|x86_64|204||Libraries of the device mapper
dracut|004-356.el6|noarch|123||Makes the initramfs
dracut-kernel|004-356.el6|noarch|26||Makes the initramfs when a kernel is installed
glibc|2.12-1.149.el6|x86_64|3800||The C library
glibc-common|2.12-1.149.el6|x86_64|14000||Locales and tools of glibc
initscripts|9.03.46-1.el6.centos|x86_64|942||The init scripts and the network scripts
iproute|2.6.32-33.el6_6|x86_64|366||Configures networking: ip, tc, ss
iptables|1.4.7-14.el6|x86_64|252||Configures the packet filter
iptables-ipv6|1.4.7-14.el6|x86_64|105||Configures the packet filter of IPv6
iputils|20071127-17.el6_4.2|x86_64|120||ping, arping, tracepath
kernel|2.6.32-504.el6|x86_64|29000|kernel-firmware|The Linux kernel
kernel-firmware|2.6.32-504.el6|noarch|14000||Firmware used by the kernel
krb5-libs|1.10.3-33.el6|x86_64|765||Libraries of Kerberos
libgcc|4.4.7-11.el6|x86_64|102||Library of GCC
libstdc++|4.4.7-11.el6|x86_64|294||Library of C++
libxml2|2.7.6-17.el6_6.1|x86_64|801||Library of XML
lvm2|2.02.111-2.el6|x86_64|816||Logical volumes
lvm2-libs|2.02.111-2.el6|x86_64|901||Libraries of lvm2
mysql-libs|5.1.73-3.el6_5|x86_64|1200||Libraries of MySQL
mysql|5.1.73-3.el6_5|x86_64|894||The MySQL client
mysql-server|5.1.73-3.el6_5|x86_64|8600|mysql,perl-DBD-MySQL|The MySQL server
nspr|4.10.6-1.el6_5|x86_64|113||Portable runtime
nss|3.16.1-14.el6|x86_64|838||Network security services
nss-softokn|3.14.3-17.el6|x86_64|262||NSS cryptography
nss-softokn-freebl|3.14.3-17.el6|x86_64|157||NSS base cryptography
nss-sysinit|3.16.1-14.el6|x86_64|42||System-wide NSS
nss-tools|3.16.1-14.el6|x86_64|359||Tools of NSS
nss-util|3.16.1-3.el6|x86_64|64||NSS utilities
openssh|5.3p1-104.el6|x86_64|265||Shared files of OpenSSH
openssh-clients|5.3p1-104.el6|x86_64|438||ssh, scp, sftp
openssh-server|5.3p1-104.el6|x86_64|320||sshd
openssl|1.0.1e-30.el6_6.4|x86_64|1500||Library and tool of TLS
python|2.6.6-52.el6|x86_64|76||The Python language
python-libs|2.6.6-52.el6|x86_64|5300||Libraries of Python
rpm|4.8.0-37.el6|x86_64|902||The package manager
rsyslog|5.8.10-9.el6_6|x86_64|650||Writes the logs
selinux-policy|3.7.19-260.el6|noarch|866||The SELinux policy
selinux-policy-targeted|3.7.19-260.el6|noarch|3000||The targeted policy
sudo|1.8.6p3-15.el6|x86_64|706||Runs as another user
tzdata|2014j-1.el6|noarch|441||Time zones
udev|147-2.57.el6|x86_64|354||Manages devices
util-linux-ng|2.17.2-12.18.el6|x86_64|1600||mount, fdisk, dmesg and others
yum|3.2.29-60.el6.centos|noarch|1000||Installs, updates and removes packages
yum-plugin-fastestmirror|1.1.30-30.el6|noarch|31||Chooses the nearest mirror
ntp|4.2.6p5-2.el6.centos|x86_64|592|ntpdate|The NTP daemon and its tools
ntpdate|4.2.6p5-2.el6.centos|x86_64|75||Sets the clock from a server
httpd|2.2.15-39.el6.centos|x86_64|825|httpd-tools,apr,apr-util,apr-util-ldap,mailcap|The Apache web server
httpd-tools|2.2.15-39.el6.centos|x86_64|75||Tools of httpd
qemu-kvm|2:0.12.1.2-2.448.el6_6|x86_64|1600|qemu-img,gpxe-roms-qemu,seabios,vgabios,sgabios-bin,spice-server,usbredir,celt051,pixman,libaio,alsa-lib|Runs virtual machines with KVM
qemu-img|2:0.12.1.2-2.448.el6_6|x86_64|820|libaio|Works on disk images
libvirt|0.10.2-46.el6|x86_64|2400|libvirt-client,dnsmasq,ebtables,iscsi-initiator-utils,lzop,nfs-utils,radvd,numad,cyrus-sasl-md5,avahi-libs,dbus,polkit,qemu-kvm,libcgroup|Manages virtual machines
libvirt-client|0.10.2-46.el6|x86_64|4100|avahi-libs,gnutls,nc,netcf-libs,numactl,yajl,libxslt|Client of libvirt
libvirt-python|0.10.2-46.el6|x86_64|492|libvirt-client|libvirt for Python
"""

EXTRAS = """
centos-release-cr|6-0.el6.centos|x86_64|4||The continuous release repository
epel-release|6-8|noarch|14||The EPEL repository
"""

EPEL = """
python-pip|1.3.1-4.el6|noarch|318|python-setuptools|Installs Python packages
htop|1.0.1-2.el6|x86_64|75||Shows processes
nagios|3.5.1-1.el6|x86_64|1300|nagios-common|Watches services
nagios-common|3.5.1-1.el6|x86_64|24||Shared files of nagios
nagios-plugins|1.4.16-10.el6|x86_64|205||Checks of nagios
nagios-plugins-ping|1.4.16-10.el6|x86_64|40|nagios-plugins|A check of nagios
nagios-plugins-nrpe|2.14-5.el6|x86_64|18|nagios-plugins|A check of nagios
nrpe|2.14-5.el6|x86_64|195|nagios-common|Runs checks on a node
sshpass|1.05-1.el6|x86_64|18||Types passwords
crudini|0.3-2.el6|noarch|18||Edits INI files
"""

FOREMAN = """
foreman|1.3.2-1.el6|noarch|2600||Manages the life of servers
foreman-installer|1.3.1-1.el6|noarch|190||Installs foreman
"""

PUPPETLABS = """
puppet|3.6.2-1.el6|noarch|1300|facter,hiera,ruby,ruby-augeas,ruby-shadow,rubygem-json|Configures nodes
facter|1:2.0.1-1.el6|x86_64|82|ruby,dmidecode,pciutils,virt-what|Facts about a node
hiera|1.3.2-1.el6|noarch|22|ruby,rubygem-json|Data for puppet
ruby-augeas|0.4.1-1.el6|x86_64|20|ruby,augeas-libs|augeas in Ruby
ruby-shadow|1.4.1-13.el6|x86_64|11|ruby|shadow in Ruby
rubygem-json|1.5.5-1.el6|x86_64|763|rubygems|JSON in Ruby
"""

_NOVA = "openstack-nova-common,openstack-utils"
_NEUTRON = "openstack-neutron"
HAVANA = f"""
crudini|0.3-2.el6|noarch|18||Edits INI files
dnsmasq-utils|2.48-13.el6|x86_64|18|dnsmasq|Tools of dnsmasq
erlang|R14B-04.3.el6|x86_64|41||The Erlang language
facter|1:1.6.18-3.el6|x86_64|62|ruby,dmidecode,pciutils,virt-what|Facts about a node
iproute|2.6.32-130.el6ost.netns.2|x86_64|370||Configures networking: ip, tc, ss
iputils|20071127-17.el6_4.2|x86_64|120||ping, arping, tracepath
kernel|2.6.32-358.123.2.openstack.el6|x86_64|27000|kernel-firmware|The Linux kernel
mod_wsgi|3.2-3.el6|x86_64|66|httpd|Python applications in httpd
nagios|3.5.1-1.el6|x86_64|1300|nagios-common|Watches services
nagios-common|3.5.1-1.el6|x86_64|24||Shared files of nagios
nagios-plugins|1.4.16-10.el6|x86_64|205||Checks of nagios
nagios-plugins-ping|1.4.16-10.el6|x86_64|40|nagios-plugins|A check of nagios
nagios-plugins-nrpe|2.14-5.el6|x86_64|18|nagios-plugins|A check of nagios
novnc|0.4-8.el6|noarch|176|python-websockify|A VNC client in the browser
nrpe|2.14-5.el6|x86_64|195|nagios-common|Runs checks on a node
openstack-ceilometer-alarm|2013.2.4-1.el6|noarch|15|openstack-ceilometer-common|Metering: alarms
openstack-ceilometer-api|2013.2.4-1.el6|noarch|14|openstack-ceilometer-common|Metering: API
openstack-ceilometer-central|2013.2.4-1.el6|noarch|13|openstack-ceilometer-common|Metering: central agent
openstack-ceilometer-collector|2013.2.4-1.el6|noarch|13|openstack-ceilometer-common|Metering: collector
openstack-ceilometer-common|2013.2.4-1.el6|noarch|28|python-ceilometer,openstack-utils|Metering: shared files
openstack-ceilometer-compute|2013.2.4-1.el6|noarch|13|openstack-ceilometer-common|Metering: compute agent
openstack-cinder|2013.2.4-1.el6|noarch|58|python-cinder,openstack-utils,scsi-target-utils|Volumes
openstack-dashboard|2013.2.4-1.el6|noarch|2200|python-django-horizon,httpd,mod_wsgi|The dashboard (Horizon)
openstack-glance|2013.2.4-1.el6|noarch|60|python-glance,openstack-utils|Images
openstack-heat-common|2013.2.4-1.el6|noarch|570|openstack-utils|Orchestration: shared files
openstack-heat-engine|2013.2.4-1.el6|noarch|13|openstack-heat-common|Orchestration: engine
openstack-heat-api|2013.2.4-1.el6|noarch|13|openstack-heat-common|Orchestration: API
openstack-keystone|2013.2.4-1.el6|noarch|52|python-keystone,python-keystoneclient,openstack-utils|Identity
openstack-neutron|2013.2.4-1.el6|noarch|62|python-neutron,python-neutronclient,dnsmasq,dnsmasq-utils,iproute,openstack-utils|Networks
openstack-neutron-openvswitch|2013.2.4-1.el6|noarch|17|{_NEUTRON},openvswitch|Networks: Open vSwitch plug-in and agent
openstack-neutron-ml2|2013.2.4-1.el6|noarch|15|{_NEUTRON}|Networks: modular layer 2 plug-in
openstack-neutron-linuxbridge|2013.2.4-1.el6|noarch|15|{_NEUTRON},bridge-utils|Networks: Linux bridge plug-in
openstack-nova-api|2013.2.4-1.el6|noarch|17|{_NOVA}|Compute: API
openstack-nova-cells|2013.2.4-1.el6|noarch|14|{_NOVA}|Compute: cells
openstack-nova-cert|2013.2.4-1.el6|noarch|14|{_NOVA}|Compute: certificates
openstack-nova-common|2013.2.4-1.el6|noarch|70|python-nova|Compute: shared files
openstack-nova-compute|2013.2.4-1.el6|noarch|22|{_NOVA},libvirt,libvirt-python,qemu-kvm,iscsi-initiator-utils,iptables-ipv6,sg3_utils,vconfig,bridge-utils|Compute: virtual machines
openstack-nova-conductor|2013.2.4-1.el6|noarch|13|{_NOVA}|Compute: conductor
openstack-nova-console|2013.2.4-1.el6|noarch|14|{_NOVA},python-websockify|Compute: consoles
openstack-nova-network|2013.2.4-1.el6|noarch|16|{_NOVA},radvd,bridge-utils,dnsmasq|Compute: the old networking
openstack-nova-novncproxy|2013.2.4-1.el6|noarch|15|{_NOVA},novnc,python-websockify|Compute: VNC proxy
openstack-nova-scheduler|2013.2.4-1.el6|noarch|14|{_NOVA}|Compute: scheduler
openstack-packstack|2013.2.1-0.36.dev1013.el6|noarch|152|packstack-modules-puppet,python-netaddr,python-setuptools,openssh-clients|Installs OpenStack over SSH with puppet
openstack-selinux|0.1.3-2.el6ost|noarch|28|policycoreutils-python|SELinux policy of OpenStack
openstack-swift|1.10.0-2.el6|noarch|560|python-swiftclient|Object storage: shared files
openstack-swift-account|1.10.0-2.el6|noarch|22|openstack-swift,rsync,xfsprogs|Object storage: accounts
openstack-swift-container|1.10.0-2.el6|noarch|22|openstack-swift,rsync,xfsprogs|Object storage: containers
openstack-swift-object|1.10.0-2.el6|noarch|24|openstack-swift,rsync,xfsprogs|Object storage: objects
openstack-swift-plugin-swift3|1.0.0-0.20120711git.1.el6|noarch|16|openstack-swift|Object storage: S3
openstack-swift-proxy|1.10.0-2.el6|noarch|22|openstack-swift,python-keystoneclient|Object storage: proxy
openstack-utils|2013.2-2.el6|noarch|14|crudini|openstack-status and other helpers
openvswitch|1.11.0-1.el6|x86_64|1600||A virtual switch
packstack-modules-puppet|2013.2.1-0.36.dev1013.el6|noarch|1000||Puppet modules of packstack
puppet|3.2.4-3.el6|noarch|1200|facter,ruby,ruby-augeas,ruby-shadow,rubygem-json|Configures nodes
python-ceilometer|2013.2.4-1.el6|noarch|390|python-ceilometerclient|Metering: Python code
python-ceilometerclient|1.0.8-1.el6|noarch|63||Client of ceilometer
python-cinder|2013.2.4-1.el6|noarch|1100|python-cinderclient,python-glanceclient|Volumes: Python code
python-cinderclient|1.0.6-2.el6|noarch|140|python-prettytable|Client of cinder
python-django-horizon|2013.2.4-1.el6|noarch|1600|Django14|Horizon: Python code
Django14|1.4.8-1.el6|noarch|4500||A web framework
python-glance|2013.2.4-1.el6|noarch|1000|python-glanceclient,python-keystoneclient|Images: Python code
python-glanceclient|0.12.0-1.el6|noarch|68|python-prettytable,python-keystoneclient|Client of glance
python-heatclient|0.2.5-1.el6|noarch|90||Client of heat
python-keystone|2013.2.4-1.el6|noarch|560|MySQL-python,python-memcached|Identity: Python code
python-keystoneclient|0.4.1-4.el6|noarch|136|python-prettytable,python-keyring|Client of keystone
python-keyring|0.7-1.el6|noarch|80||Keeps passwords
python-neutron|2013.2.4-1.el6|noarch|920|python-neutronclient,MySQL-python|Networks: Python code
python-neutronclient|2.3.1-3.el6|noarch|107|python-cliff,python-prettytable|Client of neutron
python-cliff|1.4.3-1.el6|noarch|50|python-prettytable|Command lines in Python
python-nova|2013.2.4-1.el6|noarch|2400|python-novaclient,python-glanceclient,python-neutronclient,MySQL-python,python-qpid|Compute: Python code
python-novaclient|2.15.0-3.el6|noarch|186|python-prettytable,python-keyring|Client of nova
python-prettytable|0.6.1-1.el6|noarch|42||Tables of text
python-swiftclient|1.8.0-1.el6|noarch|57||Client of swift
python-websockify|0.5.1-1.el6|noarch|48||WebSockets
rdo-release|havana-8|noarch|12||The RDO repositories
ruby-augeas|0.4.1-1.el6|x86_64|20|ruby,augeas-libs|augeas in Ruby
ruby-shadow|1.4.1-13.el6|x86_64|11|ruby|shadow in Ruby
rubygem-json|1.5.5-1.el6|x86_64|763|rubygems|JSON in Ruby
vconfig|1.9-8.1.el6|x86_64|28||VLANs
"""

CONTENT = {
    "base": BASE,
    "updates": UPDATES,
    "extras": EXTRAS,
    "epel": EPEL,
    "foreman": FOREMAN,
    "puppetlabs": PUPPETLABS,
    "havana": HAVANA,
}

# Keys that sign each content, as rpm names them when it imports one: short id, user id, file in the RPM.
KEYS = {
    "base": ("c105b9de", "CentOS-6 Key (CentOS 6 Official Signing Key) <centos-6-key@centos.org>"),
    "epel": ("0608b895", "EPEL (6) <epel@fedoraproject.org>"),
    "havana": ("c0a6b8c3", "rdo-havana-sign <rdo-info@redhat.com>"),
    "foreman": ("e775ff07", "Foreman Release Signing Key <foreman-discuss@googlegroups.com>"),
    "puppetlabs": ("4bd6ec30", "Puppet Labs Release Key (Puppet Labs Release Key) <info@puppetlabs.com>"),
}
KEYS["updates"] = KEYS["extras"] = KEYS["base"]
