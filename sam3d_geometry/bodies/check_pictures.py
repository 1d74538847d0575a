"""Pictures by which people are checked: over the photo, in metres, who is seen, whom the scene hides, skeleton, normals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..geometry.axes import encode_normals
from ..geometry.pointmap import Pointmap
from ..geometry.resize import GeometryResize, require_same_shape, resize_image, size_for_long_edge
from .bodies import Bodies
from .body_mesh import person_colour
from .placement import require_same_pictures
from .stick_figure import OPENPOSE, WHITE, figures_of, places_of, unit_of
from .strokes import draw_stroke
from .surface import NOBODY, Seen, seen_people

HIDING_M, HIDING_SHARE = 0.1, 0.03  # how much nearer the scene must be to hide somebody: metres, and of the depth
HIDDEN_OPACITY = 0.35  # of the overlay's opacity where the scene hides a person
AMBIENT = 0.45
# the segments of a digit, top, upper right, lower right, bottom, lower left, upper left, middle
_SEGMENTS = (
    ((0, 0), (1, 0)), ((1, 0), (1, 1)), ((1, 1), (1, 2)), ((0, 2), (1, 2)), ((0, 1), (0, 2)), ((0, 0), (0, 1)), ((0, 1), (1, 1)),
)  # fmt: skip
_DIGITS = ("012345", "12", "01643", "01236", "1256", "02356", "023456", "012", "0123456", "012356")


@dataclass(frozen=True, kw_only=True)
class PictureStyle:
    """How the pictures are drawn: size (height, width), opacity of the overlay, style of skeleton and convention of normals."""

    size: tuple[int, int]
    opacity: float = 0.5
    skeleton_style: str = OPENPOSE
    convention: str = "opengl"


@dataclass(frozen=True)
class CheckPictures:
    """Of one frame of P people.

    overlay       (H, W, 3) the people over the photo, each in their colour, fainter where the scene hides them, with numbers
    distance      (H, W) of the people along z in metres, 0 where nobody
    person_masks  (P, H, W) 1 where each is seen, neither hidden by another nor by the scene
    hidden        (H, W) 1 where the scene hides somebody
    skeleton      (H, W, 3) stick figures on black
    normals       (H, W, 3) colours of the people's normals
    """

    overlay: torch.Tensor
    distance: torch.Tensor
    person_masks: torch.Tensor
    hidden: torch.Tensor
    skeleton: torch.Tensor
    normals: torch.Tensor


def check_pictures(
    bodies: Bodies,
    frame: int,
    style: PictureStyle,
    *,
    photo: torch.Tensor | None = None,
    pointmap: Pointmap | None = None,
) -> CheckPictures:
    """The pictures of one frame. `photo` (1, H, W, 3) is black where none is given; `pointmap`, of that frame alone and in
    metres, tells whom the scene hides."""
    seen = seen_people(bodies, frame, style.size)
    hidden = (
        hidden_by_scene(seen, pointmap) if pointmap is not None else torch.zeros_like(seen.person, dtype=torch.bool)
    )
    visible = torch.where(hidden, NOBODY, seen.person)
    masks = torch.stack([visible == p for p in range(bodies.persons)]).float()
    normals = encode_normals(seen.normals[None], style.convention, (seen.person != NOBODY)[None])[0]
    below = (
        seen.depth.new_zeros(*style.size, 3) if photo is None else resize_image(photo, style.size)[0, ..., :3].clone()
    )
    return CheckPictures(
        overlay=_overlay(bodies, frame, seen, hidden, below.to(seen.depth.device), style.opacity),
        distance=seen.depth,
        person_masks=masks,
        hidden=hidden.float(),
        skeleton=figures_of(bodies, frame, style.size, style.skeleton_style),
        normals=normals,
    )


def look_at_people(
    bodies: Bodies,
    style: PictureStyle,
    *,
    photo: torch.Tensor | None = None,
    pointmap: Pointmap | None = None,
    device: torch.device | str = "cpu",
) -> Iterator[CheckPictures]:
    """`check_pictures` of every frame, made on `device` one at a time; `photo` is (1 or T, H, W, 3)."""
    if photo is not None:
        if len(photo) not in (1, len(bodies)):
            raise ValueError(f"Input image has {len(photo)} frames and the people {len(bodies)}; give as many, or one.")
        require_same_shape((photo.shape[1], photo.shape[2]), bodies.image_size, "image", "people's picture")
    if pointmap is not None:
        require_same_pictures(bodies, pointmap)
    metric = pointmap if pointmap is not None and pointmap.metric else None  # else nothing tells who is in front
    for t in range(len(bodies)):
        below = None if photo is None else photo[min(t, len(photo) - 1)][None].to(device)
        scene = None if metric is None else metric[t].to(device)
        yield check_pictures(bodies[t : t + 1].to(device), 0, style, photo=below, pointmap=scene)


def size_of_pictures(bodies: Bodies, photo: torch.Tensor | None, long_edge: int) -> tuple[int, int]:
    """(height, width) of the pictures: the photo's, else that of the picture people were found in, up to a long edge; 0 is none."""
    size = bodies.image_size if photo is None else (photo.shape[1], photo.shape[2])
    return size_for_long_edge(size, long_edge) if long_edge else size


def hidden_by_scene(seen: Seen, pointmap: Pointmap) -> torch.Tensor:
    """(H, W) bool: where a person is and a surface of the pointmap (one frame, metres) lies clearly in front."""
    size = (seen.depth.shape[0], seen.depth.shape[1])
    depth = GeometryResize(pointmap.depth, pointmap.mask, size)(pointmap.depth)[0].to(seen.depth)
    nearer = seen.depth - depth > HIDING_M + HIDING_SHARE * seen.depth
    found = nearer & (depth > 0) & (seen.person != NOBODY)
    # a seam as narrow as a pixel of the pointmap is where two surfaces mix, and hides nobody
    width = 2 * max(1, math.ceil(size[0] / pointmap.size[0])) + 1
    core = -F.max_pool2d(-found[None].float(), width, 1, width // 2)
    return found & (F.max_pool2d(core, width, 1, width // 2)[0] > 0.5)


def _overlay(
    bodies: Bodies, frame: int, seen: Seen, hidden: torch.Tensor, below: torch.Tensor, opacity: float
) -> torch.Tensor:
    colours = below.new_tensor([*map(person_colour, range(bodies.persons)), (0.0, 0.0, 0.0)])  # NOBODY is the last
    painted = colours[seen.person]
    lit = AMBIENT + (1 - AMBIENT) * seen.normals[..., 2:].abs()
    cover = opacity * torch.where(hidden, HIDDEN_OPACITY, 1.0)[..., None] * (seen.person != NOBODY)[..., None]
    picture = below + cover * (painted * lit - below)
    rim = (-F.max_pool2d(-seen.person[None].float(), 3, 1, 1)[0] != seen.person) & (seen.person != NOBODY)
    picture = torch.where(rim[..., None], painted, picture)
    for person in bodies.here(frame):
        places = places_of(bodies, frame, person, (below.shape[0], below.shape[1]))
        for place in places:
            draw_stroke(picture, place, place, radius=max(0.8, 1.5 * unit_of(picture)), colour=WHITE)
        _number(picture, person, places)
    return picture


def _number(picture: torch.Tensor, person: int, places: list[tuple[float, float]]) -> None:
    """The person's number above the middle of the head, inside of the picture."""
    step = 9 * unit_of(picture)
    wide = (1.8 * len(str(person)) - 0.8) * step
    left = min(max(places[0][0] - wide / 2, step), picture.shape[1] - wide - step)
    top = min(max(min(place[1] for place in places) - 5 * step, step), picture.shape[0] - 4 * step)
    for radius, colour in ((0.45, (0.0, 0.0, 0.0)), (0.22, WHITE)):
        for i, digit in enumerate(str(person)):
            for segment in _DIGITS[int(digit)]:
                start, end = ((left + (x + 1.8 * i) * step, top + y * step) for x, y in _SEGMENTS[int(segment)])
                draw_stroke(picture, start, end, radius=radius * step, colour=colour)
