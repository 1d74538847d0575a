"""Normals and links of a panorama are true on walls, at the seam and at the poles."""

import closed_form
import torch
from round_scene import SIZE, scene

from sam3d_geometry.geometry.panorama_normals import panorama_links, wrapped


def test_normals_are_those_of_the_walls_also_at_the_seam_and_poles():
    panorama = scene((256, 512))
    at = panorama.points
    normals = panorama.normals
    wall = (at[..., 2] - (-3.3)).abs() < 1e-3  # behind the camera, where the seam is
    floor = (at[..., 1] - 1.2).abs() < 1e-3
    assert wall[:, :3].any() and wall[:, -3:].any() and floor[-1].all()
    for where, truth in ((wall, (0, 0, 1.0)), (floor, (0, -1.0, 0))):
        off = closed_form.angles(normals[where], torch.tensor(truth))
        assert off.median() < 0.3 and off.quantile(0.9) < 1
    assert closed_form.angles(normals[-1], torch.tensor([0, -1.0, 0])).max() < 1
    seam = closed_form.angles(normals[:, 0][wall[:, 0]], torch.tensor([0, 0, 1.0]))
    assert seam.quantile(0.95) < 1


def test_links_join_the_last_column_with_the_first():
    panorama = scene()
    down, across = panorama_links(panorama.distance, panorama.mask, 0.05)
    assert down.shape == (SIZE[0] - 1, SIZE[1]) and across.shape == SIZE
    turned = panorama_links(panorama.distance.roll(40, 1), panorama.mask.roll(40, 1), 0.05)
    assert torch.equal(turned[0].roll(-40, 1), down) and torch.equal(turned[1].roll(-40, 1), across)
    assert wrapped(torch.arange(6).expand(2, 6), 2)[0].tolist() == [4, 5, 0, 1, 2, 3, 4, 5, 0, 1]
