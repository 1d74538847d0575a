"""Features of a photo that are found again in another one: SIFT (Lowe, 2004) with square-rooted descriptors (Arandjelovic, 2012)."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy
import torch
from torch.nn import functional as F

from ..geometry.colour import eight_bit, luminance
from ..geometry.opencv import import_opencv
from ..geometry.resize import resize_image, size_for_long_edge

MOST_FEATURES = 4000  # features of a picture, and as many again of the object where there is a mask
LEAST_FEATURE_CONTRAST = 0.015  # of a feature; plain objects have none at OpenCV's own 0.04
RATIO = 0.8  # of a match's distance to the next best one's: Lowe's


@dataclass(frozen=True)
class Features:
    """Places of a photo that can be told from others.

    places       (N, 2) float64 in pixels of the picture of `size`; the first pixel's centre is at 0.5
    descriptors  (N, 128) float32 of length 1
    on_object    (N,) bool, inside of the mask; all where there is no mask
    size         (height, width) of the picture that they were found in
    """

    places: numpy.ndarray
    descriptors: torch.Tensor
    on_object: numpy.ndarray
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.places)

    def chosen(self, which: numpy.ndarray) -> Features:
        """Those of an index or a (N,) bool."""
        descriptors = self.descriptors[torch.from_numpy(numpy.asarray(which))]
        return Features(self.places[which], descriptors, self.on_object[which], self.size)


def opencv_for_features() -> ModuleType:
    """OpenCV, imported when first needed: poses from a file or from a ring work without it."""
    return import_opencv("Poses are found from photos", "give the cameras by a file")


def find_features(photo: torch.Tensor, mask: torch.Tensor | None, long_edge: int, mirrored: bool = False) -> Features:
    """Photo (H, W, 3) in [0, 1] and mask (H, W) bool or None -> its features, found at most at `long_edge` pixels.

    `mirrored` finds those of the picture as a mirror shows it. Raises ImportError, one sentence, without OpenCV.
    """
    cv2 = opencv_for_features()
    size = size_for_long_edge((photo.shape[0], photo.shape[1]), long_edge)
    grey = eight_bit(luminance(resize_image(photo[None].float().clamp(0, 1), size)))[0].cpu().numpy()
    grey = numpy.ascontiguousarray(grey[:, ::-1] if mirrored else grey)
    finder = cv2.SIFT_create(MOST_FEATURES, contrastThreshold=LEAST_FEATURE_CONTRAST, enable_precise_upscale=True)
    if mask is None:
        points, descriptors = finder.detectAndCompute(grey, None)
        return _features(points, descriptors, True, size)
    scaled = F.interpolate(mask[None, None].float(), size, mode="area")[0, 0] > 0.5
    inside = numpy.ascontiguousarray((scaled.flip(1) if mirrored else scaled).numpy())
    parts = []
    for on_object in (True, False):
        points, descriptors = finder.detectAndCompute(grey, (inside == on_object).astype(numpy.uint8) * 255)
        parts.append(_features(points, descriptors, on_object, size))
    return Features(
        numpy.concatenate([part.places for part in parts]),
        torch.cat([part.descriptors for part in parts]),
        numpy.concatenate([part.on_object for part in parts]),
        size,
    )


def _features(points: tuple, descriptors: numpy.ndarray | None, on_object: bool, size: tuple[int, int]) -> Features:
    if descriptors is None or not len(points):
        return Features(numpy.zeros((0, 2)), torch.zeros(0, 128), numpy.zeros(0, bool), size)
    places = numpy.array([point.pt for point in points], numpy.float64) + 0.5
    values = F.normalize(torch.from_numpy(descriptors), p=1.0, dim=1).sqrt()
    return Features(places, values, numpy.full(len(places), on_object), size)


def matches_of(first: Features, second: Features) -> numpy.ndarray:
    """(M, 2) indices of features that are each other's best, and clearly better than the next best, by one matrix product.

    A feature that stands at the same place as the best one (SIFT gives several directions) is no rival.
    """
    if len(first) < 2 or len(second) < 2:
        return numpy.zeros((0, 2), numpy.int64)
    likeness = first.descriptors @ second.descriptors.T
    best, clear = _best(likeness, second.places)
    back, back_clear = _best(likeness.T.contiguous(), first.places)
    index = torch.arange(len(first))
    mutual = (back[best] == index) & clear & back_clear[best]
    return torch.stack([index[mutual], best[mutual]], 1).numpy()


def _best(likeness: torch.Tensor, places: numpy.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """For each row the column that is likest, by the cosines of all, and whether it passes the ratio test."""
    first, index = likeness.max(1)
    rest = likeness.scatter(1, index[:, None], -1.0)
    second, rival = rest.max(1)
    places_of = torch.from_numpy(places)
    twin = (places_of[rival] - places_of[index]).norm(dim=1) < 1.0
    if bool(twin.any()):
        second[twin] = rest[twin].scatter(1, rival[twin, None], -1.0).max(1).values
    near, next_one = ((2 - 2 * value).clamp_min(1e-12).sqrt() for value in (first, second))
    return index, near < RATIO * next_one
