"""Panoramas: directions and places are inverse to each other, views see the scene as a camera would, the seam is none."""

import math

import closed_form
import pytest
import torch
from round_scene import colour_of, distance_of, scene

from sam3d_geometry.geometry.normals import sharp_normals
from sam3d_geometry.geometry.panorama import (
    Panorama,
    panorama_places,
    panorama_rays,
    panorama_view,
    require_panorama,
    sample_panorama,
    sample_surface,
    view_rays,
    view_sizes,
)
from sam3d_geometry.geometry.rotations import rotation_from_degrees


def test_rays_and_places_are_inverse_and_the_middle_looks_along_z():
    rays = panorama_rays((64, 128))
    assert torch.allclose(rays.norm(dim=-1), torch.ones(64, 128))
    u, v = panorama_places(rays * 3)
    assert torch.allclose(u, ((torch.arange(128) + 0.5) / 128).expand(64, 128), atol=1e-5)
    assert torch.allclose(v, ((torch.arange(64) + 0.5) / 64)[:, None].expand(64, 128), atol=1e-5)
    for direction, place in [
        ((0, 0, 1), (0.5, 0.5)),
        ((1, 0, 0), (0.75, 0.5)),
        ((0, 1, 0), (0.5, 1.0)),
        ((0, -1, 0), (0.5, 0)),
    ]:
        assert torch.allclose(
            torch.stack(panorama_places(torch.tensor(direction).float())), torch.tensor(place), atol=1e-6
        )


def test_values_go_on_across_the_seam():
    size = (32, 64)
    values = panorama_rays(size)
    azimuth = torch.linspace(math.pi - 0.2, math.pi + 0.2, 41)
    directions = torch.stack([azimuth.sin(), torch.full((41,), 0.1), azimuth.cos()], -1)
    wanted = torch.nn.functional.normalize(directions, dim=-1)
    assert (sample_panorama(values, directions) - wanted).abs().max() < 0.01
    # without the other side's columns the outermost pixels would go on: half a pixel is 0.05
    assert (sample_panorama(values, directions)[20] - wanted[20]).abs().max() < 0.003


def test_a_surface_is_sampled_exactly_on_planes_and_never_between_two():
    depth, _ = closed_form.plane(40, 60, 35.0, 30.0)
    inverse = (1 / depth[0]).float()
    u, v = torch.rand(500) * 0.9 + 0.05, torch.rand(500) * 0.9 + 0.05
    rays = closed_form.intrinsics(40, 60)
    normal = closed_form.plane(40, 60, 35.0, 30.0)[1].float()
    x, y = (u - 0.5) / rays[0, 0, 0], (v - 0.5) / rays[0, 1, 1]
    truth = (torch.stack([x, y, torch.ones(500)], -1) @ normal) / (2.0 * normal[2])
    assert (sample_surface(inverse, u, v) - truth).abs().max() < 1e-5
    step = torch.where(torch.arange(60) < 30, 1.0, 0.25).expand(40, 60)
    assert set(sample_surface(step, u, v).unique().tolist()) == {0.25, 1.0}
    hole = torch.where(torch.arange(60) < 30, 1.0, 0.0).expand(40, 60)
    assert set(sample_surface(hole, u, v).unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize(("azimuth", "elevation", "fov"), [(0, 0, 90), (180, 0, 60), (-100, 40, 75), (30, -85, 100)])
def test_a_view_sees_what_a_camera_there_sees(azimuth, elevation, fov):
    panorama = scene((512, 1024))
    seen, picture = panorama_view(
        panorama, azimuth_degrees=azimuth, elevation_degrees=elevation, fov_x_degrees=fov, size=(90, 120)
    )
    rotation = rotation_from_degrees(azimuth, elevation, 0)
    rays = view_rays((90, 120), seen.intrinsics, rotation)
    truth = distance_of(rays) / rays.double().norm(dim=-1)
    valid = seen.mask[0] & truth.isfinite()
    assert ((seen.depth[0] / truth - 1).abs()[valid] < 0.02).double().mean() > 0.97
    assert (seen.mask[0] == truth.isfinite()).double().mean() > 0.99
    assert (picture[0] - colour_of(rays)).abs().median() < 0.01
    # the view's own normals are those of its depth
    assert seen.normals is not None
    sharp = closed_form.angles(seen.normals[0], sharp_normals(seen.depth, seen.mask, seen.intrinsics)[0])[valid]
    assert sharp.median() < 1 and sharp.quantile(0.8) < 5
    assert seen.metric and seen.source_size == (90, 120)


def test_sizes_of_a_view():
    panorama = scene()
    assert view_sizes(panorama, 90.0, (0, 0), 512) == ((128, 128), (128, 128))
    assert view_sizes(panorama, 90.0, (360, 640), 320) == ((180, 320), (360, 640))


def test_what_is_no_panorama_is_refused():
    with pytest.raises(ValueError, match="640 x 480; an equirectangular panorama"):
        require_panorama(torch.zeros(1, 480, 640, 3))
    with pytest.raises(ValueError, match="with one frame is needed"):
        require_panorama(torch.zeros(2, 240, 480, 3))
    with pytest.raises(ValueError, match="at most 150 degrees"):
        panorama_view(scene(), fov_x_degrees=160.0)
    with pytest.raises(ValueError, match="mask came as"):
        Panorama(
            torch.ones(4, 8),
            torch.ones(4, 7, dtype=torch.bool),
            torch.ones(4, 8, 3),
            torch.ones(4, 8, 3),
            False,
            (4, 8),
        )
