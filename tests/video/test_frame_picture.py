"""Pictures of frames of every kind look like the ordinary 8-bit picture of the same scene."""

import numpy
import pytest
import torch
from clips import picture
from float_pictures import rgb_channels, write_float_tiff, write_picture_exr
from icc_profiles import display_p3
from PIL import Image

from sam3d_geometry.files.photo import read_photo
from sam3d_geometry.geometry.colour import linear_from_srgb
from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.frame_folder import FrameFolder
from sam3d_geometry.video.frame_picture import read_frame, resized

av = pytest.importorskip("av", reason="PyAV is not installed")
SHOWN = picture(5)
ALPHA = numpy.linspace(0, 255, SHOWN.shape[1]).astype(numpy.uint8)[None].repeat(len(SHOWN), 0)


def light(pixels):
    return linear_from_srgb(torch.from_numpy(pixels).float() / 255).numpy()


class TestLinearLight:
    @pytest.mark.parametrize("half", [False, True])
    def test_exr_looks_like_the_picture_that_it_was_made_of(self, tmp_path, half):
        values = light(SHOWN).astype(numpy.float16 if half else numpy.float32)
        found = read_frame(write_picture_exr(tmp_path / "a.exr", rgb_channels(values)))
        assert found.notes and found.pixel_aspect == 1
        assert numpy.abs(found.pixels.astype(int) - SHOWN).max() <= (1 if half else 0)

    def test_tiff_of_floats(self, tmp_path):
        assert numpy.array_equal(read_frame(write_float_tiff(tmp_path / "a.tiff", light(SHOWN))).pixels, SHOWN)
        gray = read_frame(write_float_tiff(tmp_path / "b.tif", light(SHOWN[..., 0])))
        assert gray.notes
        assert numpy.array_equal(gray.pixels, SHOWN[..., :1].repeat(3, -1))

    def test_what_is_brighter_than_white_is_white_and_what_is_no_number_black(self, tmp_path):
        values = light(SHOWN)
        values[0, 0], values[0, 1], values[0, 2] = 70000.0, numpy.inf, numpy.nan
        found = read_frame(write_picture_exr(tmp_path / "a.exr", rgb_channels(values))).pixels
        assert found[0, :3, 0].tolist() == [255, 255, 0]
        assert numpy.array_equal(found[1:], SHOWN[1:])

    def test_alpha_is_taken_out_of_the_colours(self, tmp_path):
        alpha = (ALPHA / 255).astype(numpy.float32)
        channels = rgb_channels(light(SHOWN) * alpha[..., None]) | {"A": alpha}
        found = read_frame(write_picture_exr(tmp_path / "a.exr", channels)).pixels
        assert numpy.array_equal(found[..., 3], ALPHA)
        assert numpy.abs(found[:, 1:, :3].astype(int) - SHOWN[:, 1:]).max() <= 1

    def test_anamorphic_plates_are_square_for_the_camera(self, tmp_path):
        folder = tmp_path / "plates"
        folder.mkdir()
        for i in range(2):
            write_picture_exr(folder / f"plate.{i:04d}.exr", rgb_channels(light(SHOWN)), pixelAspectRatio=2.0)
        clip = open_clip(folder)
        assert (clip.facts.height, clip.facts.width, clip.facts.pixel_aspect) == (54, 96, 2)
        assert {frame.pixels.shape for frame in clip.frames()} == {(54, 192, 3)}

    def test_depth_without_a_picture_is_refused_in_a_sentence(self, tmp_path):
        path = write_picture_exr(tmp_path / "z.exr", {"Z": light(SHOWN[..., 0])})
        with pytest.raises(
            ValueError,
            match=r"z\.exr cannot be read as a picture: it has no picture in color or gray but the channels Z\. Take it",
        ):
            read_frame(path)


def test_a_profile_is_followed(tmp_path):
    Image.fromarray(SHOWN).save(tmp_path / "a.png", icc_profile=display_p3())
    found = read_frame(tmp_path / "a.png").pixels
    assert numpy.array_equal(found, (read_photo(tmp_path / "a.png").image[0] * 255).round().byte().numpy())
    assert numpy.abs(found.astype(int) - SHOWN).mean() > 2


def test_frames_with_and_without_alpha_are_one_clip(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    Image.fromarray(numpy.dstack([SHOWN, ALPHA])).save(folder / "1.png")
    Image.fromarray(SHOWN).save(folder / "2.png")
    first, second = (frame.pixels for frame in FrameFolder(folder).frames())
    assert numpy.array_equal(first, numpy.dstack([SHOWN, ALPHA]))
    assert numpy.array_equal(second[..., :3], SHOWN) and (second[..., 3] == 255).all()
    (folder / "1.png").rename(folder / "3.png")
    opaque, over_gray = (frame.pixels for frame in FrameFolder(folder).frames())
    assert opaque.shape == over_gray.shape == SHOWN.shape
    assert numpy.abs(over_gray[:, 0].astype(int) - 128).max() <= 1
    assert numpy.array_equal(over_gray[:, -1], SHOWN[:, -1])


def test_damaged_files_are_named(tmp_path):
    for name in ("a.exr", "a.tif", "a.png"):
        (tmp_path / name).write_bytes(b"no picture" * 30)
        with pytest.raises(ValueError, match=rf"{name} cannot be read as a picture: .* Take it out of the folder"):
            read_frame(tmp_path / name)


def test_pixels_of_the_size_wanted_stay():
    assert resized(SHOWN, SHOWN.shape[:2]) is SHOWN
    assert resized(SHOWN, (54, 192)).shape == (54, 192, 3)
