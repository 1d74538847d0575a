"""The example workflows are laid out to be read: every node in a group, and room between neighbours."""

import json
from itertools import combinations

import pytest
from repository import ROOT

WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))
TITLE = 30  # height of a node's title, above its position
GAP = 15  # at the least between nodes; the sockets and widgets of front ends differ by a few pixels


def box(node):
    (x, y), (width, height) = node["pos"], node["size"]
    return x, y - TITLE, x + width, y + height


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nodes_lie_in_groups_and_apart(path):
    workflow = json.loads(path.read_text(encoding="utf-8"))
    groups = [(x, y, x + width, y + height) for x, y, width, height in (g["bounding"] for g in workflow["groups"])]
    boxes = {f"{node['id']} {node['type']}": box(node) for node in workflow["nodes"]}
    outside = [
        name
        for name, (left, top, right, bottom) in boxes.items()
        if groups and not any(g[0] <= left and g[1] <= top and g[2] >= right and g[3] >= bottom for g in groups)
    ]
    touching = [
        pair
        for pair in combinations(boxes, 2)
        if all(boxes[p][i] < boxes[q][i + 2] + GAP for i in (0, 1) for p, q in (pair, pair[::-1]))
    ]
    assert (outside, touching) == ([], [])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_values_of_widgets_are_lists_or_tables(path):
    # the front end warns of a workflow that says null
    for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]:
        assert isinstance(node.get("widgets_values", []), (list, dict)), (node["id"], node["type"])
