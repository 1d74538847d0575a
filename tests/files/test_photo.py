"""Every picture that Pillow reads comes in as it is meant to be seen, and what it cannot read is said in one sentence."""

import numpy
import pytest
import torch
from icc_profiles import display_p3
from PIL import Image, ImageCms

from sam3d_geometry.files import photo as photo_module
from sam3d_geometry.files.photo import PhotoError, find_photos, read_photo
from sam3d_geometry.geometry.colour import linear_from_srgb, srgb_from_linear


def corner_marked(size=(40, 20)):
    """A dark picture, white in its top left quarter."""
    values = numpy.zeros((size[1], size[0], 3), numpy.uint8)
    values[: size[1] // 2, : size[0] // 2] = 255
    return Image.fromarray(values)


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("RGB", "png"),
        ("RGB", "jpg"),
        ("L", "png"),
        ("P", "gif"),
        ("CMYK", "jpg"),
        ("1", "png"),
        ("RGB", "webp"),
        ("RGBA", "png"),
        ("RGB", "bmp"),
        ("RGB", "tif"),
        ("LA", "png"),
    ],
)
def test_modes_and_formats(tmp_path, mode, suffix):
    path = tmp_path / f"photo.{suffix}"
    corner_marked().convert(mode).save(path, **({"lossless": True} if suffix == "webp" else {}))
    photo = read_photo(path)
    assert photo.image.shape == (1, 20, 40, 3) and photo.image.dtype == torch.float32 and photo.size == (20, 40)
    assert photo.image[0, 4, 6].min() > 0.9 and photo.image[0, 15, 30].max() < 0.1
    assert (photo.alpha is not None) == (mode in ("RGBA", "LA"))


def test_16_bit_grey_keeps_its_range(tmp_path):
    Image.fromarray(numpy.full((4, 5), 32768, numpy.uint16)).save(tmp_path / "deep.png")
    assert torch.allclose(read_photo(tmp_path / "deep.png").image, torch.tensor(32768 / 65535))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    upright = corner_marked()
    undo = {
        2: "FLIP_LEFT_RIGHT",
        3: "ROTATE_180",
        4: "FLIP_TOP_BOTTOM",
        5: "TRANSPOSE",
        6: "ROTATE_90",
        7: "TRANSVERSE",
        8: "ROTATE_270",
    }
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose[undo[orientation]])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "turned.png", exif=exif)
    photo = read_photo(tmp_path / "turned.png")
    assert photo.size == (20, 40) and photo.image[0, 4, 6].min() > 0.9 and photo.image[0, 15, 30].max() < 0.1


def test_the_field_of_view_comes_from_the_35_mm_equivalent(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 18
    corner_marked((360, 240)).save(tmp_path / "wide.jpg", exif=exif)
    assert read_photo(tmp_path / "wide.jpg").exif_fov_x_degrees == pytest.approx(90.0, abs=0.1)
    corner_marked().save(tmp_path / "none.jpg")
    assert read_photo(tmp_path / "none.jpg").exif_fov_x_degrees is None


def test_a_photo_of_100_megapixels_is_shrunk_when_read(tmp_path):
    Image.new("L", (10_000, 10_000), 200).save(tmp_path / "huge.png")
    photo = read_photo(tmp_path / "huge.png")
    assert photo.size == (10_000, 10_000) and photo.image.shape[1] <= 2048


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    corner_marked().save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40 * 20 // 2)
    assert read_photo(tmp_path / "bomb.png").size == (20, 40)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40 * 20 // 2 - 1)
    with pytest.raises(PhotoError, match="megapixels"):
        read_photo(tmp_path / "bomb.png")


def test_folders_give_photos_in_order_and_nothing_else(tmp_path):
    for name in ("b.png", "a.JPG", "sub/c.png", ".hidden.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        corner_marked().convert("RGB").save(tmp_path / name, "PNG")
    (tmp_path / "notes.txt").write_text("x")
    files, problems = find_photos([tmp_path], tmp_path / "out")
    assert [f.path.name for f in files] == ["a.JPG", "b.png"] and problems == []
    files, _ = find_photos([tmp_path], tmp_path / "out", recursive=True)
    assert [f.path.name for f in files] == ["a.JPG", "b.png", "c.png"]
    with pytest.raises(PhotoError, match="both"):
        find_photos([tmp_path], tmp_path)


def test_names_that_lead_nowhere_are_said(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    long, fine = tmp_path / ("y" * 5000 + ".png"), tmp_path / "a.png"
    corner_marked().save(fine)
    found, problems = find_photos([long, tmp_path / "loop", fine], tmp_path / "loop")
    assert [file.path for file in found] == [fine]
    assert "it cannot be looked for (File name too long)." in problems[0] and "there is no such file" in problems[1]


def test_damaged_bytes_give_one_sentence_or_a_picture(tmp_path):
    generator, refused = numpy.random.default_rng(3), 0
    for suffix in ("png", "jpg", "gif", "tif", "webp"):
        path = tmp_path / f"photo.{suffix}"
        exif = Image.Exif()
        exif[0x0112] = 6
        corner_marked().convert("P" if suffix == "gif" else "RGB").save(
            path, **({} if suffix == "gif" else {"exif": exif})
        )
        whole = path.read_bytes()
        for _ in range(60):
            damaged = bytearray(whole)
            for at in generator.integers(0, min(400, len(whole)), 4):
                damaged[at] = generator.integers(0, 256)
            path.write_bytes(damaged)
            try:
                photo = read_photo(path)
            except PhotoError as error:
                refused += 1
                assert "\n" not in str(error)
                assert str(error).endswith(".")
            else:
                assert bool(torch.isfinite(photo.image).all())
    assert refused > 50


@pytest.mark.parametrize(
    "function", ["read_floats", "colour_and_alpha", "_at_working_size", "_float_values", "_exif_focal_pixels"]
)
@pytest.mark.parametrize("mistake", [KeyError, TypeError, IndexError, ValueError, OSError])
def test_a_mistake_of_ours_is_not_said_to_be_damage_of_the_file(tmp_path, monkeypatch, function, mistake):
    corner_marked().save(tmp_path / "photo.png")

    def wrong(*arguments):
        raise mistake("ours")

    monkeypatch.setattr(photo_module, function, wrong)
    with pytest.raises(mistake, match="^'?ours'?$"):
        read_photo(tmp_path / "photo.png")


@pytest.mark.parametrize("alpha", [False, True])
def test_a_display_p3_photo_is_read_in_srgb(tmp_path, alpha):
    color = (200, 100, 60)
    picture = Image.new("RGBA" if alpha else "RGB", (8, 6), (*color, 255) if alpha else color)
    picture.save(tmp_path / "a.png", icc_profile=display_p3())
    found = read_photo(tmp_path / "a.png").image[0, 0, 0]
    # P3 to sRGB in linear light
    p3_to_srgb = torch.tensor([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])
    wanted = srgb_from_linear(p3_to_srgb @ linear_from_srgb(torch.tensor(color) / 255))
    assert torch.allclose(found, wanted, atol=2 / 255) and float(found[0]) > 206 / 255


def test_a_photo_in_srgb_by_its_profile_or_with_a_damaged_one_is_untouched(tmp_path):
    pixels = numpy.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=numpy.uint8)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, profile in (("a", srgb), ("b", b"no profile"), ("c", None)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png", icc_profile=profile)
        assert numpy.array_equal((read_photo(tmp_path / f"{name}.png").image[0] * 255).round().numpy(), pixels)


def test_colors_behind_alpha_are_hidden(tmp_path):
    pixels = numpy.random.default_rng(0).integers(0, 255, (6, 8, 4), dtype=numpy.uint8)
    pixels[..., 3] = 255
    pixels[:, :4, 3] = 0
    read = []
    for name in "ab":
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        read.append(read_photo(tmp_path / f"{name}.png"))
        pixels[:, :4, :3] += 77
    assert torch.equal(read[0].image, read[1].image)
    assert (read[0].image[:, :, :4] * 255 == 128).all()
    assert numpy.array_equal((read[0].image[0, :, 4:] * 255).round().numpy(), pixels[:, 4:, :3])


def test_floats_are_linear_light_as_in_a_folder_of_frames(tmp_path):
    values = numpy.array([[0.0, 0.2140411, 1.0, 7.0, numpy.nan, -1.0]], numpy.float32)
    path = tmp_path / "light.tif"
    Image.fromarray(values).save(path)
    found = read_photo(path).image[0, 0]
    wanted = torch.tensor([0.0, 0.5, 1.0, 1.0, 0.0, 0.0])[:, None].expand(-1, 3)
    assert torch.allclose(found, wanted, atol=1e-5)
    pytest.importorskip("av", reason="PyAV is not installed")
    from sam3d_geometry.video.frame_picture import read_frame

    assert numpy.abs(read_frame(path).pixels[0] / 255 - found.numpy()).max() < 0.6 / 255
