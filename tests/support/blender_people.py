"""Run in a process of its own: imports a GLB of people into Blender (bpy) and writes their skinned meshes and bones as .npz.

python blender_people.py MODEL OUT.npz FRAMES_PER_SECOND FRAME...

person<i>_frame<t> (V, 3) skinned vertices; heads<i>_frame<t> (B, 3) and turns<i>_frame<t> (B, 3, 3) of the posed bones; rest<i>
(B, 3, 3) of the resting ones, whose second column points from head to tail; all in Blender's world. bones, parents: their names.
"""

import sys

import bpy
import numpy

path, target, fps, *frames = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.fps = int(fps)
bpy.ops.import_scene.gltf(filepath=path)
people = sorted((o for o in scene.objects if o.type == "MESH" and o.find_armature()), key=lambda o: o.name)
found = {}
for frame in frames:
    scene.frame_set(int(frame))
    graph = bpy.context.evaluated_depsgraph_get()
    for number, person in enumerate(people):
        shown = person.evaluated_get(graph)
        mesh = shown.to_mesh()
        places = numpy.empty(len(mesh.vertices) * 3, dtype=numpy.float32)
        mesh.vertices.foreach_get("co", places)
        world = numpy.array(shown.matrix_world)
        found[f"person{number}_frame{frame}"] = places.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]
        shown.to_mesh_clear()
        armature = person.find_armature()
        posed = [numpy.array(armature.matrix_world @ bone.matrix) for bone in armature.pose.bones]
        found[f"heads{number}_frame{frame}"] = numpy.array([matrix[:3, 3] for matrix in posed])
        found[f"turns{number}_frame{frame}"] = numpy.array([matrix[:3, :3] for matrix in posed])
for number, person in enumerate(people):
    armature = person.find_armature()
    resting = [numpy.array(armature.matrix_world @ bone.matrix_local)[:3, :3] for bone in armature.data.bones]
    found[f"rest{number}"] = numpy.array(resting)
bones = people[0].find_armature().data.bones
found["bones"] = numpy.array([bone.name for bone in bones])
found["parents"] = numpy.array([bone.parent.name if bone.parent else "" for bone in bones])
numpy.savez(target, **found)
