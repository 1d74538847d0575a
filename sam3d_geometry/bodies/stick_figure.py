"""People as stick figures: in the colours of OpenPose, which ControlNets know, or with all 70 keypoints."""

from __future__ import annotations

import colorsys
import itertools

import torch

from .bodies import Bodies
from .skeleton import KEYPOINT_LINKS, KEYPOINT_NAMES, keypoints
from .strokes import Colour, Pixel, draw_stroke

OPENPOSE, WITH_HANDS, ALL = STYLES = ("openpose", "openpose with hands", "all keypoints")
LIMB_OPACITY = 0.6  # of OpenPose's own pictures, for which its limbs are 4 pixels at 512 of the shorter side
SIDE = 512
_BODY = (
    "nose", "neck", "right-shoulder", "right-elbow", "right-wrist", "left-shoulder", "left-elbow", "left-wrist", "right-hip",
    "right-knee", "right-ankle", "left-hip", "left-knee", "left-ankle", "right-eye", "left-eye", "right-ear", "left-ear",
)  # fmt: skip
NECK = _BODY.index("neck")
_LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0), (0, 14),
    (14, 16), (0, 15), (15, 17),
)  # fmt: skip
_COLOURS: tuple[Colour, ...] = tuple(colorsys.hsv_to_rgb(i / 18, 1, 1) for i in range(18))
_FINGERS = ("thumb", "index", "middle", "ring", "pinky")
_PARTS = ("third-joint", "second-joint", "first-joint", "tip")
_DOT: Colour = (0.0, 0.0, 1.0)
_SIDES: dict[str, Colour] = {"left": (0.2, 0.9, 0.4), "right": (1.0, 0.5, 0.1)}
WHITE: Colour = (1.0, 1.0, 1.0)


def figures_of(bodies: Bodies, frame: int, size: tuple[int, int], style: str = OPENPOSE) -> torch.Tensor:
    """Everybody in a frame by where the keypoints are in the picture, on black: (H, W, 3) at a `size` of it."""
    if style not in STYLES:
        raise ValueError(f"Input skeleton_style came as {style!r}; choose one of {', '.join(STYLES)}.")
    picture = torch.zeros(*size, 3, device=bodies.keypoints_2d.device)
    for person in bodies.here(frame):
        seen = places_of(bodies, frame, person, size)
        if style == ALL:
            _draw_all(picture, seen)
            continue
        _draw_body(picture, seen)
        if style == WITH_HANDS:
            for side in ("right", "left"):
                _draw_hand(picture, seen, side)
    return picture


def places_of(bodies: Bodies, frame: int, person: int, size: tuple[int, int]) -> list[Pixel]:
    """Pixels (x, y) of a person's 70 keypoints, at a `size` of the picture."""
    height, width = bodies.image_size
    scaled = bodies.keypoints_2d[frame, person].cpu().double() * torch.tensor([size[1] / width, size[0] / height])
    return [(x, y) for x, y in scaled.tolist()]


def unit_of(picture: torch.Tensor) -> float:
    """Pixels of a picture for one of OpenPose's."""
    return min(picture.shape[:2]) / SIDE


def _draw_body(picture: torch.Tensor, seen: list[Pixel]) -> None:
    names = [name if name != "neck" else "nose" for name in _BODY]
    points = [seen[index] for index in keypoints(names)]
    left, right = (seen[index] for index in keypoints(["left-shoulder", "right-shoulder"]))
    points[NECK] = ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2)  # OpenPose's neck lies between the shoulders
    radius = max(1.0, 4 * unit_of(picture))
    for (a, b), colour in zip(_LIMBS, _COLOURS):
        draw_stroke(picture, points[a], points[b], radius=radius, colour=colour, opacity=LIMB_OPACITY, pointed=True)
    for point, colour in zip(points, _COLOURS):
        draw_stroke(picture, point, point, radius=radius, colour=colour)


def _draw_hand(picture: torch.Tensor, seen: list[Pixel], side: str) -> None:
    wrist = f"{side}-wrist"
    chains = [[wrist, *(f"{side}-{finger}-{part}" for part in _PARTS)] for finger in _FINGERS]
    links = [pair for chain in chains for pair in itertools.pairwise(chain)]
    unit = unit_of(picture)
    for i, pair in enumerate(links):
        start, end = (seen[index] for index in keypoints(pair))
        colour = colorsys.hsv_to_rgb(i / len(links), 1, 1)
        draw_stroke(picture, start, end, radius=max(0.5, unit), colour=colour)
    for index in {index for pair in links for index in keypoints(pair)}:
        draw_stroke(picture, seen[index], seen[index], radius=max(0.7, 2 * unit), colour=_DOT)


def _draw_all(picture: torch.Tensor, seen: list[Pixel]) -> None:
    unit = unit_of(picture)
    for a, b in KEYPOINT_LINKS:
        sides = {KEYPOINT_NAMES[index].partition("-")[0] for index in (a, b)}
        colour = _SIDES.get(sides.pop(), WHITE) if len(sides) == 1 else WHITE
        draw_stroke(picture, seen[a], seen[b], radius=max(0.6, 1.2 * unit), colour=colour)
    for point in seen:
        draw_stroke(picture, point, point, radius=max(0.8, 1.6 * unit), colour=WHITE)
