"""What is no picture is refused in one sentence when it is opened, and orientations are followed."""

import numpy
import pytest
from PIL import Image

from sam3d_geometry.files.photo import read_photo
from sam3d_geometry.files.picture_file import PhotoError, open_picture, picture_formats, upright_picture


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\nrubbish", "damaged|not a picture"),
        (b"GIF89a", "damaged|not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not a picture"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(tmp_path, content, sentence):
    (tmp_path / "file.png").write_bytes(content)
    with pytest.raises(PhotoError, match=sentence) as caught:
        open_picture(tmp_path / "file.png")
    assert "\n" not in str(caught.value)


def test_the_first_picture_and_how_many_there_are(tmp_path):
    frames = [Image.fromarray(numpy.full((4, 6, 3), value, numpy.uint8)) for value in (10, 200, 90)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    image, count = open_picture(tmp_path / "a.tif")
    assert count == 3 and (numpy.asarray(image) == 10).all()
    assert read_photo(tmp_path / "a.tif").frames == 3


def test_documents_and_videos_are_no_photos():
    assert {"PNG", "JPEG", "TIFF", "WEBP"} <= set(picture_formats()) and not {"EPS", "MPEG"} & set(picture_formats())


def test_damaged_exif_turns_nothing():
    image = Image.new("RGB", (6, 4))
    image.info["exif"] = b"Exif\0\0rubbish"
    assert upright_picture(image).size == (6, 4)
