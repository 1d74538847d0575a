"""Picture files of any format of Pillow's: which ones are photos, opening one, and what is said of one that cannot be read."""

from __future__ import annotations

import contextlib
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

# documents, video and stubs, which Pillow hands on to other programs or cannot read by itself
NOT_PHOTOS = {"EPS", "WMF", "MPEG", "BUFR", "GRIB", "HDF5"}
HEIF_SUFFIXES = {".heic", ".heif", ".hif"}
# what Pillow raises on damaged files
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
)


class PhotoError(ValueError):
    """A photo cannot be used; the message is one sentence that says why."""


def picture_formats() -> list[str]:
    """Pillow's names of the formats that photos come in."""
    Image.init()
    return sorted(set(Image.OPEN) - NOT_PHOTOS)


def _register_heif() -> None:
    try:
        import pillow_heif
    except ImportError as error:
        raise PhotoError(
            "HEIC photos need the package pillow-heif; install it with: pip install pillow-heif."
        ) from error
    pillow_heif.register_heif_opener()


def open_picture(path: Path) -> tuple[Image.Image, int]:
    """The first picture in a file as Pillow has it, and how many there are.

    PhotoError, one sentence, when the file is missing, empty, damaged, no picture, or larger than Pillow's limit
    (Image.MAX_IMAGE_PIXELS, doubled: 178 megapixels).
    """
    if path.suffix.lower() in HEIF_SUFFIXES:
        _register_heif()
    formats = picture_formats()
    with decoding_picture(), warnings.catch_warnings():
        # sizes up to the limit are wanted, and damaged EXIF is treated as none
        warnings.simplefilter("ignore")
        if path.stat().st_size == 0:
            raise PhotoError("the file is empty.")
        with Image.open(path, formats=formats) as image:
            count = getattr(image, "n_frames", 1)  # first: a TIFF that is asked for it forgets its pixels
            image.load()
            return image, count


@contextlib.contextmanager
def decoding_picture() -> Iterator[None]:
    """Turns what Pillow and the disk raise into one sentence each; put around calls of Pillow only."""
    try:
        yield
    except PhotoError:
        raise
    except FileNotFoundError as error:
        raise PhotoError("there is no such file.") from error
    except PermissionError as error:
        raise PhotoError("the file cannot be read; check its permissions.") from error
    except UnidentifiedImageError as error:
        raise PhotoError("the file is not a picture in a known format, or its beginning is damaged.") from error
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise PhotoError(f"the picture has more than {limit} megapixels; shrink it first.") from error
    except MemoryError as error:
        raise PhotoError("the picture does not fit in memory; shrink it first.") from error
    except DAMAGE as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise PhotoError(f"the file is damaged or incomplete ({reason}).") from error


def upright_picture(image: Image.Image) -> Image.Image:
    """The picture turned as its EXIF says; as it is where that is missing or damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except DAMAGE:
        return image
