"""Where a surface ends: planes and creases have no jump, occlusions have; averaging keeps to one surface."""

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.surfaces import average_linked, depth_jumps, excess, extended, surface_links


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
