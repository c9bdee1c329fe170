"""What the machine is made of (Step 0): free, lscpu, nproc, dmidecode, lspci, virt-what, virsh."""

from __future__ import annotations

from .. import network, procfs
from ..cli import UsageError, getopt
from ..process import Process, command


@command("free", path="/usr/bin")
async def free(p: Process) -> int:
    """-b -k -m -g units, -t total, -h is not of 3.2.8."""
    try:
        options = getopt(p.argv[1:], "bkmgtols:c:V")
    except UsageError as error:
        p.error(
            f"free: {error}\nusage: free [-b|-k|-m|-g] [-l] [-o] [-t] [-s delay] [-c count] [-V]\n  -b,-k,-m,-g show output in bytes, KB, MB, or GB\n"  # noqa: E501
            "  -l show detailed low and high memory statistics\n  -o use old format (no -/+buffers/cache line)\n  -t display total for RAM + swap"  # noqa: E501
        )
        return 1
    unit = {"b": 1 / 1024, "k": 1, "m": 1024, "g": 1024 * 1024}
    divide = unit[next((f for f, _ in reversed(options.flags) if f in unit), "k")]
    m = procfs.memory(p.node)

    def n(kib: int) -> int:
        return int(kib / divide)

    used = m["total"] - m["free"]
    p.print("             total       used       free     shared    buffers     cached")
    p.print(
        f"Mem:    {n(m['total']):>10} {n(used):>10} {n(m['free']):>10} {0:>10} {n(m['buffers']):>10} {n(m['cached']):>10}"  # noqa: E501
    )
    if not options.has("o"):
        really = used - m["buffers"] - m["cached"]
        p.print(f"-/+ buffers/cache: {n(really):>10} {n(m['total'] - really):>10}")
    swap_used = m["swap_total"] - m["swap_free"]
    p.print(f"Swap:   {n(m['swap_total']):>10} {n(swap_used):>10} {n(m['swap_free']):>10}")
    if options.has("t"):
        p.print(
            f"Total:  {n(m['total'] + m['swap_total']):>10} {n(used + swap_used):>10} {n(m['free'] + m['swap_free']):>10}"  # noqa: E501
        )
    return 0


@command("nproc", path="/usr/bin")
async def nproc(p: Process) -> int:
    try:
        options = getopt(p.argv[1:], "", ("all", "ignore="))
    except UsageError as error:
        p.error(f"nproc: {error}\nTry `nproc --help' for more information.")
        return 1
    ignored = options.get("ignore", default="0")
    p.print(str(max(1, p.node.spec.cpus - (int(ignored) if ignored.isdigit() else 0))))
    return 0


@command("lscpu", path="/usr/bin")
async def lscpu(p: Process) -> int:
    vendor, _name, family, model, stepping, mhz = procfs.CPU_MODELS[p.node.spec.vmx]
    cpus = p.node.spec.cpus
    rows = [
        ("Architecture:", "x86_64"),
        ("CPU op-mode(s):", "32-bit, 64-bit"),
        ("Byte Order:", "Little Endian"),
        ("CPU(s):", cpus),
        ("On-line CPU(s) list:", f"0-{cpus - 1}" if cpus > 1 else "0"),
        ("Thread(s) per core:", 1),
        ("Core(s) per socket:", cpus),
        ("Socket(s):", 1),
        ("NUMA node(s):", 1),
        ("Vendor ID:", vendor),
        ("CPU family:", family),
        ("Model:", model),
        ("Stepping:", stepping),
        ("CPU MHz:", mhz),
        ("BogoMIPS:", f"{float(mhz) * 2:.2f}"),
    ]
    if p.node.spec.vmx:
        rows.append(("Virtualization:", "VT-x" if p.node.spec.vmx == "vmx" else "AMD-V"))
    rows += [
        ("Hypervisor vendor:", "KVM"),
        ("Virtualization type:", "full"),
        ("L1d cache:", "32K"),
        ("L1i cache:", "32K"),
        ("L2 cache:", "4096K"),
        ("NUMA node0 CPU(s):", f"0-{cpus - 1}" if cpus > 1 else "0"),
    ]
    for name, value in rows:
        p.print(f"{name:<22} {value}")
    return 0


@command("dmidecode", package="dmidecode", path="/usr/sbin")
async def dmidecode(p: Process) -> int:
    """-s KEYWORD or -t TYPE, the parts that people ask for."""
    if p.user != "root":
        p.error("/dev/mem: Permission denied")
        return 1
    words = {
        "system-manufacturer": "Red Hat",
        "system-product-name": "KVM",
        "system-version": "RHEL 6.5.0 PC",
        "bios-vendor": "Seabios",
        "bios-version": "0.5.1",
        "bios-release-date": "01/01/2007",
        "chassis-type": "Other",
        "processor-family": "Other",
        "system-serial-number": "Not Specified",
        "system-uuid": "5C2B6D5C-9A54-4E2A-9F6B-6F8E3A2D7C11",
    }
    if "-s" in p.argv[1:]:
        keyword = p.argv[p.argv.index("-s") + 1] if p.argv.index("-s") + 1 < len(p.argv) else ""
        if keyword not in words:
            p.error(f"Invalid string keyword: {keyword}\nValid string keywords are:")
            for name in sorted(words):
                p.error(f"  {name}")
            return 2
        p.print(words[keyword])
        return 0
    kind = p.argv[p.argv.index("-t") + 1] if "-t" in p.argv and p.argv.index("-t") + 1 < len(p.argv) else ""
    p.print("# dmidecode 2.12\nSMBIOS 2.4 present.\n")
    if kind in ("", "1", "system"):
        p.print(
            "Handle 0x0100, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: Red Hat\n\tProduct Name: KVM\n"
            "\tVersion: RHEL 6.5.0 PC\n\tSerial Number: Not Specified\n"
        )
    if kind in ("", "17", "memory"):
        p.print(
            f"Handle 0x1100, DMI type 17, 21 bytes\nMemory Device\n\tTotal Width: 64 bits\n\tSize: {p.node.spec.memory_mb} MB\n"  # noqa: E501
            "\tForm Factor: DIMM\n\tLocator: DIMM 0\n\tType: RAM\n"
        )
    return 0


@command("lspci", package="pciutils", path="/sbin")
async def lspci(p: Process) -> int:
    rows = ["00:00.0 Host bridge: Intel Corporation 440FX - 82441FX PMC [Natoma] (rev 02)",
            "00:01.0 ISA bridge: Intel Corporation 82371SB PIIX3 ISA [Natoma/Triton II]",
            "00:01.1 IDE interface: Intel Corporation 82371SB PIIX3 IDE [Natoma/Triton II]",
            "00:01.3 Bridge: Intel Corporation 82371AB/EB/MB PIIX4 ACPI (rev 03)",
            "00:02.0 VGA compatible controller: Cirrus Logic GD 5446"]  # fmt: skip
    rows += [
        f"00:{3 + i:02x}.0 Ethernet controller: Red Hat, Inc Virtio network device"
        for i in range(len(p.node.spec.nics))
    ]
    rows.append(f"00:{3 + len(p.node.spec.nics):02x}.0 SCSI storage controller: Red Hat, Inc Virtio block device")
    for row in rows:
        p.print(row)
    return 0


@command("virt-what", package="virt-what", path="/usr/sbin")
async def virt_what(p: Process) -> int:
    p.print("kvm")
    return 0


def _libvirt_down(p: Process) -> bool:
    if p.node.running("libvirtd"):
        return False
    p.error(
        "error: Failed to reconnect to the hypervisor\nerror: no valid connection\n"
        "error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory"
    )
    return True


def _domains(p: Process) -> list[tuple[str, str, str]]:
    """(number, instance name, state) of the guests on this node, running ones first."""
    rows = []
    for guest in network.guests(p.world):
        if guest.node == p.node.name:
            name = getattr(guest, "instance_name", "") or f"instance-{len(rows) + 1:08x}"
            running = str(guest.state).lower() in ("active", "running")
            rows.append((str(len(rows) + 1) if running else "-", name, "running" if running else "shut off"))
    return sorted(rows, key=lambda r: (r[0] == "-", r[0]))


def kvm(p: Process) -> bool:
    """Whether /dev/kvm can be used."""
    return any(name in p.node.kernel.modules for name in ("kvm_intel", "kvm_amd"))


CAPABILITIES = """<capabilities>

  <host>
    <uuid>5c2b6d5c-9a54-4e2a-9f6b-6f8e3a2d7c11</uuid>
    <cpu>
      <arch>x86_64</arch>
      <model>cpu64-rhel6</model>
      <vendor>Intel</vendor>
      <topology sockets='1' cores='{cpus}' threads='1'/>
    </cpu>
  </host>

  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize>
      <emulator>/usr/libexec/qemu-kvm</emulator>
      <domain type='qemu'>
      </domain>
{kvm}    </arch>
  </guest>

</capabilities>
"""


@command("virsh", package="libvirt-client", path="/usr/bin")
async def virsh(p: Process) -> int:
    """list, capabilities, nodeinfo, version, net-list, dominfo."""
    words = [w for w in p.argv[1:] if not w.startswith("-c")]
    verb = next((w for w in words if not w.startswith("-")), "")
    if verb in ("", "help"):
        return 0
    if verb not in (
        "list",
        "capabilities",
        "nodeinfo",
        "version",
        "net-list",
        "dominfo",
        "domstate",
        "net-destroy",
        "net-undefine",
        "net-info",
        "uri",
        "hostname",
        "pool-list",
        "net-autostart",
        "net-start",
    ):
        p.error(f"error: unknown command: '{verb}'")
        return 1
    if _libvirt_down(p):
        return 1
    if verb == "list":
        everything = "--all" in words
        p.print(" Id    Name                           State\n----------------------------------------------------")
        for number, name, state in _domains(p):
            if state == "running" or everything:
                p.print(f" {number:<5} {name:<30} {state}")
        p.print()
    elif verb == "capabilities":
        block = (
            "      <domain type='kvm'>\n        <emulator>/usr/libexec/qemu-kvm</emulator>\n      </domain>\n"
            if kvm(p)
            else ""
        )
        p.print(CAPABILITIES.format(cpus=p.node.spec.cpus, kvm=block))
    elif verb == "nodeinfo":
        p.print(
            f"CPU model:           x86_64\nCPU(s):              {p.node.spec.cpus}\nCPU frequency:       {procfs.CPU_MODELS[p.node.spec.vmx][5].split('.')[0]} MHz\n"  # noqa: E501
            f"CPU socket(s):       1\nCore(s) per socket:  {p.node.spec.cpus}\nThread(s) per core:  1\nNUMA cell(s):        1\n"  # noqa: E501
            f"Memory size:         {procfs.memory(p.node)['total']} KiB\n"
        )
    elif verb == "version":
        p.print(
            "Compiled against library: libvirt 0.10.2\nUsing library: libvirt 0.10.2\nUsing API: QEMU 0.10.2\nRunning hypervisor: QEMU 0.12.1\n"  # noqa: E501
        )
    elif verb == "uri":
        p.print("qemu:///system\n")
    elif verb == "hostname":
        p.print(f"{p.node.fqdn}\n")
    elif verb.startswith("net-"):
        return _virsh_net(p, verb, words)
    elif verb in ("dominfo", "domstate"):
        name = words[-1]
        row = next((r for r in _domains(p) if name in (r[0], r[1])), None)
        if row is None:
            p.error(
                f"error: failed to get domain '{name}'\nerror: Domain not found: no domain with matching name '{name}'"
            )
            return 1
        p.print(
            f"{row[2]}\n"
            if verb == "domstate"
            else f"Id:             {row[0]}\nName:           {row[1]}\nState:          {row[2]}\n"
        )
    return 0


def _virsh_net(p: Process, verb: str, words: list[str]) -> int:
    base = "/etc/libvirt/qemu/networks"
    defined, active = p.node.fs.exists(f"{base}/default.xml"), "virbr0" in p.node.nics
    if verb == "net-list":
        p.print(
            f"{'Name':<20} {'State':<10} {'Autostart':<13} Persistent\n--------------------------------------------------"  # noqa: E501
        )
        if defined and (active or "--all" in words):
            auto = "yes" if p.node.fs.exists(f"{base}/autostart/default.xml") else "no"
            p.print(f"{'default':<20} {'active' if active else 'inactive':<10} {auto:<13} yes")
        p.print()
        return 0
    name = words[-1]
    if name != "default" or not defined:
        p.error(
            f"error: failed to get network '{name}'\nerror: Network not found: no network with matching name '{name}'"
        )
        return 1
    if verb == "net-destroy":
        if not active:
            p.error(
                "error: Failed to destroy network default\nerror: Requested operation is not valid: network is not active"  # noqa: E501
            )
            return 1
        del p.node.nics["virbr0"]
        p.print("Network default destroyed\n")
    elif verb == "net-undefine":
        for path in (f"{base}/default.xml", f"{base}/autostart/default.xml"):
            if p.node.fs.exists(path):
                p.node.fs.remove(path)
        p.print("Network default has been undefined\n")
    elif verb == "net-autostart":
        path = f"{base}/autostart/default.xml"
        if "--disable" in words and p.node.fs.exists(path):
            p.node.fs.remove(path)
        p.print("Network default " + ("unmarked" if "--disable" in words else "marked") + " as autostarted\n")
    return 0
