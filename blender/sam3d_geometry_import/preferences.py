# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the geometry is computed: the pack on this machine, with a button that looks for it, or a running ComfyUI."""

from pathlib import Path

import bpy

from .comfyui import Server
from .command_line import Pack
from .job import BackEnd, JobError
from .pack_finder import find_packs

COMMAND_LINE, COMFYUI = "COMMAND_LINE", "COMFYUI"


class SAM3D_GEOMETRY_preferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    back_end: bpy.props.EnumProperty(
        name="Computed by",
        items=[
            (COMMAND_LINE, "The Pack on This Machine", "A Python that has the pack computes; no network is used"),
            (COMFYUI, "A Running ComfyUI", "A ComfyUI with the pack, here or on another machine, computes"),
        ],
    )
    python: bpy.props.StringProperty(
        name="Python", subtype="FILE_PATH", description="A Python with the pack's requirements, such as ComfyUI's own"
    )
    folder: bpy.props.StringProperty(
        name="Pack", subtype="DIR_PATH", description="The folder of SAM3D Geometry, in ComfyUI's custom_nodes"
    )
    address: bpy.props.StringProperty(
        name="Address", default="http://127.0.0.1:8188", description="Of the running ComfyUI; photos are sent there"
    )
    token: bpy.props.StringProperty(
        name="Token", subtype="PASSWORD", description="Where ComfyUI lies behind a proxy that asks for one; else empty"
    )

    def draw(self, context):
        self.layout.prop(self, "back_end", expand=True)
        if self.back_end == COMFYUI:
            self.layout.prop(self, "address")
            self.layout.prop(self, "token")
            if not bpy.app.online_access:
                self.layout.label(text="Allow Online Access in Preferences > System first", icon="INTERNET_OFFLINE")
            self.layout.operator(SAM3D_GEOMETRY_OT_check.bl_idname, icon="CHECKMARK")
        else:
            self.layout.prop(self, "python")
            self.layout.prop(self, "folder")
            self.layout.operator(SAM3D_GEOMETRY_OT_find.bl_idname, icon="VIEWZOOM")


class SAM3D_GEOMETRY_OT_check(bpy.types.Operator):
    """Ask the ComfyUI at that address whether it has the pack"""

    bl_idname = "sam3d_geometry.check_comfyui"
    bl_label = "Check"
    bl_options = {"INTERNAL"}  # noqa: RUF012  Blender's own form

    def execute(self, context):
        try:
            version = back_end_of(context).version()
        except JobError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Found SAM3D Geometry {version}")
        return {"FINISHED"}


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


def is_set_up(context) -> bool:
    """Whether the preferences name what computes."""
    found = preferences_of(context)
    return bool(found.address) if found.back_end == COMFYUI else bool(found.python and found.folder)


def back_end_of(context) -> BackEnd:
    """What the preferences say computes the geometry; JobError where Blender may not use the network for it."""
    found = preferences_of(context)
    if found.back_end == COMFYUI:
        if not bpy.app.online_access:
            raise JobError("Blender may not use the network; turn on Allow Online Access in Preferences > System.")
        return Server(found.address, found.token)
    folder = bpy.path.abspath(found.folder)
    return Pack(bpy.path.abspath(found.python), str(Path(folder)) if folder else "")


CLASSES = (SAM3D_GEOMETRY_preferences, SAM3D_GEOMETRY_OT_find, SAM3D_GEOMETRY_OT_check)


def register():
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister():
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
