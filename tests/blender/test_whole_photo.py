"""Photos that are cut off are told from whole ones, whatever a camera or a phone puts into and behind them."""

import io

import numpy
import pytest
from PIL import Image
from sam3d_geometry_import.whole_photo import is_cut_off

PIXELS = (numpy.random.default_rng(0).random((40, 60, 3)) * 255).astype(numpy.uint8)


def encoded(kind, **options):
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, kind, **options)
    return file.getvalue()


def with_preview():
    """A JPEG with a small JPEG in its header, as cameras write them."""
    preview = encoded("JPEG", quality=10)
    content = encoded("JPEG", quality=90)
    return content[:2] + b"\xff\xe1" + (len(preview) + 2).to_bytes(2, "big") + preview + content[2:]


PHOTOS = {
    "JPEG": encoded("JPEG"),
    "progressive": encoded("JPEG", progressive=True),
    "preview": with_preview(),
    "PNG": encoded("PNG"),
    "WebP": encoded("WEBP"),
}


@pytest.mark.parametrize("kind", PHOTOS)
def test_a_photo_is_whole_until_bytes_are_missing(kind):
    content = PHOTOS[kind]
    assert not is_cut_off(content) and not is_cut_off(content + b"what a phone adds")
    for kept in (3, 200, len(content) // 2, len(content) - 2):
        assert is_cut_off(content[: max(kept, 16)]), kept


def test_what_is_not_known_is_left_to_comfyui():
    assert not is_cut_off(encoded("BMP")[:100]) and not is_cut_off(b"") and not is_cut_off(encoded("TIFF")[:100])
