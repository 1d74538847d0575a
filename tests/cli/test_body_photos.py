"""Photos of people are read one at a time, from files, folders and videos, and must be of one size and number."""

import itertools

import numpy
import pytest
from clips import make_folder
from PIL import Image

from sam3d_geometry.cli.body_photos import open_photos
from sam3d_geometry.files.photo import PhotoError


def save(folder, count, size=(64, 48)):
    paths = [folder / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.new("RGB", size, (50 * number,) * 3).save(path)
    return paths


def test_files_are_frames_in_their_order(tmp_path):
    paths = save(tmp_path, 3)
    photos = open_photos(paths)
    assert photos.size == (48, 64) and photos.sources() == paths
    grays = [float(frame[0, 0, 0, 0]) for frame in photos.frames()]
    assert numpy.allclose(grays, [0, 50 / 255, 100 / 255])


def test_a_single_photo_is_that_of_every_frame(tmp_path):
    photos = open_photos(save(tmp_path, 1))
    photos.require_frames(300)
    assert len(list(itertools.islice(photos.frames(), 5))) == 5


def test_a_folder_is_a_clip(tmp_path):
    folder = make_folder(tmp_path / "shot", 4)
    photos = open_photos([folder])
    assert len(list(photos.frames())) == photos.count == 4 and photos.sources() == [folder]
    with pytest.raises(ValueError, match="gives 4 pictures and the people are in 6 frames; give as many, or one"):
        photos.require_frames(6)


def test_photos_of_several_sizes_and_no_photos_are_refused(tmp_path):
    first, *_ = save(tmp_path, 1)
    other = tmp_path / "other.png"
    Image.new("RGB", (64, 64)).save(other)
    with pytest.raises(ValueError, match=r"other\.png has 64 x 64 pixels and 0\.png 64 x 48"):
        open_photos([first, other])
    other.write_bytes(b"no picture")
    with pytest.raises(PhotoError, match=r"--photo .*other\.png: "):
        open_photos([other])
