"""Pictures of linear light look like the ordinary pictures that they were made of, as photos and as frames; the rest says what it is."""

import sys
from fractions import Fraction

import numpy
import pytest
import torch
from depth_frames import frame, save
from float_pictures import damage, rgb_channels, write_float_tiff, write_parts_exr, write_picture_exr
from PIL import Image

from sam3d_geometry.files.float_picture import LINEAR_NOTE, color_channels, has_picture, read_floats
from sam3d_geometry.files.photo import find_photos, read_photo
from sam3d_geometry.files.picture_file import PhotoError
from sam3d_geometry.geometry.colour import linear_from_srgb
from sam3d_geometry.video.frame_picture import read_frame

OpenEXR = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
SHOWN = numpy.random.default_rng(0).integers(0, 256, (36, 52, 3), dtype=numpy.uint8)
LIGHT = linear_from_srgb(torch.from_numpy(SHOWN).float() / 255).numpy()


def pixels(photo):
    return (photo.image[0] * 255).round().byte().numpy()


@pytest.mark.parametrize("write", ["exr", "half exr", "tiled exr", "tiff"])
def test_a_photo_of_floats_looks_like_the_picture_that_it_was_made_of(tmp_path, write):
    if write == "tiff":
        path = write_float_tiff(tmp_path / "a.tif", LIGHT, 8, 3)
    else:
        kind = {"type": OpenEXR.tiledimage, "tiles": OpenEXR.TileDescription()} if "tiled" in write else {}
        values = LIGHT.astype(numpy.float16) if "half" in write else LIGHT
        path = write_picture_exr(tmp_path / "a.exr", rgb_channels(values), **kind)
    photo = read_photo(path)
    assert photo.size == (36, 52) and photo.alpha is None and photo.notes[0] == LINEAR_NOTE
    assert numpy.abs(pixels(photo).astype(int) - SHOWN).max() <= (1 if "half" in write else 0)
    assert numpy.array_equal(read_frame(path).pixels, pixels(photo))


def test_exposure_multiplies_light_and_is_said(tmp_path):
    path = write_picture_exr(tmp_path / "a.exr", rgb_channels(LIGHT * 64))
    assert (pixels(read_photo(path)) == 255).mean() > 0.8
    said = read_photo(path).notes[1]
    assert said.endswith("% of it are brighter than white; an exposure of -6 stops would show nearly all of it.")
    shown = read_photo(path, exposure=-6)
    assert numpy.array_equal(pixels(shown), SHOWN) and len(shown.notes) == 1 and "at -6 stops" in shown.notes[0]
    dark = write_picture_exr(tmp_path / "b.exr", rgb_channels(LIGHT / 1024))
    assert read_photo(dark).notes[1] == "It is nearly black; an exposure of +10 stops would show nearly all of it."


def test_no_value_spoils_another_or_the_photo(tmp_path):
    values = LIGHT.copy()
    values[0, :6] = numpy.array([numpy.nan, numpy.inf, -numpy.inf, 3e38, -5, 65504], numpy.float32)[:, None]
    for path in (
        write_picture_exr(tmp_path / "a.exr", rgb_channels(values)),
        write_float_tiff(tmp_path / "a.tif", values),
    ):
        for exposure in (0.0, 40.0, -40.0):
            assert bool(torch.isfinite(read_photo(path, exposure).image).all())
        photo = pixels(read_photo(path))
        assert photo[0, :6, 0].tolist() == [0, 255, 0, 255, 0, 255] and numpy.array_equal(photo[1:], SHOWN[1:])


def test_alpha_hides_what_is_behind_it(tmp_path):
    alpha = numpy.linspace(0, 1, 52, dtype=numpy.float32)[None].repeat(36, 0)
    premultiplied = rgb_channels(LIGHT * alpha[..., None]) | {"A": alpha}
    photo = read_photo(write_picture_exr(tmp_path / "a.exr", premultiplied))
    assert torch.equal(photo.alpha[0], torch.from_numpy(alpha))
    assert numpy.array_equal(pixels(photo)[:, -1], SHOWN[:, -1]) and (pixels(photo)[:, 0] == 128).all()
    # renderers without alpha leave it 0
    photo = read_photo(write_picture_exr(tmp_path / "a.exr", rgb_channels(LIGHT) | {"A": alpha * 0}))
    assert photo.alpha is None and numpy.array_equal(pixels(photo), SHOWN)


@pytest.mark.parametrize(
    ("names", "layer", "chosen"),
    [
        ("B G R", "", "R G B"),
        ("A B G R Z N.X N.Y N.Z", "", "R G B A"),
        ("Y", "", "Y"),
        ("BY RY Y", "", "Y"),
        ("r g b a", "", "r g b a"),
        ("beauty.red beauty.green beauty.blue beauty.alpha", "beauty", "beauty.red beauty.green beauty.blue beauty.alpha"),
        ("V.AO.R V.AO.G V.AO.B V.Combined.R V.Combined.G V.Combined.B V.Z", "V.Combined", "V.Combined.R V.Combined.G V.Combined.B"),
        ("diffuse.R diffuse.G diffuse.B mask.Y", "diffuse", "diffuse.R diffuse.G diffuse.B"),
        ("mask.Y N.X N.Y N.Z", "mask", "mask.Y"),
        ("X Y Z", "", ""),
        ("R G", "", ""),
        ("Z", "", ""),
    ],
)  # fmt: skip
def test_the_channels_that_one_sees_are_found_by_their_names(names, layer, chosen):
    assert color_channels(names.split()) == (layer, chosen.split())


def test_layers_parts_and_gray_are_read(tmp_path):
    other = rgb_channels(LIGHT * 0)
    layers = {f"AO.{n}": v for n, v in other.items()} | {f"Combined.{n}": v for n, v in rgb_channels(LIGHT).items()}
    photo = read_photo(write_picture_exr(tmp_path / "a.exr", layers))
    assert numpy.array_equal(pixels(photo), SHOWN) and "Of its layers Combined is shown." in photo.notes
    depth = {"Z": LIGHT[..., 0]}
    assert numpy.array_equal(
        pixels(read_photo(write_parts_exr(tmp_path / "b.exr", {"depth": depth, "main": rgb_channels(LIGHT)}))), SHOWN
    )
    gray = pixels(read_photo(write_picture_exr(tmp_path / "c.exr", {"Y": LIGHT[..., 0]})))
    assert all(numpy.array_equal(gray[..., i], SHOWN[..., 0]) for i in range(3))


def test_data_that_covers_a_part_lies_where_it_belongs_and_pixels_become_square(tmp_path):
    corners = {
        "dataWindow": (numpy.array([3, 2], numpy.int32), numpy.array([54, 37], numpy.int32)),
        "displayWindow": (numpy.array([0, 0], numpy.int32), numpy.array([59, 39], numpy.int32)),
    }
    path = write_picture_exr(tmp_path / "a.exr", rgb_channels(LIGHT), **corners)
    photo = pixels(read_photo(path))
    assert photo.shape == (40, 60, 3) and numpy.array_equal(photo[2:38, 3:55], SHOWN) and (photo[:2] == 0).all()
    path = write_picture_exr(tmp_path / "b.exr", rgb_channels(LIGHT), pixelAspectRatio=2.0)
    photo = read_photo(path)
    assert photo.size == (36, 104) and photo.image.shape[1:3] == (36, 104)
    assert photo.notes[-1] == "Its pixels are not square (2:1): it is shown as 104 x 36 square ones."
    assert read_floats(path).pixel_aspect == Fraction(2)


def test_a_large_one_is_shrunk_when_read(tmp_path, monkeypatch):
    monkeypatch.setattr("sam3d_geometry.files.photo.WORKING_PIXELS", 18 * 26)
    photo = read_photo(write_picture_exr(tmp_path / "a.exr", rgb_channels(LIGHT)))
    assert photo.size == (36, 52) and photo.image.shape == (1, 18, 26, 3)
    blocks = torch.from_numpy(SHOWN).float().reshape(18, 2, 26, 2, 3).mean((1, 3))
    assert (photo.image[0] * 255 - blocks).abs().max() < 1


@pytest.mark.parametrize("name", ["plain", "cut", "layer", "whole numbers"])
def test_without_openexr_common_files_are_read_and_others_say_what_is_missing(tmp_path, monkeypatch, name):
    pytest.importorskip("av", reason="PyAV is not installed")
    channels = rgb_channels(LIGHT)
    if name == "layer":
        channels = {f"a.{n}": v for n, v in channels.items()}
    elif name == "whole numbers":
        channels = {n: (v * 100).astype(numpy.uint32) for n, v in channels.items()}
    path = write_picture_exr(tmp_path / "a.exr", channels)
    if name == "cut":
        path.write_bytes(path.read_bytes()[:300])
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    assert has_picture(path)
    if name == "plain":
        assert numpy.array_equal(pixels(read_photo(path)), SHOWN)
        return
    with pytest.raises(PhotoError, match=r"\. EXR files need the Python package OpenEXR; install it with"):
        read_photo(path)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(PhotoError, match=r"^EXR files need the Python package OpenEXR; install it with: .*\.$"):
        read_photo(path)


def test_depth_is_no_photo(tmp_path):
    ours = save(tmp_path / "ours.exr", frame(), "exr 32-bit", picture="depth")
    theirs = write_picture_exr(tmp_path / "theirs.exr", {"Z": LIGHT[..., 0], "N.X": LIGHT[..., 1]})
    with pytest.raises(PhotoError, match="it holds depth and no photo"):
        read_photo(ours)
    with pytest.raises(PhotoError, match=r"^it has no picture in color or gray but the channels N\.X, Z\.$"):
        read_photo(theirs)
    assert read_photo(save(tmp_path / "both.exr", frame(), "exr 32-bit", picture="photo")).size
    write_picture_exr(tmp_path / "light.exr", rgb_channels(LIGHT))
    (tmp_path / "damaged.exr").write_bytes(b"v/1\x01" + b"rubbish" * 9)
    Image.fromarray(SHOWN).save(tmp_path / "a.png")
    found, _ = find_photos([tmp_path], tmp_path / "out")
    # a folder may hold depth beside its photos; what is damaged is to be named
    assert [file.path.name for file in found] == ["a.png", "both.exr", "damaged.exr", "light.exr"]
    found, _ = find_photos([theirs], tmp_path / "out")
    assert len(found) == 1


def test_damage_is_said_in_one_sentence(tmp_path):
    path = write_picture_exr(tmp_path / "a.exr", rgb_channels(LIGHT))
    refused = 0
    for _ in damage(path, 150, 500):
        try:
            photo = read_photo(path)
        except PhotoError as error:
            refused += 1
            assert str(error).endswith(".") and "\n" not in str(error)
        else:
            assert bool(torch.isfinite(photo.image).all())
    assert refused > 30
    with pytest.raises(PhotoError, match="no such file"):
        read_photo(tmp_path / "gone.exr")
