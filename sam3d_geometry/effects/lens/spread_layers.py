"""Layers of equal blur at one scale of the picture: which tiles hold one, and what its light and coverage become.

A scale is 1 / 2^k of the picture's resolution. Blocks of pixels that lie in one layer are averaged once for all layers; the
pixels of the others, along the edges of layers, are added to their own layer one by one. Tiles are spread by their
Fourier transforms.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn import functional as F

from .aperture import Aperture

TILE = 128  # a tile with its margin, in pixels of its scale: the size of its Fourier transform
MARGINS = (8, 16, 24)  # small blurs waste less with the first
FARTHEST = {
    1: 16,
    2: 16,
}  # reach in pixels of a scale beyond which the next is used: finer discs where they cost little
FARTHEST_BEYOND = 24
BLOCK = 8  # pixels a side of the blocks that are known to hold a layer or not
LEAST_RADIUS = 0.25  # radius in pixels below which nothing is spread
TILES_AT_ONCE = {"cpu": 32}  # few, so that the planes of a step stay near the cache
TILES_AT_ONCE_ON_A_GPU = 256  # many, so that one step keeps all of it busy
MIXED = torch.iinfo(torch.int16).max  # of a block with pixels of several layers, in the map of layers


@dataclass(frozen=True)
class Layer:
    """All pixels of one blur: `index` in the map of layers, signed `radius` in pixels."""

    index: int
    radius: float

    @property
    def is_spread(self) -> bool:
        return abs(self.radius) >= LEAST_RADIUS


class SpreadTiles(NamedTuple):
    """Tiles of one layer, without their margins, at a scale whose planes they are a part of.

    light       (4, N, step, step): light times coverage, and coverage, after spreading
    surrounded  (2, N, step, step): of a layer in front of the plane of focus, the coverage, after spreading, of all that lies
                there, and 1, in and beside the layer's own pixels; 0 elsewhere
    """

    rows: torch.Tensor
    columns: torch.Tensor
    light: torch.Tensor
    surrounded: torch.Tensor | None

    @property
    def step(self) -> int:
        return self.light.shape[-1]


def reach_in_pixels(radius: float, aperture: Aperture) -> int:
    """Pixels from a point to the farthest that it spreads to, for a disc of signed `radius` in pixels."""
    return math.ceil(abs(radius) * aperture.reach + 0.5) + 1


def scale_of_layer(layer: Layer, aperture: Aperture) -> int:
    """The power of two by which the picture may be smaller for this blur; 1 for what is not spread."""
    scale = 1
    while reach_in_pixels(layer.radius / scale, aperture) > FARTHEST.get(scale, FARTHEST_BEYOND):
        scale *= 2
    return scale


def _mirror_indices(start: int, stop: int, length: int, device: torch.device) -> torch.Tensor:
    """Indices start to stop of a row of `length` that goes on as its mirror image at both ends."""
    index = torch.arange(start, stop, device=device) % (2 * length)
    return torch.minimum(index, 2 * length - 1 - index)


def mirrored(plane: torch.Tensor, before: tuple[int, int], size: tuple[int, int]) -> torch.Tensor:
    """Plane (H, W) -> the part of `size` that begins `before` rows and columns outside it, filled with its mirror image."""
    if before == (0, 0) and plane.shape == size:
        return plane
    (top, left), (height, width) = before, plane.shape
    rows, columns = (
        _mirror_indices(-start, length - start, n, plane.device)
        for start, length, n in zip(before, size, plane.shape, strict=True)
    )
    if min(*before, size[0] - top - height, size[1] - left - width) < 0:
        # several times as fast as indexing by both at once
        return plane.index_select(0, rows).index_select(1, columns)
    # what lies around is little, so most is copied as it is
    result = plane.new_empty(size)
    inner = result[top : top + height]
    inner[:, left : left + width] = plane
    for beside in (slice(0, left), slice(left + width, None)):
        inner[:, beside] = plane.index_select(1, columns[beside])
    for beside in (slice(0, top), slice(top + height, None)):
        result[beside] = inner.index_select(0, rows[beside])
    return result


def tiles_apart(
    rows: torch.Tensor, columns: torch.Tensor
) -> Iterator[tuple[int | slice, int | torch.Tensor, int | torch.Tensor]]:
    """Number, row and column of tiles: one after the other on the CPU, for its cache, all of them together elsewhere."""
    if rows.device.type != "cpu":
        yield slice(None), rows, columns
        return
    for number, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        yield number, row, column


@dataclass(frozen=True)
class Picture:
    """A picture at one scale: linear light (3, h, w), the layer of each block of pixels or MIXED, and how much of it is in front."""

    scale: int
    light: torch.Tensor
    lowest: torch.Tensor  # (h, w), of the block's layers
    highest: torch.Tensor
    in_front: torch.Tensor

    @classmethod
    def of(cls, light: torch.Tensor, layer_map: torch.Tensor) -> Picture:
        """The picture as it is: light (3, H, W), and its map of layers (H, W)."""
        return cls(1, light, layer_map, layer_map, (layer_map < 0).to(light))

    @property
    def layer_map(self) -> torch.Tensor:
        if self.scale == 1:
            return self.lowest
        return torch.where(self.lowest == self.highest, self.lowest, MIXED)

    def halved(self) -> Picture:
        light = torch.cat(
            [F.avg_pool2d(plane, 2) for plane in self.light.split(1)]
        )  # by plane: cancel is heard between
        ends = (F.max_pool2d(plane[None].to(light), 2)[0].to(plane) for plane in (-self.lowest, self.highest))
        negative, highest = ends
        return Picture(2 * self.scale, light, -negative, highest, F.avg_pool2d(self.in_front[None], 2)[0])


class LayersAtScale:
    """The layers that are spread at one scale.

    picture    at the scale
    layers     those of the scale
    full       the picture as it is, whose height and width are multiples of the scale
    blocks     (layers of the picture, h, w) says which blocks of `BLOCK` pixels hold a layer; the first is `first_index`
    """

    def __init__(self, picture: Picture, layers: list[Layer], full: Picture, blocks: Blocks, aperture: Aperture):
        self.scale, self.aperture, self.blocks = picture.scale, aperture, blocks
        self.margins = {layer.index: self._margin(layer) for layer in layers}
        self.picture_size = height, width = picture.layer_map.shape
        self.size = self._whole_tiles(height), self._whole_tiles(width)
        self.pad = max(self.margins.values())
        around, whole = (self.pad, self.pad), (self.size[0] + 2 * self.pad, self.size[1] + 2 * self.pad)
        layer_map = picture.layer_map
        self.light = picture.light.new_empty(3, *whole)
        for padded, plane in zip(self.light, picture.light, strict=True):
            padded.copy_(mirrored(plane, around, whole))
        self.layer_map, self.in_front = (mirrored(plane, around, whole) for plane in (layer_map, picture.in_front))
        self.mixed = _mixed_pixels(full, layer_map, layers, self.scale) if self.scale > 1 else {}
        device = picture.light.device
        self.tiles_at_once = TILES_AT_ONCE.get(device.type, TILES_AT_ONCE_ON_A_GPU)

    def _whole_tiles(self, length: int) -> int:
        """Pixels of the tiles of every size that hold `length`."""
        steps = {TILE - 2 * margin for margin in self.margins.values()}
        return max(-(-length // step) * step for step in steps)

    def _margin(self, layer: Layer) -> int:
        reach = reach_in_pixels(layer.radius / self.scale, self.aperture)
        return next(margin for margin in MARGINS if reach <= margin)

    def tiles(self, layer: Layer) -> Iterator[SpreadTiles]:
        """What becomes of a layer, some tiles at a time."""
        margin = self.margins[layer.index]
        step = TILE - 2 * margin
        rows, columns = self.blocks.active_tiles(layer, step * self.scale, margin * self.scale)
        parts = torch.arange(len(rows), device=rows.device).split(self.tiles_at_once)
        mixed = self._mixed_plane(layer)
        for part in parts:
            yield self._spread_tiles(layer, mixed, rows[part], columns[part])

    def _mixed_plane(self, layer: Layer) -> torch.Tensor | None:
        """Light times coverage, and coverage (4, h, w), of a layer's pixels in mixed blocks."""
        if layer.index not in self.mixed:
            return None
        block, values = self.mixed[layer.index]
        return (
            values.new_zeros(4, math.prod(self.picture_size)).index_add_(1, block, values).view(4, *self.picture_size)
        )

    def _spread_tiles(
        self, layer: Layer, mixed: torch.Tensor | None, rows: torch.Tensor, columns: torch.Tensor
    ) -> SpreadTiles:
        margin = self.margins[layer.index]
        step, shift = TILE - 2 * margin, self.pad - margin
        planes = self.light.new_empty(4 if layer.index >= 0 else 6, len(rows), TILE, TILE)
        light, layer_map, in_front = (
            plane[..., shift:, shift:].unfold(-2, TILE, step).unfold(-2, TILE, step)
            for plane in (self.light, self.layer_map, self.in_front)
        )
        for tile, row, column in tiles_apart(rows, columns):
            inside = torch.eq(layer_map[row, column], layer.index, out=planes[3, tile])
            torch.mul(light[:, row, column], inside, out=planes[:3, tile])
            if layer.index < 0:
                planes[4, tile] = in_front[row, column]
        if mixed is not None:
            for tile, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
                planes[:4, tile] += self._window(mixed, row * step - margin, column * step - margin)
        if layer.index >= 0:
            return SpreadTiles(rows, columns, self._convolved(planes, layer, self._field(step, rows, columns)), None)
        planes[5] = 0  # so that planes come in pairs
        spread = self._convolved(planes, layer, self._field(step, rows, columns))
        near = F.max_pool2d((planes[3] > 0).to(planes), 3, 1, 1)[:, margin : margin + step, margin : margin + step]
        return SpreadTiles(rows, columns, spread[:4], torch.stack([spread[4] * near, near]))

    def _window(self, planes: torch.Tensor, top: int, left: int) -> torch.Tensor:
        """A tile of planes (C, h, w) that has its corner there, the mirror image outside them."""
        height, width = self.picture_size
        if top >= 0 and left >= 0 and top + TILE <= height and left + TILE <= width:
            return planes[:, top : top + TILE, left : left + TILE]
        return torch.stack([mirrored(plane, (-top, -left), (TILE, TILE)) for plane in planes])

    def _convolved(self, tiles: torch.Tensor, layer: Layer, field: torch.Tensor | None) -> torch.Tensor:
        """Tiles with margins (C, N, TILE, TILE) -> spread, without margins."""
        margin = self.margins[layer.index]
        reach = reach_in_pixels(layer.radius / self.scale, self.aperture) - 1
        kernel = self.aperture.kernel(layer.radius / self.scale, reach, 2 * reach + 1, field)
        spectrum = torch.fft.fft2(kernel.to(tiles), s=(TILE, TILE))
        # two planes as one of complex numbers, which a real kernel leaves apart: half the time of transforms of real planes
        pairs = torch.fft.ifft2(torch.fft.fft2(torch.complex(*tiles.chunk(2))).mul_(spectrum))
        # the kernel's middle is not at its origin, so everything has moved down and right by `reach`
        first, length = margin + reach, TILE - 2 * margin
        pairs = torch.view_as_real(pairs[..., first : first + length, first : first + length])
        spread = pairs.movedim(-1, 0).flatten(0, 1)
        # the transform leaves noise around 0 and 1
        spread.clamp_min_(0)
        spread[3:].clamp_max_(1)
        return spread

    def _field(self, step: int, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor | None:
        """Where in the picture the tiles are, as `Aperture.kernel` asks; None where it does not matter."""
        if self.aperture.cats_eye == 0:
            return None
        first = torch.stack([columns, rows], -1).to(self.light) * step
        whole = first.new_tensor([self.picture_size[1], self.picture_size[0]])
        center, middle = (
            (first + torch.minimum(first + step, whole)) / 2,
            whole / 2,
        )  # of what a tile holds of the picture
        return (center - middle) / middle.norm()


@dataclass(frozen=True)
class Blocks:
    """Which blocks of `BLOCK` pixels a side hold a layer: `held` (layers, h, w), the first of them of index `first`."""

    held: torch.Tensor
    first: int

    @classmethod
    def of(cls, layer_map: torch.Tensor, first: int, last: int) -> Blocks:
        height, width = layer_map.shape
        device = layer_map.device
        held = torch.zeros(last - first + 1, -(-height // BLOCK), -(-width // BLOCK), dtype=torch.bool, device=device)
        # of a run of one layer within a block the first pixel tells as much as all
        begins = torch.ones_like(layer_map, dtype=torch.bool)
        torch.ne(layer_map[:, 1:], layer_map[:, :-1], out=begins[:, 1:])
        begins[:, ::BLOCK] = True
        below = torch.ones_like(begins)
        torch.ne(layer_map[1:], layer_map[:-1], out=below[1:])
        below[::BLOCK] = True
        down, across = torch.nonzero(begins.logical_and_(below), as_tuple=True)
        held[layer_map[down, across].long() - first, down // BLOCK, across // BLOCK] = True
        return cls(held, first)

    def active_tiles(self, layer: Layer, step: int, margin: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Row and column of the tiles of `step` pixels that hold, with a margin around them, any of the layer."""
        blocks = self.held[layer.index - self.first]
        step, margin = step // BLOCK, margin // BLOCK
        down, across = (-(-n // step) for n in blocks.shape)
        right, below = across * step + margin - blocks.shape[1], down * step + margin - blocks.shape[0]
        padded = F.pad(blocks[None, None].float(), (margin, right, margin, below))
        rows, columns = torch.nonzero(F.max_pool2d(padded, step + 2 * margin, step)[0, 0], as_tuple=True)
        return rows, columns


def _mixed_pixels(
    full: Picture, layer_map: torch.Tensor, layers: list[Layer], scale: int
) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    """Of each layer, its pixels in mixed blocks: the number of their block (M,), and their light and coverage (4, M) there."""
    mixed = (layer_map == MIXED).repeat_interleave(scale, 0).repeat_interleave(scale, 1)
    pixels = torch.nonzero(mixed.flatten())[:, 0]
    members = full.lowest.flatten()[pixels]
    order = torch.argsort(members)
    pixels, (index, count) = pixels[order], torch.unique_consecutive(members[order], return_counts=True)
    wanted, parts = {layer.index for layer in layers}, {}
    width = full.lowest.shape[1]
    for own, part in zip(index.tolist(), pixels.split(count.tolist()), strict=True):
        if own in wanted:
            block = part // width // scale * (width // scale) + part % width // scale
            light = torch.stack([plane.flatten()[part] for plane in full.light])
            parts[own] = block, torch.cat([light, torch.ones_like(light[:1])]) / scale**2
    return parts
