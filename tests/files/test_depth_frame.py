"""Frames of exact depth are those of a pointmap, and become it again."""

import pytest
import torch
from depth_frames import frame, pointmap, save

from sam3d_geometry.files.depth_file import read_depth
from sam3d_geometry.files.depth_file_error import DepthFileError
from sam3d_geometry.files.depth_frame import check_size, clean_frame, pointmap_from_frames
from sam3d_geometry.geometry.normals import normals_from_pointmap

OpenEXR = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")


def test_an_exr_gives_back_the_whole_pointmap(tmp_path):
    exr = save(tmp_path / "a.exr", frame(), "exr 32-bit", position=True)
    made, back = pointmap(), pointmap_from_frames([read_depth(exr)])
    assert torch.equal(back.points, made.points) and torch.equal(back.mask, made.mask)
    assert torch.equal(back.intrinsics, made.intrinsics) and back.metric
    assert torch.equal(back.normals, normals_from_pointmap(made)[0] * made.mask[..., None])
    assert torch.equal((back.image * 255).round(), (made.image * 255).round())


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        ((0, 4, 1), "4 x 0 pixels"),
        ((1 << 14, 1 << 14, 1), "16384 x 16384 pixels of 1 channels"),
        ((8192, 8192, 9), "of 9 channels"),
    ],
    ids=str,
)
def test_sizes_that_no_depth_map_has_are_refused(size, sentence):
    check_size(8192, 8192, 8)
    with pytest.raises(DepthFileError, match=sentence):
        check_size(*size)


def test_what_no_surface_can_have_becomes_invalid():
    depth = torch.tensor([[1.5, -1.0, torch.inf], [torch.nan, 1e10, 0.0]])
    held = clean_frame(depth, None, None, normals=torch.full((2, 3, 3), torch.nan))
    assert held.mask.tolist() == [[True, False, False], [False, False, False]]
    assert held.depth.tolist() == [[1.5, 0, 0], [0, 0, 0]]
    assert (held.record.nearest, held.record.farthest) == (1.5, 1.5)
    assert not held.normals.any()
