"""Mannequins in known places, and the pointmap of a room that they stand in, for the tests."""

from dataclasses import replace

import torch
from closed_form import rays

from sam3d_geometry.bodies.mannequin import mannequins
from sam3d_geometry.bodies.surface import raster_of
from sam3d_geometry.geometry.camera import fov_x_degrees_from_focal_pixels, unproject
from sam3d_geometry.geometry.pointmap import Pointmap

SIZE = (480, 640)  # height, width of the picture
FOCAL = 560.0
FLOOR = 0.9  # how far below the camera the floor is
WALKING = {
    "root": (15.0, 0.0, 0.0),
    "l_upleg": (0.0, -30.0, 0.0),
    "l_lowleg": (0.0, 25.0, 0.0),
    "r_upleg": (0.0, 20.0, 0.0),
    "r_uparm": (0.0, 10.0, 35.0),
    "l_uparm": (0.0, -10.0, -35.0),
}


def two_people(frames=1):
    """An adult who walks to the right and one who stands, before one camera at a height of 0.9 m above their floor."""
    return mannequins(
        [[(WALKING, (-0.7 + 0.05 * t, FLOOR, 4.0), 1.0), ({}, (0.8, FLOOR, 4.6), 1.05)] for t in range(frames)],
        focal=FOCAL,
        image_size=SIZE,
    )


def standing(*places, sizes=None):
    """One frame of people who stand upright at places (x, z) on the floor, some of other `sizes`."""
    sizes = sizes or [1.0] * len(places)
    people = [({}, (x, FLOOR, z), size) for (x, z), size in zip(places, sizes)]
    return mannequins([people], focal=FOCAL, image_size=SIZE)


def room_with(bodies, *, size=(120, 160), wall=7.0, metric=True, noise=0.0):
    """The exact pointmap of a floor, a wall and the people in front of it, one frame for each of theirs."""
    fov = fov_x_degrees_from_focal_pixels(FOCAL, SIZE[1])
    down = rays(*size, fov)[0, ..., 1]
    room = torch.where(down > FLOOR / wall, FLOOR / down.clamp_min(1e-6), torch.tensor(wall, dtype=torch.float64))
    depths = []
    for t in range(len(bodies)):
        depth = room.float()
        for p in bodies.here(t):
            raster = raster_of(bodies, t, p, size)
            depth = torch.where((raster.face >= 0) & (raster.depth < depth), raster.depth, depth)
        depths.append(depth)
    depth = torch.stack(depths)
    depth = depth + noise * torch.randn(depth.shape, generator=torch.Generator().manual_seed(5))
    intrinsics = bodies.intrinsics(0, bodies.here(0)[0]).expand(len(bodies), 3, 3).clone()
    return Pointmap(
        points=unproject(depth, intrinsics),
        mask=torch.ones_like(depth, dtype=torch.bool),
        intrinsics=intrinsics,
        image=torch.full((*depth.shape, 3), 0.5),
        normals=None,
        metric=metric,
        source_size=SIZE,
    )


def seen_as(bodies, factors):
    """The people as an estimator takes them that is wrong about their sizes by `factors` (T, P): the picture is the same."""
    wrong = bodies.scaled(torch.as_tensor(factors, dtype=torch.float32))
    return replace(wrong, sizes=bodies.present.float())
