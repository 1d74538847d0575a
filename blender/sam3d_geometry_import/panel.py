# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar of the 3D view, tab Photo: the import, and where the pack is."""

import bpy

from .operators import IMPORT_SCENE_OT_photo_as_3d_scene
from .preferences import SAM3D_GEOMETRY_OT_find, is_set_up


class VIEW3D_PT_photo_as_3d_scene(bpy.types.Panel):
    bl_label = "Photo as 3D Scene"
    bl_category = "Photo"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"

    def draw(self, context):
        layout = self.layout
        if is_set_up(context):
            layout.operator_context = "INVOKE_DEFAULT"
            layout.operator(IMPORT_SCENE_OT_photo_as_3d_scene.bl_idname, text="Import Photos", icon="IMPORT")
        else:
            layout.label(text="The pack is not set up yet", icon="INFO")
            layout.operator(SAM3D_GEOMETRY_OT_find.bl_idname, text="Find the Pack", icon="VIEWZOOM")


def register():
    bpy.utils.register_class(VIEW3D_PT_photo_as_3d_scene)


def unregister():
    bpy.utils.unregister_class(VIEW3D_PT_photo_as_3d_scene)
