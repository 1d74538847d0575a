"""A photo or clip for two eyes: two parallel cameras beside the photo's, their pictures shifted to the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ...geometry.colour import linear_from_srgb, luminance, srgb_from_linear
from ...geometry.pointmap import Pointmap
from ...geometry.scene_scale import scene_depth
from .camera_move import USUAL_VIEW, ViewSettings, new_picture, patches_of_frames
from .patches import Patches

(
    SIDE_BY_SIDE,
    SIDE_BY_SIDE_HALF,
    OVER_UNDER,
    OVER_UNDER_HALF,
    ANAGLYPH_DUBOIS,
    ANAGLYPH_HALF_COLOR,
    LEFT_THEN_RIGHT,
) = EYE_LAYOUTS = (
    "side by side",
    "side by side half",
    "over under",
    "over under half",
    "anaglyph dubois",
    "anaglyph half color",
    "left then right",
)
MIDDLE_EYE, LEFT_EYE, RIGHT_EYE = PHOTO_EYES = ("middle", "left", "right")
EYES_FROM_PHOTO = {
    MIDDLE_EYE: (0.5, 0.5),
    LEFT_EYE: (0.0, 1.0),
    RIGHT_EYE: (1.0, 0.0),
}  # shares of their distance, left and right
USUAL_EYE_DISTANCE_MM = 65.0
SHARE_OF_DEPTH = 1 / 30  # stereographers' rule of thumb: eyes apart by a thirtieth of the distance of what is looked at

# E. Dubois, A projection method to generate anaglyph stereo images (2001), red and cyan glasses: linear light, rows R G B
DUBOIS = {
    LEFT_EYE: ((0.456, 0.500, 0.176), (-0.040, -0.038, -0.016), (-0.015, -0.021, -0.005)),
    RIGHT_EYE: ((-0.043, -0.088, -0.002), (0.378, 0.734, -0.018), (-0.072, -0.113, 1.226)),
}


def eye_distance(pointmap: Pointmap, eye_distance_mm: float) -> float:
    """Distance of the eyes in the pointmap's unit.

    Millimetres where the unit is the metre; otherwise 65 mm stand for a thirtieth of the scene depth.
    """
    if pointmap.metric:
        return eye_distance_mm / 1000
    return eye_distance_mm / USUAL_EYE_DISTANCE_MM * SHARE_OF_DEPTH * scene_depth(pointmap)


def eye_picture(
    patches: Patches, right: float, screen_distance: float, settings: ViewSettings
) -> tuple[torch.Tensor, torch.Tensor]:
    """Image (H, W, 3) and holes (H, W) of an eye `right` of the photo's camera; what lies at depth `screen_distance` stays in place.

    The axes stay parallel and the picture is shifted instead, so that no vertical disparity comes up.
    """
    new_from_old = torch.eye(4, dtype=torch.float64)
    new_from_old[0, 3] = -right
    intrinsics = patches.intrinsics.clone()
    intrinsics[0, 2] += patches.intrinsics[0, 0] * right / screen_distance
    return new_picture(patches, new_from_old, intrinsics, settings)


def _half(picture: torch.Tensor, dim: int) -> torch.Tensor:
    """Mean of pairs along `dim`; a last one without a partner is left as it is."""
    first, second = picture.unfold(dim, 2, 2).unbind(-1)
    last = picture.narrow(dim, picture.shape[dim] - picture.shape[dim] % 2, picture.shape[dim] % 2)
    return torch.cat([(first + second) * 0.5, last], dim)


def anaglyph(left: torch.Tensor, right: torch.Tensor, method: str = ANAGLYPH_DUBOIS) -> torch.Tensor:
    """Left and right (H, W, 3) -> one picture for glasses red on the left and cyan on the right.

    Dubois: least squares over the spectra of glasses and screen, in linear light; half colour: the left eye's luminance in red.
    """
    if method == ANAGLYPH_HALF_COLOR:
        return torch.stack([luminance(left), right[..., 1], right[..., 2]], -1)
    mixed = torch.zeros_like(left)
    for side, eye in ((LEFT_EYE, left), (RIGHT_EYE, right)):
        mixed += linear_from_srgb(eye) @ eye.new_tensor(DUBOIS[side]).T
    return srgb_from_linear(mixed.clamp(0, 1)).clamp(0, 1)


def arrange(left: torch.Tensor, right: torch.Tensor, layout: str) -> torch.Tensor:
    """Two images (H, W, 3) or masks (H, W) in one of EYE_LAYOUTS; a mask of an anaglyph covers the holes of both eyes.

    left then right gives them stacked, (2, H, W, ...); all other layouts one picture, (1, ...).
    """
    if layout not in EYE_LAYOUTS:
        raise ValueError(f"layout came as {layout!r}; choose one of {', '.join(EYE_LAYOUTS)}.")
    if layout == LEFT_THEN_RIGHT:
        return torch.stack([left, right])
    if layout in (ANAGLYPH_DUBOIS, ANAGLYPH_HALF_COLOR):
        return (anaglyph(left, right, layout) if left.dim() == 3 else torch.maximum(left, right))[None]
    dim = 1 if layout in (SIDE_BY_SIDE, SIDE_BY_SIDE_HALF) else 0
    if layout in (SIDE_BY_SIDE_HALF, OVER_UNDER_HALF) and left.shape[dim] > 1:
        left, right = _half(left, dim), _half(right, dim)
    return torch.cat([left, right], dim)[None]


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """Where the two eyes are and how their pictures are laid out.

    layout           one of EYE_LAYOUTS
    eye_distance_mm  see `eye_distance`
    screen_distance  depth that appears on the screen, in the pointmap's unit; None is the scene depth of the clip
    photo_eye        the eye that sees what the photo shows, one of PHOTO_EYES
    swap             exchanges the pictures, for looking cross-eyed
    """

    layout: str = SIDE_BY_SIDE
    eye_distance_mm: float = USUAL_EYE_DISTANCE_MM
    screen_distance: float | None = None
    photo_eye: str = MIDDLE_EYE
    swap: bool = False

    def __post_init__(self) -> None:
        if self.photo_eye not in PHOTO_EYES:
            raise ValueError(f"photo_eye came as {self.photo_eye!r}; choose one of {', '.join(PHOTO_EYES)}.")
        if self.layout not in EYE_LAYOUTS:
            raise ValueError(f"layout came as {self.layout!r}; choose one of {', '.join(EYE_LAYOUTS)}.")


def stereo(
    pointmap: Pointmap,
    image: torch.Tensor | None = None,
    eyes: Eyes | None = None,
    settings: ViewSettings = USUAL_VIEW,
    device: torch.device | str | None = None,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Arranged picture (1 or 2, H, W, 3) and holes (1 or 2, H, W) of every frame, one after the other.

    `image` (1 or B, H, W, 3) is the photo at full size. Where the unit is not the metre, the scene depth of the clip says how
    far apart the eyes are.
    """
    eyes = eyes or Eyes()
    apart = eye_distance(pointmap, eyes.eye_distance_mm)
    screen_distance = scene_depth(pointmap) if eyes.screen_distance is None else eyes.screen_distance
    if not screen_distance > 0:
        raise ValueError(f"screen_distance came as {screen_distance:g}; a distance greater than 0 is needed.")
    to_left, to_right = (share * apart for share in EYES_FROM_PHOTO[eyes.photo_eye])
    for patches in patches_of_frames(pointmap, image, settings, device):
        pictures = [eye_picture(patches, x, screen_distance, settings) for x in (-to_left, to_right)]
        left, right = reversed(pictures) if eyes.swap else pictures
        yield arrange(left[0], right[0], eyes.layout), arrange(left[1], right[1], eyes.layout)
