# SPDX-License-Identifier: GPL-3.0-or-later
"""The material of a photo: light of its own, or the color of a matte surface, lit as its normal map says."""

from __future__ import annotations

import bpy
from mathutils import Matrix

from .settings import EMISSION


def material(name: str, photo: bpy.types.Image, shading: str) -> bpy.types.Material:
    """The photo as light of its own, or as the color of a matte surface."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    nodes.clear()
    picture = nodes.new("ShaderNodeTexImage")
    picture.image, picture.extension, picture.location = photo, "EXTEND", (-400, 0)
    shader = nodes.new("ShaderNodeEmission" if shading == EMISSION else "ShaderNodeBsdfPrincipled")
    output = nodes.new("ShaderNodeOutputMaterial")
    output.location = (300, 0)
    if shading != EMISSION:
        shader.inputs["Roughness"].default_value = 1.0
    links.new(picture.outputs["Color"], shader.inputs[0])
    links.new(shader.outputs[0], output.inputs["Surface"])
    return made


def light_by(made: bpy.types.Material, normals: bpy.types.Image, object_from_map: Matrix) -> None:
    """Lets a normal map, whose axes a rotation takes to the object's, say how light falls on a matte surface."""
    nodes, links = made.node_tree.nodes, made.node_tree.links
    picture, decoded = nodes.new("ShaderNodeTexImage"), nodes.new("ShaderNodeVectorMath")
    turned, placed = nodes.new("ShaderNodeVectorRotate"), nodes.new("ShaderNodeVectorTransform")
    picture.image, picture.extension = normals, "EXTEND"
    decoded.operation = "MULTIPLY_ADD"
    decoded.inputs[1].default_value, decoded.inputs[2].default_value = (2, 2, 2), (-1, -1, -1)
    turned.rotation_type = "EULER_XYZ"
    turned.inputs["Rotation"].default_value = object_from_map.to_euler("XYZ")
    placed.vector_type, placed.convert_from, placed.convert_to = "NORMAL", "OBJECT", "WORLD"
    for node, x in ((picture, -1000), (decoded, -700), (turned, -500), (placed, -300)):
        node.location = (x, -350)
    shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    links.new(picture.outputs["Color"], decoded.inputs[0])
    links.new(decoded.outputs["Vector"], turned.inputs["Vector"])
    links.new(turned.outputs["Vector"], placed.inputs["Vector"])
    links.new(placed.outputs["Vector"], shader.inputs["Normal"])


def place_pictures(made: bpy.types.Material, attribute: str) -> None:
    """Lets the material's pictures lie where an attribute says, for what has no UV map, such as points."""
    nodes, links = made.node_tree.nodes, made.node_tree.links
    place = nodes.new("ShaderNodeAttribute")
    place.attribute_name, place.location = attribute, (-1300, 0)
    for picture in pictures_of(made):
        links.new(place.outputs["Vector"], picture.inputs["Vector"])


def pictures_of(made: bpy.types.Material) -> list[bpy.types.ShaderNodeTexImage]:
    """The nodes that hold its pictures."""
    return [node for node in made.node_tree.nodes if node.type == "TEX_IMAGE"]
