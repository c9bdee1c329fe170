"""yum and rpm: what can be installed depends on repositories, network and faults."""

from __future__ import annotations

import asyncio

import pytest

from rdokit.lab import packages, yumtext
from rdokit.lab.nodestate import runtime

from .centos import RDO, Lab


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_without_the_repository_there_is_no_packstack(lab: Lab) -> None:
    got = lab("yum install -y openstack-packstack python-netaddr")
    assert got.status == 0 and "No package openstack-packstack available.\n" in got.err  # the other one is installed
    got = lab("yum install -y openstack-packstack")
    assert got.status == 1 and got.err == "No package openstack-packstack available.\nError: Nothing to do\n"


def test_step5_twice(lab: Lab) -> None:
    first = lab(f"yum install -y {RDO}")
    assert first.status == 0 and first.out.endswith("\nComplete!\n")
    assert lab.ok("rpm -q rdo-release") == "rdo-release-havana-8.noarch\n"
    repos = ["foreman.repo", "puppetlabs.repo", "rdo-release.repo"]
    assert set(repos) <= set(lab.node1.fs.listdir("/etc/yum.repos.d"))
    again = lab(f"yum install -y {RDO}")
    assert again.status == 1 and again.err == "Error: Nothing to do\n" and "does not update installed" in again.out


@pytest.mark.parametrize("url", ["http://rdo.fedorapeople.org/nosuch.rpm", "http://nosuch.example.org/x.rpm"])
def test_rpm_that_is_not_there(lab: Lab, url: str) -> None:
    got = lab(f"yum install -y {url}")
    assert (got.status, got.err) == (1, f"Cannot open: {url}. Skipping.\nError: Nothing to do\n")


def test_step7_table_and_versions(lab: Lab) -> None:
    lab.ok(f"yum install -y {RDO}")
    out = lab.ok("yum install -y openstack-packstack python-netaddr libguestfs-tools")
    assert " openstack-packstack" in out and "Dependencies Resolved" in out
    table = out.partition("Dependencies Resolved")[2].splitlines()
    assert all(len(line) <= 80 for line in table if not line.startswith(" Package: "))
    assert lab.ok("rpm -q openstack-packstack") == "openstack-packstack-2013.2.1-0.36.dev1013.el6.noarch\n"
    assert lab("yum install -y openstack-packstack").out.endswith("Nothing to do\n")


def test_genuine_nevras(lab: Lab) -> None:
    lab.ok(f"yum install -y {RDO} && yum -y update && yum install -y openvswitch")
    assert lab.ok("rpm -q openvswitch iproute") == (
        "openvswitch-1.11.0-1.el6.x86_64\niproute-2.6.32-130.el6ost.netns.2.x86_64\n"
    )


def test_nothing_more_to_update(lab: Lab) -> None:
    assert lab("yum check-update").status == 100
    lab.ok("yum -y update")
    got = lab("yum -y update")
    assert got.status == 0 and got.out.endswith("No Packages marked for Update\n")
    assert lab("yum check-update -q").status == 0


def test_question_without_y(lab: Lab) -> None:
    got = lab("yum install ntp", stdin="n\n")
    assert got.status == 1 and "Is this ok [y/N]: " in got.out and "Exiting on user Command" in got.out
    assert lab("rpm -q ntp").status == 1
    assert lab("yum install ntp", stdin="y\n").status == 0
    assert lab("yum -q remove ntp < /dev/null").status == 1


def test_remove_takes_what_needs_it(lab: Lab) -> None:
    lab.ok("yum install -y ntp; echo '# mine' >> /etc/ntp.conf")
    out = lab.ok("yum remove -y ntpdate")
    assert "Removing for dependencies:\n ntp " in out and "saved as /etc/ntp.conf.rpmsave" in out
    assert lab.ok("rpm -q ntp ntpdate || ls /etc/ntp.conf.rpmsave").splitlines()[-1] == "/etc/ntp.conf.rpmsave"


def test_the_running_kernel_stays(lab: Lab) -> None:
    got = lab("yum remove -y kernel")
    assert "Skipping the running kernel" in got.out and lab("rpm -q kernel").status == 0


def test_no_internet() -> None:
    lab = Lab(internet="off")
    got = lab("yum -y update")
    assert got.status == 1
    assert got.err.startswith(
        "Could not retrieve mirrorlist http://mirrorlist.centos.org/?release=6&arch=x86_64&repo=os error was\n14: PYCURL ERROR 6"  # noqa: E501
    )
    assert got.err.endswith("Error: Cannot find a valid baseurl for repo: base\n")


def test_addresses_of_2014_are_dead_in_2026() -> None:
    lab = Lab(mirrors="2026")
    assert lab(f"yum install -y {RDO}").status == 1
    text = "[havana]\nname=h\nbaseurl=http://repos.fedorapeople.org/repos/openstack/EOL/openstack-havana/epel-6\ngpgcheck=0\n"
    text += "[vault]\nname=v\nbaseurl=http://archive.kernel.org/centos-vault/6.10/os/x86_64\ngpgcheck=0\n"
    lab.node1.fs.write("/etc/yum.repos.d/mine.repo", text)
    lab.ok("yum --disablerepo=* --enablerepo=havana --enablerepo=vault install -y openstack-packstack")
    text = "[v]\nname=v\nbaseurl=http://vault.centos.org/6.5/os/x86_64\n"
    lab.node1.fs.write("/etc/yum.repos.d/mine.repo", text)
    got = lab("yum --disablerepo=* --enablerepo=v install -y ntp")
    assert got.status == 1 and "SSL connect error" in got.err


def test_repositories_are_files(lab: Lab) -> None:
    lab.ok(f"yum install -y {RDO}")
    assert "openstack-havana" in lab.ok("yum repolist")
    lab.ok("sed -i s/^enabled=1/enabled=0/ /etc/yum.repos.d/rdo-release.repo")
    assert "openstack-havana" not in lab.ok("yum repolist")
    assert lab("yum install -y openstack-packstack").status == 1
    lab.ok("yum install -y --enablerepo=openstack-havana openstack-packstack")
    lab.ok("echo nonsense > /etc/yum.repos.d/x.repo")
    assert lab("yum repolist").status == 1


def test_two_yums(lab: Lab) -> None:
    async def both() -> tuple:
        runtime(lab.node1)["yum_lock"] = {"pid": 4711, "since": lab.world.clock.now()}
        task = asyncio.create_task(lab.run("yum install -y ntp"))
        await asyncio.sleep(0.02)
        runtime(lab.node1).pop("yum_lock")
        return await task

    got = asyncio.run(both())
    assert got.status == 0
    assert got.err.startswith("Existing lock /var/run/yum.pid: another copy is running as pid 4711.\n")
    assert not lab.node1.fs.exists("/var/run/yum.pid")


def test_killed_yum_leaves_half(lab: Lab) -> None:
    lab.world.clock.speed = 100

    async def cut() -> None:
        task = asyncio.create_task(lab.run("yum install -y libguestfs-tools"))
        while "perl" not in lab.node1.packages and not task.done():
            await asyncio.sleep(0.001)
        for entry in list(lab.machines["node1"].procs.values()):
            lab.machines["node1"].kill(entry.pid, 9)
        await task

    asyncio.run(cut())
    have = set(lab.node1.packages)
    assert "perl" in have and "libguestfs-tools" not in have
    assert not runtime(lab.node1).get("yum_lock")
    lab.ok("yum install -y libguestfs-tools")


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        ("rpm -q foo bash", 1, "package foo is not installed\nbash-4.1.2-15.el6_4.x86_64\n"),
        ("rpm -qf /etc/yum.conf", 0, "yum-3.2.29-40.el6.centos.noarch\n"),
        ("rpm -qf /etc/resolv.conf", 1, "file /etc/resolv.conf is not owned by any package\n"),
        ("rpm -qf /etc/hosts /bin/cat", 0, "setup-2.8.14-20.el6_4.1.noarch\ncoreutils-8.4-31.el6.x86_64\n"),
        (
            "rpm -V initscripts; echo '# x' >> /etc/sysctl.conf; rpm -V initscripts",
            1,
            "S.5....T.  c /etc/sysctl.conf\n",
        ),  # noqa: E501
        ("rpm -q --qf '%{NAME} %{VERSION}\\n' bash", 0, "bash 4.1.2\n"),
        ("rpm -qc yum", 0, "/etc/yum.conf\n"),
        ("rpm -V yum; echo x >> /etc/yum.conf; rpm -V yum", 1, "S.5....T.  c /etc/yum.conf\n"),
        ("rpm -qa kernel\\* | sort", 0, "kernel-2.6.32-431.el6.x86_64\nkernel-firmware-2.6.32-431.el6.noarch\n"),
    ],
)
def test_rpm(lab: Lab, line: str, status: int, text: str) -> None:
    got = lab(line)
    assert (got.status, got.out) == (status, text)


def test_rpm_installs_a_downloaded_file(lab: Lab) -> None:
    got = lab(f"curl -sO {RDO} && rpm -ivh rdo-release-havana.rpm && rpm -q rdo-release")
    assert got.status == 0 and "   1:rdo-release            ####" in got.out
    got = lab("rpm -ivh rdo-release-havana.rpm")
    assert got.status == 1 and got.err == "\tpackage rdo-release-havana-8.noarch is already installed\n"
    assert lab("rpm -e nosuch").err == "error: package nosuch is not installed\n"


def test_updates_keep_changed_configuration(lab: Lab) -> None:
    lab.ok("echo '# mine' >> /etc/yum.conf && yum -y update")
    assert lab.ok("tail -1 /etc/yum.conf") == "# mine\n"


def test_world_level_api(lab: Lab) -> None:
    with pytest.raises(packages.PackageError):
        packages.install(lab.world, lab.node1, ["openstack-nova-api"])
    packages.put(lab.world, lab.node1, packages.catalogue("havana")["rdo-release"])
    done = packages.install(lab.world, lab.node1, ["openstack-nova-api"])
    assert "python-nova" in [p.name for p in done] and "openstack-nova-api" in lab.node1.services
    assert packages.install(lab.world, lab.node1, ["openstack-nova-api"]) == []
    assert lab.ok("getent passwd nova").startswith("nova:x:162:162:")
    packages.remove(lab.world, lab.node1, ["openstack-nova-api"])
    assert "openstack-nova-api" not in lab.node1.services


def test_every_dependency_is_in_a_repository() -> None:
    known = {name for content in packages.packagedata.CONTENT for name in packages.catalogue(content)}
    for content in packages.packagedata.CONTENT:
        for item in packages.catalogue(content).values():
            assert set(item.requires) <= known, item.name


def test_table_widths() -> None:
    widths = yumtext.columns(
        [["ntp", "ntpdate"], [], ["4.2.6p5-1.el6.centos"] * 2, ["base"] * 2, []], [1, 6, 1, 1, 5], 80, 2, 2
    )
    assert sum(widths) + 4 + 2 == 80 and widths[2] >= 20
