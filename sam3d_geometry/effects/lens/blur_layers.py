"""A picture cut into layers of equal blur, each spread with its own kernel and laid over the ones behind it.

Every pixel belongs to one layer and spreads all of its light and of its coverage. Layers are joined by Porter and Duff's
"disjoint over" (1984): where coverages add up to 1, as on one slanted surface, light adds up too and none is lost; where
something lies before a full background it is an ordinary "over". Behind the plane of focus the sum is divided by its
coverage, so that a sharp object gives nothing to the blur behind it. What lies before the plane of focus is joined apart
and laid over a background that is carried on behind it from its surroundings.

Work is done by tiles, and only for the layers that a tile or its margin holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ...geometry.number_format import not_in_half
from .aperture import Aperture

TILE = 128  # a tile with its margin, in pixels of its scale: the size of its Fourier transform
MARGINS = (8, 16, 24)  # small blurs waste less with the first ones
BLOCK = 8  # pixels a side of the blocks that are known to hold a layer or not
LEAST_RADIUS = 0.25  # radius in pixels below which nothing is spread
TILES_AT_ONCE = {"cpu": 32}  # few, so that the planes of a step stay near the cache
TILES_AT_ONCE_ON_A_GPU = 256  # many, so that one step keeps all of it busy


def _level_from_radius(radius: torch.Tensor) -> torch.Tensor:
    """Radius >= 0 in pixels -> number of its layer: steps of half a pixel up to 2, of one up to 16, of 6 % beyond."""
    beyond = 18 + (radius.clamp_min(16) / 16).log() / math.log(1.06)
    level = torch.where(radius < 2, radius * 2, torch.where(radius < 16, radius + 2, beyond))
    return level.round().long()


@dataclass(frozen=True)
class _Layer:
    """All pixels of one blur: `index` in the map of layers, signed `radius` in pixels."""

    index: int
    radius: float


@dataclass(frozen=True)
class _Grid:
    """Tiles of `TILE` pixels at 1 / `scale` of the picture's resolution, of which `margin` on each side is read only."""

    margin: int
    scale: int

    @property
    def step(self) -> int:
        return (TILE - 2 * self.margin) * self.scale

    def count(self, length: int) -> int:
        return -(-length // self.step)

    def active(self, blocks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Row and column of the tiles that hold, margin included, any of the blocks (h, w)."""
        step, margin = self.step // BLOCK, self.margin * self.scale // BLOCK
        down, across = (-(-n // step) for n in blocks.shape)
        right, below = across * step + margin - blocks.shape[1], down * step + margin - blocks.shape[0]
        padded = F.pad(blocks[None, None].float(), (margin, right, margin, below))
        rows, columns = torch.nonzero(F.max_pool2d(padded, step + 2 * margin, step)[0, 0], as_tuple=True)
        return rows, columns


def _mirror_indices(start: int, stop: int, length: int, device: torch.device) -> torch.Tensor:
    """Indices start to stop of a row of `length` that goes on as its mirror image at both ends."""
    index = torch.arange(start, stop, device=device) % (2 * length)
    return torch.minimum(index, 2 * length - 1 - index)


def _picked(plane: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """The rows and columns of those numbers of a plane (H, W); several times as fast as indexing by both at once."""
    return plane.index_select(0, rows).index_select(1, columns)


class _Spreader:
    """Spreads the layers of one frame: linear light (3, H, W) and the map of layers (H, W)."""

    def __init__(self, light: torch.Tensor, layer_map: torch.Tensor, layers: list[_Layer], aperture: Aperture):
        self.aperture, self.light, self.layer_map = aperture, light, layer_map
        self.height, self.width = layer_map.shape
        device = light.device
        self.tiles_at_once = TILES_AT_ONCE.get(device.type, TILES_AT_ONCE_ON_A_GPU)
        self.grids = {layer.index: self._grid(layer.radius) for layer in layers if abs(layer.radius) >= LEAST_RADIUS}
        used = set(self.grids.values())
        self.pad = max((g.margin * g.scale for g in used), default=0)
        self.size = tuple(
            max((g.count(n) * g.step for g in used), default=n) for n in (self.height, self.width)
        )  # of the result, which holds whole tiles
        rows, columns = (
            _mirror_indices(-self.pad, whole + self.pad, n, device) for whole, n in zip(self.size, layer_map.shape)
        )
        self.padded = light.new_empty(len(light), len(rows), len(columns)) if used else light
        for plane, padded in zip(light, self.padded if used else ()):  # one at a time: a cancel is heard in between
            padded.copy_(_picked(plane, rows, columns))
        self.padded_map = _picked(layer_map, rows, columns) if used else layer_map
        lowest = min(layer.index for layer in layers)
        count = max(layer.index for layer in layers) - lowest + 1
        self.lowest = lowest
        self.blocks = torch.zeros(
            count, -(-self.height // BLOCK), -(-self.width // BLOCK), dtype=torch.bool, device=device
        )
        down = torch.arange(self.height, device=device)[:, None] // BLOCK
        across = torch.arange(self.width, device=device)[None, :] // BLOCK
        self.blocks[layer_map.long() - lowest, down, across] = True
        self.surrounded = light.new_ones(1, *self.size)

    def _reach(self, radius: float) -> int:
        return math.ceil(abs(radius) * self.aperture.reach + 0.5) + 1

    def _grid(self, radius: float) -> _Grid:
        scale = 1
        while self._reach(radius / scale) > MARGINS[-1]:
            scale *= 2
        return _Grid(next(m for m in MARGINS if self._reach(radius / scale) <= m), scale)

    def join(self, layers: list[_Layer]) -> torch.Tensor:
        """Light times coverage, and coverage (4, H, W), of the layers, the last of them in front."""
        result = self.light.new_zeros(4, *self.size)
        for layer in layers:
            if layer.index not in self.grids:
                inside = (self.layer_map == layer.index).to(self.light)[None]
                _lay_over(result[:, : self.height, : self.width], torch.cat([self.light * inside, inside]))
                continue
            grid = self.grids[layer.index]
            rows, columns = grid.active(self.blocks[layer.index - self.lowest])
            for part in torch.arange(len(rows), device=rows.device).split(max(1, self.tiles_at_once // grid.scale**2)):
                self._lay_tiles(result, layer, grid, rows[part], columns[part])
        return result[:, : self.height, : self.width]

    def _lay_tiles(self, result: torch.Tensor, layer: _Layer, grid: _Grid, rows, columns) -> None:
        step, scale, whole = grid.step, grid.scale, TILE * grid.scale
        before = self.pad - grid.margin * scale
        corners = zip((rows * step + before).tolist(), (columns * step + before).tolist())
        parts = [(slice(top, top + whole), slice(left, left + whole)) for top, left in corners]
        light = torch.stack([self.padded[:, down, across] for down, across in parts], 1)
        layer_map = torch.stack([self.padded_map[part] for part in parts])
        inside = (layer_map == layer.index)[None]
        planes = light.new_empty(4 if layer.index >= 0 else 5, *layer_map.shape)
        torch.mul(light, inside, out=planes[:3])
        planes[3:4] = inside
        if layer.index < 0:
            planes[4] = layer_map < 0
        spread = self._spread(planes, layer.radius, grid, rows, columns)
        if layer.index < 0:
            around = self.surrounded.unfold(1, step, step).unfold(2, step, step)
            margin = grid.margin * scale
            own = inside[..., margin : margin + step, margin : margin + step]
            around[:, rows, columns] = torch.where(own, spread[4:], around[:, rows, columns])
            spread = spread[:4]
        tiles = result.unfold(1, step, step).unfold(2, step, step)
        under = tiles[:, rows, columns]
        _lay_over(under, spread)
        tiles[:, rows, columns] = under

    def _spread(self, tiles: torch.Tensor, radius: float, grid: _Grid, rows, columns) -> torch.Tensor:
        """Tiles with margins (4, N, size, size) at full resolution -> spread, without margins."""
        scale, margin = grid.scale, grid.margin
        if scale > 1:
            tiles = F.avg_pool2d(tiles, scale)
        reach = self._reach(radius / scale) - 1
        kernel = self.aperture.kernel(radius / scale, reach, 2 * reach + 1, self._field(grid, rows, columns))
        spectrum = torch.fft.rfft2(kernel.to(tiles), s=(TILE, TILE))
        spread = torch.fft.irfft2(torch.fft.rfft2(tiles) * spectrum, s=(TILE, TILE))
        # the kernel's middle is not at its origin, so everything has moved down and right by `reach`
        rim = 0 if scale == 1 else 1
        first, length = margin + reach - rim, TILE - 2 * margin + 2 * rim
        spread = spread[..., first : first + length, first : first + length]
        if scale > 1:
            spread = F.interpolate(spread, scale_factor=scale, mode="bilinear", align_corners=False)
            spread = spread[..., scale:-scale, scale:-scale]
        # the transform leaves noise around 0 and 1
        spread = spread.clamp_min(0)
        spread[3:].clamp_max_(1)
        return spread

    def _field(self, grid: _Grid, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor | None:
        if self.aperture.cats_eye == 0:
            return None
        centre = torch.stack([columns, rows], -1).to(self.light) * grid.step + 0.5 * grid.step
        middle = centre.new_tensor([self.width / 2, self.height / 2])
        return (centre - middle) / middle.norm()


def _lay_over(under: torch.Tensor, layer: torch.Tensor) -> None:
    """Disjoint over of premultiplied light and coverage (4, ...), in place: `under` yields only what it has to."""
    room, coverage = 1 - layer[3], under[3]
    keep = torch.where(coverage > room, room / coverage.clamp_min(1e-12), 1)
    under.mul_(keep).add_(layer)


def _by_plane(function: Callable[[torch.Tensor], torch.Tensor], planes: torch.Tensor) -> torch.Tensor:
    """`function` of each of the planes (1, C, H, W) by itself: a cancel is heard in between."""
    return torch.cat([function(plane) for plane in planes.split(1, dim=1)], dim=1)


def _carried_on(background: torch.Tensor) -> torch.Tensor:
    """Premultiplied light and coverage (4, H, W) -> light (3, H, W) everywhere, by pyramids up and down (pull-push)."""
    pyramid = [background[None]]
    while max(pyramid[-1].shape[2:]) > 1:
        coarse = _by_plane(lambda plane: F.avg_pool2d(plane, 2, ceil_mode=True, count_include_pad=False), pyramid[-1])
        pyramid.append(coarse * (2 / (coarse[:, 3:] * 2).clamp_min(1)))
    top = pyramid.pop()
    light = top[:, :3] / top[:, 3:].clamp_min(1e-6)
    for level in reversed(pyramid):
        size = level.shape[2:]
        larger = _by_plane(lambda plane: F.interpolate(plane, size, mode="bilinear", align_corners=False), light)  # noqa: B023  called at once
        light = level[:, :3] + (1 - level[:, 3:]).clamp_min(0) * larger
    return light[0]


def _uncovered(covered: torch.Tensor) -> torch.Tensor:
    """Premultiplied light and coverage (4, H, W) -> light (3, H, W)."""
    return covered[:3] / covered[3:].clamp_min(1e-6)


@not_in_half
def blur_layers(light: torch.Tensor, radius: torch.Tensor, aperture: Aperture) -> torch.Tensor:
    """Linear light (H, W, 3) spread over discs of signed `radius` (H, W) in pixels, > 0 behind the plane of focus.

    The total of light stays, but for what nearer surfaces hide. Outside the picture its mirror image is taken to go on.
    """
    level = _level_from_radius(radius.abs())
    layer_map = torch.where(radius < 0, -level, level).short()
    lowest = int(layer_map.min())
    members = layer_map.flatten().long() - lowest
    count = torch.bincount(members)
    squares = torch.zeros_like(count, dtype=radius.dtype).index_add_(0, members, radius.flatten().square())
    mean = (squares / count.clamp_min(1)).sqrt().tolist()
    layers = [_Layer(lowest + i, math.copysign(mean[i], lowest + i)) for i, n in enumerate(count.tolist()) if n]
    if all(abs(layer.radius) < LEAST_RADIUS for layer in layers):
        return light
    planes = light.movedim(-1, 0).contiguous()
    spreader = _Spreader(planes, layer_map, layers, aperture)
    behind = [layer for layer in reversed(layers) if layer.index >= 0]
    before = [layer for layer in reversed(layers) if layer.index < 0]
    if not before:
        return _uncovered(spreader.join(behind)).movedim(0, -1)
    background = spreader.join(behind) if behind else None
    front = spreader.join(before)
    hidden = layer_map < 0
    # between the layers of one surface the coverages do not quite add up to 1; what a pixel's own blur would cover does
    surrounded = spreader.surrounded[:, : light.shape[0], : light.shape[1]]
    front *= torch.where(hidden, surrounded / front[3:].clamp_min(1e-6), 1)
    if background is None:
        return _uncovered(front).movedim(0, -1)
    full, trust = _uncovered(background), (background[3] * 4).clamp_max(1)
    full = torch.where(hidden, torch.lerp(_carried_on(background), full, trust), full)
    return (front[:3] + (1 - front[3:]).clamp_min(0) * full).movedim(0, -1)
