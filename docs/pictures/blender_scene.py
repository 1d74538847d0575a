"""Run by a Blender's Python: the picture of docs/blender.md, an imported photo and its camera seen from the side.

python docs/pictures/blender_scene.py FORM PYTHON      FORM is MESH or PLANE, PYTHON one that runs the pack
"""

import math
import sys
from pathlib import Path

import bpy
from mathutils import Matrix, Vector

ROOT = Path(__file__).resolve().parents[2]
PHOTO = ROOT / "docs" / "photos" / "coffee.jpg"
EXTENSION = "sam3d_geometry_import"


def imported(form, python):
    """The photo's camera in a scene with nothing but what is imported."""
    import addon_utils  # which the import of bpy puts in reach

    sys.path.insert(0, str(ROOT / "blender"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable(EXTENSION, default_set=True)
    preferences = bpy.context.preferences.addons[EXTENSION].preferences
    preferences.python, preferences.folder = python, str(ROOT)
    bpy.ops.import_scene.photo_as_3d_scene(filepath=str(PHOTO), form=form, model="built-in preview")
    return bpy.context.scene.camera


def lines_of(camera):
    """The camera's picture and the rays to its corners, as an orange frame."""
    world = camera.matrix_basis
    corners = [world @ (corner * (0.9 / abs(corner.z))) for corner in camera.data.view_frame(scene=bpy.context.scene)]
    curve = bpy.data.curves.new("frame", "CURVE")
    curve.dimensions, curve.bevel_depth = "3D", 0.008
    for i, corner in enumerate(corners):
        for start in (corners[i - 1], world.translation):
            line = curve.splines.new("POLY")
            line.points.add(1)
            line.points[0].co, line.points[1].co = (*start, 1), (*corner, 1)
    orange = bpy.data.materials.new("orange")
    orange.use_nodes = True
    nodes = orange.node_tree.nodes
    nodes.clear()
    light, output = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
    light.inputs[0].default_value = (1, 0.45, 0.05, 1)
    orange.node_tree.links.new(light.outputs[0], output.inputs[0])
    curve.materials.append(orange)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("frame", curve))


def look_from_the_side(camera):
    """A camera beside the scene that shows it and the photo's camera."""
    middle = camera.matrix_basis.to_3x3() @ Vector((0, 0, -2.0))
    data = bpy.data.cameras.new("side")
    data.angle = math.radians(45)
    eye = middle + Vector((-4.3, -3.2, 1.3))
    side = bpy.data.objects.new("side", data)
    side.matrix_basis = Matrix.Translation(eye) @ (middle - eye).to_track_quat("-Z", "Y").to_matrix().to_4x4()
    bpy.context.scene.collection.objects.link(side)
    bpy.context.scene.camera = side


def render(path):
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("gray")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.05, 0.05, 0.05, 1)
    scene.render.engine, scene.cycles.device, scene.cycles.samples = "CYCLES", "CPU", 16
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = 480, 360
    scene.render.image_settings.file_format, scene.render.image_settings.quality = "JPEG", 88
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


form, python = sys.argv[1:]
camera = imported(form, python)
lines_of(camera)
look_from_the_side(camera)
render(ROOT / "web" / "docs" / "img" / f"blender_{form.lower()}.jpg")
