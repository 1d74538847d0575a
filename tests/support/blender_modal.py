"""Run in a process of its own by a Blender's Python: the import's modal operator, driven as a window would, by timer and keys.

python blender_modal.py PYTHON PACK PHOTO FOLDER
"""

import shutil
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "blender"))

import bpy
from sam3d_geometry_import import operators, session
from sam3d_geometry_import.command_line import Pack
from sam3d_geometry_import.settings import Geometry, Look

python, pack, photo, folder = sys.argv[1:]
session.jobs_folder = lambda: Path(folder)
OPERATOR = operators.SAM3D_GEOMETRY_OT_import_photos
PARTS = ("invoke", "modal", "cancel", "_leave", "_fail", "_finish")


def started(photos=(photo,)):
    """The operator's functions on an object of our own, as Blender makes no operator modal without a window."""
    timers, said = [], []

    class Stand:
        pass

    for name in PARTS:
        setattr(Stand, name, getattr(OPERATOR, name))
    Stand.report = lambda self, kind, text: said.append((*kind, text))
    manager = SimpleNamespace(
        event_timer_add=lambda seconds, window: timers.append(1) or "timer",
        event_timer_remove=lambda timer: timers.pop(),
        modal_handler_add=lambda operator: True,
    )
    context = SimpleNamespace(
        window_manager=manager,
        window=None,
        scene=bpy.context.scene,
        workspace=SimpleNamespace(status_text_set=lambda text: said.append(("STATUS", text))),
    )
    operators._waiting.append(
        session.Session(Pack(python, pack), list(map(Path, photos)), Geometry("built-in preview", 256), Look())
    )
    made = Stand()
    assert made.invoke(context, None) == {"RUNNING_MODAL"} and len(timers) == 1
    return made, context, timers, said


def clean(made, timers):
    assert timers == [] and made.session._run._process.poll() is not None
    assert threading.active_count() == 1
    assert not list(Path(folder).iterdir())


def until_over(made, context, longest=0.0):
    while True:
        start = time.monotonic()
        answer = made.modal(context, SimpleNamespace(type="TIMER"))
        longest = max(longest, time.monotonic() - start)
        if answer != {"PASS_THROUGH"}:
            return answer, longest
        assert made.modal(context, SimpleNamespace(type="MOUSEMOVE")) == {"PASS_THROUGH"}
        time.sleep(0.02)


bpy.ops.wm.read_factory_settings(use_empty=True)
made, context, timers, said = started()
made.modal(context, SimpleNamespace(type="TIMER"))
assert made.modal(context, SimpleNamespace(type="ESC")) == {"CANCELLED"}
assert len(bpy.data.objects) == len(bpy.data.images) == 0 and said[-1][0] == "INFO"
clean(made, timers)

made, context, timers, said = started()
made.modal(context, SimpleNamespace(type="TIMER"))
made.session._run._process.kill()  # as when the system ends it
answer, _ = until_over(made, context)
assert answer == {"CANCELLED"} and said[-1][0] == "ERROR" and "ended before it was done" in said[-1][1]
assert len(bpy.data.objects) == 0
clean(made, timers)

made, context, timers, said = started()
answer, longest = until_over(made, context)
assert answer == {"FINISHED"} and len(bpy.data.objects) == 3 and longest < 2
assert any(kind == "STATUS" and text and "photo 1 of 1" in text for kind, text, *_ in said)
clean(made, timers)
# two photos, of which one is there when the import is ended: the scene is as it was, and what was computed is kept
bpy.ops.wm.read_factory_settings(use_empty=True)
second = Path(photo).with_name("second.png")
shutil.copy(photo, second)
size = bpy.context.scene.render.resolution_x
made, context, timers, said = started([photo, second])
while not bpy.data.objects:
    assert made.modal(context, SimpleNamespace(type="TIMER")) == {"PASS_THROUGH"}
    time.sleep(0.02)
assert made.modal(context, SimpleNamespace(type="ESC")) == {"CANCELLED"}
scene = bpy.context.scene
assert (len(bpy.data.objects), scene.camera, scene.render.resolution_x) == (0, None, size)
assert timers == [] and threading.active_count() == 1 and list(Path(folder).rglob("*_mesh.glb"))
print("all as it should be")
