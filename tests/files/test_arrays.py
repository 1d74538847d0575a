"""Depth in plain arrays is read as it is, and as data only."""

import cv2
import numpy
import pytest
import torch
from depth_frames import frame

from sam3d_geometry.files.depth_file import read_depth
from sam3d_geometry.files.depth_file_error import DepthFileError


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".pfm"])
def test_arrays_of_others_are_read_as_they_are(tmp_path, suffix):
    held, path = frame(), tmp_path / f"a{suffix}"
    depth = held.depth.numpy()
    if suffix == ".pfm":
        cv2.imwrite(str(path), depth)
    elif suffix == ".npy":
        numpy.save(path, numpy.asfortranarray(depth[None].astype(numpy.float64)))
    else:
        numpy.savez_compressed(path, depth=depth, mask=held.mask.numpy(), intrinsics=held.record.intrinsics.numpy())
    back = read_depth(path)
    assert torch.equal(back.depth, held.depth) and torch.equal(back.mask, held.mask)
    if suffix == ".npz":
        assert torch.equal(back.record.intrinsics, held.record.intrinsics)


def test_an_archive_of_pickles_is_not_opened(tmp_path):
    numpy.savez(tmp_path / "a.npz", depth=numpy.array([{"a": 1}], dtype=object))
    with pytest.raises(DepthFileError, match="which is not depth"):
        read_depth(tmp_path / "a.npz")
