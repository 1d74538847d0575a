# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings as Blender shows them. No postponed annotations here: Blender reads these as values."""

import dataclasses
import math

import bpy

from .settings import EMISSION, MESH, PLANE, POINTS, PRINCIPLED, Geometry, Look


class GeometryFields:
    """How the pack computes a photo."""

    model: bpy.props.StringProperty(
        name="Model",
        default="auto",
        description="auto: the best model on this machine; or a name that the pack's 'models list' prints, or a file",
    )
    resolution: bpy.props.IntProperty(
        name="Resolution",
        default=512,
        min=256,
        max=1024,
        subtype="PIXEL",
        description="Long edge at which the geometry is computed; more is finer and slower",
    )
    fov_x: bpy.props.FloatProperty(
        name="Field of View",
        default=0.0,
        min=0.0,
        max=math.radians(170),
        subtype="ANGLE",
        description="Horizontal field of view of the photo; 0 finds it from the picture",
    )

    def geometry(self) -> Geometry:
        return Geometry(self.model.strip() or "auto", self.resolution, math.degrees(self.fov_x))


class LookFields:
    """What the result becomes."""

    form: bpy.props.EnumProperty(
        name="As",
        items=[
            (MESH, "Scene Mesh", "The true surface, cut where one thing hides another"),
            (PLANE, "Displaced Plane", "A flat grid that a Displace modifier pushes out by the 16-bit depth"),
            (POINTS, "Point Cloud", "Points as large as their pixels, made by Geometry Nodes"),
        ],
    )
    shading: bpy.props.EnumProperty(
        name="Shading",
        items=[
            (EMISSION, "As Photographed", "The photo's own colors, without any light"),
            (PRINCIPLED, "Lit", "A matte surface that the scene's lights shine on"),
        ],
    )
    distance: bpy.props.FloatProperty(
        name="Distance",
        default=3.0,
        min=0.001,
        soft_max=100.0,
        subtype="DISTANCE",
        description="How far the middle of the scene is from the camera, where the model gives no meters",
    )
    level: bpy.props.BoolProperty(
        name="Upright", default=True, description="Turn the scene upright by its ground, where one is found"
    )
    scene: bpy.props.BoolProperty(
        name="Set Up Scene",
        default=True,
        description="Use the photo's camera, resolution and colors (view transform Standard) for the scene",
    )
    asset: bpy.props.BoolProperty(
        name="Mark as Asset", default=False, description="List the result in the asset browser"
    )
    normal_map: bpy.props.BoolProperty(
        name="Normal Map",
        default=False,
        description="Shading Lit: the model's normal map tells how light falls, finer than the surface does",
    )
    compositor: bpy.props.BoolProperty(
        name="Depth in Compositor",
        default=False,
        description="With Set Up Scene: nodes with the photo and its EXR depth, so that what you add to the scene "
        "disappears behind the things in the photo",
    )
    subdivisions: bpy.props.IntProperty(
        name="Subdivisions", default=128, min=1, max=1024, description="Squares a side of the displaced plane"
    )

    def look(self) -> Look:
        return Look(**{field.name: getattr(self, field.name) for field in dataclasses.fields(Look)})
