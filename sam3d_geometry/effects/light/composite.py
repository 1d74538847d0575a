"""Occlusion composite: a layer goes into a photo with depth deciding, pixel by pixel, which of the two covers the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from ...geometry.camera import unproject, view_plane_axes
from ...geometry.colour import linear_from_srgb, luminance, srgb_from_linear
from ...geometry.crop import bounding_window, crop_pointmap
from ...geometry.pointmap import Pointmap
from ...geometry.strips import by_strips
from ...maps.enlarge import enlarge_guided
from .layer import Layer, PlacedLayer
from .lights import PHYSICAL_FALLOFF, POINT, PlacedLight
from .shadow import Casting, cast_shadow
from .surface import pick_frame

GROUND_CATCHER, SCENE_CATCHER, NO_CATCHER = CATCHERS = ("ground plane", "scene", "none")
CONTACT_HEIGHT = 1.5  # of the layer's size: how high above its foot the light of the contact shadow hangs
CONTACT_RADIUS = 0.8  # of the layer's size
CONTACT_REACH = 1.2  # of the layer's size: how far from its foot its contact shadow fades to nothing
DEEP = 0.35  # of the layer's size: how thick a layer is taken to be where its back is not seen
NEAR_PLANE = 0.25  # of the layer's size: how far the scene may lie off the ground plane that catches the shadow
GUIDE_NOISE = 1e-4  # variance of luminance below which the photo says nothing about an edge


@dataclass(frozen=True, kw_only=True)
class Compositing:
    """How a layer meets a scene.

    feather          depth over which one gives way to the other, in the placement's unit; 0 is a hard cut
    edge_refine      radius in pixels in which the photo's own edges sharpen the cut; 0 leaves it as the geometry has it
    shadow_strength  of the shadow the layer casts, 0 to 1: from lights, or without any a soft one at the foot of a
                     layer that stands on a surface
    catcher          what catches it: "ground plane" through the layer's foot, "scene" the pointmap itself (also for a mesh that is
                     "as is"), or "none"
    shadow_resolution, shadow_samples   as in `relight.Relighting`
    """

    feather: float = 0.01
    edge_refine: int = 0
    shadow_strength: float = 0.6
    catcher: str = GROUND_CATCHER
    shadow_resolution: int = 320
    shadow_samples: int = 24

    def __post_init__(self) -> None:
        if self.catcher not in CATCHERS:
            raise ValueError(f"Shadow catcher came as {self.catcher!r}; choose one of {', '.join(CATCHERS)}.")
        if not (self.feather >= 0 and self.edge_refine >= 0 and 0 <= self.shadow_strength <= 1):
            raise ValueError(
                f"feather {self.feather}, edge_refine {self.edge_refine} and shadow_strength {self.shadow_strength} came; "
                "none may be below 0, and shadow_strength not above 1."
            )


def in_front(layer: Layer, surface: Pointmap, feather: torch.Tensor) -> torch.Tensor:
    """Share (B, H, W) of the layer that is in front of the scene: 0.5 where both are at the same depth, 1 in front of the sky.

    It goes from 0 to 1 over a depth of `feather` (B,).
    """
    ahead = surface.depth - layer.depth
    width = feather[:, None, None]
    share = torch.where(width > 0, (ahead / width.clamp_min(1e-12) + 0.5).clamp(0, 1), (ahead >= 0).to(ahead))
    return torch.where(surface.mask, share, 1) * (layer.depth > 0)


def _box_mean(values: torch.Tensor, radius: int) -> torch.Tensor:
    side = [2 * radius + 1]
    values = F.avg_pool2d(values, [*side, 1], 1, [radius, 0], count_include_pad=False)
    return F.avg_pool2d(values, [1, *side], 1, [0, radius], count_include_pad=False)


def refine_edges(share: torch.Tensor, inside: torch.Tensor, image: torch.Tensor, radius: int) -> torch.Tensor:
    """Share (B, H, W) within `inside` (B, H, W) moved onto the edges of a photo (B, H, W, 3) within `radius` pixels.

    A guided filter (He, Sun and Tang, Guided image filtering, 2013) over the pixels inside alone, which keeps an edge sharp
    where the photo has one; where the photo is flat nothing is changed.
    """
    window = bounding_window(inside)
    if radius <= 0 or window is None:
        return share
    # the rest of the picture counts for nothing
    part = (slice(None), window.rows, window.columns)
    share = share.clone()
    share[part] = _guided(share[part], inside[part], image[part], radius)
    return share


def _guided(share: torch.Tensor, inside: torch.Tensor, image: torch.Tensor, radius: int) -> torch.Tensor:
    """`refine_edges` of the part of a picture that holds all that is inside."""
    weight = inside[:, None].to(share)
    total = _box_mean(weight, radius).clamp_min(1e-6)

    def mean_of(values: torch.Tensor) -> torch.Tensor:
        return _box_mean(values * weight, radius) / total

    guide, values = luminance(image)[:, None], share[:, None]
    mean, mean_share = mean_of(guide), mean_of(values)
    variance = (mean_of(guide * guide) - mean * mean).clamp_min(0)
    gain = (mean_of(guide * values) - mean * mean_share) / (variance + GUIDE_NOISE)
    refined = mean_of(gain) * guide + mean_of(mean_share - gain * mean)
    trusted = mean_of(variance / (variance + GUIDE_NOISE))
    return torch.where(inside, share + (trusted * (refined - values))[:, 0], share).clamp(0, 1)


def _contact_light(placed: PlacedLayer) -> PlacedLight:
    """A large soft light above the layer's foot."""
    position = placed.origin + placed.up * (placed.size * CONTACT_HEIGHT)[:, None]
    size = placed.size
    return PlacedLight(
        kind=POINT,
        position=position,
        aim=-placed.up,
        radius=size * CONTACT_RADIUS,
        reach=size,
        radiance=size.new_ones(3),
        falloff=PHYSICAL_FALLOFF,
        shadows=True,
    )


def _onto_plane(surface: Pointmap, foot: torch.Tensor, up: torch.Tensor, size: torch.Tensor) -> Pointmap:
    """The surface cut down to what lies near the plane through foot (1, 3) with normal up (1, 3), moved onto that plane.

    Near is within NEAR_PLANE times size (1,); what lies farther off catches no shadow.
    """
    a, b = view_plane_axes(surface.intrinsics, *surface.size)
    falls = a * up[:, 0] + b * up[:, 1] + up[:, 2]
    height_of_foot = (up * foot).sum(-1)
    depth = height_of_foot / torch.where(falls.abs() < 1e-9, 1e-9, falls)
    from_plane = ((surface.points @ up[0]) - height_of_foot).abs()
    mask = surface.mask & (depth > 0) & (from_plane < NEAR_PLANE * size)
    depth = torch.where(mask, depth, 0)
    points = unproject(depth, surface.intrinsics)
    return replace(surface, points=points, mask=mask, normals=torch.where(mask[..., None], up, 0))


def layer_shadow(
    surface: Pointmap, layer: Layer, placed: PlacedLayer, lights: Sequence[PlacedLight], how: Compositing
) -> torch.Tensor:
    """Share (1, H, W) of light that a layer keeps from one frame's scene: of the lights', or of a soft one above it."""
    shadow = torch.zeros_like(surface.depth)
    casting = [light for light in lights if light.shadows]
    if not lights and placed.stands:
        casting = [_contact_light(placed)]
    if how.shadow_strength <= 0 or how.catcher == NO_CATCHER or not casting:
        return shadow
    caught, pick = pick_frame(surface, how.shadow_resolution)
    occluders = pick(torch.where(layer.alpha > 0.5, layer.depth, 0))
    if not bool((occluders > 0).any()):
        return shadow
    # a mesh that brings its own place has no foot that is known
    if how.catcher == GROUND_CATCHER and not placed.as_it_is:
        foot = placed.origin if placed.stands else placed.origin - placed.up * (placed.size / 2)[:, None]
        caught = _onto_plane(caught, foot, placed.up, placed.size)
    thickness = Casting.thickness
    if not placed.as_it_is:
        thickness = float(DEEP * placed.size[0] / placed.origin[0, 2].clamp_min(1e-6))
    casts = Casting(thickness=thickness, samples=how.shadow_samples)
    lit = torch.ones_like(caught.depth)
    if not lights:
        away = (caught.points - placed.origin).norm(dim=-1) / (CONTACT_REACH * placed.size)
        lit = (1 - away.square()).clamp_min_(0)
    for light in casting:
        cast = _cast_within(caught, lit > 0, light, casts, occluders)
        shadow += enlarge_guided(cast.mul_(lit), caught.depth, surface.depth) / len(casting)
    return shadow


def _cast_within(
    caught: Pointmap, lit: torch.Tensor, light: PlacedLight, how: Casting, occluders: torch.Tensor
) -> torch.Tensor:
    """`cast_shadow` on what is `lit` (1, H, W), found in the part of the picture that holds that and the occluders."""
    shadow = torch.zeros_like(caught.depth)
    window = bounding_window((caught.mask & lit) | (occluders > 0))
    if window is not None:
        rows, columns = window.rows, window.columns
        catcher, _ = crop_pointmap(replace(caught.masked(lit), source_size=caught.size), window)
        shadow[:, rows, columns] = cast_shadow(catcher, light, how, occluders[:, rows, columns])
    return shadow


def composite(
    surface: Pointmap,
    layer: Layer,
    placed: PlacedLayer,
    how: Compositing | None = None,
    lights: Sequence[PlacedLight] = (),
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A layer in the picture of a surface: picture (B, H, W, 3) sRGB, the layer's visible coverage and its shadow (B, H, W).

    Mixed in linear light. `surface` is at the picture's size and has normals (`surface.surface_at_image`).
    """
    how = Compositing() if how is None else how
    visible = in_front(layer, surface, how.feather * placed.scale)
    visible = refine_edges(visible, layer.depth > 0, surface.image, how.edge_refine)
    shadows = [
        layer_shadow(
            surface[i],
            Layer(*(part[i : i + 1] for part in (layer.colour, layer.alpha, layer.depth))),
            placed[i : i + 1],
            [light[i : i + 1] for light in lights],
            how,
        )
        for i in range(len(surface))
    ]
    shadow = torch.cat(shadows) * how.shadow_strength
    covered = (layer.alpha * visible).clamp_(0, 1)
    picture = surface.image.clamp(0, 1)
    changed = bounding_window((shadow > 0) | (layer.alpha > 0))
    if changed is not None:  # the rest stays the photo
        part = (slice(None), changed.rows, changed.columns)
        maps = [values[part] for values in (surface.image, shadow, covered, layer.colour, visible)]
        picture[part] = by_strips(_mixed, maps)[0]
    return picture, covered, shadow


def _mixed(
    image: torch.Tensor, shadow: torch.Tensor, covered: torch.Tensor, colour: torch.Tensor, visible: torch.Tensor
) -> tuple[torch.Tensor]:
    """A strip (h, W, 3) of the photo in shadow (h, W), behind what covers it (h, W) with linear light of its own."""
    scene = linear_from_srgb(image).mul_(((1 - shadow) * (1 - covered))[..., None])
    return (srgb_from_linear(scene.addcmul_(colour, visible[..., None])).clamp_(0, 1),)
