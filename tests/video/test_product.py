"""Products draw what they name, at the photo's size, and refuse a format that cannot hold it."""

import json
from fractions import Fraction

import numpy
import pytest
import torch
from brightness import BrightnessEngine
from PIL import Image

from sam3d_geometry.cli.photo_products import Products
from sam3d_geometry.files.depth_file import read_depth
from sam3d_geometry.files.depth_record import KEY
from sam3d_geometry.geometry.axes import encode_normals
from sam3d_geometry.geometry.normals import normals_from_pointmap
from sam3d_geometry.maps.colormap import apply_colormap
from sam3d_geometry.maps.depth import fixed_range
from sam3d_geometry.video.product import Look, VideoProduct
from sam3d_geometry.video.writer import ARRAYS, format_named, quantise

av = pytest.importorskip("av", reason="PyAV is not installed")

LINEAR = Look(curve="linear", invert=True)


@pytest.fixture
def pointmap():
    images = torch.randint(0, 256, (2, 9, 12, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return BrightnessEngine().infer(images)


def product(kind, format_name, tmp_path):
    return VideoProduct(kind, format_name, tmp_path / f"a{format_named(format_name).suffix}")


@pytest.mark.parametrize("kind", ["depth", "coloured depth"])
def test_depth_is_drawn_in_its_range(pointmap, tmp_path, kind):
    shown = fixed_range(1.0, 2.0, 1)
    drawn = product(kind, "png 16-bit files", tmp_path).render(pointmap, shown, LINEAR)
    red = pointmap.image[..., 0]
    expected = red if kind == "depth" else apply_colormap(red, "magma")
    assert numpy.abs(drawn / 65535 - expected.numpy()).max() < 1e-4
    with pytest.raises(ValueError, match=f"Pictures of {kind} need a range of depths"):
        product(kind, "png 16-bit files", tmp_path).render(pointmap, None, LINEAR)


def test_normals_and_true_depth_need_no_range(pointmap, tmp_path):
    normals, true_depth = (
        product("normals", "png 16-bit files", tmp_path),
        product("true depth", "exr 32-bit files", tmp_path),
    )
    assert not normals.needs_range and not true_depth.needs_range and not normals.grey and true_depth.grey
    expected = encode_normals(normals_from_pointmap(pointmap)[0], "opengl", pointmap.mask)
    assert numpy.array_equal(
        normals.render(pointmap, None, LINEAR), quantise(expected, format_named("png 16-bit files"))
    )
    true_depth.write_frame(tmp_path / "shot", true_depth.render(pointmap, None, LINEAR)[1], Fraction(64, 45))
    read = read_depth(tmp_path / "shot.exr")
    assert torch.equal(read.depth, pointmap.depth[1]) and torch.equal(read.mask, pointmap.mask[1])


def test_an_exr_of_a_frame_has_the_channels_and_the_header_of_a_photos(pointmap, tmp_path):
    OpenEXR = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    frame = pointmap[0]
    true_depth = product("true depth", "exr 32-bit files", tmp_path)
    true_depth.write_frame(tmp_path / "shot", true_depth.render(pointmap, None, LINEAR)[0], Fraction(64, 45))
    made = Products(kinds=("exr",)).make(frame, fixed_range(1.0, 2.0, 1), frame.image)
    with (tmp_path / "photo.exr").open("wb") as file:
        made.writers["exr"](file)
    clip, photo = (OpenEXR.File(str(tmp_path / f"{name}.exr"), separate_channels=True) for name in ("shot", "photo"))
    assert (
        set(clip.channels())
        == set(photo.channels())
        == {"Z", "mask", *"RGB", *(f"{v}.{a}" for v in "NP" for a in "XYZ")}
    )
    for name, channel in photo.channels().items():
        assert numpy.array_equal(channel.pixels, clip.channels()[name].pixels), name
    header, told = clip.header(), json.loads(clip.header()[KEY])
    assert told == json.loads(photo.header()[KEY]) and header["unit"] == photo.header()["unit"] == told["unit"]
    assert told["size"] == [12, 9] and told["camera"]["fov_x_degrees"] > 0 and "depth itself" in told["values"]
    held = frame.depth[frame.mask]
    assert (header["nearest"], header["farthest"]) == pytest.approx((float(held.min()), float(held.max())))
    assert "near" not in header and "near" not in told  # the ends of a picture's range, which this is none of
    with av.open(str(tmp_path / "shot.exr")) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(64, 45)


def test_a_frame_is_written_with_the_suffix_of_its_format(pointmap, tmp_path):
    depth = product("depth", "png 16-bit files", tmp_path)
    values = depth.render(pointmap, fixed_range(1.0, 2.0, 1), LINEAR)[0]
    depth.write_frame(tmp_path / "shot.v2", values)
    with Image.open(tmp_path / "shot.v2.png") as image:
        assert numpy.array_equal(numpy.asarray(image), values)
    arrays = VideoProduct("arrays", ARRAYS, tmp_path / "arrays")
    arrays.write_frame(tmp_path / "shot", arrays.render(pointmap, None, LINEAR)[1])
    assert numpy.array_equal(numpy.load(tmp_path / "shot.npz")["depth"], pointmap.depth[1].numpy())


def test_products_that_make_no_sense_are_refused(tmp_path):
    with pytest.raises(ValueError, match="true depth cannot be written as h264"):
        VideoProduct("true depth", "h264 8-bit mp4", tmp_path / "a.mp4")
    with pytest.raises(ValueError, match=r"give it the suffix \.mkv"):
        VideoProduct("depth", "ffv1 16-bit mkv", tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="Product 'sound' is not known"):
        VideoProduct("sound", "h264 8-bit mp4", tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="are for arrays only"):
        VideoProduct("arrays", "png 16-bit files", tmp_path / "a")


@pytest.mark.parametrize(
    ("name", "sentence"), [("curve", "Depth curve"), ("colormap", "Colour map"), ("invalid", "Fill for")]
)
def test_looks_that_nobody_knows_are_refused(name, sentence):
    with pytest.raises(ValueError, match=f"{sentence}.* 'gone' is not known; choose one of"):
        Look(**{name: "gone"})
