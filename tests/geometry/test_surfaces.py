"""Where a surface ends: planes and creases have no jump, occlusions have; averaging keeps to one surface."""

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.normals import smooth_normals
from sam3d_geometry.geometry.resize import resize_depth
from sam3d_geometry.geometry.surfaces import (
    average_linked,
    average_on_surfaces,
    depth_edges,
    depth_jumps,
    excess,
    extended,
    smooth_links,
    surface_links,
)


def scene(name):
    """Depth (1, 60, 80) and the number (1, 60, 80) of the surface that each pixel shows, 0 for none."""
    if name.startswith("plane"):
        depth = closed_form.plane(60, 80, float(name.split()[1]))[0].float()
        return depth, (depth > 0).long()
    if name == "crease":
        depth = closed_form.box_room(60, 80)[0].float()
        return depth, torch.ones_like(depth).long()
    depth, _, box = closed_form.box_before_wall(60, 80, tilt_degrees=20)
    depth = depth.float()
    if name == "noise":
        depth = depth * (1 + 0.003 * torch.randn(depth.shape, generator=torch.Generator().manual_seed(0)))
    return depth, box.long() + 1


SCENES = ["step", "plane 0", "plane 60", "plane 80", "crease", "noise"]


@pytest.mark.parametrize("tilt", [0, 45, 75])
def test_planes_have_no_jump_at_any_tilt(tilt):
    depth = closed_form.plane(48, 64, tilt, 70.0)[0].float()
    for dim in (1, 2):
        jumps = depth_jumps(depth, depth > 0, dim)
        assert jumps[torch.isfinite(jumps)].max() < 1e-3


def test_a_crease_is_not_a_jump_and_an_occlusion_is():
    depth, _, box = closed_form.box_before_wall(48, 64)
    down, along = surface_links(depth.float(), depth > 0)
    assert torch.equal(along, box[:, :, 1:] == box[:, :, :-1])
    assert torch.equal(down, box[:, 1:] == box[:, :-1])
    room = closed_form.box_room(48, 64)[0].float()
    assert all(bool(links.all()) for links in surface_links(room, room > 0))


def test_a_jump_smeared_over_three_pixels_is_cut():
    inverse = torch.cat([torch.full((10,), 0.5), torch.tensor([0.4, 0.3]), torch.full((10,), 0.2)])
    depth = (1 / inverse).expand(1, 5, -1)
    assert not surface_links(depth, depth > 0)[1][0, 2, 9:12].any()


def test_averages_keep_to_their_surface():
    depth, _, box = closed_form.box_before_wall(48, 64)
    links = surface_links(depth.float(), depth > 0)
    averaged = average_linked(box.float(), links, 8)
    assert torch.equal(averaged > 0.5, box) and set(averaged.unique().tolist()) <= {0.0, 1.0}


def test_balanced_averages_leave_what_is_linear():
    ramp = torch.arange(20.0).expand(1, 16, 20) + torch.arange(16.0)[None, :, None]
    links = torch.ones(1, 15, 20, dtype=torch.bool), torch.ones(1, 16, 19, dtype=torch.bool)
    links[1][:, :, 9] = False
    assert torch.allclose(average_linked(ramp, links, 4, balanced=True), ramp, atol=1e-5)
    assert not torch.allclose(average_linked(ramp, links, 4), ramp, atol=0.1)


def test_extension_goes_on_straight():
    ramp = torch.arange(6.0).expand(1, 3, 6)
    assert torch.equal(extended(ramp, 2, 2)[0, 0], torch.arange(-2.0, 8.0))
    assert torch.equal(extended(torch.ones(1, 1, 1), 1, 3), torch.ones(1, 7, 1))


def test_excess_is_what_stands_out_on_both_sides():
    steps = torch.tensor([[1.0, 1, 1, 5, 1, 1, 3, 3, 3]])
    assert torch.equal(excess(steps, 1, 1), torch.tensor([[0.0, 0, 0, 4, 0, 0, 0, 0, 0]]))


@pytest.mark.parametrize("name", SCENES)
def test_links_edges_and_enlarged_depth_know_the_same_surfaces(name):
    depth, surface = scene(name)
    mask = depth > 0
    ends = ~mask
    for dim, links in zip((1, 2), surface_links(depth, mask)):
        n = depth.shape[dim] - 1
        first, second = surface.narrow(dim, 0, n), surface.narrow(dim, 1, n)
        one = (first == second) & (first > 0)
        assert torch.equal(links, one)
        ends.narrow(dim, 0, n).logical_or_(~one)
        ends.narrow(dim, 1, n).logical_or_(~one)
    assert torch.equal(depth_edges(depth, mask), ends)
    # an enlarged step has no depth between its two surfaces
    large, valid = (values[:, 3:-3, 3:-3] for values in resize_depth(depth, mask, (150, 200)))
    ranges = [depth[surface == number].aminmax() for number in surface[mask].unique().tolist()]
    on_one = [(large > 0.98 * low) & (large < 1.02 * high) for low, high in ranges]
    assert torch.stack(on_one).any(0)[valid & (large < 10)].all()


@pytest.mark.parametrize("dim", [1, 2])
def test_a_jump_beside_the_border_is_seen(dim):
    depth = torch.ones(1, 20, 20)
    depth.narrow(dim, 0, 1).fill_(2.0)
    assert not surface_links(depth, depth > 0)[dim - 1].narrow(dim, 0, 1).any()
    assert surface_links(depth, depth > 0)[dim - 1].narrow(dim, 1, 18).all()


@pytest.mark.parametrize("name", SCENES)
def test_no_user_of_the_average_mixes_two_surfaces(name):
    depth, surface = scene(name)
    mask, number = depth > 0, surface.float()
    links = surface_links(depth, mask)
    assert torch.allclose(average_linked(number, links, 8), number)
    assert torch.allclose(average_on_surfaces(number, depth, mask, 8)[mask], number[mask])
    # two walls whose normals differ by less than a crease: depth alone parts them
    angle = (0.3 * number)[..., None]
    normals = torch.cat([angle.sin(), torch.zeros_like(angle), -angle.cos()], -1) * mask[..., None]
    assert torch.allclose(smooth_normals(normals, depth, mask, 8), normals, atol=1e-6)


@pytest.mark.parametrize("tilt", [0, 60, 80])
def test_noise_is_averaged_at_any_tilt(tilt):
    # neighbours on the steep plane differ by more than a depth edge, which its slope explains
    depth, _surface = scene(f"plane {tilt}")
    mask = depth > 0
    noise = torch.randn(depth.shape, generator=torch.Generator().manual_seed(0))
    normals = torch.nn.functional.normalize(torch.stack([0.1 * noise, 0 * noise, -torch.ones_like(noise)], -1), dim=-1)
    left = [
        average_linked(noise, surface_links(depth, mask), 8),
        average_on_surfaces(noise, depth, mask, 8),
        10 * smooth_normals(normals, depth, mask, 8)[..., 0],
    ]
    steep = mask & (depth.diff(dim=1, prepend=depth[:, :1]).abs() > 0.05 * depth)
    for held in (mask, steep) if tilt == 80 else (mask,):
        assert held.sum() > 100
        assert all(values[held].std() < 0.4 * noise[held].std() for values in left)


def test_a_crease_parts_normals_and_nothing_else():
    depth, normals, wall = closed_form.box_room(60, 80)
    depth, mask = depth.float(), depth > 0
    for dim, parted, joined in zip(
        (1, 2), smooth_links(depth, mask, normals.float()), surface_links(depth, mask), strict=True
    ):
        n = depth.shape[dim] - 1
        assert joined.all()
        assert torch.equal(parted, wall.narrow(dim, 0, n) == wall.narrow(dim, 1, n))
