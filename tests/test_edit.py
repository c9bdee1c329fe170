"""Edits: what they change, and that they change nothing else (document Steps 1–4, 7, 9, 11, 14)."""

import shutil
from pathlib import Path

import pytest

from rdokit import edit
from rdokit.edit import _lines
from rdokit.errors import EditError

CASES = Path(__file__).parent / "cases" / "edit"
HAVANA = Path(__file__).parents[2] / "shared" / "havana"


def case(name):
    return (CASES / name).read_text(encoding="utf-8")


def test_sysctl_gives_the_documents_file():
    values = {
        "net.ipv4.ip_forward": 1, "net.ipv4.conf.default.rp_filter": 0, "net.ipv4.conf.all.rp_filter": 0,
        "net.ipv4.conf.all.forwarding": 1,
    }  # fmt: skip
    after = edit.sysctl_conf(case("sysctl.before"), values)
    assert after == case("sysctl.after")
    assert values.items() <= {k: int(v) for k, v in edit.sysctl_values(after).items() if v.isdigit()}.items()


def test_sysctl_takes_the_documents_own_remarks():
    text = "net.ipv4.ip_forward = 1              #変更\nnet.ipv4.conf.default.rp_filter = 1  #変更\n"
    assert edit.sysctl_conf(text, {"net.ipv4.ip_forward": 1}) == text
    after = edit.sysctl_conf(text, {"net.ipv4.conf.default.rp_filter": 0})
    assert after.endswith("net.ipv4.conf.default.rp_filter = 0  #変更\n")


def test_sysctl_slashes_and_several_numbers():
    assert edit.sysctl_conf("net/ipv4/ip_forward=0\n", {"net.ipv4.ip_forward": 1}) == "net/ipv4/ip_forward=1\n"
    text = "kernel.printk = 4\t4 1  7\n"
    assert edit.sysctl_conf(text, {"kernel.printk": "4 4 1 7"}) == text


@pytest.mark.parametrize("key, value", [("a b", 1), ("a", "1\n2"), ("a", "1 # x"), ("a", ""), ("#a", 1)])
def test_sysctl_refuses_what_cannot_stand_there(key, value):
    with pytest.raises(EditError, match="/etc/sysctl.conf"):
        edit.sysctl_conf("", {key: value})


def test_selinux():
    text = "# SELINUX= can be enforcing, permissive or disabled\nSELINUX=enforcing\nSELINUXTYPE=targeted \n"
    assert edit.selinux(text, "permissive") == text.replace("=enforcing\n", "=permissive\n")
    assert edit.selinux("SELINUXTYPE=targeted", "permissive") == "SELINUXTYPE=targeted\nSELINUX=permissive"
    assert edit.selinux_mode("") is None
    with pytest.raises(EditError, match="enforcing, permissive, disabled"):
        edit.selinux(text, "off")


STEP4 = [
    ("192.168.0.10", ["nfs.example.com", "nfs"]),
    ("192.168.0.11", ["node1.example.com", "node1"]),
    ("192.168.0.12", ["node2.example.com", "node2"]),
]


def test_hosts_adds_the_documents_lines():
    before = "127.0.0.1   localhost localhost.localdomain\n::1         localhost\n"
    after = edit.hosts(before, STEP4)
    assert after == before + "".join(f"{ip} {' '.join(names)}\n" for ip, names in STEP4)
    assert edit.hosts(after, STEP4) == after
    assert edit.hosts_values(after)["node2"] == "192.168.0.12"


def test_hosts_of_many_nodes_are_found_in_one_look(monkeypatch):
    entries = [(f"10.0.{i // 250}.{i % 250}", [f"node{i}.example.com", f"node{i}"]) for i in range(300)]
    looked = []
    body = _lines.body
    monkeypatch.setattr(_lines, "body", lambda line: looked.append(line) or body(line))
    after = edit.hosts("127.0.0.1 localhost\n", entries)
    assert edit.hosts(after, entries) == after
    assert len(looked) < 10 * len(entries)


@pytest.mark.parametrize(
    "before, after",
    [
        ("10.0.0.9 node1 node1.example.com # old\n", "192.168.0.11 node1.example.com node1 # old\n"),
        ("127.0.0.1 localhost node1\n", "127.0.0.1 localhost\n192.168.0.11 node1.example.com node1\n"),
        ("::1 localhost NODE1\n", "::1 localhost\n192.168.0.11 node1.example.com node1\n"),
        ("192.168.0.11\tother node1\n", "192.168.0.11\tnode1.example.com node1 other\n"),
        ("192.168.0.11 node1.example.com node1 web\n", "192.168.0.11 node1.example.com node1 web\n"),
        ("10.0.0.9 node1\n192.168.0.11 node1.example.com\n", "192.168.0.11 node1.example.com node1\n"),
        ("10.0.0.8 node1\n10.0.0.9 node1\n", "192.168.0.11 node1.example.com node1\n"),
        ("2001:db8::11 node1\n", "2001:db8::11 node1\n192.168.0.11 node1.example.com node1\n"),
        ("# 10.0.0.9 node1", "# 10.0.0.9 node1\n192.168.0.11 node1.example.com node1"),
        ("", "192.168.0.11 node1.example.com node1\n"),
    ],
)
def test_hosts_corrects(before, after):
    assert edit.hosts(before, STEP4[1:2]) == after
    assert edit.hosts(after, STEP4[1:2]) == after
    assert edit.hosts_values(after)["node1"] in ("192.168.0.11", "2001:db8::11")


@pytest.mark.parametrize(
    "entries", [[("192.168.0.300", ["a"])], [("10.0.0.1", [])], [("10.0.0.1", ["a b"])],
                [("10.0.0.1", ["a"]), ("10.0.0.2", ["A"])]],
)  # fmt: skip
def test_hosts_refuses(entries):
    with pytest.raises(EditError, match="/etc/hosts"):
        edit.hosts("", entries)


STEP9 = {
    "CONFIG_NOVA_COMPUTE_HOSTS": "192.168.0.11,192.168.0.12", "CONFIG_NEUTRON_OVS_TENANT_NETWORK_TYPE": "gre",
    "CONFIG_NEUTRON_OVS_TUNNEL_RANGES": "1:1000", "CONFIG_NEUTRON_OVS_TUNNEL_IF": "eth0",
    "CONFIG_NOVA_COMPUTE_PRIVIF": "eth0", "CONFIG_NOVA_NETWORK_PRIVIF": "eth0", "CONFIG_NOVA_NETWORK_PUBIF": "eth1",
    "CONFIG_KEYSTONE_ADMIN_PW": "admin", "CONFIG_PROVISION_DEMO": "n",
}  # fmt: skip


@pytest.mark.skipif(not HAVANA.exists(), reason="the recorded answer files are not beside the project")
def test_step9_gives_the_documents_answer_file_byte_for_byte():
    text = (HAVANA / "answer-havana.txt").read_text()
    after = edit.replace_address(edit.answer_file(text, STEP9), "192.168.1.11", "192.168.0.11")
    assert after == (HAVANA / "answer-havana-edited-as-document.txt").read_text()
    assert len(edit.answers(text)) == 148  # 147 keys and EXCLUDE_SERVERS
    assert edit.keys_with_address(after, "192.168.1.11") == []
    assert edit.keys_with_address(text, "192.168.1.11")[0] == "CONFIG_MYSQL_HOST"
    assert len(edit.keys_with_address(text, "192.168.1.11")) == 25


@pytest.mark.skipif(not HAVANA.exists(), reason="the recorded answer files are not beside the project")
def test_no_password_is_left_in_the_masked_answer_file():
    text = (HAVANA / "answer-havana.txt").read_text()
    shown = edit.answers(edit.masked_answers(text))
    hexadecimal = [k for k, v in shown.items() if len(v) >= 16 and set(v) <= set("0123456789abcdef")]
    assert hexadecimal == []
    assert shown["CONFIG_SSH_KEY"] == "" and shown["CONFIG_KEYSTONE_TOKEN_FORMAT"] == "PKI"


def test_a_key_written_twice_is_changed_twice():
    text = "[general]\nCONFIG_VCENTER_HOST=\n\nCONFIG_VCENTER_HOST=\n"
    assert edit.answer_file(text, {"CONFIG_VCENTER_HOST": "x"}).count("CONFIG_VCENTER_HOST=x\n") == 2


@pytest.mark.parametrize(
    "text, values, message",
    [
        ("[general]\nA=1\n", {"B": 1}, "no key B"),
        ("A=1\n", {"A": 2}, "answer file:1: KEY=value under"),
        ("", {}, "no \\[general\\]"),
        ("[general]\nnonsense\n", {}, "answer file:2: no setting"),
        ("[general]\nA=1\n", {"A": "x ; y"}, "another value"),
        ("[general]\nA=1\n", {"A": "x\ny"}, "another value"),
    ],
)
def test_answer_file_errors_name_the_place(text, values, message):
    with pytest.raises(EditError, match=message):
        edit.answer_file(text, values)


def test_addresses_are_replaced_whole():
    text = "[general]\nA=192.168.1.11,192.168.1.110,x192.168.1.11\nB=http://192.168.1.11:5000/\nC=1.192.168.1.11\n"
    after = edit.replace_address(text, "192.168.1.11", "10.0.0.1")
    assert after == "[general]\nA=10.0.0.1,192.168.1.110,x192.168.1.11\nB=http://10.0.0.1:5000/\nC=1.192.168.1.11\n"
    with pytest.raises(EditError):
        edit.replace_address(text, "192.168.1", "10.0.0.1")


@pytest.mark.parametrize(
    "before, values, after",
    [
        ("[OVS]\nlocal_ip = 1\n", {"local_ip": "2"}, "[OVS]\nlocal_ip = 2\n"),
        ("[ovs]\n# local_ip =\n\n[agent]\n", {"local_ip": "2"}, "[ovs]\n# local_ip =\nlocal_ip=2\n\n[agent]\n"),
        ("[OVS]\na=1\n\n[AGENT]\nb=1\n", {"c": 3}, "[OVS]\na=1\nc=3\n\n[AGENT]\nb=1\n"),
        ("[AGENT]\nb=1\n", {"c": True}, "[AGENT]\nb=1\n\n[OVS]\nc=True\n"),
        ("", {"c": 3}, "[OVS]\nc=3\n"),
        ("[OVS]", {"c": 3}, "[OVS]\nc=3"),
        ("[OVS]\na=1\na=2\n", {"a": "3"}, "[OVS]\na=1\na=3\n"),
        ("[OVS]\na=1\na=2\n", {"a": ["3"]}, "[OVS]\na=3\n"),
        ("[OVS]\na=1\nb=1\n", {"a": ["1", "2"]}, "[OVS]\na=1\na=2\nb=1\n"),
        ("[OVS]\na=1\n  2\nb=1\n", {"a": "1"}, "[OVS]\na=1\nb=1\n"),
        ("[OVS]\na=1\n[X]\na=1\n[OVS]\nb=1\n", {"b": "2", "c": "3"}, "[OVS]\na=1\nc=3\n[X]\na=1\n[OVS]\nb=2\n"),
        ("[X]\na=1\n", {"a": "1"}, "[X]\na=1\n\n[OVS]\na=1\n"),
        ("[OVS]\r\na=1\r\n", {"b": "2"}, "[OVS]\r\na=1\r\nb=2\r\n"),
    ],
)
def test_ini(before, values, after):
    assert edit.ini_set(before, "OVS", values) == after
    assert edit.ini_set(after, "OVS", values) == after


def test_ini_reads_what_counts():
    text = "[DEFAULT]\n#libvirt_type=lxc\nlibvirt_type=qemu\nlibvirt_type = kvm \n[Ovs]\nx: 1\n"
    assert edit.ini_values(text, "DEFAULT") == {"libvirt_type": "kvm"}
    assert edit.ini_values(text, "OVS") == {"x": "1"}
    assert edit.ini_values(text, "nosuch") == {}


@pytest.mark.parametrize("text, line", [("a=1\n", 1), ("[A]\nnonsense\n", 2), ("[A]\n b\n", 2)])
def test_ini_errors_name_the_line(text, line):
    with pytest.raises(EditError, match=f"plugin.ini:{line}:") as caught:
        edit.ini_set(text, "A", {"x": "1"}, path="plugin.ini")
    assert caught.value.line_number == line


ETH1 = 'DEVICE="eth1"\nHWADDR=52:54:00:92:05:AE # your eth1\'s hwaddr\nIPADDR=192.168.1.11\n#NETMASK=\nONBOOT=no\n'


def test_ifcfg():
    after = edit.ifcfg(ETH1, {"ONBOOT": "yes", "DEVICE": "eth1", "NAME": "System eth1"}, remove=["IPADDR"])
    assert after == ETH1.replace("IPADDR=192.168.1.11\n", "").replace("no\n", "yes\n") + "NAME='System eth1'\n"
    assert edit.ifcfg_values(after)["NAME"] == "System eth1"


def test_ifcfg_of_step_11():
    port = edit.ifcfg_ovs_port(ETH1, "eth1", "br-ex", hwaddr="52:54:00:92:05:AE")
    assert "IPADDR" not in port and "BOOTPROTO" not in port and port.count("\n") == 7
    remarked = port.replace("05:AE\n", "05:AE # your eth1's hwaddr\n")
    assert edit.ifcfg_ovs_port(remarked, "eth1", "br-ex", hwaddr="52:54:00:92:05:AE") == remarked
    bridge = edit.ifcfg_ovs_bridge("", "br-ex", "192.168.1.11", "255.255.255.0", gateway="192.168.1.1",
                                   dns=["8.8.8.8", "8.8.4.4"])  # fmt: skip
    assert bridge == case("ifcfg-br-ex.after")


@pytest.mark.parametrize("text", ["if true; then\n", "A=$(date)\n", "A=`date`\n", 'A="open\n', "A=1 B\n"])
def test_ifcfg_refuses_shell_programs(text):
    with pytest.raises(EditError, match="ifcfg:1:"):
        edit.ifcfg(text, {})


def test_ifcfg_static_forgets_dhcp_and_the_old_gateway():
    after = edit.ifcfg_static("DEVICE=eth0\nBOOTPROTO=dhcp\nGATEWAY=10.0.0.1\nUUID=1\n", "eth0",
                              "192.168.0.11", "255.255.255.0")  # fmt: skip
    assert edit.ifcfg_values(after) == {
        "DEVICE": "eth0", "BOOTPROTO": "none", "UUID": "1", "ONBOOT": "yes", "IPADDR": "192.168.0.11",
        "NETMASK": "255.255.255.0", "NM_CONTROLLED": "no",
    }  # fmt: skip


def test_ntp():
    after = edit.ntp_conf(case("ntp.before"), ["node1"], ["192.168.0.0/24"])
    assert after == case("ntp.after")
    assert edit.ntp_conf(after, ["node1"], ["192.168.0.0/24"]) == after
    assert edit.ntp_servers(after) == ["node1"]
    clock = edit.ntp_conf("server a", ["a"], local_clock=True)
    assert clock == "server a\nserver 127.127.1.0\nfudge 127.127.1.0 stratum 10"
    with pytest.raises(EditError):
        edit.ntp_conf("", ["a b"])
    with pytest.raises(EditError):
        edit.ntp_conf("", [], ["192.168.0.1/24"])


def test_lines():
    rc_local = "#!/bin/sh\ntouch x\n"
    assert edit.ensure_line(rc_local, "losetup /dev/loop0 f") == rc_local + "losetup /dev/loop0 f\n"
    assert edit.ensure_line("a \nb\n", "a") == "a \nb\n"
    assert edit.ensure_line("a", "b") == "a\nb"
    with pytest.raises(EditError, match="no line begins with '-A X'"):
        edit.ensure_line("a\n", "b", before="-A X")
    with pytest.raises(EditError):
        edit.ensure_line("a\n", "b\nc")


def test_the_published_shell_can_read_an_edited_ifcfg(tmp_path):
    bash = shutil.which("bash")
    if not bash:
        pytest.skip("no bash")
    import subprocess

    value = "it's \"$HOME\" `x` \\ # y"
    file = tmp_path / "ifcfg"
    file.write_text(edit.ifcfg("", {"NAME": value}))
    out = subprocess.run([bash, "-c", f'. {file}; printf %s "$NAME"'], capture_output=True, text=True, check=True)
    assert out.stdout == value and edit.ifcfg_values(file.read_text()) == {"NAME": value}
