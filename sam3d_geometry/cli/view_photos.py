"""Photos of one thing as the command for views reads them: each with its mask, its pointmap and what is known of its lens."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from ..estimate.inference import infer_pointmap
from ..files.photo import Photo, PhotoError, read_photo
from ..geometry.pointmap import Pointmap
from ..geometry.resize import require_same_shape, resize_image, resize_mask, size_for_long_edge
from ..models import GeometryModel
from ..views.view import View
from .lens import FROM_EXIF, Lens

LONG_EDGE = 1600  # pixels that a photo keeps: features and textures take no more
EXIF_SPREAD = 0.05  # of a focal length by EXIF, whose millimeters are rounded, as a logarithm
SMALLEST_MASK = 0.0005  # of the photo's pixels


class ViewPhotos:
    """Reads the photos of a call; what is to be said of one beside its view is in `said`, by its name."""

    def __init__(self, args: argparse.Namespace, model: GeometryModel):
        self.args, self.model, self.lens = args, model, Lens.of(args)
        self.said: dict[str, list[str]] = {}

    def view(self, name: str, path: Path, masks: Mapping[str, Path]) -> View:
        """A photo that is not placed yet. PhotoError, one sentence, where it cannot be read."""
        photo = read_photo(path)
        for note in photo.notes:
            self._say(name, note.rstrip("."))
        if photo.frames > 1:
            self._say(name, f"only the first of its {photo.frames} pictures is used")
        pointmap, spread = self.pointmap(photo)
        mask = self._mask(name, photo, masks.get(name))
        if mask is not None and not bool((resize_mask(mask[None], pointmap.size)[0] & pointmap.mask[0]).any()):
            self._say(name, "its mask selects nothing that has depth, so all of the photo counts")
            mask = None
        image = resize_image(photo.image, size_for_long_edge(_size(photo), LONG_EDGE))[0]
        return View(name, image, pointmap, mask, pointmap.intrinsics[0].double(), focal_spread=spread)

    def pointmap(self, photo: Photo) -> tuple[Pointmap, float | None]:
        """A photo's pointmap, on the CPU, and the spread of its focal length as a View has it."""
        fov, source = self.lens.fov_x_degrees(photo.size, photo.exif_fov_x_degrees)
        spread = None if source == "estimated" else EXIF_SPREAD if source == FROM_EXIF else 0.0
        if self._lens_is_open and photo.exif_fov_x_degrees is not None:
            fov, spread = photo.exif_fov_x_degrees, EXIF_SPREAD
        pointmap = infer_pointmap(
            *(self.model, photo.image),
            resolution=self.args.resolution,
            fov_x_degrees=fov,
            validity=self.args.validity,
        )
        return replace(pointmap.to("cpu"), source_size=photo.size), spread

    @property
    def _lens_is_open(self) -> bool:
        """Whether the options say nothing of the lens."""
        return self.lens.fov is None and self.lens.focal_mm is None and self.lens.focal_px is None

    def _say(self, name: str, what: str) -> None:
        self.said.setdefault(name, []).append(what)

    def _mask(self, name: str, photo: Photo, path: Path | None) -> torch.Tensor | None:
        """(H, W) bool at the size that the photo keeps, or None for all of it."""
        size = size_for_long_edge(_size(photo), LONG_EDGE)
        if path is not None:
            try:
                mask = mask_coverage(path, photo.size)
            except PhotoError as error:
                self._say(name, f"its mask {path.name} is not used: {str(error).rstrip('.')}")
                return None
        elif self.args.mask_from_alpha and photo.alpha is not None:
            mask = photo.alpha
        else:
            if self.args.masks is not None:
                self._say(name, "it has no mask, so all of it counts")
            return None
        found = resize_mask(mask, size)[0]
        if float(found.float().mean()) < SMALLEST_MASK:
            self._say(name, "its mask selects nothing, so all of the photo counts")
            return None
        return found


def _size(photo: Photo) -> tuple[int, int]:
    """(height, width) of the picture that was read, which may be smaller than the file's."""
    return photo.image.shape[1], photo.image.shape[2]


def mask_coverage(path: Path, photo_size: tuple[int, int]) -> torch.Tensor:
    """A mask's file -> (1, h, w) in [0, 1]: its alpha where it has one that is not full, else how bright it is.

    PhotoError, a part of a sentence, where it cannot be read or has another shape than the photo's (height, width).
    """
    picture = read_photo(path)
    try:
        require_same_shape(picture.size, photo_size, "mask", "photo")
    except ValueError as error:
        (h, w), (height, width) = picture.size, photo_size
        raise PhotoError(f"it has {w} x {h} pixels and the photo {width} x {height}, another shape") from error
    if picture.alpha is not None and float(picture.alpha.min()) < 0.5:
        return picture.alpha
    return picture.image.mean(-1)
