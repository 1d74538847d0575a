"""The volume's zero is the surface, blocks follow it, silhouettes carve, and what is in front of an object carves nothing."""

from dataclasses import replace

import pytest
import torch
from round_views import RADIUS, SIZE, ball_views

from sam3d_geometry.shapes.surface_nets import surface_net
from sam3d_geometry.views.posed_depth import posed_depth
from sam3d_geometry.views.volume import at_cells, extent_of, fused_volume, truncation, voxel_size

VOXEL = 0.05


@pytest.fixture(scope="module")
def frames():
    return [posed_depth(view) for view in ball_views(4)]


def volume_of(frames, voxel=VOXEL):
    return fused_volume(frames, [0.0] * len(frames), voxel)


def test_the_surface_of_a_ball_is_found(frames):
    volume = volume_of(frames)
    net = surface_net(volume.grid, volume.distance, volume.known)
    away = volume.world(net.vertices).norm(dim=1) - RADIUS
    assert away.abs().median() < 0.1 * VOXEL
    assert (away.abs() < 0.6 * VOXEL).float().mean() > 0.98


def test_memory_follows_the_surface(frames):
    coarse, fine = volume_of(frames, 0.08), volume_of(frames, 0.02)
    assert len(fine.grid.blocks) / len(coarse.grid.blocks) < (0.08 / 0.02) ** 2 * 1.3


def test_silhouettes_cut_off_what_lies_outside_of_them(frames):
    generator = torch.Generator().manual_seed(1)
    wrong = [
        replace(f, depth=torch.where(f.valid, f.depth + 0.1 * torch.rand(f.depth.shape, generator=generator), 0))
        for f in frames
    ]
    left = frames[0].silhouette & (torch.arange(SIZE[1]) < SIZE[1] // 2)
    halved = replace(frames[0], silhouette=left, everything=frames[0].everything * left)
    for set_of in (wrong, [halved, *frames[1:]]):
        volume = volume_of(set_of)
        points = volume.world(surface_net(volume.grid, volume.distance, volume.known).vertices)
        _, pixel, inside = set_of[0].seen_at(points)
        silhouette = set_of[0].silhouette.float()[None, None]
        grown = torch.nn.functional.max_pool2d(silhouette, 7, 1, 3)[0, 0].view(-1) > 0
        assert grown[pixel[inside]].float().mean() > 0.999


def test_what_stands_before_the_object_carves_nothing(frames):
    hidden = frames[0].silhouette & (torch.arange(SIZE[1]) < SIZE[1] // 2)
    before = torch.where(frames[0].silhouette & ~hidden, 2.0, frames[0].everything)
    covered = replace(frames[0], silhouette=hidden, everything=before, weight=frames[0].weight * hidden)
    volume = volume_of([covered, *frames[1:]])
    points = volume.world(surface_net(volume.grid, volume.distance, volume.known).vertices)
    assert (points[:, 0] > 0.5).sum() > 0.2 * len(points)


def test_voxels_are_no_finer_than_the_pixels(frames):
    low, high = extent_of(frames)
    assert voxel_size(frames, 16) == pytest.approx(float((high - low).max()) / 16)
    finest = 3.1 / (frames[0].intrinsics[0, 0] * SIZE[1])
    assert voxel_size(frames, 1024) > 0.7 * float(finest)
    assert voxel_size(frames, 1024, [0.04] * 4) == pytest.approx(0.012 * 3.2, rel=0.1)


def test_truncation_grows_with_uncertainty_between_its_bounds():
    depth = torch.tensor([1.0, 10.0, 1000.0])
    assert truncation(0.0, depth, 0.1).tolist() == pytest.approx([0.3] * 3)
    assert truncation(0.02, depth, 0.1).tolist() == pytest.approx([0.3, 0.6, 1.0])


def test_views_are_counted(frames):
    volume = volume_of(frames)
    net = surface_net(volume.grid, volume.distance, volume.known)
    seen = at_cells(volume.views, volume.grid, net.cells)
    between = volume.world(net.vertices)
    diagonal = (between[:, 0].abs() - between[:, 2].abs()).abs() < 0.1
    assert seen[diagonal & (between[:, 1].abs() < 0.4)].float().mean() > 1.9


def test_frames_without_trust_are_refused(frames):
    with pytest.raises(ValueError, match="No view has a depth that can be trusted"):
        extent_of([replace(frames[0], weight=frames[0].weight * 0)])
