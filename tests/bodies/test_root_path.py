"""The way of the hips: feet that stand are still on it, and it stays by what was seen."""

import torch

from sam3d_geometry.bodies.root_path import Sighting, planted_hips, standing_points

FRAMES, FPS = 40, 25.0


def sighting(hips):
    away = hips - torch.tensor([0.0, -1.4, -4.0], dtype=torch.float64)
    distance = away.norm(dim=1)
    return Sighting(hips=hips, rays=away / distance[:, None], metres_per_pixel=distance / 1000, distance=distance)


def stood():
    """Hips that sway over two feet which stand on y = 0: places, and three points of each foot relative to the hips."""
    time = torch.arange(FRAMES, dtype=torch.float64) / FPS
    hips = torch.stack([0.1 * torch.sin(2 * time), -0.9 + 0 * time, 0.05 * torch.cos(2 * time)], 1)
    points = torch.tensor(
        [[[0.1, 0, 0.0], [0.1, 0, 0.2], [0.15, -0.01, 0.18]], [[-0.1, 0, 0], [-0.1, 0, 0.2], [-0.15, -0.01, 0.18]]]
    )
    return hips, points.double() - hips[:, None, None]


def test_hips_over_standing_feet_are_found_through_their_unrest():
    hips, feet = stood()
    seen = hips + torch.randn(FRAMES, 3, generator=torch.Generator().manual_seed(0)).double() * torch.tensor(
        [0.01, 0.01, 0.05]
    )
    contacts = torch.ones(FRAMES, 2, dtype=torch.bool)
    found = planted_hips(sighting(seen), seen, feet, contacts, fps=FPS, floor=0.0)
    still = (found[:, None, None] + feet).diff(dim=0).norm(dim=-1).max()
    assert still < 1.8e-3  # what is left the legs give way by
    off = found - hips
    assert (off - off.mean(0)).abs().max() < 6e-3 and off[:, :2].abs().max() < 0.01 and off[:, 2].abs().max() < 0.05


def test_without_contacts_they_stay_where_they_were_seen():
    hips, feet = stood()
    none = torch.zeros(FRAMES, 2, dtype=torch.bool)
    assert (planted_hips(sighting(hips), hips, feet, none, fps=FPS, floor=None) - hips).abs().max() < 2e-3


def test_a_wrong_contact_gives_in():
    hips, feet = stood()
    feet[:, 0] += torch.linspace(0, 2, FRAMES)[:, None, None].double() * torch.tensor(
        [1.0, 0, 0]
    )  # this foot walks off
    contacts = torch.ones(FRAMES, 2, dtype=torch.bool)
    found = planted_hips(sighting(hips), hips, feet, contacts, fps=FPS, floor=0.0)
    assert (found - hips).abs().max() < 0.06


def test_one_or_two_frames_are_no_trouble():
    hips, feet = stood()
    for count in (1, 2):
        contacts = torch.ones(count, 2, dtype=torch.bool)
        found = planted_hips(sighting(hips[:count]), hips[:count], feet[:count], contacts, fps=FPS, floor=0.0)
        assert (found - hips[:count]).abs().max() < 0.01


def test_a_rolling_foot_stands_on_its_still_point():
    # the heel goes up about the toe
    angle = torch.linspace(0, 0.5, 10, dtype=torch.float64)
    heel = torch.stack([-0.2 * torch.cos(angle), -0.2 * torch.sin(angle), 0 * angle], 1)
    feet = torch.stack([heel, torch.zeros(10, 3, dtype=torch.float64)], 1)[:, None].repeat(1, 2, 1, 1).numpy()
    at, before, after, lowest = standing_points(feet, feet, torch.ones(10, 2, dtype=torch.bool).numpy(), 0)
    assert at.tolist() == list(range(9)) and not before.any() and not after.any() and not lowest.any()


def test_unrest_is_measured_by_what_smoothing_takes():
    hips, _ = stood()
    generator = torch.Generator().manual_seed(3)
    seen = hips + 0.01 * torch.randn(FRAMES, 3, generator=generator, dtype=torch.float64)
    camera = torch.tensor([0.0, -1.4, -4.0], dtype=torch.float64)
    found = Sighting.of(seen, camera, torch.full((FRAMES,), 1000.0).double(), hips, FPS)
    assert 1.5 < found.pixels < 3.5 and found.depth_share == 0.005 and found.acceleration == 1.5


def test_a_foot_on_a_stair_is_not_brought_to_the_floor():
    hips, feet = stood()
    feet[:, 1, :, 1] -= 0.3  # y is down
    contacts = torch.ones(FRAMES, 2, dtype=torch.bool)
    found = planted_hips(sighting(hips), hips, feet, contacts, fps=FPS, floor=0.0)
    assert (found - hips).abs().max() < 2e-3
    lifted = planted_hips(sighting(hips), hips, feet, contacts, fps=FPS, floor=-0.5)
    assert lifted[:, 1].mean() < hips[:, 1].mean() - 0.1
