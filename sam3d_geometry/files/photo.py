"""Photos on disk: finding them in folders, and reading any picture format of Pillow into an image the networks take."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy
import torch
from PIL import Image

from ..geometry.camera import fov_x_degrees_from_focal_pixels
from ..geometry.colour import BEHIND_ALPHA, on_screen, put_over_gray
from ..geometry.lens import FULL_FRAME_DIAGONAL_MM
from ..geometry.pixel_aspect import SQUARE, square_size
from .float_picture import EXR, FloatPicture, has_picture, read_floats
from .picture_file import (
    DAMAGE,
    HEIF_SUFFIXES,
    PhotoError,
    decoding_picture,
    open_picture,
    picture_formats,
    upright_picture,
)

WORKING_PIXELS = 1 << 22  # a larger photo is shrunk to this when read: no network sees more than about 700,000
LONGEST_NAME = 200  # characters of a path that cannot be a path, in a message
PROFILE_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}  # what a profile says that it is for, by Pillow's mode
EXIF_IFD = 0x8769
FOCAL_LENGTH, FOCAL_35MM, PIXEL_X_DIMENSION, PLANE_RESOLUTION, PLANE_UNIT = 0x920A, 0xA405, 0xA002, 0xA20E, 0xA210
MM_PER_UNIT = {2: 25.4, 3: 10.0, 4: 1.0}


@dataclass(frozen=True)
class Photo:
    """A photo as it is meant to be seen.

    image              (1, h, w, 3) float32 in [0, 1] in sRGB, over gray where it is transparent; shrunk when the photo has
                       more than WORKING_PIXELS
    alpha              (1, h, w) float32 in [0, 1], or None where every pixel is opaque by format
    size               (height, width) of the photo itself, after its EXIF orientation
    exif_fov_x_degrees horizontal field of view by the EXIF focal length, or None
    frames             pictures in the file, of which this is the first
    notes              sentences about what is unusual in the file and what was done about it
    """

    image: torch.Tensor
    alpha: torch.Tensor | None
    size: tuple[int, int]
    exif_fov_x_degrees: float | None
    frames: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PhotoFile:
    """A photo's path, and the folder below the output folder that its results belong in."""

    path: Path
    folder: PurePath


def photo_suffixes() -> set[str]:
    """File name endings, in lower case, that a folder is searched for."""
    return {s for s, name in Image.registered_extensions().items() if name in picture_formats()} | HEIF_SUFFIXES | {EXR}


def find_photos(inputs: list[Path], out: Path, recursive: bool = False) -> tuple[list[PhotoFile], list[str]]:
    """Photos among files and folders, each once, sorted within a folder; and a sentence for every input without any.

    Subfolders keep their structure, and several folders go into one named after each. Links to folders are not followed;
    hidden files, and everything in `out`, are left out.
    """
    out, suffixes = Path(os.path.realpath(out)), photo_suffixes()  # Path.resolve raises on links in a circle
    several = sum(os.path.isdir(path) for path in inputs) > 1
    found: list[PhotoFile] = []
    problems = []
    for given in inputs:
        try:
            is_file, is_folder = given.is_file(), given.is_dir()
        except OSError as error:  # such as a name that is too long
            problems.append(f"{str(given)[:LONGEST_NAME]}: it cannot be looked for ({error.strerror}).")
            continue
        if is_file:
            found.append(PhotoFile(given, PurePath()))
            continue
        if not is_folder:
            problems.append(f"{given}: there is no such file or folder.")
            continue
        if given.resolve() == out:
            raise PhotoError(
                f"{given} is both the folder of photos and the output folder; choose another folder for -o."
            )
        below = PurePath(given.resolve().name) if several else PurePath()
        files = [PhotoFile(path, below / rest) for path, rest in _walk(given, out, suffixes, recursive)]
        if not files:
            hint = "" if recursive else "; --recursive looks into its subfolders too"
            problems.append(f"{given}: there is no photo in this folder{hint}.")
        found += files
    return _each_once(found), problems


def _each_once(files: list[PhotoFile]) -> list[PhotoFile]:
    """The photos without what names one of them again; a photo goes by its own name rather than that of a link to it."""
    real = {file.path.resolve() for file in files if not file.path.is_symlink()}
    once: dict[Path, PhotoFile] = {}
    for file in files:
        photo = file.path.resolve()
        if photo not in real or not file.path.is_symlink():
            once.setdefault(photo, file)
    return list(once.values())


def _walk(folder: Path, out: Path, suffixes: set[str], recursive: bool) -> Iterator[tuple[Path, PurePath]]:
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(n for n in folders if recursive and not n.startswith(".") and (here / n).resolve() != out)
        for name in sorted(names):
            path = here / name
            if name.startswith(".") or path.suffix.lower() not in suffixes or not path.is_file():
                continue
            if has_picture(path):
                yield path, PurePath(here.relative_to(folder))


def read_photo(path: Path, exposure: float = 0.0) -> Photo:
    """The photo in a file, turned upright by its EXIF orientation; of several pictures in a file the first.

    Floats (EXR, TIFF) are linear light, shown `exposure` stops brighter than with white at 1, and in square pixels. Raises PhotoError,
    one sentence, when the file is missing, empty, damaged, no picture, or larger than Pillow's limit (Image.MAX_IMAGE_PIXELS, doubled:
    178 megapixels).
    """
    floats = read_floats(path)
    return _photo_of_image(*open_picture(path)) if floats is None else _photo_of_floats(floats, exposure)


def _photo_of_floats(picture: FloatPicture, exposure: float) -> Photo:
    rows, columns = picture.light.shape[:2]
    height, width = size = square_size(rows, columns, picture.pixel_aspect)
    notes = picture.notes(exposure)
    if picture.pixel_aspect != SQUARE:
        notes.append(
            f"Its pixels are not square ({float(picture.pixel_aspect):g}:1): it is shown as {width} x {height} square ones."
        )
    planes = [
        numpy.asarray(_at_working_size(Image.fromarray(plane), size))
        for plane in picture.seen(exposure).movedim(-1, 0).numpy()
    ]
    values = torch.from_numpy(numpy.stack(planes, -1))[None]
    image, alpha = (put_over_gray(values), values[..., 3]) if values.shape[-1] == 4 else (values, None)
    return Photo(image, alpha, size, None, 1, tuple(notes))


def _photo_of_image(image: Image.Image, frames: int) -> Photo:
    fov_focal_pixels = _exif_focal_pixels(_exif_details(image), image.size)
    # the second pictures of a phone's MPO are previews and gain maps
    frames = 1 if image.format == "MPO" else frames
    colour, alpha = colour_and_alpha(upright_picture(image))
    colour = colour if alpha is None else over_gray(colour, alpha)
    width, height = colour.size
    values = _float_values(_at_working_size(colour))
    if values.ndim == 2:
        values = numpy.repeat(values[..., None], 3, -1)
    return Photo(
        torch.from_numpy(values)[None],
        None if alpha is None else torch.from_numpy(_float_values(_at_working_size(alpha)))[None],
        (height, width),
        None if fov_focal_pixels is None else fov_x_degrees_from_focal_pixels(fov_focal_pixels, width),
        frames,
    )


def over_gray(colour: Image.Image, alpha: Image.Image) -> Image.Image:
    """An RGB picture over gray where its alpha (L) lets it through."""
    behind = Image.new("RGB", colour.size, (round(BEHIND_ALPHA * 255),) * 3)
    return Image.composite(colour, behind, alpha)


def colour_and_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """A picture in sRGB, of mode RGB, L or F (in [0, 1]), and its alpha channel as L where it has one.

    Floats are linear light, as `colour.on_screen` shows it. Raises PhotoError for whole numbers beyond 16 bits.
    """
    mode = image.mode
    if mode == "F":
        light = torch.from_numpy(numpy.array(image, numpy.float32))
        return Image.fromarray(on_screen(light[..., None])[..., 0].numpy()), None
    if mode.startswith("I"):
        values = numpy.asarray(image, dtype=numpy.float32) / 65535
        if not (values.min() >= 0 and values.max() <= 1):
            raise PhotoError("its 32-bit pixels go beyond 0 to 65535; save it as an ordinary 8 or 16-bit picture.")
        return Image.fromarray(values), None
    if mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        with decoding_picture():
            profile, image = image.info.get("icc_profile"), image.convert("RGBA")
        return _in_srgb(image.convert("RGB"), profile), image.getchannel("A")
    if mode == "LAB":
        from PIL import ImageCms

        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return _transformed(image, lab, srgb), None
    profile = image.info.get("icc_profile")
    if mode not in ("RGB", "L", "CMYK"):
        with decoding_picture():
            image = image.convert("RGB")
    image = _in_srgb(image, profile)
    return (image if image.mode in ("RGB", "L") else image.convert("RGB")), None


def _transformed(image: Image.Image, given: Any, wanted: Any, **how: Any) -> Image.Image:
    """The picture (RGB) from the colours of one profile of ImageCms in those of another."""
    from PIL import ImageCms

    made = ImageCms.profileToProfile(image, given, wanted, outputMode="RGB", **how)
    return image if made is None else made  # None only where a picture is changed in place


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture of mode RGB, L or CMYK by its ICC profile, such as Display P3 or a printer's, in sRGB.

    It stays as it is where the profile is sRGB's own, is damaged, or is for another mode.
    """
    if not profile:
        return image
    from PIL import ImageCms

    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        inner: Any = given.profile  # littleCMS's own, which Pillow gives no type
        if inner.xcolor_space.strip() != PROFILE_SPACES[image.mode]:
            return image
        if "srgb" in ImageCms.getProfileDescription(given).lower():
            return image
        return _transformed(
            image,
            given,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError):
        return image


def _at_working_size(image: Image.Image, size: tuple[int, int] | None = None) -> Image.Image:
    """The picture at `size` (height, width), its own by default, shrunk to WORKING_PIXELS where that has more."""
    height, width = (image.height, image.width) if size is None else size
    scale = min(1.0, math.sqrt(WORKING_PIXELS / (width * height)))
    wanted = max(1, round(width * scale)), max(1, round(height * scale))
    return (
        image
        if wanted == image.size
        else image.resize(wanted, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    )


def _float_values(image: Image.Image) -> numpy.ndarray:
    values = numpy.asarray(image)
    return values.copy() if values.dtype == numpy.float32 else values.astype(numpy.float32) / 255


def _exif_details(image: Image.Image) -> dict:
    """The tags of the Exif part; empty where they are missing or damaged."""
    try:
        return dict(image.getexif().get_ifd(EXIF_IFD))
    except DAMAGE:
        return {}


def _exif_focal_pixels(details: dict, size: tuple[int, int]) -> float | None:
    """Focal length in pixels of the photo: by the 35 mm equivalent, else by the resolution of the focal plane."""

    def number(tag: int) -> float:
        try:
            value = float(details.get(tag, 0))
        except (TypeError, ValueError, ZeroDivisionError):
            return 0.0
        return value if math.isfinite(value) and value > 0 else 0.0

    if number(FOCAL_35MM):
        return number(FOCAL_35MM) * math.hypot(*size) / FULL_FRAME_DIAGONAL_MM
    if number(FOCAL_LENGTH) and number(PLANE_RESOLUTION):
        unit = MM_PER_UNIT.get(details.get(PLANE_UNIT, 2), 25.4)
        shrunk = size[0] / (number(PIXEL_X_DIMENSION) or size[0])
        return number(FOCAL_LENGTH) * number(PLANE_RESOLUTION) / unit * shrunk
    return None
