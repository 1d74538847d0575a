# SPDX-License-Identifier: GPL-3.0-or-later
"""File > Import > Photo as 3D Scene, photos dropped into the viewport, and the import itself with its progress."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper, poll_file_object_drop

from .fields import GeometryFields, LookFields
from .job import JobError
from .preferences import back_end_of
from .session import SECONDS_BETWEEN_LOOKS, Session
from .settings import PHOTO_SUFFIXES

_waiting: list[Session] = []  # from the operator that is given the photos to the one that imports them


class IMPORT_SCENE_OT_photo_as_3d_scene(bpy.types.Operator, ImportHelper, LookFields, GeometryFields):
    """Make textured scenes of photos, each with the camera that took it"""

    bl_idname = "import_scene.photo_as_3d_scene"
    bl_label = "Photo as 3D Scene"
    bl_options = {"PRESET"}  # noqa: RUF012  Blender's own form

    filename_ext = ".jpg"
    filter_glob: bpy.props.StringProperty(default=";".join(f"*{end}" for end in PHOTO_SUFFIXES), options={"HIDDEN"})
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context, event):
        return self.invoke_popup(context)

    def execute(self, context):
        photos = chosen_photos(self.filepath, self.directory, [file.name for file in self.files])
        if not photos:
            self.report({"ERROR"}, "No photo was chosen; choose photos, or a folder with photos in it.")
            return {"CANCELLED"}
        try:
            session = Session(back_end_of(context), photos, self.geometry(), self.look())
        except (JobError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        _waiting.append(session)
        how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        try:
            answer = bpy.ops.sam3d_geometry.import_photos(how, True)
        except RuntimeError as error:  # how bpy gives on what the inner operator reports
            self.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
            return {"CANCELLED"}
        return {"CANCELLED"} if "CANCELLED" in answer else {"FINISHED"}


def chosen_photos(filepath: str, directory: str, names: list[str]) -> list[Path]:
    """The photos that a file browser, a drop or a script names: files, or all of a folder."""
    places = [Path(directory, name) for name in names if name] or [Path(filepath or directory)]
    photos: list[Path] = []
    for place in places:
        if place.is_dir():
            photos += sorted(path for path in place.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)
        elif place.is_file():
            photos.append(place)
    return [photo.resolve() for photo in photos]


class SAM3D_GEOMETRY_OT_import_photos(bpy.types.Operator):
    """Wait for the geometry of the photos and build their scenes; Esc ends it"""

    bl_idname = "sam3d_geometry.import_photos"
    bl_label = "Photo as 3D Scene"
    bl_options = {"INTERNAL", "UNDO"}  # noqa: RUF012  Blender's own form

    def execute(self, context):
        self.session = _waiting.pop()
        try:
            self.session.run_to_end(context)
        except (JobError, OSError) as error:
            return self._fail(error)
        return self._finish()

    def invoke(self, context, event):
        self.session = _waiting.pop()
        self._timer = context.window_manager.event_timer_add(SECONDS_BETWEEN_LOOKS, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if event.type == "ESC":
            self._leave(context)
            self.session.cancel()
            self.report({"INFO"}, "Import ended; nothing was changed.")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            over = self.session.step(context)
        except (JobError, OSError) as error:
            self._leave(context)
            return self._fail(error)
        context.workspace.status_text_set(f"Photo as 3D Scene, {self.session.status()} (Esc ends it)")
        if not over:
            return {"PASS_THROUGH"}
        self._leave(context)
        return self._finish()

    def cancel(self, context):
        self._leave(context)
        self.session.cancel()

    def _leave(self, context):
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)

    def _fail(self, error):
        self.session.cancel()
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}

    def _finish(self):
        made, failed = self.session.built, self.session.failed
        kind = "INFO" if not failed else "WARNING" if made else "ERROR"
        self.report({kind}, f"Photo as 3D Scene: {self.session.summary()}")
        return {"FINISHED"} if made else {"CANCELLED"}


class SAM3D_GEOMETRY_FH_photo(bpy.types.FileHandler):
    """Photos dropped into the viewport"""

    bl_idname = "SAM3D_GEOMETRY_FH_photo"
    bl_label = "Photo as 3D Scene"
    bl_import_operator = "import_scene.photo_as_3d_scene"
    bl_file_extensions = ";".join(PHOTO_SUFFIXES)

    @classmethod
    def poll_drop(cls, context):
        return poll_file_object_drop(context)


def _menu(self, context):
    self.layout.operator(IMPORT_SCENE_OT_photo_as_3d_scene.bl_idname, text="Photo as 3D Scene")


CLASSES = (IMPORT_SCENE_OT_photo_as_3d_scene, SAM3D_GEOMETRY_OT_import_photos, SAM3D_GEOMETRY_FH_photo)


def register():
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.TOPBAR_MT_file_import.append(_menu)


def unregister():
    bpy.types.TOPBAR_MT_file_import.remove(_menu)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
