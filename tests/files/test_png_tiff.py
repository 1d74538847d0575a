"""PNG and TIFF of 16 bits and of floats hold what others read in them, and the record that says what it means."""

import cv2
import numpy
import pytest
import skimage.io
import torch
from depth_frames import STEPS, frame, save
from PIL import Image

from sam3d_geometry.files.depth_file import DEPTH_FORMATS, read_depth
from sam3d_geometry.files.depth_file_error import DepthFileError
from sam3d_geometry.files.depth_steps import UnitSteps


@pytest.mark.parametrize("name", ["png 16-bit", "tiff 16-bit"])
@pytest.mark.parametrize("steps", STEPS[1:4], ids=str)
def test_16_bit_files_keep_their_values_and_depth_to_half_a_step(tmp_path, name, steps):
    held = frame(steps)
    path = save(tmp_path / f"a{DEPTH_FORMATS[name].suffix}", held, name)
    stored = steps.encode(held.depth, held.mask)
    back = read_depth(path)
    assert torch.equal(back.depth, steps.decode(stored)) and torch.equal(back.mask, held.mask)
    assert back.record.steps == steps and torch.equal(back.record.intrinsics, held.record.intrinsics)
    at_most = (
        0.51 / 256 if isinstance(steps, UnitSteps) else 0.51 * (20 if steps.curve == "linear" else 25) / 65534 * 16
    )
    assert float((back.depth - held.depth).abs().max()) < at_most
    # a second round changes nothing
    again = read_depth(save(tmp_path / f"b{path.suffix}", back, name))
    assert torch.equal(again.depth, back.depth)
    # what others read is what was stored
    for read in (
        lambda: numpy.asarray(Image.open(path)),
        lambda: cv2.imread(str(path), -1),
        lambda: skimage.io.imread(path),
    ):
        seen = read()
        assert seen.dtype == numpy.uint16 and numpy.array_equal(seen, stored)


def test_a_float_tiff_is_the_same_in_pillow_opencv_and_skimage(tmp_path):
    held = frame()
    path = save(tmp_path / "a.tiff", held, "tiff 32-bit")
    for seen in (numpy.asarray(Image.open(path)), cv2.imread(str(path), -1), skimage.io.imread(path)):
        assert seen.dtype == numpy.float32 and numpy.array_equal(seen, held.depth.numpy())


def test_a_picture_of_8_bits_or_in_colour_is_sent_to_load_image(tmp_path):
    grey = numpy.full((4, 6), 7, numpy.uint8)
    Image.fromarray(grey).save(tmp_path / "a.png")
    cv2.imwrite(str(tmp_path / "b.png"), numpy.dstack([grey.astype(numpy.uint16) * 200] * 3))
    for name in ("a.png", "b.png"):
        with pytest.raises(DepthFileError, match="open it with Load Image and give it to Depth To Pointmap"):
            read_depth(tmp_path / name)


def test_a_png_of_floats_is_refused_before_it_is_begun(tmp_path):
    with pytest.raises(ValueError, match="say by steps what they mean"):
        save(tmp_path / "a.png", frame(), "png 16-bit")
    assert (tmp_path / "a.png").read_bytes() == b""
