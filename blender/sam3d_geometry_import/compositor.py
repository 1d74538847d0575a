# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes of the compositor that put a render into the photo: what stands behind its things is hidden by them."""

from __future__ import annotations

import bpy

FARTHEST = 1e9  # nearer than what a render calls empty: the photo's sky lies before that


def photo_in_front(name: str, photo: bpy.types.Image, depth: bpy.types.Image, unit: float) -> bpy.types.NodeTree:
    """A node group that takes a render and its depth, and gives whichever of render and photo is nearer.

    `unit` is the factor from the EXR's depths to the scene's lengths.
    """
    tree = bpy.data.node_groups.new(name, "CompositorNodeTree")
    for way in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Image", in_out=way, socket_type="NodeSocketColor")
        tree.interface.new_socket("Depth", in_out=way, socket_type="NodeSocketFloat")
    new = tree.nodes.new
    render, nearer, shown = new("NodeGroupInput"), new("CompositorNodeZcombine"), new("NodeGroupOutput")
    picture, distances = new("CompositorNodeImage"), new("CompositorNodeImage")
    scaled, limited = new(_math()), new(_math())
    picture.image, distances.image = photo, depth
    scaled.operation, scaled.inputs[1].default_value = "MULTIPLY", unit
    limited.operation, limited.inputs[1].default_value = "MINIMUM", FARTHEST
    columns = ((picture, -800, 200), (distances, -800, 0), (scaled, -500, 0), (limited, -300, 0))
    for node, x, y in (*columns, (render, -300, -250), (nearer, 0, 0), (shown, 250, 0)):
        node.location = (x, y)
    for source, target in (
        (picture.outputs[0], nearer.inputs[0]),
        (distances.outputs["Depth"], scaled.inputs[0]),
        (scaled.outputs[0], limited.inputs[0]),
        (limited.outputs[0], nearer.inputs[1]),
        (render.outputs["Image"], nearer.inputs[2]),
        (render.outputs["Depth"], nearer.inputs[3]),
        (nearer.outputs[0], shown.inputs["Image"]),
        (nearer.outputs[1], shown.inputs["Depth"]),
    ):
        tree.links.new(source, target)
    return tree


def composite(scene: bpy.types.Scene, layer: bpy.types.ViewLayer, group: bpy.types.NodeTree) -> None:
    """Puts the group between render and result; where the scene has nodes already, below them and unconnected."""
    layer.use_pass_z = True
    tree, is_new = _scene_nodes(scene)
    if is_new:
        tree.nodes.clear()
    lowest = min((node.location[1] for node in tree.nodes), default=300)
    node = tree.nodes.new("CompositorNodeGroup")
    node.node_tree, node.width, node.location = group, 240, (0, lowest - 300)
    if not is_new:
        return
    render, end = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new(_result())
    render.layer, render.location, end.location = layer.name, (-400, 0), (350, 0)
    tree.links.new(render.outputs["Image"], node.inputs["Image"])
    tree.links.new(render.outputs["Depth"], node.inputs["Depth"])
    tree.links.new(node.outputs["Image"], end.inputs[0])


def _has_own_tree() -> bool:
    """Whether the scene's nodes are in its file as any other node group: Blender 5 and newer."""
    return bpy.app.version >= (5, 0, 0)


def _math() -> str:
    return "ShaderNodeMath" if _has_own_tree() else "CompositorNodeMath"


def _result() -> str:
    return "NodeGroupOutput" if _has_own_tree() else "CompositorNodeComposite"


def _scene_nodes(scene: bpy.types.Scene) -> tuple[bpy.types.NodeTree, bool]:
    """The nodes of the scene's compositor, and whether nobody has made any yet."""
    if not _has_own_tree():
        is_new = scene.node_tree is None
        if is_new:
            scene.use_nodes = True
        return scene.node_tree, is_new
    is_new = scene.compositing_node_group is None
    if is_new:
        made = bpy.data.node_groups.new("Compositor Nodes", "CompositorNodeTree")
        made.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = made
    return scene.compositing_node_group, is_new
