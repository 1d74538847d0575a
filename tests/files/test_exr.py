"""Channels of an EXR are what other programs expect, and depth of other programs is found in theirs."""

import json
import os
import struct

os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")  # read by cv2 when it first opens an EXR

import cv2
import numpy
import pytest
import torch
from depth_frames import frame, save

from sam3d_geometry.files.depth_file import read_depth
from sam3d_geometry.files.depth_file_error import DepthFileError
from sam3d_geometry.files.depth_frame import INVALID_DEPTHS
from sam3d_geometry.files.depth_record import KEY
from sam3d_geometry.files.depth_series import DepthSeries
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.colour import linear_from_srgb

OpenEXR = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")


@pytest.fixture
def exr(tmp_path):
    return save(tmp_path / "a.exr", frame(), "exr 32-bit", position=True)


def test_openexr_reads_every_channel_as_it_was(exr):
    held = frame()
    opened = OpenEXR.File(str(exr), separate_channels=True)
    channels = {name: channel.pixels for name, channel in opened.channels().items()}
    points = unproject(held.depth[None], held.record.intrinsics[None])[0]
    light = linear_from_srgb(held.image)
    expected = {"Z": held.depth, "mask": held.mask.half()}
    expected |= {f"N.{axis}": held.normals[..., i] for i, axis in enumerate("XYZ")}
    expected |= {f"P.{axis}": points[..., i] for i, axis in enumerate("XYZ")}
    expected |= {axis: light[..., i] for i, axis in enumerate("RGB")}
    assert set(channels) == set(expected)
    for name, values in expected.items():
        assert numpy.array_equal(channels[name], values.numpy()), name
        assert channels[name].dtype == (numpy.float16 if name == "mask" else numpy.float32)
    header = opened.header()
    assert header["unit"] == "metre" and header["nearest"] == pytest.approx(held.record.nearest)
    assert json.loads(header[KEY])["camera"]["axes"].startswith("OpenCV")


@pytest.mark.skipif("OpenEXR:                     NO" in cv2.getBuildInformation(), reason="cv2 was built without EXR")
@pytest.mark.parametrize("picture", ["depth", "photo"])
def test_opencv_sees_the_depth_or_the_photo_in_an_exr(tmp_path, picture):
    held = frame()
    seen = cv2.imread(str(save(tmp_path / "a.exr", held, "exr 32-bit", picture=picture)), cv2.IMREAD_UNCHANGED)
    wanted = held.depth[..., None].expand(-1, -1, 3) if picture == "depth" else linear_from_srgb(held.image)
    assert numpy.array_equal(seen[..., ::-1], wanted.numpy())


def test_ffmpeg_reads_the_depth_of_an_exr(tmp_path):
    av = pytest.importorskip("av")
    held = frame()
    with av.open(str(save(tmp_path / "a.exr", held, "exr 32-bit", picture="depth"))) as opened:
        plane = next(opened.decode(video=0)).planes[0]
    seen = numpy.frombuffer(plane, numpy.float32).reshape(plane.height, -1)[:, : plane.width]
    assert numpy.array_equal(seen, held.depth.numpy())


@pytest.mark.parametrize("invalid_depth", INVALID_DEPTHS)
def test_sky_is_written_as_it_is_wanted_and_reads_back_as_sky(tmp_path, invalid_depth):
    held = frame()
    path = save(tmp_path / "a.exr", held, "exr 32-bit", invalid_depth=invalid_depth, picture="depth")
    channels = {n: c.pixels for n, c in OpenEXR.File(str(path), separate_channels=True).channels().items()}
    wanted = {"zero": 0.0, "far": float(held.depth.max()), "infinity": numpy.inf}[invalid_depth]
    sky = ~held.mask.numpy()
    assert sky.any() and (channels["Z"][sky] == wanted).all() and (channels["R"][sky] == wanted).all()
    assert numpy.array_equal(channels["Z"][~sky], held.depth.numpy()[~sky])
    back = read_depth(path)
    assert torch.equal(back.depth, held.depth) and torch.equal(back.mask, held.mask)
    series = DepthSeries(invalid_depth=invalid_depth)
    said = {"zero": "; 0 where", "far": "; the frame's farthest", "infinity": "; infinity where"}[invalid_depth]
    assert (
        said in series.description(held)["depth"] and said in json.loads(OpenEXR.File(str(path)).header()[KEY])["depth"]
    )


@pytest.mark.parametrize("name", ["ViewLayer.Depth.Z", "depth.Z", "depth", "Y", "Z"])
def test_depth_of_other_programs_is_found_in_an_exr(tmp_path, name):
    depth = numpy.random.default_rng(0).uniform(1, 9, (20, 30)).astype(numpy.float32)
    depth[0, :3] = numpy.inf, numpy.nan, 1e10  # nothing was hit there
    path = tmp_path / "a.exr"
    channels = {name: depth, "ViewLayer.Combined.R": numpy.zeros_like(depth)}
    OpenEXR.File({"compression": OpenEXR.PIZ_COMPRESSION, "type": OpenEXR.scanlineimage}, channels).write(str(path))
    back = read_depth(path)
    assert not bool(back.mask[0, :3].any()) and bool(back.mask[1:].all()) and not bool(back.depth[0, :3].any())
    assert torch.equal(back.depth[1:], torch.from_numpy(depth[1:]))


def test_a_picture_of_equal_channels_is_depth_and_one_in_colours_is_not(tmp_path):
    depth = numpy.random.default_rng(0).uniform(1, 9, (20, 30)).astype(numpy.float32)
    path, kind = tmp_path / "a.exr", {"type": OpenEXR.scanlineimage}
    OpenEXR.File(kind, dict.fromkeys("RGB", depth)).write(str(path))
    assert torch.equal(read_depth(path).depth, torch.from_numpy(depth))
    OpenEXR.File(kind, {"R": depth, "G": depth, "B": depth + 1}).write(str(path))
    with pytest.raises(DepthFileError, match=r"a\.exr: none of its channels is depth by name: B, G, R"):
        read_depth(path)
    assert torch.equal(read_depth(path, channel="B").depth, torch.from_numpy(depth + 1))


def test_a_cropped_exr_is_put_where_it_belongs(tmp_path):
    depth = numpy.random.default_rng(0).uniform(1, 9, (4, 5)).astype(numpy.float32)
    corners = {
        "dataWindow": (numpy.array([3, 2], numpy.int32), numpy.array([7, 5], numpy.int32)),
        "displayWindow": (numpy.array([0, 0], numpy.int32), numpy.array([11, 8], numpy.int32)),
    }
    OpenEXR.File({"type": OpenEXR.scanlineimage, **corners}, {"Z": depth}).write(str(tmp_path / "a.exr"))
    back = read_depth(tmp_path / "a.exr")
    assert back.depth.shape == (9, 12) and torch.equal(back.depth[2:6, 3:8], torch.from_numpy(depth))
    assert int(back.mask.sum()) == 20


def test_without_openexr_one_sentence_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    with pytest.raises(
        ImportError, match=r'^EXR files need the Python package OpenEXR; install it with: pip install "OpenEXR>=3\.5"$'
    ):
        DepthSeries()
    DepthSeries(depth_format="tiff 32-bit")


def test_an_exr_cut_short_is_never_taken_for_whole(exr):
    whole = exr.read_bytes()
    for share in (0.5, 0.9, 0.999):
        exr.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(DepthFileError, match=r"^a\.exr: its pixels are damaged or cut short\.$"):
            read_depth(exr)


def test_an_exr_that_announces_far_more_than_it_holds_takes_no_memory(tmp_path, exr):
    resource = pytest.importorskip("resource")
    data = exr.read_bytes()
    at = data.index(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    display = data.index(b"displayWindow\0box2i\0") + len(b"displayWindow\0box2i\0") + 4
    for side, sentence in ((1_000_000, "at most"), (6_000, "damaged")):
        lying = bytearray(data)
        for place in (at, display):
            lying[place : place + 16] = struct.pack("<4i", 0, 0, side - 1, side - 1)
        exr.write_bytes(lying)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(DepthFileError, match=sentence):
            read_depth(exr)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB
