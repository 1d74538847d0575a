"""Run in a process of its own: imports a GLB with a camera into Blender (bpy) and writes what it sees of given points as an .npz.

python blender_camera.py MODEL OUT.npz POINTS.npy WIDTH HEIGHT FPS
"""

import sys

import bpy
import numpy
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

path, target, points_file = sys.argv[1:4]
width, height, fps = int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6])
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=path)
scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = width, height
camera = next(thing for thing in bpy.data.objects if thing.type == "CAMERA")
points = numpy.load(points_file)  # x right, y down, z forward: Blender has z up
keyed = [action.frame_range[1] / scene.render.fps * fps for action in bpy.data.actions]
seen = []
for frame in range(round(max(keyed, default=0)) + 1):
    at = frame / fps * scene.render.fps
    scene.frame_set(int(at), subframe=at - int(at))
    bpy.context.view_layer.update()
    views = [world_to_camera_view(scene, camera, Vector((x, z, -y))) for x, y, z in points.tolist()]
    seen.append([(view.x * width, (1 - view.y) * height) for view in views])
numpy.savez(target, pixels=numpy.array(seen))
