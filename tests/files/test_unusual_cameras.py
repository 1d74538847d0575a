"""Cameras of unusual clips, portrait, anamorphic, at 23.976 frames a second, of one frame, read back by their programs' rules."""

import io
import json
import math
import struct
from dataclasses import dataclass

import numpy
import pytest
import torch
from scipy.spatial.transform import Rotation

from sam3d_geometry.files.camera_formats import UNIT_PIXELS, camera_writer
from sam3d_geometry.files.camera_sets import read_cameras
from sam3d_geometry.files.camera_track import CameraTrack, camera_track
from sam3d_geometry.geometry.pointmap import Pointmap

POINTS = numpy.random.default_rng(1).uniform([-1, -1, 4], [1, 1, 9], (20, 3))


@dataclass(frozen=True)
class Clip:
    size: tuple[int, int]  # height, width
    focal: float = 0.9  # of the width
    pixel_aspect: float = 1.0
    fps: float = 24.0
    frames: int = 4


CLIPS = {
    "portrait": Clip((1920, 1080), 1.4),
    "anamorphic": Clip((1080, 1440), 0.9, 4 / 3),
    "tall pixels": Clip((576, 720), 1.0, 16 / 15),
    "film rate": Clip((1080, 1920), fps=24000 / 1001),
    "slow": Clip((480, 640), fps=0.1),
    "one frame": Clip((1080, 1920), frames=1),
    "two pixels high": Clip((2, 640), 0.5),
}
SQUARE = [name for name, clip in CLIPS.items() if clip.pixel_aspect == 1]


def track(clip):
    share = numpy.linspace(0, 1, clip.frames)
    poses = numpy.tile(numpy.eye(4), (clip.frames, 1, 1))
    poses[:, :3, :3] = Rotation.from_euler("yxz", share[:, None] * [20, -10, 200], degrees=True).as_matrix()
    poses[:, :3, 3] = share[:, None] * [0.4, -0.2, 1.0]
    height, width = clip.size
    intrinsics = torch.eye(3, dtype=torch.float64).repeat(clip.frames, 1, 1)
    intrinsics[:, 0, 0] = clip.focal
    intrinsics[:, 1, 1] = clip.focal * width / height * clip.pixel_aspect
    intrinsics[:, :2, 2] = 0.5
    return CameraTrack(world_from_camera=torch.from_numpy(poses), intrinsics=intrinsics, size=clip.size, fps=clip.fps)


def expected(made, frame):
    """Where POINTS are in the picture, as shares of its width and height from the middle."""
    camera = (POINTS - made.world_from_camera[frame, :3, 3].numpy()) @ made.world_from_camera[frame, :3, :3].numpy()
    return camera[:, :2] / camera[:, 2:] * made.intrinsics[frame, (0, 1), (0, 1)].numpy()


def by_opengl(rotation, place, fov_y, aspect):
    """The same by a camera of glTF, three.js or Nuke: y up, along -z, vertical angle, width / height of what is seen."""
    x, y, z = ((POINTS * [1, -1, -1] - place) @ rotation).T
    focal = 0.5 / math.tan(fov_y / 2)
    return numpy.stack([focal / aspect * x / -z, -focal * y / -z], -1)


def content_of(made, file_format):
    file = io.BytesIO()
    camera_writer(made, file_format)[1](file)
    return file.getvalue()


@pytest.mark.parametrize("name", CLIPS)
def test_a_glb_is_the_same_camera_by_the_rules_of_three_js(name):
    made = track(CLIPS[name])
    content = content_of(made, "glb")
    length = struct.unpack("<I", content[12:16])[0]
    gltf, data = json.loads(content[20 : 20 + length]), content[28 + length :]
    lens = gltf["cameras"][0]["perspective"]
    (node,) = (node for node in gltf["nodes"] if "camera" in node)
    values = {"rotation": [node["rotation"]], "translation": [node["translation"]], "times": [0.0]}
    for animation in gltf.get("animations", []):
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            for key, number in ((channel["target"]["path"], sampler["output"]), ("times", sampler["input"])):
                accessor = gltf["accessors"][number]
                start = gltf["bufferViews"][accessor["bufferView"]].get("byteOffset", 0)
                width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor["type"]]
                array = numpy.frombuffer(data, numpy.float32, accessor["count"] * width, start)
                values[key] = array.reshape(-1, width).astype(float)
    assert numpy.allclose(numpy.ravel(values["times"]) * made.fps, range(len(made)), atol=1e-4)
    for frame in range(len(made)):
        rotation = Rotation.from_quat(values["rotation"][frame]).as_matrix()
        seen = by_opengl(rotation, numpy.array(values["translation"][frame]), lens["yfov"], lens["aspectRatio"])
        assert numpy.abs(seen - expected(made, frame)).max() < 1e-5


@pytest.mark.parametrize("name", CLIPS)
def test_a_chan_is_the_same_camera_in_a_format_of_the_clips_pixels(name):
    made = track(CLIPS[name])
    rows = [[float(word) for word in line.split()] for line in content_of(made, "chan").decode().splitlines()]
    assert len(rows) == len(made)
    for frame, (_, *place, rx, ry, rz, fov) in enumerate(rows):
        rotation = Rotation.from_euler("YXZ", [ry, rx, rz], degrees=True).as_matrix()
        shown = made.size[1] * CLIPS[name].pixel_aspect / made.size[0]
        seen = by_opengl(rotation, numpy.array(place), math.radians(fov), shown)
        assert numpy.abs(seen - expected(made, frame)).max() < 1e-6


@pytest.mark.parametrize("name", SQUARE)
def test_after_effects_is_the_same_camera_in_a_composition_of_square_pixels(name):
    made = track(CLIPS[name])
    text = content_of(made, "after effects").decode()
    blocks = {block.splitlines()[0]: block.splitlines()[2:] for block in text.replace("\r", "").split("\n\n") if block}
    place, turn, zoom = (
        numpy.array([[float(word) for word in line.split()] for line in blocks[key] if line.strip()])[:, 1:]
        for key in ("Transform\tPosition", "Transform\tOrientation", "Camera Options\tZoom")
    )
    height, width = made.size
    told = float(text.partition("Units Per Second\t")[2].split()[0])
    assert told == pytest.approx(made.fps, rel=1e-5) and len(place) == len(made)
    for frame in range(len(made)):
        rotation = Rotation.from_euler("XYZ", turn[frame], degrees=True).as_matrix()
        camera = (POINTS * UNIT_PIXELS + [width / 2, height / 2, 0] - place[frame]) @ rotation
        seen = camera[:, :2] / camera[:, 2:] * zoom[frame] / [width, height]
        assert numpy.abs(seen - expected(made, frame)).max() < 1e-6


@pytest.mark.parametrize("name", CLIPS)
def test_a_transforms_json_is_the_same_camera(tmp_path, name):
    made = track(CLIPS[name])
    path = tmp_path / "transforms.json"
    path.write_bytes(content_of(made, "json"))
    assert json.loads(path.read_bytes())["fps"] == made.fps
    found = list(read_cameras(path).values())
    assert len(found) == len(made)
    for frame, camera in enumerate(found):
        assert numpy.allclose(camera.world_from_camera, made.world_from_camera[frame], atol=1e-12)
        assert numpy.allclose(camera.intrinsics, made.intrinsics[frame], atol=1e-12)


@pytest.mark.parametrize("name", CLIPS)
def test_pixels_that_are_not_square_are_told(name):
    made = track(CLIPS[name])
    told = [line for line in made.report().splitlines() if "as wide as high" in line]
    assert len(told) == (name not in SQUARE)
    assert all(f"{CLIPS[name].pixel_aspect:.4g} times" in line for line in told)


def test_a_frame_without_a_pose_is_named():
    pose = json.dumps(numpy.eye(4).tolist())
    points = torch.ones(1, 4, 4, 3)
    one = Pointmap(
        points,
        torch.ones(1, 4, 4, dtype=torch.bool),
        torch.eye(3)[None],
        torch.zeros(1, 4, 4, 3),
        normals=None,
        metric=True,
        source_size=(4, 4),
    )
    with pytest.raises(ValueError, match="pose 2 came as None; camera_path needs"):
        camera_track(one, f"[{pose}, null, {pose}]")
