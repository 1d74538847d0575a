# SPDX-License-Identifier: GPL-3.0-or-later
"""A photo's result as a cloud of points: vertices, which Geometry Nodes turn into points as large as their pixels."""

from __future__ import annotations

import statistics
from array import array

import bpy

from .glb_file import TexturedMesh

PLACE, RADIUS = "photo_place", "photo_radius"  # attributes of a point: where in the photo, and how large in the scene
COVER = (
    0.71  # radius as a share of the distance between neighbors: half a diagonal, so that no gap is seen from the camera
)


def fill_points(data: bpy.types.Mesh, mesh: TexturedMesh, scale: float) -> None:
    """Vertices without faces; `scale` is the factor by which the scene is larger than the mesh."""
    count = len(mesh.positions) // 3
    data.vertices.add(count)
    data.vertices.foreach_set("co", mesh.positions)
    places = array("f", [0.0]) * (3 * count)
    places[0::3] = mesh.uvs[0::2]
    places[1::3] = array("f", (1 - v for v in mesh.uvs[1::2]))  # Blender counts v from the bottom
    data.attributes.new(PLACE, "FLOAT_VECTOR", "POINT").data.foreach_set("vector", places)
    reach = COVER * _pixel(mesh.uvs) / mesh.intrinsics[0][0] * scale
    radii = array("f", (-z * reach for z in mesh.positions[2::3]))
    data.attributes.new(RADIUS, "FLOAT", "POINT").data.foreach_set("value", radii)
    data.update()


def _pixel(uvs: array) -> float:
    """Width of a pixel of the geometry, as a share of the photo's: from one vertex of a row to the next."""
    steps = [b - a for a, b in zip(uvs[0:-2:2], uvs[2::2], strict=True) if b > a]
    return statistics.median_low(steps) if steps else 1.0


def as_points(cloud: bpy.types.Object, material: bpy.types.Material) -> None:
    """A modifier that makes points of the vertices; its node group can be opened and changed."""
    tree = bpy.data.node_groups.new(f"{cloud.name} points", "GeometryNodeTree")
    tree.is_modifier = True
    for way in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    start, points = tree.nodes.new("NodeGroupInput"), tree.nodes.new("GeometryNodeMeshToPoints")
    radius, painted = tree.nodes.new("GeometryNodeInputNamedAttribute"), tree.nodes.new("GeometryNodeSetMaterial")
    end = tree.nodes.new("NodeGroupOutput")
    radius.data_type, radius.inputs["Name"].default_value = "FLOAT", RADIUS
    painted.inputs["Material"].default_value = material
    for node, x in ((start, -400), (radius, -400), (points, -200), (painted, 0), (end, 200)):
        node.location = (x, -200 if node is radius else 0)
    for source, target in (
        (start.outputs[0], points.inputs["Mesh"]),
        (radius.outputs["Attribute"], points.inputs["Radius"]),
        (points.outputs[0], painted.inputs["Geometry"]),
        (painted.outputs[0], end.inputs[0]),
    ):
        tree.links.new(source, target)
    cloud.modifiers.new("Points", "NODES").node_group = tree
