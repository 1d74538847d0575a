"""Relight: lights added to a photo, with highlights and cast shadows; the photo's own light stays as far as wanted.

The photo in linear light stands for the surfaces' albedo, so an added light shows what the photo shows, brighter; with
`even_out` its large soft differences of brightness, most of which are the photo's own light, are divided out first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ...geometry.colour import linear_from_srgb, luminance, srgb_from_linear
from ...geometry.pointmap import Pointmap
from ...geometry.resize import require_photo, resize_image, size_for_long_edge
from ...maps.enlarge import enlarge_guided
from .lights import PlacedLight
from .shading import ggx, lambert, light_at
from .shadow import Casting, cast_shadow
from .surface import pick_frame, surface_at_image

STRIP_PIXELS = 1 << 18  # pixels shaded at a time
KNEE = 0.6  # share of the room up to white that light fills unchanged; beyond, it nears white without reaching it
LIGHT_PICTURE = 64  # long edge at which the photo's own light is estimated
EVEN_OUT_LIMIT = 4.0  # no pixel becomes brighter or darker than by this factor
DARKEST = 0.02  # linear luminance below which a photo says little of its light


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
    room = (1 - base).clamp_min(1e-4)
    share = added / room
    over = (share - KNEE).clamp_min(0)
    return base + room * torch.where(share <= KNEE, share, KNEE + (1 - KNEE) * (1 - torch.exp(-over / (1 - KNEE))))


def albedo_from_photo(linear: torch.Tensor, even_out: float) -> torch.Tensor:
    """Linear photo (B, H, W, 3) -> its albedo: the photo, with the large soft differences of luminance divided out."""
    if even_out <= 0:
        return linear
    height, width = linear.shape[1:3]
    grey = luminance(linear)[:, None].clamp_min(DARKEST).log()
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
    points: torch.Tensor,
    normals: torch.Tensor,
    albedo: torch.Tensor,
    light: PlacedLight,
    frame: int,
    how: Relighting,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Points, normals and albedo (N, 3) -> light sent to the camera (N, 3) and its strength on white (N,), unshadowed."""
    to_light, strength, sine = light_at(points, light, frame)
    cosine = (normals * to_light).sum(-1)
    diffuse = strength * lambert(cosine, sine)
    sent = albedo * diffuse[:, None]
    if how.specular > 0:
        to_camera = F.normalize(-points, dim=-1)
        sent = sent + (ggx(normals, to_light, to_camera, how.roughness, sine) * strength * how.specular)[:, None]
    return sent * light.radiance, diffuse * light.radiance.mean()


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
    total = torch.zeros_like(surface.points)
    open_light, lit = torch.zeros_like(surface.depth), torch.zeros_like(surface.depth)
    rows = max(1, STRIP_PIXELS // surface.size[1])
    for i in range(len(surface)):
        frame = surface[i]
        for light in lights:
            one = light[i : i + 1]
            shadow = None
            if light.shadows and how.shadow_strength > 0:
                shadow = shadow_at_picture(frame, one, how)[0] * how.shadow_strength
            for top in range(0, surface.size[0], rows):
                strip = slice(top, top + rows)
                valid = frame.mask[0, strip]
                points, normals = frame.points[0, strip][valid], frame.normals[0, strip][valid]
                colour = torch.ones_like(points) if albedo is None else albedo[i, strip][valid]
                sent, strength = _shade(points, normals, colour, one, 0, how)
                reaches = torch.ones_like(strength)
                if occlusion is not None:
                    reaches = occlusion[min(i, len(occlusion) - 1), strip][valid]
                open_light[i, strip][valid] += strength
                if shadow is not None:
                    reaches, strength = (v * (1 - shadow[strip][valid]) for v in (reaches, strength))
                lit[i, strip][valid] += strength
                total[i, strip][valid] += sent * reaches[:, None]
    shaded = torch.where(open_light > 1e-6, 1 - lit / open_light.clamp_min(1e-6), 0)
    return total, shaded.clamp(0, 1)


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
    linear = linear_from_srgb(surface.image)
    added, shadow = added_light(surface, lights, how, albedo_from_photo(linear, how.even_out), occlusion)
    picture = srgb_from_linear(add_light((linear * how.ambient).clamp(0, 1), added))
    alone = srgb_from_linear(add_light(torch.zeros_like(added), added))
    return picture.clamp(0, 1), alone.clamp(0, 1), shadow


def relight_photo(
    pointmap: Pointmap,
    image: torch.Tensor | None,
    lights: Sequence[PlacedLight],
    how: Relighting,
    smoothing: int = 0,
    occlusion: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`relight` of a pointmap at the size of its photo (1 or B, H, W, 3); `occlusion` (1 or B, h, w) may have any size."""
    surface = surface_at_image(pointmap, image, smoothing)
    require_photo(pointmap, occlusion, "ambient_occlusion")
    if occlusion is not None:
        occlusion = resize_image(occlusion[..., None], surface.size)[..., 0]
    return relight(surface, [light.to(pointmap.device) for light in lights], how, occlusion)
