"""Run in a process of its own by a Blender's Python: installs the extension from its zip, imports photos, and writes what it finds.

python blender_extension.py ZIP OUT.json PYTHON PACK BLEND CALL...

PYTHON may be the address of a ComfyUI. Each CALL is JSON: arguments of the operator; "render": FILE renders the scene
afterwards, "sun" with a lamp, "balls" with green balls at [u, v, share of the depth there]; "online" says whether Blender
may use the network, "clear" that the file is emptied first. The file is saved as BLEND.
"""

import json
import sys
from pathlib import Path

import bpy
from bpy_extras.object_utils import world_to_camera_view

archive, out, python, pack, blend, *calls = sys.argv[1:]
NAME = "bl_ext.user_default.sam3d_geometry_import"


def install():
    if Path(blend).exists():
        bpy.ops.wm.open_mainfile(filepath=blend)
    else:
        bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
    preferences = bpy.context.preferences.addons[NAME].preferences
    if python.startswith("http"):
        preferences.back_end, preferences.address = "COMFYUI", python
    else:
        preferences.python, preferences.folder = python, pack


def counts():
    kinds = ("objects", "meshes", "cameras", "materials", "images", "textures", "collections")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}


def render(path):
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.device, scene.cycles.samples = "CYCLES", "CPU", 4
    scene.cycles.use_denoising, scene.cycles.pixel_filter_type = False, "BOX"
    scene.render.film_transparent, scene.render.threads_mode, scene.render.threads = True, "FIXED", 1
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGBA"
    scene.render.filepath = path
    bpy.ops.render.render(write_still=True)


def off_in_pixels(surface, camera):
    """The farthest that any vertex, seen through the camera, lies from its place in the photo."""
    scene, mesh = bpy.context.scene, surface.data
    size = scene.render.resolution_x, scene.render.resolution_y
    worst, seen = 0.0, {}
    for loop in mesh.loops:
        seen[loop.vertex_index] = mesh.uv_layers.active.uv[loop.index].vector
    if "photo_place" in mesh.attributes:
        seen = {number: entry.vector for number, entry in enumerate(mesh.attributes["photo_place"].data)}
    for number, uv in seen.items():
        place = world_to_camera_view(scene, camera, surface.matrix_world @ mesh.vertices[number].co)
        worst = max(worst, *(abs(place[i] - uv[i]) * size[i] for i in (0, 1)))
    return worst


def described(collection):
    bpy.context.view_layer.update()
    things = {thing.type: thing for thing in collection.objects}
    surface, camera = things["MESH"], things["CAMERA"]
    scene = bpy.context.scene
    evaluated = surface.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return {
        "photo": collection["sam3d_geometry_photo"],
        "vertices": len(surface.data.vertices),
        "polygons": len(surface.data.polygons),
        "valid": not surface.data.validate(),
        "places": [list(vertex.co) for vertex in surface.data.vertices],
        "pushed": [list(vertex.co) for vertex in evaluated.data.vertices],
        "off_in_pixels": off_in_pixels(surface, camera),
        "angle_x": camera.data.angle_x,
        "sensor_fit": camera.data.sensor_fit,
        "camera_at": list(camera.matrix_world.translation),
        "size": [scene.render.resolution_x, scene.render.resolution_y],
        "background": camera.data.background_images[0].image.name,
        "modifiers": [
            [made.type, made.strength, made.texture_coords, made.mid_level]
            for made in surface.modifiers
            if made.type == "DISPLACE"
        ],
        "radii": [entry.value for entry in surface.data.attributes["photo_radius"].data]
        if "photo_radius" in surface.data.attributes
        else [],
        "shader": next(
            n.type
            for n in surface.data.materials[0].node_tree.nodes
            if n.type not in ("TEX_IMAGE", "OUTPUT_MATERIAL", "ATTRIBUTE")
        ),
        "asset": surface.asset_data is not None,
        "preview": list(surface.preview.image_size) if surface.preview else [],
    }


def shine(turn):
    """A lamp from above, whose rays a turn about the vertical axis moves."""
    lamp = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    lamp.data.energy, lamp.rotation_euler = 3.0, (0.9, 0.0, turn)
    bpy.context.scene.collection.objects.link(lamp)


def add_balls(balls):
    """Green balls that shine, on the camera's rays."""
    if not balls:
        return
    surface = next(thing for thing in bpy.data.objects if thing.type == "MESH")
    places = {loop.vertex_index: surface.data.uv_layers.active.uv[loop.index].vector for loop in surface.data.loops}
    green = bpy.data.materials.new("green")
    green.use_nodes = True
    green.node_tree.nodes.clear()
    shader, end = green.node_tree.nodes.new("ShaderNodeEmission"), green.node_tree.nodes.new("ShaderNodeOutputMaterial")
    shader.inputs[0].default_value = (0, 1, 0, 1)
    green.node_tree.links.new(shader.outputs[0], end.inputs["Surface"])
    for u, v, share in balls:
        number = min(places, key=lambda n: (places[n][0] - u) ** 2 + (places[n][1] - v) ** 2)
        place = surface.matrix_world @ surface.data.vertices[number].co * share
        bpy.ops.mesh.primitive_uv_sphere_add(radius=place.length * 0.03, location=place)
        bpy.context.object.data.materials.append(green)


def clear():
    bpy.data.batch_remove([*bpy.data.objects, *bpy.data.collections])


install()
found = {"calls": [], "version": bpy.app.version_string}
for call in map(json.loads, calls):
    before, picture, whole = counts(), call.pop("render", None), call.pop("describe", True)
    bpy.context.preferences.system.use_online_access = call.pop("online", False)
    if call.pop("clear", False):
        clear()
    sun, balls = call.pop("sun", None), call.pop("balls", [])
    there = set(bpy.data.collections)
    entry = {"before": before}
    bpy.ops.ed.undo_push(message="before")
    undo = call.pop("undo", False)
    try:
        entry["answer"] = sorted(bpy.ops.import_scene.photo_as_3d_scene("EXEC_DEFAULT", True, **call))
    except RuntimeError as error:  # how bpy tells an error that an operator reports
        entry["error"] = str(error)
    entry["after"] = counts()
    entry["made"] = [c["sam3d_geometry_photo"] for c in bpy.data.collections if c not in there]
    if whole:
        entry["scenes"] = [described(c) for c in bpy.data.collections if c not in there]
    entry["images"] = {
        i.name: [i.filepath, i.packed_file is not None, i.colorspace_settings.name, i.is_float, *i.size]
        for i in bpy.data.images
        if i.source == "FILE"
    }
    if sun is not None:
        shine(sun)
    add_balls(balls)
    if picture:
        render(picture)
    if undo:
        bpy.ops.ed.undo()
        entry["undone"] = {kind: counts()[kind] for kind in ("objects", "collections")}
        bpy.ops.ed.redo()
        entry["redone"] = counts()
    found["calls"].append(entry)
bpy.ops.wm.save_as_mainfile(filepath=blend)
jobs = Path(bpy.utils.extension_path_user(NAME, path="jobs", create=True))
found["left"] = [path.name for path in jobs.iterdir()]
bpy.ops.preferences.addon_disable(module=NAME)
found["registered"] = hasattr(bpy.types, "IMPORT_SCENE_OT_photo_as_3d_scene")
Path(out).write_text(json.dumps(found), encoding="utf-8")
