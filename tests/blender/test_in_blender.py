"""The extension in a real Blender: what is imported is what the pack computed, and its camera sees the photo."""

import math
import subprocess
import sys

import numpy
import pytest
from blender_pythons import SUPPORT, blender_pythons
from blender_runs import InstalledExtension
from comfyui_stand_in import comfyui_stand_in
from PIL import Image
from repository import PHOTOS, ROOT
from sam3d_geometry_import.command_line import Pack
from sam3d_geometry_import.settings import DEPTH16, Geometry

PYTHONS = blender_pythons()
if not PYTHONS:
    pytest.skip(
        "no Python with bpy (Blender as a package) is named by BLENDER_PYTHON or runs this", allow_module_level=True
    )
SIZE = (160, 107)  # whose pixels are not square at the network's size
HOW = {"model": "built-in preview", "resolution": 256}


@pytest.fixture(scope="module", params=PYTHONS)
def blender(request, tmp_path_factory):
    """Runs calls of the operator in a Blender with the extension installed from its zip; gives what it finds."""
    return InstalledExtension(request.param, tmp_path_factory.mktemp("blender"))


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "temple.png"
    Image.open(PHOTOS / "temple.jpg").convert("RGB").resize(SIZE).save(path)
    return path


@pytest.fixture(scope="module")
def both(blender, photo, tmp_path_factory):
    """A mesh and a plane of one photo; the mesh is rendered."""
    picture = tmp_path_factory.mktemp("render") / "render.png"
    mesh = {"filepath": str(photo), "undo": True, "fov_x": math.radians(50), "render": str(picture), **HOW}
    plane = {"filepath": str(photo), "form": "PLANE", "shading": "PRINCIPLED", "asset": True, "subdivisions": 32, **HOW}
    return blender(mesh, plane), picture


def decibels(rendered, wanted, valid):
    """PSNR of pictures (H, W, 3 or 4) over pixels (H, W)."""
    error = ((rendered[..., :3] - wanted[..., :3])[valid] ** 2).mean()
    return 10 * math.log10(255**2 / error)


def read(path):
    return numpy.asarray(Image.open(path), dtype=float)


def test_the_mesh_lies_behind_its_pixels_and_the_camera_is_the_photos(both):
    (scene,) = both[0]["calls"][0]["scenes"]
    assert scene["vertices"] > 5000 and scene["polygons"] > 8000 and scene["valid"]
    assert scene["off_in_pixels"] < 0.05
    assert abs(math.degrees(scene["angle_x"]) - 50) < 0.01 and scene["sensor_fit"] == "HORIZONTAL"
    assert scene["camera_at"] == [0, 0, 0] and scene["size"] == list(SIZE)
    assert scene["shader"] == "EMISSION" and not scene["asset"]
    distances = numpy.linalg.norm(scene["places"], axis=1)
    assert 2 < numpy.median(distances) < 4.5  # 3 along the view, as asked, where the model gives no meters
    up, ahead = numpy.array(scene["places"])[:, 2], numpy.array(scene["places"])[:, 1]
    assert (ahead > 0).mean() > 0.99 and up.max() > 0.3 > -0.3 > up.min()


def test_a_render_from_the_camera_is_the_photo(both, photo):
    rendered, wanted = read(both[1]), read(photo)
    valid = rendered[..., 3] == 255
    assert rendered.shape[:2] == wanted.shape[:2] and valid.mean() > 0.5
    assert decibels(rendered, wanted, valid) > 30


def test_the_plane_is_pushed_by_its_modifier_toward_the_camera(both):
    (scene,) = both[0]["calls"][1]["scenes"]
    assert (scene["vertices"], scene["polygons"]) == (33 * 33, 32 * 32)
    assert scene["off_in_pixels"] < 0.05 and scene["shader"] == "BSDF_PRINCIPLED"
    assert scene["asset"] and scene["preview"] == [256, round(256 * SIZE[1] / SIZE[0])]
    ((kind, strength, coordinates, middle),) = scene["modifiers"]
    assert (kind, coordinates, middle) == ("DISPLACE", "UV", 0)
    flat, pushed = (numpy.array(scene[name]) for name in ("places", "pushed"))
    moved = numpy.linalg.norm(pushed - flat, axis=1)
    assert 0.8 * strength < moved.max() <= strength * 1.001 and moved.min() < 0.2 * strength
    assert (numpy.linalg.norm(pushed, axis=1) <= numpy.linalg.norm(flat, axis=1) + 1e-5).all()


def test_points_are_the_surfaces_vertices_and_look_like_the_photo_from_its_camera(both, blender, photo, tmp_path):
    picture = tmp_path / "points.png"
    call = {"filepath": str(photo), "form": "POINTS", "fov_x": math.radians(50), "render": str(picture), **HOW}
    found = blender(call, name="points")
    (scene,), (surface,) = found["calls"][0]["scenes"], both[0]["calls"][0]["scenes"]
    assert scene["places"] == surface["places"] and scene["polygons"] == 0
    assert scene["off_in_pixels"] < 0.05 and scene["modifiers"] == [] and found["left"] == []
    radii, distances = numpy.array(scene["radii"]), numpy.linalg.norm(scene["places"], axis=1)
    pixel = 2 * math.tan(math.radians(25)) / SIZE[0]  # at a distance of one
    assert 0.4 < numpy.median(radii / distances) / pixel < 0.8
    rendered, wanted = read(picture), read(photo)
    valid = rendered[..., 3] == 255
    assert valid.mean() > 0.5 and decibels(rendered, wanted, valid) > 22


def test_the_compositor_puts_the_scene_between_the_things_of_the_photo(blender, photo, tmp_path):
    plain, with_balls = tmp_path / "plain.png", tmp_path / "balls.png"
    balls = [(0.5, 0.25, 2.0), (0.25, 0.25, 0.5)]  # behind what is seen there, and before it
    call = {"filepath": str(photo), "compositor": True, "describe": False, "clear": True, **HOW}
    calls = call | {"render": str(plain)}, call | {"balls": balls, "render": str(with_balls)}
    found = blender(*calls, name="compositor")
    path, packed, *_ = found["calls"][0]["images"]["temple distances"]
    assert path == "" and packed
    wanted, first, second = read(photo), read(plain), read(with_balls)
    assert decibels(first, wanted, numpy.ones(wanted.shape[:2], dtype=bool)) > 30  # the sky too, which has no surface
    (hidden, shown) = ((round((1 - v) * SIZE[1]), round(u * SIZE[0])) for u, v, _ in balls)
    assert numpy.abs(second[hidden] - first[hidden]).max() < 8
    assert second[shown][1] > 200 and second[shown][0] < 60 and second[shown][2] < 60


def test_the_normal_map_lights_as_the_surface_does(blender, photo, tmp_path):
    pictures = [tmp_path / name for name in ("surface.png", "map.png", "turned.png")]
    call = {"filepath": str(photo), "shading": "PRINCIPLED", "describe": False, "clear": True, **HOW}
    found = blender(
        call | {"sun": -1.2, "render": str(pictures[0])},
        call | {"sun": -1.2, "render": str(pictures[1]), "normal_map": True},
        call | {"sun": 1.2, "render": str(pictures[2]), "normal_map": True},
        name="normals",
    )
    assert found["calls"][1]["images"]["temple normals"][2] == "Non-Color"
    surface, by_map, turned = map(read, pictures)
    valid = surface[..., 3] == 255
    agreed, otherwise = (decibels(surface, other, valid) for other in (by_map, turned))
    assert agreed > 20 and agreed > otherwise + 6


def test_pictures_are_in_the_file_and_nothing_is_left_elsewhere(both, blender, photo):
    images = both[0]["calls"][1]["images"]
    assert len(images) == 3
    assert {(path, packed) for path, packed, *_ in images.values()} == {("", True)}
    assert images["temple depth"][2:] == ["Non-Color", True, *SIZE]
    assert both[0]["left"] == [] and not both[0]["registered"]


def test_an_import_is_one_step_for_undo(both):
    call = both[0]["calls"][0]
    assert call["undone"] == {"objects": 0, "collections": 0} and call["redone"] == call["after"]
    assert call["after"]["objects"] == 3


def test_what_goes_wrong_is_one_sentence_and_changes_nothing(blender, photo, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photo.read_bytes()[:500])
    calls = [
        {"filepath": str(broken), **HOW},
        {"filepath": str(tmp_path / "none.jpg"), **HOW},
        {"filepath": str(photo), "model": "no-such-model"},
    ]
    for call, word in zip(blender(*calls, name="wrong")["calls"], ("broken.jpg", "No photo", "no-such-model")):
        assert call["made"] == [] and call["before"] == call["after"]
        assert word in call["error"] and "Traceback" not in call["error"]


@pytest.mark.parametrize("form", ["MESH", "PLANE"])
def test_a_running_comfyui_gives_the_scene_that_the_command_line_gives(both, blender, photo, tmp_path, form):
    """The server stands in: it sends what the command line makes of the photo."""
    made = Pack(sys.executable, str(ROOT)).run([photo], tmp_path, Geometry("built-in preview", 256, 50.0), (DEPTH16,))
    made.wait(120)
    (result,) = made.poll()
    files = {"mesh.glb": result.mesh.read_bytes(), "depth.png": result.extras[DEPTH16].read_bytes()}
    outputs = {
        "glb": {"3d": [{"filename": "mesh.glb", "subfolder": "", "type": "output"}]},
        "info": {"up": [result.record["normals"]]},
        "depth_path": {"text": ["depth.png"]},
    }
    call = {"filepath": str(photo), "form": form, "fov_x": math.radians(50), "subdivisions": 32, **HOW}
    with comfyui_stand_in(outputs, files) as server:
        found = blender(call, call | {"online": True}, name=f"server {form}", computed_by=server.url)
        server.has_pack = False
        missing = blender(call | {"online": True}, name=f"missing {form}", computed_by=server.url)
    offline, online = found["calls"]
    assert "Allow Online Access" in offline["error"] and offline["before"] == offline["after"]
    (scene,) = online["scenes"]
    assert scene["photo"] == str(photo) and scene["off_in_pixels"] < 0.05 and found["left"] == []
    if form == "MESH":
        assert scene["places"] == both[0]["calls"][0]["scenes"][0]["places"]
    assert "is not installed in the ComfyUI" in missing["calls"][0]["error"]
    assert missing["calls"][0]["before"] == missing["calls"][0]["after"] and missing["left"] == []


def test_twenty_photos_one_broken_killed_and_started_again_come_once_each(blender, photo, tmp_path):
    small = Image.open(photo).resize((48, 32))
    for number in range(19):
        small.save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(photo.read_bytes()[:500])
    folder, how = (
        {"directory": str(tmp_path), "describe": False, **HOW},
        {"name": "folder", "blend": tmp_path / "all.blend"},
    )
    blender(folder, killed_when=lambda user: len(list(user.rglob("jobs/*/*_mesh.glb"))) >= 3, **how)
    first = blender(folder, **how)
    assert sorted(first["calls"][0]["made"]) == sorted(str(tmp_path / f"{number}.png") for number in range(19))
    (line,) = (line for line in first["said"].splitlines() if "19 imported" in line)
    assert int(line.partition("19 imported (")[2].split()[0]) >= 3 and line.count("broken.png") == 1
    small.save(tmp_path / "new.png")
    again = blender(folder, **how)
    assert again["calls"][0]["made"] == [str(tmp_path / "new.png")]
    assert "19 were in the file before" in again["said"]


@pytest.mark.parametrize("python", PYTHONS)
def test_blender_stays_usable_and_esc_ends_an_import(python, photo, tmp_path):
    command = [python, SUPPORT / "blender_modal.py", sys.executable, ROOT, photo, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "all as it should be"
