"""The picture: right reasons for tunnels that are missing, and an SVG that is safe and the same everywhere."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdokit import topology
from rdokit.parse import ovs_vsctl_show

CASES = Path(__file__).parent / "cases" / "parse" / "ovs_vsctl_show"
NODES = [
    {"name": "node1", "roles": ["controller", "network"], "private": "192.168.0.11", "public": "192.168.1.11"},
    {"name": "node2", "roles": ["compute"], "private": "192.168.0.12", "public": "192.168.1.12"},
]
THREE = [*NODES, {"name": "node3", "roles": ["compute"], "private": "192.168.0.13", "public": "192.168.1.13"}]
ATTRIBUTES = {  # presentation attributes and geometry: all that is left when style sheets are stripped
    "x", "y", "width", "height", "rx", "cx", "cy", "r", "d", "fill", "stroke", "stroke-width", "stroke-dasharray",
    "stroke-linecap", "stroke-linejoin", "font-size", "font-family", "font-weight", "text-anchor", "transform",
    "viewBox", "role",
}  # fmt: skip


def only(picture):
    assert len(picture.legs) == 1
    return picture.legs[0]


def changed(rows, change):
    """The rows with `change(row)` in place; a row for which it gives False is left out."""
    rows = [{**row, "options": dict(row["options"])} for row in rows]
    return [row for row in rows if change(row) is not False]


def is_tunnel(row, node):
    return row["node"] == node and row["type"] == "gre"


def test_wanted_is_what_node1_of_the_document_shows():
    real = ovs_vsctl_show.parse((CASES / "04-ovs1.11-step12-node1.txt").read_text())
    rows = [{**row._asdict(), "node": "node1"} for row in real.interfaces]
    rows += [row for row in topology.wanted_rows(NODES) if row["node"] == "node2"]
    picture = topology.draw(NODES, rows)
    assert only(picture).state == "up" and picture.faults == []
    wanted = {(row["bridge"], row["interface"]) for row in topology.wanted_rows(NODES) if row["node"] == "node1"}
    assert wanted <= {(row["bridge"], row["interface"]) for row in rows if row["node"] == "node1"}


def one_way(row):
    return not is_tunnel(row, "node2")


def both_gone(row):
    return row["type"] != "gre"


def no_tunnel_bridge(row):
    return not (row["node"] == "node2" and row["bridge"] == "br-tun")


def same_local_ip(row):  # bug of the document: local_ip is printed as .11 for each node
    if is_tunnel(row, "node2"):
        row["options"].update(local_ip="192.168.0.11", remote_ip="192.168.0.99")
    if is_tunnel(row, "node1"):
        row["options"]["remote_ip"] = "192.168.0.99"


def public_local_ip(row):
    if is_tunnel(row, "node2"):
        row["options"]["local_ip"] = "192.168.1.12"
    if is_tunnel(row, "node1"):
        row["options"]["remote_ip"] = "192.168.1.12"


def broken_port(row):
    if is_tunnel(row, "node1"):
        row["error"] = "could not add network device gre-1 to ofproto (File exists)"


@pytest.mark.parametrize(
    "change, state, reason",
    [
        (one_way, "one way", "node2 → node1: node2 has no tunnel port"),
        (both_gone, "missing", "node1 has no tunnel port: it does not know of node2's agent"),
        (no_tunnel_bridge, "one way", "node2 has no br-tun"),
        (same_local_ip, "missing", "node2 has local_ip=192.168.0.11, which is node1's: each node needs its own"),
        (public_local_ip, "one way", "node2 has local_ip=192.168.1.12, its private address is 192.168.0.12"),
        (broken_port, "missing", "could not add network device gre-1"),
    ],
)
def test_a_missing_leg_is_red_with_the_reason_beside_it(change, state, reason):
    picture = topology.draw(NODES, changed(topology.wanted_rows(NODES), change))
    leg = only(picture)
    assert leg.state == state and reason in leg.reason
    assert f"GRE {state}" in picture.text and reason in picture.text
    red = [e for e in ET.fromstring(picture.svg).iter() if "#c62828" in (e.get("stroke"), e.get("fill"))]
    words = " ".join(e.text for e in red if e.text)
    assert "stroke-dasharray" in {key for e in red for key in e.attrib}  # red is not the only sign
    assert all(word in words for word in reason.split()[:3])


def test_a_node_that_did_not_answer():
    rows = [row for row in topology.wanted_rows(THREE) if row["node"] != "node3"]
    picture = topology.draw(THREE, rows)
    assert [leg.state for leg in picture.legs] == ["up", "one way", "one way"]
    assert ("node3", "its switch did not answer") in picture.faults


def test_faults_inside_a_node():
    def change(row):
        if row["interface"] == "patch-int" and row["node"] == "node1":
            return False
        if row["interface"] == "eth1":
            row.update(interface="qg-1", port="qg-1", tag=4095)
        return True

    picture = topology.draw(NODES, changed(topology.wanted_rows(NODES), change))
    said = "\n".join(sentence for _, sentence in picture.faults)
    assert "no NIC in br-ex" in said and "4095" in said and "patch-tun in br-int leads to patch-int" in said


def test_router_and_instances_stand_in_it():
    picture = topology.draw(
        NODES, topology.wanted_rows(NODES), router={"name": "router1", "external": "192.168.1.241"},
        instances=[{"name": "vm1", "node": "node2.example.com", "addresses": ["192.168.2.100"]}],
    )  # fmt: skip
    assert "vm1" in picture.svg and "instance vm1  192.168.2.100" in picture.text
    assert picture.text.index("vm1") > picture.text.index("node2")


def test_missing_numbers_of_pandas_are_no_tags():
    rows = [{**row, "tag": float("nan"), "error": float("nan")} for row in topology.wanted_rows(NODES)]
    assert "nan" not in topology.draw(NODES, rows).svg


def check_svg(markup):
    root = ET.fromstring(markup)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "title", "desc", "rect", "text", "circle", "path"}
    assert {key for element in root.iter() for key in element.attrib} <= ATTRIBUTES
    assert root[2].get("fill") == "#ffffff"  # readable on a dark page and when printed
    return root


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_any_number_of_nodes_fits(count):
    nodes = [
        {"name": f"node{i}", "roles": ["network"] if i == 1 else ["compute"], "private": f"10.0.0.{i}"}
        for i in range(1, count + 1)
    ]
    picture = topology.wanted(nodes, networks={"public": "192.168.1.0/24"}, router="router1")
    root = check_svg(picture.svg)
    wide, high = map(float, root.get("viewBox").split()[2:])
    for element in root.iter():
        assert 0 <= float(element.get("x", 0)) <= wide and 0 <= float(element.get("y", 0)) <= high
    assert len(picture.legs) == count * (count - 1) // 2 and all(leg.state == "up" for leg in picture.legs)
    broken = topology.draw(nodes, [row for row in topology.wanted_rows(nodes) if row["type"] != "gre"])
    check_svg(broken.svg)


TEXT = st.text(max_size=20)
ROW = st.fixed_dictionaries({
    "node": st.sampled_from(["node1", "node2", "?"]), "bridge": st.sampled_from(["br-ex", "br-int", "br-tun", None]),
    "port": TEXT, "interface": TEXT, "type": st.sampled_from(["", "gre", "patch", "internal"]),
    "options": st.dictionaries(st.sampled_from(["remote_ip", "local_ip", "peer"]), TEXT),
    "tag": st.one_of(st.none(), st.integers(0, 4095)), "error": st.one_of(st.none(), TEXT),
})  # fmt: skip


@settings(deadline=None)
@given(st.lists(ROW, max_size=12), TEXT, TEXT)
def test_any_names_make_a_well_formed_picture(rows, title, router):
    picture = topology.draw(NODES, rows, title=title, router={"name": router, "external": title},
                            instances=[{"name": title, "node": "node1", "addresses": [router]}])  # fmt: skip
    check_svg(picture.svg)
    assert picture._repr_mimebundle_()["text/plain"] == picture.text


def test_markup_in_names_is_text():
    rows = topology.wanted_rows(NODES)
    rows[0] |= {"interface": '<script>alert("x")</script>'}
    assert "<script" not in topology.draw(NODES, rows).svg
