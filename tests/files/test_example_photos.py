"""The pack's own photos: all there, with transparency where they have it."""

from __future__ import annotations

import pytest
import torch

from sam3d_geometry.files import example_photos
from sam3d_geometry.files.example_photos import EXAMPLE_PHOTOS, read_example


@pytest.mark.parametrize("name", EXAMPLE_PHOTOS)
def test_every_example_is_a_picture(name):
    image, transparency = read_example(name)
    assert len(image) == (12 if name == "mug" else 1) and image.shape[-1] == 3 and image.dtype == torch.float32
    assert transparency.shape == image.shape[:3]
    assert image.min() >= 0 and image.max() <= 1 and image.std() > 0.05


def test_photos_are_opaque_and_the_balloon_stands_alone():
    assert read_example("temple")[1].max() == 0
    image, transparency = read_example("balloon")
    assert transparency[0, 0, 0] == 1 and transparency[0, 213, 240] == 0
    assert 0.4 < transparency.mean() < 0.7
    edge = (transparency > 0.2) & (transparency < 0.9)
    assert edge.any() and image[edge].max(-1).values.median() > 0.15  # its edge has its own colour, not black


def test_the_mug_alone_is_opaque_before_its_plate():
    image, transparency = read_example("mug")
    assert set(transparency.unique().tolist()) == {0, 1} and 0.02 < 1 - transparency.mean() < 0.2
    # the plate around the mug is there too, another in each picture's light
    assert image[transparency == 1].std() > 0.05 and (image[0] - image[6]).abs().max() > 0.3


def test_a_name_that_is_none_and_a_missing_file_are_said(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="Input example came as '../x'; one of temple"):
        read_example("../x")
    monkeypatch.setattr(example_photos, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match="use Load Image"):
        read_example("temple")
