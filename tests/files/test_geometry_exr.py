"""One EXR with all channels is read back as the geometry that it was made of, whatever the shape of its pixels."""

import io

import closed_form
import pytest
import torch

from sam3d_geometry.files.depth_file import read_depth
from sam3d_geometry.files.geometry_exr import write_geometry_exr
from sam3d_geometry.geometry.normals import normals_from_pointmap

OpenEXR = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")


def test_what_is_written_is_read_back(tmp_path):
    depth, _ = closed_form.plane(24, 32, 30.0)
    depth[:, :6] = 0
    pointmap = closed_form.pointmap(depth)
    normals, _ = normals_from_pointmap(pointmap)
    with (tmp_path / "a.exr").open("wb") as file:
        write_geometry_exr(pointmap, normals, file, invalid_depth="far", pixel_aspect=2.0)
    back, told = read_depth(tmp_path / "a.exr"), OpenEXR.File(str(tmp_path / "a.exr"), separate_channels=True)
    assert torch.equal(back.depth, pointmap.depth[0]) and torch.equal(back.mask, pointmap.mask[0])
    assert torch.equal(back.normals, normals[0]) and torch.equal(back.record.intrinsics, pointmap.intrinsics[0])
    assert told.header()["pixelAspectRatio"] == 2
    assert torch.equal(torch.from_numpy(told.channels()["P.X"].pixels), pointmap.points[0, ..., 0])
    assert (told.channels()["R"].pixels[:6] == 0).all() or (told.channels()["Z"].pixels[:6] == float(depth.max())).all()


def test_the_same_frame_gives_the_same_bytes():
    pointmap = closed_form.pointmap(closed_form.plane(24, 32, 30.0)[0])
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        write_geometry_exr(pointmap, normals_from_pointmap(pointmap)[0], file)
    assert files[0].getvalue() == files[1].getvalue()
