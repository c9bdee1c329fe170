"""The answer file against the genuine one, and every way to refuse one (recorded forms)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rdokit.lab.packstack import answerfile
from tests.lab.cloud_bench import packstack, prepared, write_answers

GENUINE = Path(__file__).resolve().parents[1] / "conformance/packstack/answers.txt"  # keys and values only
VALUES = re.compile(r"(?m)^([A-Z0-9_]+)=(.*)$")


def generated(world):
    status, out, err = packstack(world, "--gen-answer-file=answer.txt")
    assert (status, out, err) == (0, "", "")
    return world.nodes["node1"].fs.read_text("/root/answer.txt")


def test_it_prints_nothing_and_is_private() -> None:
    world = prepared(keys=False)
    text = generated(world)
    assert world.nodes["node1"].fs.stat("/root/answer.txt").mode == 0o600
    keys = [k for k, _ in VALUES.findall(text)]
    assert len(keys) == 151 and len({k for k in keys if k.startswith("CONFIG_")}) == 147
    assert len(re.findall(r"(?m)=192\.168\.1\.11$", text)) == 25
    assert text.startswith("[general]\n\n# ") and all(len(line) <= 70 for line in text.splitlines() if line[:1] == "#")


def test_a_second_one_replaces_the_first_with_new_secrets() -> None:
    world = prepared(keys=False)
    first, second = dict(VALUES.findall(generated(world))), dict(VALUES.findall(generated(world)))
    assert sum(first[k] != second[k] for k in first) == 24


def test_keys_order_and_defaults_are_the_genuine_ones() -> None:
    genuine = VALUES.findall(GENUINE.read_text())
    mine = VALUES.findall(generated(prepared(keys=False)))
    assert [k for k, _ in genuine] == [k for k, _ in mine]
    secret = re.compile(r"[0-9a-f]{16}(?:[0-9a-f]{16})?\Z")
    for (key, value), (_, own) in zip(genuine, mine, strict=True):
        assert value == own or (secret.match(value) and secret.match(own) and len(value) == len(own)), key


def test_a_key_that_is_there_is_proposed() -> None:
    assert "CONFIG_SSH_KEY=/root/.ssh/id_rsa.pub" in generated(prepared())


ERRORS = {
    "CONFIG_MYSQL_HOST": (None, "'Parser cannot find option CONFIG_MYSQL_HOST in answer file.'", ""),
    "CONFIG_MYSQL_PW": ("", "Given value is not allowed: ", "Given value is not allowed: "),
    "CONFIG_NOVA_COMPUTE_HOSTS": (
        "192.168.0.11,192.168.0.99",
        "Given host does not listen on port 22: 192.168.0.99",
        "Given host does not listen on port 22: 192.168.0.99",
    ),
    "CONFIG_GLANCE_INSTALL": (
        "maybe",
        "Given value is not member of allowed values ['y', 'n']: maybe",
        "Given value is not member of allowed values ['y', 'n']: maybe",
    ),
    "CONFIG_NOVA_SCHED_CPU_ALLOC_RATIO": (
        "much",
        "Given value is not a float: much",
        "Given value is not a float: much",
    ),
    "CONFIG_SWIFT_STORAGE_ZONES": (
        "two",
        "Given value is not an integer: two",
        "Given value is not an integer: two",
    ),
}


@pytest.mark.parametrize("key", ERRORS)
def test_bad_values(key: str) -> None:
    value, error, said = ERRORS[key]
    world = prepared()
    path = write_answers(world, **{key: value})
    status, out, err = packstack(world, f"--answer-file={path}")
    assert status == 1 and err == ""
    assert f"\n\033[0;31mERROR : Failed handling answer file: {error}\033[0m\nPlease check log file /var/tmp/" in out
    if said:
        assert f"Parameter {key} failed validation: {said}\n" in out
    assert world.cloud is None and "Installing:" not in out


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CONFIG_PROVISION_DEMO", "maybe"),
        ("CONFIG_NEUTRON_OVS_TUNNEL_IF", "eth7"),
        ("CONFIG_NOVA_COMPUTE_PRIVIF", "eth7"),
    ],
)
def test_what_packstack_does_not_refuse(key: str, value: str) -> None:
    world = prepared()
    assert packstack(world, f"--answer-file={write_answers(world, **{key: value})}", "--dry-run")[0] == 0


def test_a_file_without_section() -> None:
    world = prepared()
    world.nodes["node1"].fs.write("/root/bad7.txt", "CONFIG_X=1\n")
    _, out, _ = packstack(world, "--answer-file=/root/bad7.txt")
    assert "ERROR : Failed handling answer file: File contains no section headers.\n" in out
    assert "file: /root/bad7.txt, line: 1\n'CONFIG_X=1\\n'" in out


def test_no_file_and_no_folder() -> None:
    world = prepared()
    status, out, _ = packstack(world, "--answer-file=/root/nosuch.txt")
    assert status == 1 and "ERROR : Error: Could not find file /root/nosuch.txt" in out and "Welcome" not in out
    status, out, _ = packstack(world, "--gen-answer-file=/nosuch/a.txt")
    assert status == 1 and "ERROR : [Errno 2] No such file or directory: '/nosuch/a.txt'" in out


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["--nosuch"], "no such option: --nosuch"),
        (["--gen-answer-file=a", "--allinone"],
         "Error: The --gen-answer-file flag is mutually exclusive to all other command line options"),
        (["--answer-file"], "--answer-file option requires an argument"),
    ],
)  # fmt: skip
def test_wrong_command_lines(argv: list[str], error: str) -> None:
    status, out, err = packstack(prepared(), *argv)
    assert (status, out) == (2, "")
    assert (
        err.startswith("Usage: packstack [options] [--help]\n\npackstack: error: ") and error.split(" option")[0] in err
    )


def test_host_names_become_addresses() -> None:
    world = prepared()
    node = world.nodes["node1"]
    node.fs.write(
        "/etc/hosts", "192.168.0.11 node1.example.com node1\n192.168.0.12 node2.example.com node2\n", append=True
    )
    path = write_answers(world, CONFIG_NOVA_COMPUTE_HOSTS="node1,node2")
    status, out, _ = packstack(world, f"--answer-file={path}", "--dry-run")
    assert status == 0
    assert "Packstack changed given value node1,node2 to required value 192.168.0.11,192.168.0.12\n" in out


def test_the_parser_reads_what_people_write() -> None:
    text = "# remark\n[general]\nCONFIG_A = 1 ; why\nCONFIG_B=a=b\n; old\nCONFIG_C=\n[other]\nCONFIG_D=1\n"
    assert answerfile.parse(text, "x") == {"CONFIG_A": "1", "CONFIG_B": "a=b", "CONFIG_C": ""}
