"""Blocks of a plane have its normal, with noise as without; what is no plane gives none."""

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.normals import sharp_normals
from sam3d_geometry.geometry.plane_patches import plane_patches
from sam3d_geometry.geometry.pointmap import Pointmap


@pytest.mark.parametrize("tilt", [0, 30, 60, 75])
def test_a_plane_is_exact_and_its_shares_are_1(tilt):
    depth, normal = closed_form.plane(120, 160, tilt, 70.0)
    patches = plane_patches(closed_form.pointmap(depth))
    assert closed_form.angles(patches.normals, normal).max() < 0.05
    assert float(patches.weight.sum()) == pytest.approx(1, abs=1e-6)
    distance = -(patches.points @ normal)
    assert float(distance.max() / distance.min()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("noise", [0.002, 0.005, 0.01])
def test_noise_turns_blocks_far_less_than_single_pixels(noise):
    depth, normal = closed_form.plane(240, 320, 30, 70.0)
    random = torch.randn(depth.shape, generator=torch.Generator().manual_seed(0), dtype=depth.dtype)
    frame = closed_form.pointmap(depth * (1 + noise * random))
    of_blocks = closed_form.angles(plane_patches(frame).normals, normal).median()
    of_pixels = closed_form.angles(sharp_normals(frame.depth, frame.mask, frame.intrinsics), normal).median()
    assert of_blocks < 4 and of_blocks < of_pixels / 4


def test_blocks_across_an_edge_are_left_out():
    depth, normals, _ = closed_form.box_before_wall(246, 330, tilt_degrees=40)
    patches = plane_patches(closed_form.pointmap(depth))
    either = torch.minimum(*(closed_form.angles(patches.normals, n) for n in (normals[0, 0, 0], normals[0, 100, 130])))
    assert either.max() < 2 and 0.7 < float(patches.weight.sum()) < 1


def test_frames_of_a_clip_share_the_weight_and_an_empty_one_has_none():
    depth, _ = closed_form.plane(60, 80, 30)
    patches = plane_patches(closed_form.pointmap(torch.cat([depth, torch.zeros_like(depth), 5 * depth])))
    shares = [float(patches.weight[patches.frame == i].sum()) for i in range(3)]
    assert shares == pytest.approx([1 / 3, 0, 1 / 3], abs=1e-6)
    assert float(patches.points[:, 2].median()) == pytest.approx(1, rel=0.05)


def test_the_networks_normals_are_averaged_and_left_out_where_they_disagree():
    depth, normal = closed_form.plane(60, 80, 30)
    told = torch.nn.functional.normalize(torch.tensor([0.3, -0.2, -1.0]), dim=0).expand(1, 60, 80, 3).clone()
    told[:, :, 40:] = torch.nn.functional.normalize(torch.randn(1, 60, 40, 3), dim=-1)
    frame = closed_form.pointmap(depth)
    frame = Pointmap(
        frame.points,
        frame.mask,
        frame.intrinsics,
        frame.image,
        normals=told,
        metric=False,
        source_size=frame.source_size,
    )
    patches = plane_patches(frame)
    assert closed_form.angles(patches.normals, told[0, 0, 0]).max() < 0.1
    assert 0.4 < float(patches.weight.sum()) < 0.6
    assert closed_form.angles(plane_patches(frame, "geometry").normals, normal).max() < 0.05
