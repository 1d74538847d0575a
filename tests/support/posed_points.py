"""Random points before cameras on an arc, as exact places in pictures of 1000 pixels: scenes of which all is known."""

from __future__ import annotations

import numpy

from sam3d_geometry.views.bundle import Observations, Scene

FOCAL = 900.0


def scene(views: int = 4, points: int = 120, seed: int = 0, log_scales: float = 0.3) -> tuple[Scene, Observations]:
    """Cameras 10 degrees apart about points some 5 away, the first at the origin, and what they see without error."""
    random = numpy.random.default_rng(seed)
    cloud = random.uniform((-1.5, -1.0, 3.5), (1.5, 1.0, 6.5), (points, 3))
    rotations, shifts = [], []
    for k in range(views):
        angle = numpy.radians(10.0 * k)
        c, s = numpy.cos(angle), numpy.sin(angle)
        turn = numpy.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        middle = numpy.array([0.0, 0.1 * k, 5.0])
        rotations.append(turn)
        shifts.append(numpy.array([0.0, 0.0, 5.0]) - turn @ middle)
    rotations, shifts = numpy.stack(rotations), numpy.stack(shifts)
    scales = random.uniform(-log_scales, log_scales, views)
    view, point = (index.ravel() for index in numpy.meshgrid(range(views), range(points), indexing="ij"))
    camera = numpy.einsum("nij,nj->ni", rotations[view], cloud[point]) + shifts[view]
    places = FOCAL * camera[:, :2] / camera[:, 2:]
    made = Scene(
        rotations=rotations,
        shifts=shifts,
        log_scales=scales,
        focals=numpy.full((views, 2), FOCAL),
        lens=numpy.zeros(views, int),
        log_focals=numpy.zeros(1),
        radials=numpy.zeros(1),
        points=cloud,
    )
    return made, Observations(view, point, places, numpy.log(camera[:, 2]) - scales[view])
