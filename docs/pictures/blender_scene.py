"""Run by a Blender's Python: a picture of docs/blender.md, an imported photo and its camera seen from the side.

python docs/pictures/blender_scene.py KIND PYTHON [PHOTO OUT.jpg]      PYTHON is one that runs the pack

KIND is MESH, PLANE or POINTS, the form of the photo; LIT, seen from the photo's camera in a lamp from the left, by its normal map;
COMPOSITOR, with a ring behind and before the photo's cup; or PATH, the camera of a clip, from files that blender_path.py makes.
"""

import math
import sys
from pathlib import Path

import bpy
from mathutils import Matrix, Vector

ROOT = Path(__file__).resolve().parents[2]
PHOTO = ROOT / "docs" / "photos" / "coffee.jpg"
FORMS = ("MESH", "PLANE", "POINTS")
RING_AT, RING_RADIUS = (0.47, 0.45, 0.98), 0.2  # u, v and share of the depth there; radius in parts of that depth
EXTENSION = "sam3d_geometry_import"


def enabled(python):
    """An empty scene of a Blender with the extension, which finds the pack."""
    import addon_utils  # which the import of bpy puts in reach

    sys.path.insert(0, str(ROOT / "blender"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable(EXTENSION, default_set=True)
    preferences = bpy.context.preferences.addons[EXTENSION].preferences
    preferences.python, preferences.folder = python, str(ROOT)


def imported(photo, **options):
    """The photo's camera in the scene with what is imported."""
    bpy.ops.import_scene.photo_as_3d_scene(filepath=str(photo), model="built-in preview", **options)
    return bpy.context.scene.camera


def glowing(colour):
    """A material that shines in a colour (4,) whatever the light."""
    made = bpy.data.materials.new("glowing")
    made.use_nodes = True
    nodes = made.node_tree.nodes
    nodes.clear()
    light, output = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
    light.inputs[0].default_value = colour
    made.node_tree.links.new(light.outputs[0], output.inputs[0])
    return made


def lines_of(camera, length=0.9):
    """The camera's picture at a distance and the rays to its corners, as an orange frame."""
    world = camera.matrix_world.copy()
    corners = [
        world @ (corner * (length / abs(corner.z))) for corner in camera.data.view_frame(scene=bpy.context.scene)
    ]
    curve = bpy.data.curves.new("frame", "CURVE")
    curve.dimensions, curve.bevel_depth = "3D", 0.008
    for i, corner in enumerate(corners):
        for start in (corners[i - 1], world.translation):
            line = curve.splines.new("POLY")
            line.points.add(1)
            line.points[0].co, line.points[1].co = (*start, 1), (*corner, 1)
    curve.materials.append(glowing((1, 0.45, 0.05, 1)))
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("frame", curve))


def look_from(camera, aside=(-4.3, -3.2, 1.3), ahead=2.0):
    """A camera beside the scene that shows it and the photo's camera."""
    middle = camera.matrix_world @ Vector((0, 0, -ahead))
    data = bpy.data.cameras.new("side")
    data.angle = math.radians(45)
    eye = middle + Vector(aside)
    side = bpy.data.objects.new("side", data)
    side.matrix_basis = Matrix.Translation(eye) @ (middle - eye).to_track_quat("-Z", "Y").to_matrix().to_4x4()
    bpy.context.scene.collection.objects.link(side)
    bpy.context.scene.camera = side


def surface():
    """The mesh that was imported."""
    return next(thing for thing in bpy.data.objects if thing.type == "MESH")


def put_ring():
    """A ring of metal about a thing of the photo, which the compositor hides where the photo is nearer."""
    mesh, (u, v, share) = surface(), RING_AT
    places = {loop.vertex_index: mesh.data.uv_layers.active.uv[loop.index].vector for loop in mesh.data.loops}
    number = min(places, key=lambda n: (places[n][0] - u) ** 2 + (places[n][1] - v) ** 2)
    place = mesh.matrix_world @ mesh.data.vertices[number].co * share
    radius = place.length * RING_RADIUS
    bpy.ops.mesh.primitive_torus_add(location=place, major_radius=radius, minor_radius=radius / 6, rotation=(0.5, 0, 0))
    bpy.ops.object.shade_smooth()
    metal = bpy.data.materials.new("metal")
    metal.use_nodes = True
    shader = next(node for node in metal.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value, shader.inputs["Roughness"].default_value = (0.1, 0.5, 0.9, 1), 0.3
    bpy.context.object.data.materials.append(metal)
    mesh.hide_render = True


def shine():
    """A lamp from the left and above."""
    lamp = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    lamp.data.energy, lamp.rotation_euler = 3.0, (0.5, -0.9, 0.0)
    bpy.context.scene.collection.objects.link(lamp)


def show_path(folder):
    """A clip's first frame as a mesh, and the way of its camera, from camera.glb and scene.glb."""
    bpy.ops.import_scene.gltf(filepath=str(folder / "scene.glb"))
    bpy.ops.import_scene.gltf(filepath=str(folder / "camera.glb"))
    scene = bpy.context.scene
    for thing in bpy.data.objects:
        if thing.type == "MESH":  # shown in the colors of the film
            for material in thing.data.materials:
                nodes = material.node_tree.nodes
                picture = next(node for node in nodes if node.type == "TEX_IMAGE")
                output = next(node for node in nodes if node.type == "OUTPUT_MATERIAL")
                shown = nodes.new("ShaderNodeEmission")
                material.node_tree.links.new(picture.outputs[0], shown.inputs[0])
                material.node_tree.links.new(shown.outputs[0], output.inputs[0])
    camera = next(thing for thing in bpy.data.objects if thing.type == "CAMERA" and thing.animation_data)
    curve = bpy.data.curves.new("way", "CURVE")
    curve.dimensions, curve.bevel_depth = "3D", 0.012
    first, last = (int(end) for end in camera.animation_data.action.frame_range)
    line = curve.splines.new("POLY")
    line.points.add(last - first)
    for number, frame in enumerate(range(first, last + 1)):
        scene.frame_set(frame)
        line.points[number].co = (*camera.matrix_world.translation, 1)
    curve.materials.append(glowing((0.1, 0.6, 1, 1)))
    scene.collection.objects.link(bpy.data.objects.new("way", curve))
    for frame in (first, last):
        scene.frame_set(frame)
        lines_of(camera, 0.35)
    return camera


def render(path, size=(480, 360)):
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("gray")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.05, 0.05, 0.05, 1)
    scene.render.engine, scene.cycles.device, scene.cycles.samples = "CYCLES", "CPU", 16
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.image_settings.file_format, scene.render.image_settings.quality = "JPEG", 75
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def main(kind, python, photo=PHOTO, target=None):
    """Makes the picture of one kind."""
    target = target or ROOT / "web" / "docs" / "img" / f"blender_{kind.lower()}.jpg"
    enabled(python)
    if kind == "PATH":
        camera = show_path(Path(photo))
        look_from(camera, (-4.2, -3.4, 2.4), 1.6)
        return render(target)
    extras = {"LIT": {"normal_map": True, "shading": "PRINCIPLED"}, "COMPOSITOR": {"compositor": True}}
    camera = imported(photo, **extras.get(kind, {"form": kind}))
    size = bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y
    if kind in FORMS:
        lines_of(camera)
        look_from(camera)
        return render(target)
    if kind == "COMPOSITOR":
        put_ring()
    shine()
    return render(target, [round(480 * edge / max(size)) for edge in size])


main(*sys.argv[1:])
