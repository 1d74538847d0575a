"""Pixels are seen from before where their points are, moved with the camera."""

import numpy
import torch

from development.scenes.moving_room import film
from sam3d_geometry.clips.ego_motion import Motion, pixels_of, rays_through
from sam3d_geometry.clips.flow import pixel_positions
from sam3d_geometry.clips.moved_pixels import seen_from_before

SIZE = (96, 160)


def test_pixels_are_seen_from_before_where_their_moved_points_are():
    frames = film(2, *SIZE)
    depth = frames.depth[1] * (torch.rand(SIZE, generator=torch.Generator().manual_seed(0)) > 0.1)
    k, k_before = frames.intrinsics[1], frames.intrinsics[0] * torch.tensor([1.1, 0.9, 1.0])[:, None]
    motion = Motion.none().stepped(numpy.array([0.1, -0.2, 0.05, 0.3, -0.1, 0.2]))
    points = rays_through(pixel_positions(*SIZE), k, SIZE) * depth[..., None]
    moved = points @ motion.rotation.float().T + motion.translation.float()
    places, z = seen_from_before(depth, k, motion, k_before)
    assert torch.allclose(z, moved[..., 2], atol=1e-5)
    near = depth > 0  # where there is no depth a pixel's place is that of the camera itself, anywhere
    assert torch.allclose(places[near], pixels_of(moved, k_before, SIZE)[near], atol=1e-3)
