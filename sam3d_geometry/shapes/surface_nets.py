"""Surface nets: the surface where a field on a sparse grid of voxels is zero, as triangles (Gibson, 1998).

The grid is made of blocks of 8 x 8 x 8 voxels, of which only those near the surface exist. Each cell of eight voxels in
which the sign changes gets one vertex, the mean of where its edges cross zero; each edge between two voxels of unlike sign
joins the vertices of the four cells around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

BLOCK_SIDE = 8  # voxels along a block
OFFSET = 1 << 20  # block coordinates run from -OFFSET to OFFSET
BLOCKS_AT_ONCE = 2048
CORNERS = torch.tensor([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
EDGES = torch.tensor([[a, b] for a in range(8) for b in range(a + 1, 8) if (a ^ b).bit_count() == 1])


def block_keys(blocks: torch.Tensor) -> torch.Tensor:
    """Block coordinates (N, 3) int64 -> one number each (N,)."""
    shifted = blocks + OFFSET
    return (shifted[:, 0] * (2 * OFFSET) + shifted[:, 1]) * (2 * OFFSET) + shifted[:, 2]


def blocks_of(keys: torch.Tensor) -> torch.Tensor:
    """The inverse of `block_keys`."""
    rest, k = torch.div(keys, 2 * OFFSET, rounding_mode="floor"), keys % (2 * OFFSET)
    return torch.stack([torch.div(rest, 2 * OFFSET, rounding_mode="floor"), rest % (2 * OFFSET), k], 1) - OFFSET


@dataclass(frozen=True)
class BlockGrid:
    """Blocks of a sparse grid, in the order of their keys.

    blocks  (N, 3) int64 coordinates in blocks, each once
    keys    (N,) int64, increasing
    """

    blocks: torch.Tensor
    keys: torch.Tensor

    @classmethod
    def of(cls, blocks: torch.Tensor) -> BlockGrid:
        """The grid of these blocks (N, 3), which may repeat."""
        keys = torch.unique(block_keys(blocks))
        return cls(blocks_of(keys), keys)

    def find(self, blocks: torch.Tensor) -> torch.Tensor:
        """Numbers (M,) of blocks (M, 3), -1 where the grid has none."""
        keys = block_keys(blocks)
        at = torch.searchsorted(self.keys, keys).clamp_max(len(self.keys) - 1)
        return torch.where(self.keys[at] == keys, at, -1)

    def voxels(self, numbers: torch.Tensor) -> torch.Tensor:
        """Integer coordinates (M, 512, 3) of the voxels of the blocks of these numbers."""
        step = torch.arange(BLOCK_SIDE)
        inner = torch.stack(torch.meshgrid(step, step, step, indexing="ij"), -1).view(1, -1, 3)
        return self.blocks[numbers][:, None] * BLOCK_SIDE + inner


@dataclass(frozen=True)
class Net:
    """Triangles in voxel coordinates.

    vertices  (N, 3) float32, a voxel's centre at its integer coordinates
    faces     (M, 3) int64, counter-clockwise seen from where the field is positive
    cells     (N, 3) int64, the least corner of the cell that each vertex is in
    """

    vertices: torch.Tensor
    faces: torch.Tensor
    cells: torch.Tensor


def surface_net(grid: BlockGrid, values: torch.Tensor, known: torch.Tensor) -> Net:
    """Field `values` (N, 8, 8, 8), negative inside, and where it is `known` (bool) -> its zero surface.

    Cells with an unknown corner get no surface: it is open there.
    """
    cells, vertices, numbers = [], [], torch.full((len(grid.blocks), BLOCK_SIDE**3), -1, dtype=torch.long)
    edges: list[list[torch.Tensor]] = [[], [], []]
    count = 0
    for start in range(0, len(grid.blocks), BLOCKS_AT_ONCE):
        part = torch.arange(start, min(start + BLOCKS_AT_ONCE, len(grid.blocks)))
        field = _with_next(grid, values, part, 0.0)
        there = _with_next(grid, known, part, False)
        corners = torch.stack([_shifted(field, corner) for corner in CORNERS.tolist()], -1)
        whole = torch.stack([_shifted(there, corner) for corner in CORNERS.tolist()], -1).all(-1)
        inside = corners < 0
        crossed = whole & inside.any(-1) & ~inside.all(-1)
        block, voxel = crossed.nonzero(as_tuple=True)
        cell = grid.voxels(part)[block, voxel]
        vertices.append(cell + _crossing(corners[block, voxel]))
        cells.append(cell)
        numbers[part[block], voxel] = count + torch.arange(len(block))
        count += len(block)
        for axis, corner in enumerate((4, 2, 1)):
            # an edge that has all four cells around it lies between two cells' corners that are known
            differs = crossed & (inside[..., 0] != inside[..., corner])
            b, v = differs.nonzero(as_tuple=True)
            edges[axis].append(torch.cat([grid.voxels(part)[b, v], inside[b, v, :1].long()], 1))
    cell = torch.cat(cells) if cells else torch.zeros(0, 3, dtype=torch.long)
    faces = [_faces_around_edges(grid, numbers, torch.cat(found), axis) for axis, found in enumerate(edges) if found]
    joined = torch.cat(faces) if faces else torch.zeros(0, 3, dtype=torch.long)
    return Net(torch.cat(vertices).float() if vertices else torch.zeros(0, 3), joined, cell)


def _with_next(grid: BlockGrid, values: torch.Tensor, part: torch.Tensor, missing: float | bool) -> torch.Tensor:
    """Values of blocks `part` with the first layer of the blocks after them: (P, 9, 9, 9)."""
    padded = torch.full((len(part), BLOCK_SIDE + 1, BLOCK_SIDE + 1, BLOCK_SIDE + 1), missing, dtype=values.dtype)
    for corner in CORNERS.tolist():
        number = grid.find(grid.blocks[part] + torch.tensor(corner))
        source = tuple(slice(0, 1) if c else slice(0, BLOCK_SIDE) for c in corner)
        target = tuple(slice(BLOCK_SIDE, BLOCK_SIDE + 1) if c else slice(0, BLOCK_SIDE) for c in corner)
        there = number >= 0
        padded[(there, *target)] = values[(number[there], *source)]
    return padded


def _shifted(padded: torch.Tensor, corner: list[int]) -> torch.Tensor:
    """The values (P, 512) at one corner of each cell."""
    i, j, k = corner
    return padded[:, i : i + BLOCK_SIDE, j : j + BLOCK_SIDE, k : k + BLOCK_SIDE].reshape(len(padded), -1)


def _crossing(corners: torch.Tensor) -> torch.Tensor:
    """Values at the eight corners of cells (M, 8) -> mean place (M, 3) of where the twelve edges cross zero."""
    first, second = corners[:, EDGES[:, 0]], corners[:, EDGES[:, 1]]
    crosses = (first < 0) != (second < 0)
    share = torch.where(crosses, first / torch.where(crosses, first - second, 1), 0)
    start, end = CORNERS[EDGES[:, 0]].float(), CORNERS[EDGES[:, 1]].float()
    places = start + share[..., None] * (end - start)
    return (places * crosses[..., None]).sum(1) / crosses.sum(1, keepdim=True)


def _faces_around_edges(grid: BlockGrid, numbers: torch.Tensor, edges: torch.Tensor, axis: int) -> torch.Tensor:
    """Triangles (M, 3) around edges (E, 4: voxel, whether its end at the voxel is inside) along `axis`."""
    voxel, starts_inside = edges[:, :3], edges[:, 3].bool()
    one, other = (axis + 1) % 3, (axis + 2) % 3
    around = []
    for back_one, back_other in ((0, 0), (1, 0), (1, 1), (0, 1)):
        cell = voxel.clone()
        cell[:, one] -= back_one
        cell[:, other] -= back_other
        block = torch.div(cell, BLOCK_SIDE, rounding_mode="floor")
        number = grid.find(block)
        inner = cell - block * BLOCK_SIDE
        flat = (inner[:, 0] * BLOCK_SIDE + inner[:, 1]) * BLOCK_SIDE + inner[:, 2]
        around.append(torch.where(number >= 0, numbers[number.clamp_min(0), flat], -1))
    quad = torch.stack(around, 1)
    whole = (quad >= 0).all(1)
    quad, starts_inside = quad[whole], starts_inside[whole]
    quad = torch.where(starts_inside[:, None], quad, quad.flip(1))
    return torch.cat([quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]])
