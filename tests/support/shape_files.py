"""A sphere as a mesh with its photo, as a painted mesh and as a point cloud, and what is read of their files."""

import io
from functools import cache

import closed_form
import numpy
import pytest
import torch

from sam3d_geometry.files import save_files, writers_of
from sam3d_geometry.shapes.point_cloud import point_cloud_from_pointmap
from sam3d_geometry.shapes.surface import surface_from_pointmap

SIZE = (30, 40)


def scene(metric=False):
    """A sphere whose photo is red on the left, green on the right, brighter at the top."""
    image = torch.zeros(1, *SIZE, 3)
    image[..., :20, 0] = 1
    image[..., 20:, 1] = 1
    image[..., 2] = torch.linspace(1, 0, SIZE[0])[None, :, None]
    return closed_form.pointmap(closed_form.sphere(*SIZE)[0], image=image, metric=metric)


@cache
def textured_mesh():
    return surface_from_pointmap(scene())


@cache
def painted_mesh():
    return surface_from_pointmap(scene(), paint="vertex colors")


@cache
def cloud():
    return point_cloud_from_pointmap(scene())


def written(model, file_format, axes="gltf", suffix=None):
    """The bytes of one of the files of a model."""
    file = io.BytesIO()
    writers_of(model, file_format, axes, "name")[suffix or f".{file_format}"](file)
    return file.getvalue()


def read(tmp_path, model, file_format, axes="gltf"):
    """The only geometry of a file as trimesh reads it."""
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    path = save_files(tmp_path / "name", writers_of(model, file_format, axes, "name"))[0]
    found = trimesh.load(path, process=False)
    return next(iter(found.geometry.values())) if isinstance(found, trimesh.Scene) else found


def relative(found, wanted):
    return (numpy.abs(found - wanted).max() / numpy.abs(wanted).max()).item()


def assert_the_texture_is_the_right_way_up(found, mesh, picture):
    """Of what trimesh read of a file and the picture in it: red is left, green right, bright above."""
    assert numpy.allclose(found.visual.uv * [1, -1] + [0, 1], mesh.uvs, atol=1e-5)
    picture = numpy.asarray(picture.convert("RGB"), dtype=float)
    x, y = (found.visual.uv * [SIZE[1], SIZE[0]]).T.astype(int)
    colours = picture[SIZE[0] - 1 - y, x]
    left, above = found.vertices[:, 0] < -0.2, found.vertices[:, 1] > 0.3
    assert (colours[left, 0] > 200).all() and (colours[found.vertices[:, 0] > 0.2, 1] > 200).all()
    assert colours[above, 2].mean() > 130 > colours[found.vertices[:, 1] < -0.3, 2].mean()
