"""Relight: lights added to a photo, with highlights and cast shadows; the photo's own light stays as far as wanted.

The photo in linear light stands for the surfaces' albedo, so an added light shows what the photo shows, brighter; with
`even_out` its large soft differences of brightness, most of which are the photo's own light, are divided out first.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ...geometry.colour import linear_from_srgb, luminance, srgb_from_linear
from ...geometry.pointmap import Pointmap
from ...geometry.resize import require_photo, resize_image, size_for_long_edge
from ...geometry.strips import by_strips
from ...maps.enlarge import enlarge_guided
from .lights import PlacedLight
from .shading import dot, ggx, lambert, light_at, unit
from .shadow import Casting, cast_shadow
from .surface import normals_of, pick_frame

KNEE = 0.6  # share of the room up to white that light fills unchanged; beyond, it nears white without reaching it
LIGHT_PICTURE = 64  # long edge at which the photo's own light is estimated
EVEN_OUT_LIMIT = 4.0  # no pixel becomes brighter or darker than by this factor
TOO_DARK = 0.02  # linear luminance below which a photo says little of its light


@dataclass(frozen=True, kw_only=True)
class Relighting:
    """How a photo takes added light.

    ambient            share of the photo's own light that stays, 0 to any
    even_out           0 to 1, how far the photo's own large differences of brightness are taken out of the albedo
    specular           strength of the highlights, 1 as on plastic
    roughness          of the surfaces, 0.05 polished to 1 matt
    shadow_strength    0 none to 1
    shadow_resolution  long edge at which shadows are found; 0 for the picture's own
    shadow_samples, thickness, bias   see `shadow.Casting`
    """

    ambient: float = 1.0
    even_out: float = 0.0
    specular: float = 0.3
    roughness: float = 0.5
    shadow_strength: float = 1.0
    shadow_resolution: int = 1024
    shadow_samples: int = Casting.samples
    thickness: float = Casting.thickness
    bias: float = Casting.bias


def add_light(base: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
    """Linear light added to linear `base`: unchanged up to a knee, then nearing white without a hard clip."""
    room = (1 - base).clamp_min_(1e-4)
    share = added / room
    over = share.sub(KNEE).clamp_min_(0).div_(KNEE - 1)
    held = share.clamp_max_(KNEE).sub_(over.expm1_(), alpha=1 - KNEE)  # nothing is over below the knee
    return held.mul_(room).add_(base)


def albedo_from_photo(linear: torch.Tensor, even_out: float) -> torch.Tensor:
    """Linear photo (B, H, W, 3) -> its albedo: the photo, with the large soft differences of luminance divided out."""
    if even_out <= 0:
        return linear
    height, width = linear.shape[1:3]
    grey = luminance(linear)[:, None].clamp_min(TOO_DARK).log()
    small = F.interpolate(
        grey, size_for_long_edge((height, width), LIGHT_PICTURE), mode="bilinear", align_corners=False, antialias=True
    )
    kernel = torch.ones(1, 1, 1, 5, dtype=small.dtype, device=small.device) / 5
    for _ in range(3):  # three boxes are close to a Gaussian
        small = F.conv2d(F.pad(small, (2, 2, 0, 0), mode="replicate"), kernel)
        small = F.conv2d(F.pad(small, (0, 0, 2, 2), mode="replicate"), kernel.mT)
    own_light = F.interpolate(small, (height, width), mode="bilinear", align_corners=False)[:, 0]
    limit = math.log(EVEN_OUT_LIMIT)
    factor = ((small.mean((1, 2, 3))[:, None, None] - own_light) * even_out).clamp(-limit, limit).exp()
    return (linear * factor[..., None]).clamp_max(1)


def shadow_at_picture(surface: Pointmap, light: PlacedLight, how: Relighting) -> torch.Tensor:
    """Share (1, H, W) of a light that the scene keeps from each pixel of one frame; see `shadow.cast_shadow`."""
    small, _ = pick_frame(surface, how.shadow_resolution)
    casting = Casting(thickness=how.thickness, bias=how.bias, samples=how.shadow_samples)
    shadow = cast_shadow(small, light, casting)
    return enlarge_guided(shadow, small.depth, surface.depth)


def _shade(
    points: torch.Tensor, normals: torch.Tensor, albedo: torch.Tensor, *, light: PlacedLight, how: Relighting
) -> tuple[torch.Tensor, torch.Tensor]:
    """Points, normals and albedo (3, N) -> light sent to the camera (3, N) and its strength on white (N,), unshadowed."""
    to_light, strength, sine = light_at(points, light, 0)
    cosine = dot(normals, to_light)
    diffuse = strength * lambert(cosine, sine)
    sent = albedo * diffuse
    if how.specular > 0:
        to_camera = unit(-points)
        shine = ggx(cosine, dot(normals, to_camera), dot(to_light, to_camera), how.roughness, sine)
        sent += shine * strength * how.specular
    return sent.mul_(light.radiance[:, None]), diffuse * light.radiance.mean()


def _added_in_strip(
    mask: torch.Tensor,
    points: torch.Tensor,
    normals: torch.Tensor,
    albedo: torch.Tensor,
    unoccluded: torch.Tensor,
    *arriving: torch.Tensor,
    lights: Sequence[PlacedLight],
    how: Relighting,
) -> tuple[torch.Tensor, torch.Tensor]:
    """`added_light` of a strip (h, W) of one frame; `arriving` (h, W) is the share of each light that no shadow takes."""
    points, normals, albedo = (values.flatten(0, 1).T.contiguous() for values in (points, normals, albedo))
    added, lit, unshadowed = torch.zeros_like(points), torch.zeros_like(points[0]), torch.zeros_like(points[0])
    for light, share in zip(lights, arriving):
        sent, strength = _shade(points, normals, albedo, light=light, how=how)
        added.addcmul_(sent, (share * unoccluded).flatten())
        lit.addcmul_(strength, share.flatten())
        unshadowed += strength
    shaded = torch.where(unshadowed > 1e-6, 1 - lit / unshadowed.clamp_min(1e-6), 0).clamp_(0, 1)
    return torch.where(mask[..., None], added.T.view(*mask.shape, 3), 0), torch.where(mask, shaded.view_as(mask), 0)


def _arriving(frame: Pointmap, light: PlacedLight, how: Relighting) -> torch.Tensor:
    """Share (1, H, W) of a light that reaches each pixel of one frame in spite of shadows."""
    if not light.shadows or how.shadow_strength <= 0:
        return frame.points.new_ones(()).expand_as(frame.depth)
    return 1 - shadow_at_picture(frame, light, how) * how.shadow_strength


def added_light(
    surface: Pointmap,
    lights: Sequence[PlacedLight],
    how: Relighting | None = None,
    albedo: torch.Tensor | None = None,
    occlusion: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """What lights add to a surface at the picture's size: linear light (B, H, W, 3) and the share in shadow (B, H, W).

    `albedo` (B, H, W, 3) is white when not given; `occlusion` (1 or B, H, W) is 1 where a surface is open and 0 where it
    is closed in. Pixels without geometry get nothing. `surface` must have normals (`surface_at_image`).
    """
    how = Relighting() if how is None else how
    one = surface.points.new_ones(())
    albedo = one.expand_as(surface.points) if albedo is None else albedo
    unoccluded = (one if occlusion is None else occlusion).expand_as(surface.depth)
    added, shaded = torch.empty_like(surface.points), torch.empty_like(surface.depth)
    for i in range(len(surface)):
        frame, placed = surface[i], [light[i : i + 1] for light in lights]
        arriving = [_arriving(frame, light, how) for light in placed]
        maps = frame.mask, frame.points, normals_of(frame), albedo[i : i + 1], unoccluded[i : i + 1]
        in_strip = functools.partial(_added_in_strip, lights=placed, how=how)
        added[i : i + 1], shaded[i : i + 1] = by_strips(in_strip, [*maps, *arriving])
    return added, shaded


def relight(
    surface: Pointmap,
    lights: Sequence[PlacedLight],
    how: Relighting | None = None,
    occlusion: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The surface's image under added lights: picture, light alone (B, H, W, 3), both sRGB, and shadow (B, H, W).

    Where no light falls and ambient is 1 the picture is the photo, to rounding; the shadow is the share of the added light
    that is kept away.
    """
    how = Relighting() if how is None else how
    (linear,) = by_strips(lambda image: (linear_from_srgb(image),), [surface.image])
    added, shadow = added_light(surface, lights, how, albedo_from_photo(linear, how.even_out), occlusion)

    def seen(base: torch.Tensor, light: torch.Tensor) -> torch.Tensor:
        return srgb_from_linear(add_light(base, light)).clamp_(0, 1)

    def both(photo: torch.Tensor, light: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return seen((photo * how.ambient).clamp_(0, 1), light), seen(torch.zeros_like(light), light)

    picture, alone = by_strips(both, [linear, added])
    return picture, alone, shadow


def relight_surface(
    surface: Pointmap, lights: Sequence[PlacedLight], how: Relighting, occlusion: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`relight` with lights of any device; `occlusion` (1 or B, h, w) may have any size."""
    require_photo(surface, occlusion, "ambient_occlusion")
    if occlusion is not None:
        occlusion = resize_image(occlusion[..., None], surface.size)[..., 0]
    return relight(surface, [light.to(surface.device) for light in lights], how, occlusion)
