"""A picture cut into layers of equal blur, each spread with its own kernel and laid over the ones behind it.

Every pixel belongs to one layer and spreads all of its light and of its coverage. Layers are joined by Porter and Duff's
"disjoint over" (1984): where coverages add up to 1, as on one slanted surface, light adds up too and none is lost; where
something lies before a full background it is an ordinary "over". Behind the plane of focus the sum is divided by its
coverage, so that a sharp object gives nothing to the blur behind it. What lies before the plane of focus is joined apart
and laid over a background that is carried on behind it from its surroundings.

Layers are joined from the largest blur to the smallest, each at the resolution that its blur asks for: those behind from back
to front, those in front from front to back, where what is already there is what lies over the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import groupby

import torch
from torch.nn import functional as F

from ...geometry.number_format import not_in_half
from ...geometry.strips import by_strips, strips
from .aperture import Aperture
from .spread_layers import (
    Blocks,
    Layer,
    LayersAtScale,
    Picture,
    SpreadTiles,
    mirrored,
    scale_of_layer,
    tiles_apart,
)


def _layers_from_radius(radius: torch.Tensor) -> torch.Tensor:
    """Signed radius in pixels -> number of its layer (int16): steps of half a pixel up to 2, of one up to 16, of 6 % beyond."""
    size = radius.abs()
    level = (
        torch.minimum(2 * size, size + 2)
        .clamp_max_(18)
        .add_((size.clamp_min_(16) / 16).log_(), alpha=1 / math.log(1.06))
    )
    return level.round_().copysign_(radius).short()


def _lay_over(under: torch.Tensor, layer: torch.Tensor) -> None:
    """Disjoint over of premultiplied light and coverage (4, ...), in place: `under` yields only what it has to."""
    keep = torch.rsub(layer[3], 1).div_(under[3].clamp_min(1e-12)).clamp_max_(1)
    under.mul_(keep).add_(layer)


def _lay_under(over: torch.Tensor, layer: torch.Tensor) -> None:
    """The same where the next layer lies behind what is there, in place: the layer yields."""
    keep = torch.rsub(over[3], 1).clamp_min_(0).div_(layer[3].clamp_min(1e-12)).clamp_max_(1)
    over.add_(layer * keep)


def _lay_tiles(result: torch.Tensor, tiles: SpreadTiles, lay: Callable[[torch.Tensor, torch.Tensor], None]) -> None:
    """Lays tiles on planes (4 or 6, H, W) of whole tiles; in the last two of six, what surrounds a pixel in front adds up."""
    grid = result.unfold(1, tiles.step, tiles.step).unfold(2, tiles.step, tiles.step)
    for tile, row, column in tiles_apart(tiles.rows, tiles.columns):
        held = grid[:, row, column]
        lay(held[:4], tiles.light[:, tile])
        if tiles.surrounded is not None:
            held[4:] += tiles.surrounded[:, tile]
        if isinstance(row, torch.Tensor):  # what was gathered is a copy
            grid[:, row, column] = held


class _Layers:
    """All layers of one frame, and the picture at the scales that they ask for."""

    def __init__(self, full: Picture, layers: list[Layer], aperture: Aperture):
        self.full, self.layers = full, layers
        self.scales = {layer.index: scale_of_layer(layer, aperture) for layer in layers}
        indices = [layer.index for layer in layers]
        blocks = Blocks.of(full.lowest, min(indices), max(indices))
        self.at_scale: dict[int, LayersAtScale] = {}
        picture = full
        while picture is not None:
            own = [layer for layer in layers if layer.is_spread and self.scales[layer.index] == picture.scale]
            if own:
                self.at_scale[picture.scale] = LayersAtScale(picture, own, full, blocks, aperture)
            picture = picture.halved() if picture.scale < max(self.scales.values()) else None

    def join(self, layers: list[Layer], planes: int, lay: Callable[[torch.Tensor, torch.Tensor], None]) -> torch.Tensor:
        """The layers in that order, largest blur first: `planes` of (4 or 6, H, W), see `_lay_tiles`."""
        result, scale = None, 1
        for own, members in groupby(layers, lambda layer: self.scales[layer.index]):
            result = self._at_scale(result, scale, own, planes)
            scale = own
            for layer in members:
                self._lay(result, layer, lay)
        return self._at_scale(result, scale, 1, planes)[:, : self.full.light.shape[1], : self.full.light.shape[2]]

    def _lay(self, result: torch.Tensor, layer: Layer, lay: Callable[[torch.Tensor, torch.Tensor], None]) -> None:
        if layer.is_spread:
            for tiles in self.at_scale[self.scales[layer.index]].tiles(layer):
                _lay_tiles(result, tiles, lay)
        else:
            self._lay_sharp(result, layer, lay)

    def _lay_sharp(self, result: torch.Tensor, layer: Layer, lay: Callable[[torch.Tensor, torch.Tensor], None]) -> None:
        """Lays what is not spread."""
        light = self.full.light
        for rows in strips(light.shape[1], light.shape[2], light.device):
            inside = (self.full.lowest[rows] == layer.index).to(light)[None]
            lay(result[:4, rows, : light.shape[2]], torch.cat([light[:, rows] * inside, inside]))

    def _at_scale(self, result: torch.Tensor | None, scale: int, wanted: int, planes: int) -> torch.Tensor:
        """Planes so far at the wanted scale, in whole tiles of it; zeros where there are none yet."""
        height, width = (n // wanted for n in self.full.light.shape[1:])
        whole = self.at_scale[wanted].size if wanted in self.at_scale else (height, width)
        if result is not None and scale == wanted and result.shape[1:] == whole:
            return result
        larger = self.full.light.new_zeros(planes, *whole)
        if result is not None:
            part = result[None, :, : height * wanted // scale, : width * wanted // scale]
            larger[:, :height, :width] = F.interpolate(part, (height, width), mode="bilinear", align_corners=False)[0]
        return larger


def _by_plane(function: Callable[[torch.Tensor], torch.Tensor], planes: torch.Tensor) -> torch.Tensor:
    """`function` of each of the planes (1, C, H, W) by itself: a cancel is heard in between."""
    return torch.cat([function(plane) for plane in planes.split(1, dim=1)], dim=1)


def _pulled(covered: torch.Tensor) -> torch.Tensor:
    """Premultiplied light and coverage (1, 4, H, W) -> the same at half the size, the mean of what is covered."""
    coarse = _by_plane(lambda plane: F.avg_pool2d(plane, 2, ceil_mode=True, count_include_pad=False), covered)
    return coarse.mul_(2 / (coarse[:, 3:] * 2).clamp_min(1))


def _pushed(light: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Light (1, 3, h, w) at a larger size."""
    return _by_plane(lambda plane: F.interpolate(plane, size, mode="bilinear", align_corners=False), light)


def _carried_on(background: torch.Tensor) -> torch.Tensor:
    """Premultiplied light and coverage (4, H, W) -> light (3, H / 2, W / 2) everywhere, by pyramids up and down (pull-push)."""
    pyramid = [_pulled(background[None])]
    while max(pyramid[-1].shape[2:]) > 1:
        pyramid.append(_pulled(pyramid[-1]))
    top = pyramid.pop()
    light = top[:, :3] / top[:, 3:].clamp_min(1e-6)
    for level in reversed(pyramid):
        size = level.shape[2], level.shape[3]
        light = level[:, :3] + (1 - level[:, 3:]).clamp_min_(0) * _pushed(light, size)
    return light[0]


def _carried_rows(carried: torch.Tensor, background: torch.Tensor, rows: slice) -> torch.Tensor:
    """The last step of `_carried_on` for some rows: its light, and the background, -> light (3, rows, W)."""
    place = (torch.arange(rows.start, rows.stop, device=carried.device) + 0.5) / 2 - 0.5
    first = place.floor()
    above, below = (row.long().clamp(0, carried.shape[1] - 1) for row in (first, first + 1))
    share = (place - first)[:, None].to(carried)
    between = torch.lerp(carried[:, above], carried[:, below], share)
    background = background[:, rows]
    larger = _pushed(between[None], (background.shape[1], background.shape[2]))[0]
    return background[:3] + (1 - background[3]).clamp_min(0) * larger


def _uncovered(covered: torch.Tensor) -> torch.Tensor:
    """Premultiplied light and coverage (4, H, W) -> light (3, H, W)."""
    return covered[:3] / covered[3:].clamp_min(1e-6)


@not_in_half
def blur_layers(light: torch.Tensor, radius: torch.Tensor, aperture: Aperture) -> torch.Tensor:
    """Linear light (H, W, 3) spread over discs of signed `radius` (H, W) in pixels, > 0 behind the plane of focus.

    The total of light stays, but for what nearer surfaces hide. Outside the picture its mirror image is taken to continue.
    """
    (layer_map,) = by_strips(lambda strip: (_layers_from_radius(strip),), [radius[None]])
    layer_map = layer_map[0]
    layers = _layers_of(layer_map, radius)
    if not any(layer.is_spread for layer in layers):
        return light
    largest = max(scale_of_layer(layer, aperture) for layer in layers)
    height, width = (-(-n // largest) * largest for n in layer_map.shape)
    size = height, width
    planes = light.movedim(-1, 0)
    if size != layer_map.shape:
        planes = torch.stack([mirrored(plane, (0, 0), size) for plane in planes])
    full = Picture.of(planes, mirrored(layer_map, (0, 0), size))
    spread = _joined(_Layers(full, layers, aperture), layers)
    return spread[:, : light.shape[0], : light.shape[1]].movedim(0, -1)


def _layers_of(layer_map: torch.Tensor, radius: torch.Tensor) -> list[Layer]:
    """The layers that a map (H, W) holds, from the nearest to the farthest, each with the mean radius of its pixels."""
    lowest = int(layer_map.min())
    members = layer_map.flatten().long() - lowest
    count = torch.bincount(members)
    squares = torch.zeros_like(count, dtype=radius.dtype).index_add_(0, members, radius.flatten().square())
    mean = (squares / count.clamp_min(1)).sqrt().tolist()
    return [Layer(lowest + i, math.copysign(mean[i], lowest + i)) for i, n in enumerate(count.tolist()) if n]


def _joined(held: _Layers, layers: list[Layer]) -> torch.Tensor:
    """Light (3, H, W) of all layers: what is behind the plane of focus, and laid over it what is in front."""
    behind = [layer for layer in reversed(layers) if layer.index >= 0]
    before = [layer for layer in layers if layer.index < 0]
    if not before:
        return _uncovered(held.join(behind, 4, _lay_over))
    front = held.join(before, 6, _lay_under)
    hidden, light = held.full.lowest < 0, torch.empty_like(held.full.light)
    background = held.join(behind, 4, _lay_over) if behind else None
    carried = None if background is None else _carried_on(background)
    for rows in strips(light.shape[1], light.shape[2], light.device):
        over = _shown_front(front[:, rows], hidden[rows])
        if background is None or carried is None:
            light[:, rows] = _uncovered(over)
            continue
        full = _uncovered(background[:, rows])
        if hidden[rows].any():
            trust = (background[3, rows] * 4).clamp_max(1)
            full = torch.where(hidden[rows], torch.lerp(_carried_rows(carried, background, rows), full, trust), full)
        light[:, rows] = full.mul_((1 - over[3]).clamp_min(0)).add_(over[:3])
    return light


def _shown_front(front: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """Light and coverage (4, h, w) of what is in front (6, h, w), full where a pixel's own blur would cover it."""
    # between the layers of one surface the coverages do not quite add up to 1; what a pixel's own blur would cover does
    surrounded = torch.where(front[5] > 1e-3, front[4] / front[5].clamp_min(1e-3), 1)
    return front[:4] * torch.where(hidden, surrounded / front[3].clamp_min(1e-6), 1)
