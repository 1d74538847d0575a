"""The arrays of a frame: every point lies on the ray of its pixel at its depth, batch or not."""

import io

import numpy
import torch

from sam3d_geometry.files.geometry_arrays import geometry_arrays, write_arrays
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.pointmap import Pointmap


def pointmap(frames):
    depth = 1 + torch.rand(frames, 6, 8, generator=torch.Generator().manual_seed(0))
    intrinsics = torch.tensor([[1.0, 0, 0.5], [0, 1.5, 0.5], [0, 0, 1]]).expand(frames, 3, 3)
    mask = torch.ones_like(depth, dtype=torch.bool)
    mask[:, :, 0] = False
    points = unproject(depth, intrinsics) * mask[..., None]
    return Pointmap(
        points, mask, intrinsics, torch.rand(frames, 6, 8, 3), normals=None, metric=True, source_size=(6, 8)
    )


def test_points_lie_on_the_rays_of_their_pixels():
    for frame in geometry_arrays(pointmap(2)):
        x, y, z = numpy.moveaxis(frame["points"], -1, 0)
        mask, k = frame["mask"], frame["intrinsics"]
        assert mask.dtype == bool and not mask[:, 0].any() and mask[:, 1:].all()
        assert numpy.array_equal(z, frame["depth"]) and not frame["points"][~mask].any()
        u = numpy.broadcast_to((numpy.arange(8) + 0.5) / 8, mask.shape)
        v = numpy.broadcast_to((numpy.arange(6)[:, None] + 0.5) / 6, mask.shape)
        assert numpy.allclose((k[0, 0] * x[mask] / z[mask] + 0.5), u[mask], atol=1e-6)
        assert numpy.allclose((k[1, 1] * y[mask] / z[mask] + 0.5), v[mask], atol=1e-6)


def test_a_frame_is_the_same_alone_and_among_others():
    among = geometry_arrays(pointmap(3))[1]
    alone = geometry_arrays(pointmap(3)[1:2])[0]
    assert set(among) == set(alone)
    assert all(numpy.array_equal(among[name], alone[name]) for name in among)


def test_what_is_written_is_read_again():
    arrays, file = geometry_arrays(pointmap(1))[0], io.BytesIO()
    write_arrays(arrays, file)
    file.seek(0)
    read = numpy.load(file)
    assert {name: (v.shape, v.dtype) for name, v in read.items()} == {n: (v.shape, v.dtype) for n, v in arrays.items()}
    assert all(numpy.array_equal(read[name], arrays[name]) for name in arrays)
