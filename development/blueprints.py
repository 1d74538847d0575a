"""Writes subgraphs/: the commonest chains of nodes as one node each, which ComfyUI lists as blueprints.

ComfyUI reads them since 0.3.67. A chain says its nodes, how they are wired and which inputs show; everything else comes
from the nodes' schemas.

python development/blueprints.py            writes them
python development/blueprints.py --check    says which are not as the schemas have it, and exits with 1
"""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from help_pages import ROOT, schemas

FOLDER = ROOT / "subgraphs"
PREFIX = "SAM3DGeometry_"
SPACE = uuid.UUID("5a3d6e0f-0000-5000-8000-000000000000")  # of the ids, which stay the same from run to run
INPUT_NODE, OUTPUT_NODE = -10, -20
WIDGETS = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR")
COLUMN, ROW = 420, 24


@dataclass(frozen=True)
class Chain:
    """A blueprint.

    nodes   node ids without their prefix, in the order of the chain
    wires   (from node, its output, to node, its input), by places in `nodes` and by names
    shown   (node, input) in order: wires of the photo first, then the widgets that show
    given   (node, output) in order
    values  (node, input) -> value, where the chain wants another than the default
    """

    name: str
    description: str
    aliases: tuple[str, ...]
    nodes: tuple[str, ...]
    wires: tuple[tuple[int, str, int, str], ...]
    shown: tuple[tuple[int, str], ...]
    given: tuple[tuple[int, str], ...]
    values: dict[tuple[int, str], Any] = field(default_factory=dict)


_POINTMAP = (0, "model", 1, "model")
CHAINS = (
    Chain(
        "Photo to ControlNet Depth (SAM3D Geometry)",
        "A depth picture of a photo for a depth ControlNet: near is white, the sky is black.",
        ("depth map", "controlnet depth", "moge", "depth estimation"),
        ("Load", "PointmapInference", "DepthFromPointmap"),
        (_POINTMAP, (1, "pointmap", 2, "pointmap")),
        ((1, "image"), (0, "model_name"), (1, "resolution"), (2, "invert")),
        ((2, "depth"), (2, "mask"), (1, "pointmap")),
    ),
    Chain(
        "Photo to ControlNet Normals (SAM3D Geometry)",
        "A normal map of a photo in the colors of ControlNet 1.1 normalbae.",
        ("normal map", "normalbae", "controlnet normals", "moge"),
        ("Load", "PointmapInference", "NormalsFromPointmap"),
        (_POINTMAP, (1, "pointmap", 2, "pointmap")),
        ((1, "image"), (0, "model_name"), (1, "resolution"), (2, "convention"), (2, "smoothing")),
        ((2, "normals"), (2, "mask"), (1, "pointmap")),
    ),
    Chain(
        "Steady Clip Depth (SAM3D Geometry)",
        "Depth and normals of a clip that neither flicker nor pump: one scale a shot, smoothed along the motion.",
        ("video depth", "temporal", "flicker", "consistent depth", "clip"),
        ("Load", "PointmapInference", "AlignSequence", "SteadyPointmap", "DepthFromPointmap", "NormalsFromPointmap"),
        (
            _POINTMAP,
            (1, "pointmap", 2, "pointmap"),
            (2, "pointmap", 3, "pointmap"),
            (3, "pointmap", 4, "pointmap"),
            (3, "pointmap", 5, "pointmap"),
        ),
        ((1, "image"), (0, "model_name"), (1, "resolution"), (3, "strength"), (4, "range")),
        ((4, "depth"), (5, "normals"), (3, "pointmap")),
    ),
    Chain(
        "3D Photo (SAM3D Geometry)",
        "A photo seen by a camera that moves, with what it uncovers as a mask.",
        ("parallax", "camera move", "ken burns", "depthflow", "3d photo"),
        ("Load", "PointmapInference", "CameraMove"),
        (_POINTMAP, (1, "pointmap", 2, "pointmap")),
        ((1, "image"), (2, "image"), (0, "model_name"), (2, "preset"), (2, "frames"), (2, "amplitude"), (2, "ease")),
        ((2, "image"), (2, "holes")),
    ),
    Chain(
        "Photo to GLB (SAM3D Geometry)",
        "The surface that a photo shows as a textured mesh in a GLB file, for Preview 3D and other programs.",
        ("photo to mesh", "glb", "3d model", "image to 3d"),
        ("Load", "PointmapInference", "PointmapToMesh", "Save3D"),
        (_POINTMAP, (1, "pointmap", 2, "pointmap"), (2, "mesh", 3, "shape")),
        ((1, "image"), (2, "image"), (0, "model_name"), (1, "resolution"), (2, "back"), (3, "filename_prefix")),
        ((3, "path"), (2, "mesh"), (3, "preview_camera")),
        {(3, "filename_prefix"): "sam3d/photo"},
    ),
)


def _id(*words: object) -> str:
    return str(uuid.uuid5(SPACE, "/".join(map(str, words))))


def _is_widget(given: Any) -> bool:
    return given.get_io_type() in WIDGETS


def _slot(given: Any, links: dict[str, int]) -> dict[str, Any]:
    slot = {"localized_name": given.id, "name": given.id, "type": given.get_io_type(), "link": links.get(given.id)}
    if _is_widget(given):
        slot["widget"] = {"name": given.id}
    if given.optional:
        slot["shape"] = 7
    return slot


def _value(given: Any, values: dict[str, Any]) -> Any:
    default = given.default if given.default is not None else ""
    if given.get_io_type() == "COMBO" and given.default is None:
        default = given.options[0]
    return values.get(given.id, default)


def _node(chain: Chain, place: int, schema: Any, links: list[dict[str, Any]]) -> dict[str, Any]:
    number = place + 1
    into = {link["name"]: link["id"] for link in links if link["target_id"] == number}
    sockets = [given for given in schema.inputs if not _is_widget(given)]
    widgets = [given for given in schema.inputs if _is_widget(given)]
    values = {name: value for (of, name), value in chain.values.items() if of == place}
    outputs = []
    for slot, given in enumerate(schema.outputs):
        out = [link["id"] for link in links if link["origin_id"] == number and link["origin_slot"] == slot]
        name = given.display_name
        outputs.append({"localized_name": name, "name": name, "type": given.get_io_type(), "links": out})
    return {
        "id": number,
        "type": schema.node_id,
        "pos": [COLUMN * place, 0],
        "size": [340, 90 + ROW * (len(widgets) + max(len(sockets), len(outputs)))],
        "flags": {},
        "order": place,
        "mode": 0,
        "inputs": [_slot(given, into) for given in [*sockets, *widgets]],
        "outputs": outputs,
        "properties": {"Node name for S&R": schema.node_id},
        "widgets_values": [_value(given, values) for given in widgets],
    }


def _ends(chain: Chain) -> list[tuple[str, list[tuple[int, str]]]]:
    """The blueprint's inputs: a name, and the nodes' inputs that it feeds (one photo may feed several)."""
    ends: dict[str, list[tuple[int, str]]] = {}
    for place, name in chain.shown:
        ends.setdefault(name, []).append((place, name))
    return list(ends.items())


class _Drawn:
    """A chain with its nodes' schemas, its links numbered."""

    def __init__(self, chain: Chain, known: dict[str, Any]):
        self.chain = chain
        self.schemas = [known[PREFIX + node] for node in chain.nodes]
        self.links: list[dict[str, Any]] = []
        for source, output, target, name in chain.wires:
            self._link(source + 1, self.output(source, output), target, name)
        self.inputs = []
        for slot, (name, targets) in enumerate(_ends(chain)):
            fed = [self._link(INPUT_NODE, slot, place, of) for place, of in targets]
            kind = self.input(*targets[0]).get_io_type()
            self.inputs.append(self._end("in", slot, name, kind, fed))
        self.outputs = []
        for slot, (place, name) in enumerate(chain.given):
            origin = self.output(place, name)
            kind = self.schemas[place].outputs[origin].get_io_type()
            number = self._add(place + 1, origin, OUTPUT_NODE, slot, kind, "")
            self.outputs.append(self._end("out", slot, name, kind, [number]))

    def input(self, place: int, name: str) -> Any:
        return next(given for given in self.schemas[place].inputs if given.id == name)

    def output(self, place: int, name: str) -> int:
        return [given.display_name for given in self.schemas[place].outputs].index(name)

    def _link(self, origin: int, slot: int, place: int, name: str) -> int:
        # sockets come first among a node's inputs in the page's files
        given = self.schemas[place].inputs
        order = [i.id for i in given if not _is_widget(i)] + [i.id for i in given if _is_widget(i)]
        return self._add(origin, slot, place + 1, order.index(name), self.input(place, name).get_io_type(), name)

    def _add(self, origin: int, slot: int, target: int, target_slot: int, kind: str, name: str) -> int:
        number = len(self.links) + 1
        self.links.append({
            "id": number, "origin_id": origin, "origin_slot": slot, "target_id": target, "target_slot": target_slot,
            "type": kind, "name": name,
        })  # fmt: skip
        return number

    def _end(self, side: str, slot: int, name: str, kind: str, links: list[int]) -> dict[str, Any]:
        across = -160 if side == "in" else COLUMN * len(self.schemas) + 40
        return {
            "id": _id(self.chain.name, side, name),
            "name": name,
            "type": kind,
            "linkIds": links,
            "localized_name": name,
            "pos": [across, 20 * slot],
        }


def subgraph_of(drawn: _Drawn) -> dict[str, Any]:
    """The definition: what is inside."""
    chain, links = drawn.chain, drawn.links
    nodes = [_node(chain, place, schema, links) for place, schema in enumerate(drawn.schemas)]
    about = {"BlueprintDescription": chain.description, "BlueprintSearchAliases": list(chain.aliases)}
    return {
        "id": _id(chain.name),
        "version": 1,
        "state": {"lastGroupId": 0, "lastNodeId": len(nodes), "lastLinkId": len(links), "lastRerouteId": 0},
        "revision": 0,
        "config": {},
        "name": chain.name,
        "description": chain.description,
        "category": "SAM3D Geometry",
        "inputNode": {"id": INPUT_NODE, "bounding": [-200, 0, 120, 40 + 20 * len(drawn.inputs)]},
        "outputNode": {"id": OUTPUT_NODE, "bounding": [COLUMN * len(nodes), 0, 120, 40 + 20 * len(drawn.outputs)]},
        "inputs": drawn.inputs,
        "outputs": drawn.outputs,
        "widgets": [],
        "nodes": nodes,
        "groups": [],
        "links": [{key: value for key, value in link.items() if key != "name"} for link in links],
        "extra": about,
    }


def blueprint_of(chain: Chain, known: dict[str, Any]) -> dict[str, Any]:
    """The file of one chain: a workflow with one node, whose type is the subgraph that is defined in it."""
    drawn = _Drawn(chain, known)
    subgraph = subgraph_of(drawn)
    shown = {name: drawn.input(*targets[0]) for name, targets in _ends(chain)}
    proxies = [[str(place + 1), name] for place, name in chain.shown if _is_widget(drawn.input(place, name))]
    node = {
        "id": 1,
        "type": subgraph["id"],
        "pos": [0, 0],
        "size": [380, 120 + ROW * len(shown)],
        "flags": {},
        "order": 0,
        "mode": 0,
        "inputs": [_slot(given, {}) for given in shown.values()],
        "outputs": [{"localized_name": out["name"], "name": out["name"], "type": out["type"], "links": []}
                    for out in drawn.outputs],
        "title": chain.name,
        "properties": {"proxyWidgets": proxies},
        "widgets_values": [],
    }  # fmt: skip
    about = subgraph["extra"]
    return {"revision": 0, "last_node_id": 1, "last_link_id": 0, "nodes": [node], "links": [], "version": 0.4,
            "definitions": {"subgraphs": [subgraph]}, "extra": about}  # fmt: skip


def files() -> dict[str, str]:
    """The files by their names."""
    known = {schema.node_id: schema for schema in schemas()}
    return {f"{chain.name}.json": json.dumps(blueprint_of(chain, known)) + "\n" for chain in CHAINS}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check, stale = parser.parse_args().check, []
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    print("\n".join(f"{name} {'differs' if check else 'written'}" for name in stale) or "All blueprints are true.")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
