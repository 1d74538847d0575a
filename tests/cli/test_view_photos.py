"""Photos of a set: the lens as it is given, or by EXIF, or open; masks at the photo's size."""

from argparse import Namespace

import numpy
import pytest
from PIL import Image

from sam3d_geometry.cli.view_photos import EXIF_SPREAD, ViewPhotos
from sam3d_geometry.files.photo import PhotoError
from sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics
from sam3d_geometry.models import PREVIEW, load_model

FOCAL_35MM = 0xA405


@pytest.fixture
def photo(tmp_path):
    rows = numpy.linspace(40, 220, 48)[:, None, None] + numpy.random.default_rng(0).integers(0, 30, (48, 72, 3))
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif.get_ifd(0x8769)[FOCAL_35MM] = 50
    Image.fromarray(rows.astype(numpy.uint8)).save(path, exif=exif)
    return path


def reader(**options):
    plain = {"fov": None, "focal_mm": None, "focal_px": None, "sensor_width_mm": 36.0}
    plain |= {"resolution": 256, "validity": "all finite", "masks": None, "mask_from_alpha": False}
    return ViewPhotos(Namespace(**(plain | options)), load_model(PREVIEW, device="cpu"))


def test_a_given_lens_is_known_one_by_exif_nearly(photo):
    given = reader(fov=62.0).view("photo.jpg", photo, {})
    assert given.focal_spread == 0.0
    assert float(fov_degrees_from_intrinsics(given.intrinsics[None])[0][0]) == pytest.approx(62.0, abs=1e-3)
    told = reader().view("photo.jpg", photo, {})
    assert told.focal_spread == EXIF_SPREAD
    focal = 50 / 43.2666 * (72**2 + 48**2) ** 0.5 / 72  # of the width
    assert float(told.intrinsics[0, 0]) == pytest.approx(focal, rel=1e-3)
    bare = photo.with_name("bare.png")
    Image.open(photo).save(bare, exif=b"")
    assert reader().view("bare.png", bare, {}).focal_spread is None


def test_masks_come_at_the_photos_size_and_others_are_told(photo, tmp_path):
    mask = tmp_path / "mask.png"
    Image.fromarray(numpy.array([[0] * 18 + [255] * 18] * 24, numpy.uint8)).save(mask)
    read = reader(masks=tmp_path)
    found = read.view("photo.jpg", photo, {"photo.jpg": mask}).mask
    assert (
        found is not None
        and found.shape == (48, 72)
        and found[:, 40:].all()
        and not found[:, :32].any()
        and not read.said
    )
    Image.new("L", (72, 48)).save(mask)
    assert read.view("photo.jpg", photo, {"photo.jpg": mask}).mask is None
    assert read.said["photo.jpg"] == ["its mask selects nothing, so all of the photo counts"]
    read.view("other", photo, {})
    assert "has no mask" in read.said["other"][0]


def test_transparency_is_a_mask_where_it_is_asked_for(photo, tmp_path):
    image = Image.open(photo).convert("RGBA")
    image.putalpha(Image.fromarray(numpy.array([[0] * 36 + [255] * 36] * 48, numpy.uint8)))
    image.save(tmp_path / "cut.png")
    found = reader(mask_from_alpha=True).view("cut.png", tmp_path / "cut.png", {}).mask
    assert found is not None and found[:, 36:].all() and not found[:, :36].any()
    assert reader().view("cut.png", tmp_path / "cut.png", {}).mask is None


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(PhotoError, match="not a picture"):
        reader().view("a.jpg", tmp_path / "a.jpg", {})
