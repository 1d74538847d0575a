"""The way of a person's hips on which standing feet stand still: sparse least squares over a shot.

Each frame's hips may leave where they were seen, sideways by a few pixels and along the ray by more, since depth is what an
estimator knows least; in return the points that a foot stands on do not move from frame to frame and lie on the floor, and the
hips do not jerk. Wrong contacts are weighed down as they disagree (iteratively reweighted, Cauchy).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy
import torch

SEEN_PIXELS = (0.5, 8.0)  # how far off the hips are in the picture: as measured, within limits
DEPTH_SHARE = (0.005, 0.05)  # of the distance: how far off they are along the ray, likewise
STILL_M = 3e-3  # from frame to frame: how far a point moves that a foot stands on, as hips and legs are known; legs give way by it
FLOOR_M = 0.01
ACCELERATIONS = (
    1.5,
    15.0,
)  # metres per second squared: of the hips, as measured, within limits of who strolls and who jumps
ON_FLOOR_M = (
    0.1  # a foot that stands higher or lower than that stands on something else, where others stand on the floor
)
HIGH_M = 0.05  # over its lowest point: a foot stands on nothing that is higher
DISAGREEING_M = 5e-3  # a frame's step of a standing foot that tells of a wrong contact
PATH_ROUNDS = 4


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """Where the hips were seen, frame by frame.

    hips    (T, 3) in a level world with y down, metres, float64
    rays    (T, 3) unit vectors from the camera to them in that world
    metres_per_pixel  (T,) at their distance; distance (T,) from the camera
    pixels, depth_share  how far off they are in the picture, and along the ray as a share of the distance
    acceleration  of the hips, metres per second squared
    """

    hips: torch.Tensor
    rays: torch.Tensor
    metres_per_pixel: torch.Tensor
    distance: torch.Tensor
    pixels: float = 2.0
    depth_share: float = 0.02
    acceleration: float = 10.0

    @staticmethod
    def of(hips: torch.Tensor, camera: torch.Tensor, focal: torch.Tensor, smooth: torch.Tensor, fps: float) -> Sighting:
        """From where the hips (T, 3) and the camera (T, 3) are and the hips' way without trembling: how far off it all is, is
        measured by what the trembling takes; focal (T,) in pixels."""
        away = hips - camera
        distance = away.norm(dim=1)
        rays = away / distance[:, None]
        off = hips - smooth
        along = (off * rays).sum(1)
        aside = (off - along[:, None] * rays).norm(dim=1) / 2**0.5
        speeding = smooth.diff(n=2, dim=0).norm(dim=1) * fps**2 / 3**0.5

        def within(measured: torch.Tensor, limits: tuple[float, float]) -> float:
            rms = float(measured.square().mean().sqrt()) if len(measured) else limits[1]
            return min(max(rms, limits[0]), limits[1])

        return Sighting(
            hips=hips,
            rays=rays,
            metres_per_pixel=distance / focal,
            distance=distance,
            pixels=within(aside * focal / distance, SEEN_PIXELS),
            depth_share=within(along / distance, DEPTH_SHARE),
            acceleration=within(speeding, ACCELERATIONS),
        )


class _Rows:
    """Rows of a sparse linear system in the hips' places, 3 T unknowns, each row's error being 1 on the mean."""

    def __init__(self) -> None:
        self.rows: list[numpy.ndarray] = []
        self.columns: list[numpy.ndarray] = []
        self.values: list[numpy.ndarray] = []
        self.right: list[numpy.ndarray] = []
        self.count = 0

    def add(self, frames: list[numpy.ndarray], matrices: list[numpy.ndarray], right: numpy.ndarray) -> None:
        """sum over k of matrices[k] (N, M, 3) @ hips[frames[k]] (N,) = right (N, M)."""
        n, m = right.shape
        numbers = self.count + numpy.arange(n * m).reshape(n, m)
        for at, matrix in zip(frames, matrices):
            self.rows.append(numpy.broadcast_to(numbers[..., None], (n, m, 3)).ravel())
            self.columns.append(numpy.broadcast_to(3 * at[:, None, None] + numpy.arange(3), (n, m, 3)).ravel())
            self.values.append(matrix.ravel())
        self.right.append(right.ravel())
        self.count += n * m

    def solved(self, unknowns: int) -> numpy.ndarray:
        from scipy.sparse import csr_matrix
        from scipy.sparse.linalg import spsolve

        entries = (numpy.concatenate(self.rows), numpy.concatenate(self.columns))
        matrix = csr_matrix((numpy.concatenate(self.values), entries), shape=(self.count, unknowns))
        return numpy.asarray(spsolve((matrix.T @ matrix).tocsc(), matrix.T @ numpy.concatenate(self.right)))


def planted_hips(
    seen: Sighting,
    settled: torch.Tensor,
    feet: torch.Tensor,
    contacts: torch.Tensor,
    *,
    fps: float,
    floor: float | None,
) -> torch.Tensor:
    """The hips' places (T, 3) in the world of `seen`.

    feet (T, 2, K, 3) are points of both feet relative to the hips, contacts (T, 2) as `foot_contacts` has them for hips at
    `settled` (T, 3); `floor` is its y, None where it is not known: then feet stand at a common height only as far as they stand still.
    """
    hips = seen.hips.numpy()
    placed = (settled[:, None, None] + feet).numpy()
    steps = [standing_points(feet.numpy(), placed, contacts.numpy(), foot) for foot in range(2)]
    weights = [numpy.ones(len(step[0])) for step in steps]
    on_floor = _on_floor([settled.numpy()[at, 1] + lowest for at, _, _, lowest in steps], floor)
    found = hips
    for _ in range(PATH_ROUNDS):
        rows = _Rows()
        _add_sighting(rows, seen)
        for (at, before, after, lowest), weight, flat in zip(steps, weights, on_floor):
            scale = weight[:, None, None] * numpy.eye(3) / STILL_M
            rows.add([at + 1, at], [scale, -scale], (weight[:, None] / STILL_M) * (before - after))
            if floor is not None and flat.any():
                down = weight[flat, None, None] * numpy.array([[[0, 1, 0]]]) / FLOOR_M
                rows.add([at[flat]], [down], weight[flat, None] * (floor - lowest[flat, None]) / FLOOR_M)
        if len(hips) > 2:
            middle = numpy.arange(1, len(hips) - 1)
            bend = numpy.tile(numpy.eye(3) * fps**2 / seen.acceleration, (len(middle), 1, 1))
            rows.add([middle - 1, middle, middle + 1], [bend, -2 * bend, bend], numpy.zeros((len(middle), 3)))
        found = rows.solved(3 * len(hips)).reshape(-1, 3)
        for foot, (at, before, after, _) in enumerate(steps):
            off = numpy.linalg.norm(found[at + 1] + after - found[at] - before, axis=1)
            weights[foot] = 1 / numpy.sqrt(1 + (off / DISAGREEING_M) ** 2)
    return torch.from_numpy(found)


def _on_floor(heights: list[numpy.ndarray], floor: float | None) -> list[numpy.ndarray]:
    """Which of the frames in which a foot stands, at `heights` (y down) by foot, it does so on the floor: those near it, and where
    there are none, those near the lowest."""
    every = numpy.concatenate(heights)
    if floor is None or not len(every):
        return [numpy.zeros(len(height), bool) for height in heights]
    near = numpy.abs(every - floor) < ON_FLOOR_M
    level = floor if near.any() else every.max()
    return [numpy.abs(height - level) < ON_FLOOR_M for height in heights]


def standing_points(
    feet: numpy.ndarray, placed: numpy.ndarray, contacts: numpy.ndarray, foot: int
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Frames (N,) from which a foot stands on to the next, the place (N, 3) then and after of the point that it stands on, and how
    low (N,) its sole is, all relative to the hips.

    A foot rolls: the point is that of its lower ones which moves least where the feet are `placed` (T, 2, K, 3) so far.
    """
    at = numpy.nonzero(contacts[:-1, foot] & contacts[1:, foot])[0]
    before, after = feet[at, foot], feet[at + 1, foot]
    low = numpy.minimum(before[..., 1], after[..., 1])  # y is down
    moved = numpy.linalg.norm(placed[at + 1, foot] - placed[at, foot], axis=-1)
    point = numpy.where(low > low.max(1, keepdims=True) - HIGH_M, moved, numpy.inf).argmin(1)
    every = numpy.arange(len(at))
    return at, before[every, point], after[every, point], before[..., 1].max(1)


def _add_sighting(rows: _Rows, seen: Sighting) -> None:
    """The hips are where they were seen: to `pixels` square to the ray, to `depth_share` along it."""
    along = seen.rays.numpy()[:, :, None] * seen.rays.numpy()[:, None, :]
    aside = numpy.eye(3) - along
    depth = seen.depth_share * seen.distance.numpy()[:, None, None]
    matrix = aside / (seen.pixels * seen.metres_per_pixel.numpy()[:, None, None]) + along / depth
    every = numpy.arange(len(matrix))
    rows.add([every], [matrix], numpy.einsum("nab,nb->na", matrix, seen.hips.numpy()))
