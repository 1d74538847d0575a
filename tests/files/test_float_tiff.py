"""Floats in TIFF files come out as other programs put them in, to the bit; what cannot be read says so."""

import numpy
import pytest
from float_pictures import damage, write_float_tiff
from PIL import Image

from sam3d_geometry.files import float_tiff
from sam3d_geometry.files.float_tiff import read_float_tiff
from sam3d_geometry.files.picture_file import PhotoError

tifffile = pytest.importorskip("tifffile", reason="tifffile is not installed")
LIGHT = numpy.random.default_rng(0).normal(0.5, 4, (37, 53, 3)).astype(numpy.float32)


@pytest.mark.parametrize("rows", [4, 37])
@pytest.mark.parametrize("predictor", [1, 3], ids=["plain", "predictor"])
@pytest.mark.parametrize(
    "compression",
    [1, 5, 8, 32946, 32773, 34925, 50000],
    ids=["none", "lzw", "zip", "old zip", "packbits", "lzma", "zstd"],
)
def test_whatever_libtiff_packs(tmp_path, compression, predictor, rows):
    for values in (LIGHT, LIGHT[..., 0]):
        path = write_float_tiff(tmp_path / "a.tif", values, compression, predictor, rows)
        assert numpy.array_equal(read_float_tiff(path), values.reshape(37, 53, -1))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"rowsperstrip": 5, "compression": "zlib"},
        {"tile": (16, 16)},
        {"tile": (16, 32), "compression": "zlib"},
        {"planarconfig": "separate", "rowsperstrip": 8},
    ],
    ids=["one strip", "zipped strips", "tiles", "zipped tiles", "planes apart"],
)
def test_every_layout_byte_order_and_precision(tmp_path, order, kind, layout):
    values = LIGHT.astype(kind)
    stored = numpy.ascontiguousarray(numpy.moveaxis(values, -1, 0)) if "planarconfig" in layout else values
    for big in (False, True):
        with tifffile.TiffWriter(tmp_path / "a.tif", byteorder=order, bigtiff=big) as file:
            file.write(stored, photometric="rgb", **layout)
        if big and order == ">":
            with pytest.raises(PhotoError, match="BigTIFF with the highest byte first"):
                read_float_tiff(tmp_path / "a.tif")
        else:
            assert numpy.array_equal(read_float_tiff(tmp_path / "a.tif"), values.astype(numpy.float32))


def test_colors_are_times_alpha_whether_the_file_has_them_so_or_not(tmp_path):
    alpha = numpy.linspace(0, 1, 37 * 53, dtype=numpy.float32).reshape(37, 53, 1)
    for kind, wanted in (("assocalpha", LIGHT), ("unassalpha", LIGHT * alpha)):
        stored = numpy.concatenate([LIGHT, alpha], -1)
        tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=[kind])
        assert numpy.array_equal(read_float_tiff(tmp_path / "a.tif"), numpy.concatenate([wanted, alpha], -1))
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["unspecified"])
    assert numpy.array_equal(read_float_tiff(tmp_path / "a.tif"), LIGHT)
    tifffile.imwrite(tmp_path / "a.tif", stored[..., 2:], photometric="minisblack", extrasamples=["assocalpha"])
    gray = read_float_tiff(tmp_path / "a.tif")
    assert gray.shape[-1] == 4 and all(numpy.array_equal(gray[..., i], LIGHT[..., 2]) for i in range(3))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_upright_as_pillow_turns_pictures(tmp_path, orientation):
    values = LIGHT[..., 0]
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=[(274, 3, 1, orientation, True)])
    from PIL import ImageOps

    with Image.open(tmp_path / "a.tif") as stored:
        upright = numpy.asarray(ImageOps.exif_transpose(stored))
    assert numpy.array_equal(read_float_tiff(tmp_path / "a.tif")[..., 0], upright)


def test_other_files_are_left_to_others(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", (LIGHT * 100).astype("u4"), photometric="rgb")
    assert read_float_tiff(tmp_path / "a.tif") is None
    (tmp_path / "b.tif").write_bytes(b"\x89PNG\r\n\x1a\n" * 9)
    assert read_float_tiff(tmp_path / "b.tif") is None
    (tmp_path / "b.tif").write_bytes(b"")
    assert read_float_tiff(tmp_path / "b.tif") is None
    with pytest.raises(PhotoError, match="no such file"):
        read_float_tiff(tmp_path / "c.tif")


@pytest.mark.parametrize("layout", [{}, {"tile": (16, 16), "compression": "zlib"}], ids=["strip", "tiles"])
def test_damage_is_said_and_takes_no_memory(tmp_path, layout):
    resource = pytest.importorskip("resource")
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, LIGHT, photometric="rgb", **layout)
    refused = 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in damage(path, 300, 400):
        try:
            found = read_float_tiff(path)
        except PhotoError as error:
            refused += 1
            assert str(error).endswith(".") and "\n" not in str(error)
        else:
            assert found is None or (found.ndim == 3 and found.shape[-1] in (1, 3, 4))
    assert refused > 30
    assert (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000
    )  # kB; what is announced may be 1000 times that


def test_what_is_larger_than_any_photo_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    path = write_float_tiff(tmp_path / "a.tif", LIGHT)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 37 * 53 // 2 + 1)
    assert read_float_tiff(path).shape == LIGHT.shape
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 37 * 53 // 2)
    monkeypatch.setattr(float_tiff, "_unpacked", None)
    with pytest.raises(PhotoError, match="megapixels; shrink it first"):
        read_float_tiff(path)
