"""A Pointmap cannot be made with parts that do not fit, and keeps its batch dimension whatever is asked of it."""

from dataclasses import replace

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.pointmap import Pointmap


@pytest.fixture
def pointmap():
    return closed_form.pointmap(torch.rand(4, 6, 8) + 1, normals=torch.zeros(4, 6, 8, 3), source_size=(12, 16))


def test_frames_split_and_joined_are_the_same(pointmap):
    joined = Pointmap.cat([pointmap[i] for i in range(len(pointmap))])
    assert torch.equal(joined.points, pointmap.points) and torch.equal(joined.normals, pointmap.normals)
    assert joined.source_size == pointmap.source_size


@pytest.mark.parametrize(("index", "frames"), [(0, 1), (-1, 1), (slice(1, 3), 2), ([0, 3], 2), (torch.tensor([2]), 1)])
def test_indexing_keeps_the_batch(pointmap, index, frames):
    part = pointmap[index]
    assert len(part) == frames and part.depth.shape == (frames, 6, 8)


def test_the_last_frame_is_the_last(pointmap):
    assert torch.equal(pointmap[-1].points, pointmap.points[3:])
    with pytest.raises(IndexError, match="4 frames"):
        pointmap[4]


def test_it_cannot_be_changed(pointmap):
    with pytest.raises(AttributeError):
        pointmap.metric = True


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("points", torch.zeros(4, 6, 8)),
        ("points", torch.zeros(0, 6, 8, 3)),
        ("mask", torch.zeros(4, 6, 9, dtype=torch.bool)),
        ("mask", torch.zeros(4, 6, 8)),
        ("intrinsics", torch.zeros(3, 3)),
        ("image", torch.zeros(4, 6, 8, 4)),
        ("normals", torch.zeros(4, 6, 8)),
        ("source_size", (0, 5)),
    ],
)
def test_parts_that_do_not_fit_are_named(pointmap, part, value):
    with pytest.raises(ValueError, match=f"Pointmap {part} came as"):
        replace(pointmap, **{part: value})


def test_clips_of_different_size_or_unit_are_not_joined(pointmap):
    with pytest.raises(ValueError, match="cannot be joined"):
        Pointmap.cat([pointmap, replace(pointmap, metric=True)])
    with pytest.raises(ValueError, match="at least one"):
        Pointmap.cat([])


@pytest.mark.parametrize("name", ["points", "intrinsics", "image", "normals"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float64, torch.int32], ids=str)
def test_another_number_format_is_refused_in_a_sentence(name, dtype):
    depth = torch.full((1, 4, 5), 2.0)
    whole = closed_form.pointmap(depth, normals=torch.tensor([0.0, 0, -1]).expand(1, 4, 5, 3))
    with pytest.raises(ValueError, match=f"Pointmap {name} came as {dtype}; float32 is needed") as refused:
        replace(whole, **{name: getattr(whole, name).to(dtype)})
    assert "\n" not in str(refused.value)
