"""A volume that is swept in passes: the surface found so far, and a picture of it from beside the camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy
import torch

from .novel_cameras import RING, RigSettings, cameras_about

# the picture is taken from the second of six places around, 60 degrees beside the photo's camera
TURN_FRAMES, CHOSEN_FRAME = 6, 1
RISE_DEGREES = 20.0
EMPTY = 0.13  # gray of a picture where nothing is
SHADED = 0.45  # of the brightness is lost from the nearest to the farthest point


@dataclass(frozen=True)
class Sweep:
    """How far a volume has been swept.

    points   (P, 3) float32 camera axes, middles of the voxels at the surface, in the order of the passes
    colours  (P, 3) float32
    reached  number of the points after each pass that is done
    total    passes that there are
    low      (3,) float64 the volume's corner that is nearest to the camera axes' origin
    high     (3,) float64 the opposite one
    voxel    edge of a voxel
    """

    points: torch.Tensor
    colours: torch.Tensor
    reached: tuple[int, ...]
    total: int
    low: torch.Tensor
    high: torch.Tensor
    voxel: float

    @property
    def done(self) -> int:
        """Passes that are done."""
        return len(self.reached)

    @property
    def corners(self) -> torch.Tensor:
        """(8, 3) float64 corners of the volume."""
        return torch.cartesian_prod(*torch.stack([self.low, self.high], 1))

    def further(self, points: torch.Tensor, colours: torch.Tensor) -> Sweep:
        """The sweep after one more pass that found these points (P, 3) and colours (P, 3)."""
        found = torch.cat([self.points, points])
        return replace(
            self, points=found, colours=torch.cat([self.colours, colours]), reached=(*self.reached, len(found))
        )


OnPass = Callable[[Sweep], None]


def picture_of_sweep(sweep: Sweep, size: int = 256) -> torch.Tensor:
    """(size, size, 3) float32 in [0, 1]: the surface so far as squares of a voxel, the farther the darker, on gray.

    The camera stays the same over all passes: it sees the whole volume from 60 degrees beside the photo's camera and from above.
    """
    rig = RigSettings(RING, TURN_FRAMES, RISE_DEGREES, size=(size, size))
    camera = cameras_about(sweep.corners, torch.eye(4, dtype=torch.float64), rig)[CHOSEN_FRAME]
    pose, picture = camera.world_from_camera, numpy.full((size, size, 3), EMPTY, numpy.float32)
    if not len(sweep.points):
        return torch.from_numpy(picture)
    seen = ((sweep.points.double() - pose[:3, 3]) @ pose[:3, :3]).numpy()
    order = numpy.argsort(-seen[:, 2])  # what is nearer is painted later
    seen, colours = seen[order], sweep.colours.numpy()[order]
    focal = float(camera.intrinsics[0, 0]) * size
    middle = seen[:, :2] / seen[:, 2:] * focal + size / 2
    half = numpy.maximum(0.6 * focal * sweep.voxel / seen[:, 2], 0.5)
    near, far = seen[-1, 2], seen[0, 2]
    shade = 1 - SHADED * (seen[:, 2] - near) / max(far - near, sweep.voxel)
    reach = int(numpy.ceil(half.max()))
    steps = numpy.stack(numpy.meshgrid(*[numpy.arange(-reach, reach + 1)] * 2), -1).reshape(-1, 2)
    pixel = numpy.floor(middle).astype(int)[:, None] + steps
    covered = (numpy.abs(pixel + 0.5 - middle[:, None]) <= half[:, None, None]).all(-1)
    covered &= ((pixel >= 0) & (pixel < size)).all(-1)
    column, row = pixel[covered].T
    picture[row, column] = numpy.broadcast_to((colours * shade[:, None])[:, None], (*covered.shape, 3))[covered]
    return torch.from_numpy(picture)
