"""The inspection file: depth bit for bit, normals within 0.06 degrees, true ranges, bounded size, and no input that breaks it."""

import io
import json
import struct
import zlib

import numpy
import pytest
import torch
from closed_form import angles, box_before_wall, plane, pointmap
from PIL import Image

from sam3d_geometry.files.inspection import MAGIC, VERSION, encode_inspection, evenly_chosen, octahedral_from_normals
from sam3d_geometry.geometry.normals import geometric_normals
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.summary import summarise


def opened(content: bytes) -> tuple[dict, bytes]:
    """Head and body of a file."""
    version, length = struct.unpack("<II", content[8:16])
    assert content[:8] == MAGIC and version == VERSION
    return json.loads(content[16 : 16 + length]), content[16 + length :]


def plane_of(head, body, entry, dtype):
    """Undoes the differences of a plane."""
    start, length = entry
    planes = numpy.frombuffer(zlib.decompress(body[start : start + length]), numpy.uint8)
    values = planes.reshape(numpy.dtype(dtype).itemsize, -1).T.copy().view(dtype).reshape(head["height"], head["width"])
    return values.cumsum(1, dtype=dtype).cumsum(0, dtype=dtype)


def depth_of(head, body, frame=0):
    return plane_of(head, body, head["frames"][frame]["depth"], "<i4").view("<f4")


def scene(height=60, width=90, **options) -> Pointmap:
    depth, _, _ = box_before_wall(height, width, tilt_degrees=30.0)
    depth[:, : height // 6] = 0
    image = torch.rand(1, height, width, 3, generator=torch.Generator().manual_seed(1))
    return pointmap(depth, image=image, **options)


@pytest.mark.parametrize("size", [(60, 90), (1, 1), (1, 7), (33, 2)])
def test_depth_comes_back_bit_for_bit(size):
    depth = torch.rand(1, *size, generator=torch.Generator().manual_seed(0)) * 1e4 + 1e-5
    depth[0, 0, 0] = 9e8
    frame = pointmap(depth)
    head, body = opened(encode_inspection(frame))
    assert numpy.array_equal(depth_of(head, body), frame.depth[0].numpy())


def test_pixels_without_geometry_have_depth_0_whatever_the_pointmap_holds_there():
    frame = scene()
    frame.points[0, 20, 20] = torch.nan
    frame.points[0, 21, 21] = torch.inf
    frame.points[0, 22, 22, 2] = -1.0
    head, body = opened(encode_inspection(frame))
    depth = depth_of(head, body)
    assert numpy.isfinite(depth).all()
    assert depth[20, 20] == depth[21, 21] == depth[22, 22] == 0 and (depth[:10] == 0).all() and (depth[11:20] > 0).all()


def test_octahedral_normals_are_within_0_06_degrees_everywhere_on_the_sphere():
    directions = torch.nn.functional.normalize(
        torch.randn(200_000, 3, generator=torch.Generator().manual_seed(2)).double(), dim=-1
    )
    steps = octahedral_from_normals(directions).double() / 2047
    away = 1 - steps.abs().sum(-1)
    fold = (-away).clamp_min(0)[:, None]
    back = torch.cat([steps - torch.where(steps < 0, -1.0, 1.0) * fold, -away[:, None]], -1)
    back = torch.nn.functional.normalize(back, dim=-1)
    worst = angles(back, directions).max()
    assert 0.03 < worst < 0.06
    assert octahedral_from_normals(torch.tensor([0.0, 0.0, -1.0])).tolist() == [0, 0]
    assert octahedral_from_normals(torch.zeros(3)).tolist() == [-2048, -2048]


@pytest.mark.parametrize("from_network", [False, True], ids=["geometry", "network"])
def test_normals_are_the_networks_where_there_are_any(from_network):
    given = torch.nn.functional.normalize(torch.tensor([0.3, -0.2, -0.9]), dim=0)
    frame = scene(normals=given.expand(1, 60, 90, 3) if from_network else None)
    head, body = opened(encode_inspection(frame))
    assert head["normals_from"] == ("network" if from_network else "geometry")
    expected = given if from_network else geometric_normals(frame.depth, frame.mask, frame.intrinsics)[0, 50, 80]
    steps = octahedral_from_normals(expected)
    entry = head["frames"][0]
    pair = [int(plane_of(head, body, entry[name], "<i2")[50, 80]) for name in ("normals_u", "normals_v")]
    assert pair == steps.tolist()
    assert plane_of(head, body, entry["normals_u"], "<i2")[0, 0] == -2048


def test_the_range_is_that_of_all_frames_and_the_photo_is_the_pointmaps():
    frames = Pointmap.cat([pointmap(plane(40, 60, 20.0, distance=d)[0], metric=True) for d in (2.0, 7.0)])
    head, body = opened(encode_inspection(frames))
    valid = frames.depth[frames.mask]
    assert head["nearest"] == float(valid.min()) and head["farthest"] == float(valid.max())
    assert head["nearest"] <= head["near"] < head["far"] <= head["farthest"]
    assert head["metric"] is True and head["frame_count"] == 2 and [f["frame"] for f in head["frames"]] == [0, 1]
    start, length = head["frames"][1]["photo"]
    assert Image.open(io.BytesIO(body[start : start + length])).size == (60, 40)
    assert len(bytes.fromhex(head["colours"])) == 256 * 3


def test_the_colours_have_the_range_that_pointmap_info_tells():
    depth = 2 + 900 * torch.rand(1, 60, 80, generator=torch.Generator().manual_seed(0)) ** 3
    scene = pointmap(depth, metric=True)
    head, _ = opened(encode_inspection(scene))
    told = summarise(scene)
    assert [head["near"], head["far"]] == pytest.approx([float(told.near), float(told.far)], rel=1e-6)


def test_a_few_stray_points_do_not_take_the_colours():
    depth = torch.full((1, 100, 100), 5.0) + torch.rand(1, 100, 100, generator=torch.Generator().manual_seed(0))
    depth[0, 0, :5] = 1e-6
    head, _ = opened(encode_inspection(pointmap(depth)))
    assert head["nearest"] == pytest.approx(1e-6) and head["near"] > 4


@pytest.mark.parametrize(("count", "at_most"), [(300, 57), (10, 3), (2, 1), (5, 5), (5, 9), (7, 0)])
def test_frames_are_chosen_evenly_with_the_ends(count, at_most):
    chosen = evenly_chosen(count, at_most)
    assert len(chosen) == max(1, min(count, at_most)) and chosen == sorted(set(chosen)) and chosen[0] == 0
    if len(chosen) > 1:
        steps = numpy.diff(chosen)
        assert chosen[-1] == count - 1 and steps.max() - steps.min() <= 1


def test_long_clips_are_cut_to_the_limit_and_small_ones_are_not():
    one = scene()
    clip = Pointmap.cat([one] * 9)
    whole, _ = opened(encode_inspection(clip))
    assert len(whole["frames"]) == 9
    seen = []
    content = encode_inspection(
        clip, max_pixels=4 * 60 * 90, on_progress=lambda done, total: seen.append((done, total))
    )
    head, _ = opened(content)
    assert [f["frame"] for f in head["frames"]] == [0, 3, 5, 8] and head["frame_count"] == 9
    assert seen == [(i, 4) for i in range(1, 5)]


def test_it_is_compact():
    big = scene(288, 512)
    photo = torch.linspace(0, 1, 512)[None, None, :, None].expand(1, 288, 512, 3)
    content = encode_inspection(pointmap(big.depth, image=photo.contiguous()))
    assert len(content) < 288 * 512 * 3  # raw float32 depth alone would be 4 bytes a pixel


def test_a_frame_without_any_geometry_is_written_and_says_so():
    empty = pointmap(torch.zeros(1, 8, 12))
    head, body = opened(encode_inspection(empty))
    assert (head["near"], head["far"], head["nearest"], head["farthest"]) == (0, 0, 0, 0)
    assert (depth_of(head, body) == 0).all()


def test_an_unknown_colour_map_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="gone") as caught:
        encode_inspection(scene(), "gone")
    assert "\n" not in str(caught.value)
