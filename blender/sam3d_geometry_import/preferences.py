# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the pack is: its folder, the Python that runs it, and a button that looks for both."""

from pathlib import Path

import bpy

from .command_line import JobError, Pack
from .pack_finder import find_packs


class SAM3D_GEOMETRY_preferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    python: bpy.props.StringProperty(
        name="Python", subtype="FILE_PATH", description="A Python with the pack's requirements, such as ComfyUI's own"
    )
    folder: bpy.props.StringProperty(
        name="Pack", subtype="DIR_PATH", description="The folder of SAM3D Geometry, in ComfyUI's custom_nodes"
    )

    def draw(self, context):
        self.layout.prop(self, "python")
        self.layout.prop(self, "folder")
        self.layout.operator(SAM3D_GEOMETRY_OT_find.bl_idname, icon="VIEWZOOM")


class SAM3D_GEOMETRY_OT_find(bpy.types.Operator):
    """Look for the pack and a Python that runs it in the usual places"""

    bl_idname = "sam3d_geometry.find_pack"
    bl_label = "Find"
    bl_options = {"INTERNAL"}  # noqa: RUF012  Blender's own form

    def execute(self, context):
        reason = "No SAM3D Geometry was found in the usual places; name its folder and Python above."
        for pack in find_packs(Path.home(), Path(__file__).resolve().parent):
            try:
                version = pack.version()
            except JobError as error:
                reason = str(error)
                continue
            preferences = preferences_of(context)
            preferences.python, preferences.folder = pack.python, pack.folder
            self.report({"INFO"}, f"Found SAM3D Geometry {version} in {pack.folder}")
            return {"FINISHED"}
        self.report({"ERROR"}, reason)
        return {"CANCELLED"}


def preferences_of(context):
    return context.preferences.addons[__package__].preferences


def pack_of(context) -> Pack:
    """The pack that the preferences name."""
    found = preferences_of(context)
    folder = bpy.path.abspath(found.folder)
    return Pack(bpy.path.abspath(found.python), str(Path(folder)) if folder else "")


CLASSES = (SAM3D_GEOMETRY_preferences, SAM3D_GEOMETRY_OT_find)


def register():
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister():
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
