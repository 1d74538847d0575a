"""The camera's path of a clip, adjusted as a whole: drift goes, what cannot be followed stays as it was."""

from dataclasses import replace
from functools import cache

import numpy
import pytest
import torch

from development.benchmarks.camera_path import path_error
from sam3d_geometry.clips.alignment import Alignment
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.turns import rotation_of
from sam3d_geometry.views.clip_path import adjusted_path

FRAMES, SIZE = 25, (108, 192)
WALLS = (
    (0, 0, 1, 5.0),
    (-1, 0, 0.2, 2.0),
    (0, 1, 0, 1.2),
    (0.6, 0, 0.8, 3.4),
)  # normal and distance of planes about the camera
LENS = (0.8, 0.8 * SIZE[1] / SIZE[0])


def texture(points, number):
    """Light (...) at points (..., 3) of a wall: waves that no pixel is too coarse for."""
    made = torch.Generator().manual_seed(number)
    waves = torch.randn(24, 3, generator=made, dtype=torch.float64)
    waves = waves / waves.norm(dim=1, keepdim=True) * (6 + 14 * torch.rand(24, 1, generator=made, dtype=torch.float64))
    phases = 6.28 * torch.rand(24, generator=made, dtype=torch.float64)
    return 0.5 + 0.09 * torch.sin(points @ waves.T + phases).sum(-1)


def frame(pose):
    """Light and depth (H, W) of the room seen from a pose (4, 4)."""
    y, x = torch.meshgrid(*((torch.arange(n, dtype=torch.float64) + 0.5) / n - 0.5 for n in SIZE), indexing="ij")
    rays = torch.stack([x / LENS[0], y / LENS[1], torch.ones_like(x)], -1)
    turned = rays @ pose[:3, :3].T
    depths = []
    for *normal, distance in WALLS:
        normal = torch.tensor(normal, dtype=torch.float64)
        depth = (distance - normal @ pose[:3, 3]) / (turned @ normal)
        depths.append(torch.where(depth > 0, depth, torch.inf))
    depth, nearest = torch.stack(depths).min(0)
    points = turned * depth[..., None] + pose[:3, 3]
    light = torch.stack([texture(points, number) for number in range(len(WALLS))])
    return light.gather(0, nearest[None])[0].clamp(0, 1), depth


@cache
def clip():
    """A pointmap of a camera that goes aside and forward through a room while it turns, and its path from the first frame on."""
    share = torch.linspace(0, 1, FRAMES, dtype=torch.float64)
    path = torch.eye(4, dtype=torch.float64).repeat(FRAMES, 1, 1)
    path[:, :3, :3] = torch.from_numpy(rotation_of(share[:, None].numpy() * [0.05, -0.15, 0.03]))
    path[:, :3, 3] = share[:, None] * torch.tensor([0.5, -0.1, 0.4], dtype=torch.float64)
    light, depth = (torch.stack(parts).float() for parts in zip(*map(frame, path)))
    intrinsics = torch.tensor([[LENS[0], 0, 0.5], [0, LENS[1], 0.5], [0, 0, 1]]).repeat(FRAMES, 1, 1)
    image = light[..., None].expand(-1, -1, -1, 3)
    mask = torch.ones_like(depth, dtype=torch.bool)
    return Pointmap(
        unproject(depth, intrinsics), mask, intrinsics, image, normals=None, metric=True, source_size=SIZE
    ), path


def drifted(path, degrees=0.6, aside=0.03):
    """The path with a turn and a share of its way to the side that grow from frame to frame."""
    share = torch.linspace(0, 1, len(path), dtype=torch.float64)
    drift = torch.eye(4, dtype=torch.float64).repeat(len(path), 1, 1)
    turns = numpy.zeros((len(path), 3))
    turns[:, 1] = numpy.radians(degrees) * share.numpy()
    drift[:, :3, :3] = torch.from_numpy(rotation_of(turns))
    drift[:, 0, 3] = share * aside * path[:, :3, 3].diff(dim=0).norm(dim=1).sum()
    return drift @ path


def alignment(poses, starts=(0,)):
    nothing = torch.zeros(len(poses), dtype=torch.float64)
    cut = torch.zeros(len(poses), dtype=torch.bool)
    cut[list(starts)] = True
    return Alignment(
        scale=nothing + 1,
        shift=nothing,
        residual=nothing,
        flicker_before=nothing,
        flicker_after=nothing,
        cut=cut,
        gradual=torch.zeros_like(cut),
        world_from_camera=poses,
    )


@pytest.mark.parametrize(
    ("shift", "limits"), [(0.0, (0.15, 1.0)), (0.02, (0.3, 1.2))], ids=["exact depth", "all shifted"]
)
def test_drift_goes(shift, limits):
    pointmap, path = clip()
    depth = pointmap.depth + shift * float(pointmap.depth[pointmap.mask].median())
    pointmap = replace(pointmap, points=unproject(depth, pointmap.intrinsics))
    before = path_error(drifted(path), path, False)
    after = path_error(adjusted_path(pointmap, alignment(drifted(path))), path, False)
    assert before.rotation > 0.5 and before.position > 2
    assert after.rotation < limits[0] and after.position < limits[1]
    assert after.mean_rotation < before.mean_rotation / 2 and after.mean_position < before.mean_position


def test_a_right_path_and_its_unit_stay():
    pointmap, path = clip()
    found = adjusted_path(pointmap, alignment(path))
    error = path_error(found, path, True)
    assert error.position < 1 and error.rotation < 0.1


def test_shots_are_adjusted_each_from_its_own_first_camera():
    pointmap, path = clip()
    twice = pointmap[[*range(FRAMES), *range(FRAMES)]]
    one = adjusted_path(pointmap, alignment(drifted(path)))
    both = adjusted_path(twice, alignment(torch.cat([drifted(path), drifted(path)]), (0, FRAMES)))
    assert torch.allclose(both, torch.cat([one, one]), atol=1e-9)
    assert torch.equal(both[FRAMES], torch.eye(4, dtype=torch.float64))


def test_a_frame_that_shows_nothing_does_not_stop_the_rest():
    pointmap, path = clip()
    image = pointmap.image.clone()
    image[6] = 0
    found = adjusted_path(replace(pointmap, image=image), alignment(drifted(path)))
    error = path_error(found, path, False)
    assert error.rotation < 0.2 and error.position < 1.5
    assert torch.allclose(found[:, :3, :3] @ found[:, :3, :3].mT, torch.eye(3, dtype=torch.float64), atol=1e-9)


@pytest.mark.parametrize("kind", ["plain frames", "no geometry", "few frames"])
def test_what_cannot_be_followed_stays(kind):
    pointmap, path = clip()
    if kind == "plain frames":
        pointmap = replace(pointmap, image=torch.full_like(pointmap.image, 0.5))
    elif kind == "no geometry":
        nothing = torch.zeros_like(pointmap.points)
        pointmap = replace(pointmap, points=nothing, mask=torch.zeros_like(pointmap.mask))
    else:
        pointmap, path = pointmap[:4], path[:4]
    assert torch.equal(adjusted_path(pointmap, alignment(drifted(path))), drifted(path))
