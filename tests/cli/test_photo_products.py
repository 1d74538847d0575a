"""What a photo gives: a file of each kind, and where one kind fails the others all the same."""

import io

import pytest
import torch
from PIL import Image

from sam3d_geometry.cli import photo_products
from sam3d_geometry.cli.photo_products import KINDS, Kind, ProductError, Products
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.depth import depth_range


@pytest.fixture
def pointmap():
    """A plane 2 in front of the camera, without its left column."""
    depth = torch.full((1, 6, 8), 2.0)
    intrinsics = torch.tensor([[[1.0, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]])
    mask = torch.ones(1, 6, 8, dtype=torch.bool)
    mask[..., 0] = False
    points = unproject(depth, intrinsics) * mask[..., None]
    return Pointmap(points, mask, intrinsics, torch.rand(1, 6, 8, 3), normals=None, metric=True, source_size=(6, 8))


def make(pointmap, **options):
    return Products(**options).make(pointmap, depth_range(pointmap, "per frame"), pointmap.image)


def written(write):
    file = io.BytesIO()
    write(file)
    return file


def test_every_kind_has_a_suffix_of_its_own():
    assert len({kind.suffix for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize(("invalid", "level"), [("black", 0), ("white", 255), ("gray", 128)])
def test_where_there_is_no_depth_the_picture_is_filled(pointmap, invalid, level):
    made = make(pointmap, kinds=("depth",), invalid=invalid)
    assert Image.open(written(made.writers["depth"])).getpixel((0, 3)) == level


def test_the_record_says_what_the_files_hold(pointmap):
    made = make(pointmap, kinds=("depth", "normals", "depth16"), normal_convention="directx", invert=True)
    assert made.record["normals"] == {"convention": "directx", "space": "camera"}
    assert made.record["depth"]["unit"] == "metre" and "1 - " in made.record["depth"]["depth16"]
    assert set(made.by_suffix()) == {"_depth.png", "_normals.png", "_depth16.png"}


@pytest.mark.parametrize("error", [RuntimeError("no room\nat 7"), MemoryError(), ImportError("no package")])
def test_a_kind_that_cannot_be_made_leaves_the_others(pointmap, monkeypatch, error):
    def failing(frame):
        raise error

    monkeypatch.setitem(KINDS, "mesh", Kind("_mesh.glb", failing))
    made = make(pointmap, kinds=("depth", "mesh", "normals"))
    assert set(made.writers) == {"depth", "normals"}
    assert made.failed == {"mesh": str(error).partition("\n")[0] or "MemoryError"}


def test_a_kind_that_cannot_be_written_says_which_it_is(pointmap, monkeypatch):
    def failing(file):
        raise ValueError("odd")

    monkeypatch.setitem(KINDS, "mesh", Kind("_mesh.glb", lambda frame: failing))
    made = make(pointmap, kinds=("depth", "mesh"))
    with pytest.raises(ProductError) as caught:
        made.writers["mesh"](io.BytesIO())
    made.drop(caught.value)
    assert (set(made.writers), made.failed) == ({"depth"}, {"mesh": "odd"})


def test_what_several_kinds_need_is_computed_once(pointmap, monkeypatch):
    pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    calls, compute = [], photo_products.normals_from_pointmap
    monkeypatch.setattr(
        photo_products, "normals_from_pointmap", lambda *arguments: calls.append(1) or compute(*arguments)
    )
    make(pointmap, kinds=("normals", "exr"))
    assert calls == [1]
