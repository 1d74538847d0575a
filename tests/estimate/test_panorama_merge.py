"""Views with scales, shifts and slow errors of their own become one panorama, against a scene in closed form."""

import pytest
import torch
from round_scene import distance_of

from sam3d_geometry.estimate.panorama_inference import VIEW_DIRECTIONS
from sam3d_geometry.estimate.panorama_merge import SphereView, merge_views, seen_by, solve_scales
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees
from sam3d_geometry.geometry.panorama import panorama_rays, view_rays
from sam3d_geometry.geometry.rotations import rotation_from_degrees

EDGE = 96
SIZE = (144, 288)
RANDOM = torch.Generator().manual_seed(3)
SCALES = (torch.rand(len(VIEW_DIRECTIONS), generator=RANDOM) - 0.5).exp()
SHIFTS = (torch.rand(len(VIEW_DIRECTIONS), generator=RANDOM) - 0.5) * 0.2


def views(shifts=False, bend=0.0, normals=False):
    """What a network with errors would give of the twelve views."""
    intrinsics = intrinsics_from_fov_x_degrees(90.0, EDGE, EDGE)
    v, u = torch.meshgrid(torch.linspace(-1, 1, EDGE), torch.linspace(-1, 1, EDGE), indexing="ij")
    made = []
    for i, angles in enumerate(VIEW_DIRECTIONS):
        rotation = rotation_from_degrees(*angles, 0.0)
        rays = view_rays((EDGE, EDGE), intrinsics, rotation)
        depth = (distance_of(rays) / rays.double().norm(dim=-1)).float()
        valid = depth.isfinite()
        depth = depth * (1 + bend * torch.sin(2 * u + i) * torch.cos(1.5 * v - i)) + (SHIFTS[i] if shifts else 0)
        inverse = torch.where(valid, 1 / (depth * SCALES[i]).clamp_min(1e-3), 0)
        towards = torch.nn.functional.normalize(-rays, dim=-1) @ rotation.float()
        made.append(SphereView(inverse, towards if normals else None, rotation, 0.5))
    return made


def errors(distance, mask):
    """Logarithm of distance over truth, up to one scale, nan where one of them has nothing."""
    truth = distance_of(panorama_rays(SIZE)).float()
    off = distance.log() - truth.log()
    off = torch.where(mask & truth.isfinite(), off, torch.nan)
    return off - off.nanmedian(), truth


def test_every_direction_is_well_inside_a_view():
    rays = panorama_rays((90, 180)).reshape(-1, 3)
    weight = torch.zeros(len(rays))
    for view in views():
        part = seen_by(view, rays)
        weight[part.where] = torch.maximum(weight[part.where], part.weight)
    assert weight.min() > 0.1


def test_scales_are_found_to_two_thousandths():
    found = solve_scales(views())
    assert (found[:, 0] + SCALES.double().log()).std() < 2e-3
    assert found[:, 1].abs().max() < 0.01


def test_shifts_along_the_views_axes_are_found_with_them():
    found = solve_scales(views(shifts=True))
    assert (found[:, 0] + SCALES.double().log()).std() < 0.02
    assert (found[:, 1] + (SHIFTS * SCALES).double()).abs().max() < 0.05


@pytest.mark.parametrize(("shifts", "bend", "most"), [(False, 0.0, 0.005), (True, 0.0, 0.008), (True, 0.03, 0.03)])
def test_the_panorama_is_the_scene(shifts, bend, most):
    distance, mask, normals = merge_views(views(shifts, bend), SIZE)
    off, truth = errors(distance, mask)
    assert normals is None and (mask == truth.isfinite()).double().mean() > 0.998
    assert off.abs().nanmean() < most
    poles = torch.cat([off[:12], off[-12:]])
    assert poles.abs().nanmean() < 1.5 * most


def test_there_is_no_seam():
    """Where the scene is smooth, errors change no more across the picture's seam and between views than anywhere."""
    distance, mask, _ = merge_views(views(True, 0.03), SIZE)
    off, truth = errors(distance, mask)
    smooth = (truth / truth.roll(1, 1) - 1).abs() < 0.02
    step = torch.where(smooth, (off - off.roll(1, 1)).abs(), torch.nan)
    assert step[:, 0].nanmean() < 0.003 and step.nanmean() < 0.003
    assert step.nanquantile(0.99) < 0.02


def test_without_solving_there_would_be_seams(monkeypatch):
    from sam3d_geometry.estimate import panorama_merge

    monkeypatch.setattr(panorama_merge, "solve_scales", lambda views: torch.zeros(len(views), 2, dtype=torch.float64))
    distance, mask, _ = merge_views(views(), SIZE)
    assert errors(distance, mask)[0].abs().nanmean() > 0.05


def test_nothing_lies_between_two_surfaces():
    distance, mask, _ = merge_views(views(), SIZE)
    off, truth = errors(distance, mask)
    around = torch.stack([truth.roll((i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    own = distance * torch.exp(-(distance.log() - truth.log())[off.abs() < 0.01].median())
    between = (own > around.amin(0) * 1.15) & (own < around.amax(0) / 1.15) & mask & around.amax(0).isfinite()
    assert between[1:-1].double().mean() < 1e-3


def test_normals_of_the_views_are_turned_and_blended():
    _, mask, normals = merge_views(views(normals=True), SIZE)
    assert normals is not None
    towards = -panorama_rays(SIZE)
    assert ((normals * towards).sum(-1)[mask] > 0.999).all()


def test_a_view_that_sees_nothing_changes_nothing():
    some = views()
    some[4] = SphereView(torch.zeros(EDGE, EDGE), None, some[4].rotation, 0.5)
    distance, mask, _ = merge_views(some, SIZE)
    off, _ = errors(distance, mask)
    assert torch.isfinite(distance).all() and off.abs().nanmean() < 0.01
