"""Surface errors: a surface held against the true one by points spread evenly over both, in shares of the true one's extent.

The measures of SAP3D (its eval_mesh.py): Chamfer distance as half the sum of both mean distances, F at thresholds, and the
intersection over union of both solids in a grid of 64^3. Its F at .04, .05 and .06 is printed there as .1, .2 and .3; here a
threshold is called what it is. Nothing is aligned here: bring the surface into the true one's world first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from ..shapes.mesh import Mesh
from .similarity import sampled

SAMPLES_OF_SURFACE = 20_000  # points on each surface
SOLID_SAMPLES = 200_000  # for the grid: some ten for each cell that a surface goes through
CELLS_A_SIDE = 64
THRESHOLDS = (0.01, 0.02, 0.05)
MARGIN = 0.02  # of the grid's edge around both surfaces


@dataclass(frozen=True)
class SurfaceErrors:
    """Distances in shares of the true surface's longest extent.

    accuracy      mean distance of the surface from the true one
    completeness  mean distance of the true surface from this one
    precision     {threshold: share of the surface within it of the true one}
    coverage      {threshold: share of the true surface within it of this one}
    solid         intersection over union of both solids in a grid of CELLS_A_SIDE^3
    """

    accuracy: float
    completeness: float
    precision: dict[float, float]
    coverage: dict[float, float]
    solid: float

    @property
    def chamfer(self) -> float:
        """Half the sum of both mean distances."""
        return (self.accuracy + self.completeness) / 2

    @property
    def f_scores(self) -> dict[float, float]:
        """{threshold: harmonic mean of precision and coverage}."""
        return {t: 2 * p * c / (p + c) if (c := self.coverage[t]) + p > 0 else 0.0 for t, p in self.precision.items()}


def surface_errors(surface: Mesh, truth: Mesh, thresholds: Sequence[float] = THRESHOLDS) -> SurfaceErrors:
    """Errors of a surface in the true one's world and unit.

    ValueError for meshes without area and for thresholds that are not above 0.
    """
    from scipy.spatial import KDTree

    if not all(threshold > 0 for threshold in thresholds):
        raise ValueError(f"The thresholds came as {tuple(thresholds)}; shares of the extent above 0 are needed.")
    one, two = sampled(surface, SAMPLES_OF_SURFACE).points, sampled(truth, SAMPLES_OF_SURFACE).points
    corners = truth.vertices.double().numpy()
    extent = float((corners.max(0) - corners.min(0)).max())
    off, missed = KDTree(two).query(one)[0] / extent, KDTree(one).query(two)[0] / extent
    return SurfaceErrors(
        accuracy=float(off.mean()),
        completeness=float(missed.mean()),
        precision={threshold: float((off < threshold).mean()) for threshold in thresholds},
        coverage={threshold: float((missed < threshold).mean()) for threshold in thresholds},
        solid=_solid_overlap(surface, truth),
    )


def _solid_overlap(surface: Mesh, truth: Mesh) -> float:
    points = [sampled(mesh, SOLID_SAMPLES).points for mesh in (surface, truth)]
    low = numpy.minimum(*(p.min(0) for p in points))
    edge = float((numpy.maximum(*(p.max(0) for p in points)) - low).max()) * (1 + 2 * MARGIN)
    cells = [((p - low) / edge + MARGIN) * CELLS_A_SIDE for p in points]
    one, two = (solid_cells(c.astype(int)) for c in cells)
    return float((one & two).sum() / max(1, (one | two).sum()))


def solid_cells(cells: numpy.ndarray, grid: int = CELLS_A_SIDE) -> numpy.ndarray:
    """Cells (N, 3) that a surface goes through -> bool (grid, grid, grid): those, and all that have it on both sides along
    two of the three axes at least: a side that nobody saw does not empty the rest. A hole that only one axis looks into is
    filled, of both surfaces alike."""
    shell = numpy.zeros((grid,) * 3, bool)
    shell[tuple(cells.T)] = True
    enclosed = numpy.zeros(shell.shape, int)
    for axis in range(3):
        before = numpy.logical_or.accumulate(shell, axis)
        after = numpy.flip(numpy.logical_or.accumulate(numpy.flip(shell, axis), axis), axis)
        enclosed += before & after
    return shell | (enclosed >= 2)
