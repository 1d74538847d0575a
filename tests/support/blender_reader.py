"""Run in a process of its own: imports a 3D file into Blender (bpy) and writes what it finds there as an .npz.

python blender_reader.py MODEL OUT.npz
"""

import sys

import bpy
import numpy

path, target = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
if path.endswith(".glb"):
    bpy.ops.import_scene.gltf(filepath=path)
elif path.endswith(".ply"):
    bpy.ops.wm.ply_import(filepath=path)
else:
    bpy.ops.wm.obj_import(filepath=path)
thing = next(o for o in bpy.context.scene.objects if o.type == "MESH")
mesh = thing.data


def gathered(collection, name, width, kind=numpy.float32):
    values = numpy.empty(len(collection) * width, dtype=kind)
    collection.foreach_get(name, values)
    return values.reshape(-1, width)


placed = numpy.array(thing.matrix_world)
found = {
    "vertices": gathered(mesh.vertices, "co", 3) @ placed[:3, :3].T + placed[:3, 3],
    "corners": gathered(mesh.loops, "vertex_index", 1, numpy.int32)[:, 0],
    "normals": gathered(mesh.polygons, "normal", 3) @ placed[:3, :3].T if len(mesh.polygons) else numpy.zeros((0, 3)),
}
if mesh.uv_layers:
    found["uvs"] = gathered(mesh.uv_layers.active.uv, "vector", 2)
for image in bpy.data.images:
    if image.size[0]:
        pixels = numpy.empty(len(image.pixels), dtype=numpy.float32)
        image.pixels.foreach_get(pixels)
        found["texture"] = pixels.reshape(image.size[1], image.size[0], 4)
numpy.savez(target, **found)
