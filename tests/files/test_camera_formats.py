"""Files of a camera, read back by what their programs are documented to do: the same pixels for the same points."""

import io
import json
import math
import re

import numpy
import pytest
import torch
from blender_pythons import blender_pythons, found_by
from scipy.spatial.transform import Rotation

from sam3d_geometry.files.camera_formats import UNIT_PIXELS, camera_writer
from sam3d_geometry.files.camera_sets import read_cameras
from sam3d_geometry.files.camera_suffixes import CAMERA_FORMATS
from sam3d_geometry.files.camera_track import CameraTrack

SIZE = (1080, 1920)
POINTS = numpy.random.default_rng(0).uniform([-2, -1, 4], [2, 1, 9], (20, 3))  # OpenCV axes of the world


def track(frames=5):
    """A camera that goes right, up and forward while it turns about all axes, beyond half a turn, and zooms."""
    share = numpy.linspace(0, 1, frames)
    poses = numpy.tile(numpy.eye(4), (frames, 1, 1))
    poses[:, :3, :3] = Rotation.from_euler("yxz", share[:, None] * [25, -12, 8], degrees=True).as_matrix()
    poses[:, :3, 3] = share[:, None] * [1.0, -0.5, 1.5]
    intrinsics = torch.eye(3, dtype=torch.float64).repeat(frames, 1, 1)
    intrinsics[:, 0, 0] = torch.from_numpy(0.8 + 0.1 * share)
    intrinsics[:, 1, 1] = intrinsics[:, 0, 0] * SIZE[1] / SIZE[0]
    intrinsics[:, :2, 2] = 0.5
    return CameraTrack(world_from_camera=torch.from_numpy(poses), intrinsics=intrinsics, size=SIZE, fps=25.0)


def expected(made, frame):
    """Where POINTS are in the picture, pixels from its left and top."""
    camera = (POINTS - made.world_from_camera[frame, :3, 3].numpy()) @ made.world_from_camera[frame, :3, :3].numpy()
    k = made.intrinsics[frame].numpy()
    return (camera[:, :2] / camera[:, 2:] * [k[0, 0], k[1, 1]] + 0.5) * [SIZE[1], SIZE[0]]


def written(made, file_format):
    suffix, write = camera_writer(made, file_format)
    file = io.BytesIO()
    write(file)
    return suffix, file.getvalue()


def seen_by_opengl(rotation, place, fov_y):
    """POINTS in pixels by a camera with y up that looks along -z, of this vertical field of view in radians."""
    world = POINTS * [1, -1, -1]
    x, y, z = ((world - place) @ rotation).T
    focal = SIZE[0] / 2 / math.tan(fov_y / 2)
    return numpy.stack([SIZE[1] / 2 + focal * x / -z, SIZE[0] / 2 - focal * y / -z], -1)


def test_chan_is_a_camera_of_nuke():
    made = track()
    suffix, content = written(made, "chan")
    assert suffix == ".chan"
    rows = [[float(word) for word in line.split()] for line in content.decode("ascii").splitlines()]
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5] and all(len(row) == 8 for row in rows)
    for frame, (_, *place, rx, ry, rz, fov) in enumerate(rows):
        about = {
            axis: Rotation.from_euler(axis, angle, degrees=True).as_matrix() for axis, angle in zip("xyz", (rx, ry, rz))
        }
        rotation = about["y"] @ about["x"] @ about["z"]  # Nuke's ZXY: z is applied first
        assert numpy.abs(seen_by_opengl(rotation, place, math.radians(fov)) - expected(made, frame)).max() < 1e-3


def keyframes(text, name):
    block = re.search(rf"^{re.escape(name)}\r?\n\tFrame[^\n]*\n((?:\t\d+[^\n]*\n)+)", text, re.MULTILINE)
    return numpy.array([[float(word) for word in line.split()] for line in block.group(1).splitlines()])


def test_after_effects_keyframes_are_a_camera_layer():
    made = track()
    suffix, content = written(made, "after effects")
    text = content.decode("ascii")
    assert suffix == ".txt"
    assert text.startswith("Adobe After Effects 8.0 Keyframe Data\r\n") and text.rstrip().endswith(
        "End of Keyframe Data"
    )
    assert "\tUnits Per Second\t25\r\n" in text and "\tSource Width\t1920\r\n" in text
    places = keyframes(text, "Transform\tPosition")
    angles = keyframes(text, "Transform\tOrientation")
    zooms = keyframes(text, "Camera Options\tZoom")
    assert places[:, 0].tolist() == [0, 1, 2, 3, 4]
    world = POINTS * UNIT_PIXELS + [SIZE[1] / 2, SIZE[0] / 2, 0]
    for frame in range(5):
        x, y, z = (
            Rotation.from_euler(axis, angle, degrees=True).as_matrix() for axis, angle in zip("xyz", angles[frame, 1:])
        )
        camera = (world - places[frame, 1:]) @ (x @ y @ z)
        seen = camera[:, :2] / camera[:, 2:] * zooms[frame, 1] + [SIZE[1] / 2, SIZE[0] / 2]
        assert numpy.abs(seen - expected(made, frame)).max() < 1e-3


def test_json_is_read_back_as_the_same_cameras(tmp_path):
    made = track()
    suffix, content = written(made, "json")
    path = tmp_path / f"camera{suffix}"
    path.write_bytes(content)
    found = read_cameras(path)
    assert len(found) == 5 and json.loads(content)["fps"] == 25
    for frame, camera in enumerate(found.values()):
        assert numpy.allclose(camera.world_from_camera, made.world_from_camera[frame], atol=1e-9)
        assert numpy.allclose(camera.intrinsics, made.intrinsics[frame], atol=1e-9)


def glb(content):
    length = int.from_bytes(content[12:16], "little")
    return json.loads(content[20 : 20 + length]), content[28 + length :]


def test_a_glb_holds_the_camera_and_its_keyframes():
    made = track()
    gltf, data = glb(written(made, "glb")[1])
    animation = gltf["animations"][0]
    values = {}
    for channel in animation["channels"]:
        accessor = gltf["accessors"][animation["samplers"][channel["sampler"]]["output"]]
        view = gltf["bufferViews"][accessor["bufferView"]]
        numbers = numpy.frombuffer(
            data, numpy.float32, accessor["count"] * int(accessor["type"][3:]), view.get("byteOffset", 0)
        )
        values[channel["target"]["path"]] = numbers.reshape(accessor["count"], -1).astype(float)
    fov_y = gltf["cameras"][0]["perspective"]["yfov"]
    assert gltf["cameras"][0]["perspective"]["aspectRatio"] == pytest.approx(16 / 9)
    rotation = Rotation.from_quat(values["rotation"][0]).as_matrix()
    assert numpy.abs(seen_by_opengl(rotation, values["translation"][0], fov_y) - expected(made, 0)).max() < 0.01
    for frame in range(5):
        rotation = Rotation.from_quat(values["rotation"][frame]).as_matrix()
        seen = seen_by_opengl(rotation, values["translation"][frame], float(made.fov_y[frame]))
        assert numpy.abs(seen - expected(made, frame)).max() < 0.01


def test_the_glb_of_a_photo_has_no_animation_and_is_read_by_trimesh():
    made = track(1)
    content = written(made, "glb")[1]
    gltf, _ = glb(content)
    assert "animations" not in gltf and "meshes" not in gltf
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    scene = trimesh.load(io.BytesIO(content), file_type="glb")
    assert scene.graph.to_edgelist()


def test_angles_do_not_jump_by_a_turn():
    made = track(40)
    turning = Rotation.from_euler("y", numpy.linspace(0, 400, 40)[:, None], degrees=True).as_matrix()
    made.world_from_camera[:, :3, :3] = torch.from_numpy(turning)
    rows = numpy.array([[float(w) for w in line.split()] for line in written(made, "chan")[1].decode().splitlines()])
    assert numpy.abs(numpy.diff(rows[:, 4:7], axis=0)).max() < 11


@pytest.mark.parametrize("file_format", CAMERA_FORMATS)
def test_the_same_camera_is_the_same_bytes(file_format):
    assert written(track(), file_format) == written(track(), file_format)


def test_an_unknown_format_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="came as 'fbx'; choose one of glb, json, chan, after effects"):
        camera_writer(track(), "fbx")


@pytest.mark.parametrize("python", blender_pythons() or [None], ids=lambda python: "Blender")
def test_blender_sees_every_frame_of_a_glb(tmp_path, python):
    if python is None:
        pytest.skip("no Python with bpy (Blender as a package) is named by BLENDER_PYTHON or runs this")
    made = track()
    made.intrinsics.copy_(made.intrinsics[:1].clone().expand_as(made.intrinsics))  # a camera of glTF does not zoom
    (tmp_path / "camera.glb").write_bytes(written(made, "glb")[1])
    numpy.save(tmp_path / "points.npy", POINTS)
    where = (tmp_path / "camera.glb", tmp_path / "seen.npz", tmp_path / "points.npy")
    seen = found_by(python, "blender_camera.py", *where, SIZE[1], SIZE[0], made.fps)["pixels"]
    assert len(seen) == len(made)
    for frame in range(len(made)):
        assert numpy.abs(seen[frame] - expected(made, frame)).max() < 0.01
