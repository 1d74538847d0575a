"""Noise in the air: bounded, smooth, fixed in the world, the mean along a ray by its definition."""

import torch

from sam3d_geometry.effects.air.fog_noise import FogNoise, drifting_noise


def points(count=4000, extent=20.0):
    return (torch.rand(count, 3, generator=torch.Generator().manual_seed(2)) - 0.5) * extent


def test_it_lies_between_minus_1_and_1_about_0():
    values = FogNoise(1.0, 1.0).at(points(40000))
    assert float(values.abs().max()) <= 1 and abs(float(values.mean())) < 0.05 and float(values.std()) > 0.2


def test_it_is_smooth():
    at = points()
    noise = FogNoise(1.0, 2.0)
    assert float((noise.at(at) - noise.at(at + 0.002)).abs().max()) < 0.05


def test_drift_moves_it_and_a_seed_changes_it():
    at = points()
    first, second = drifting_noise(2, 1.0, 1.5, 0.25)
    shift = torch.tensor([0.25, 0.0, 0.0])
    assert torch.allclose(second.at(at + shift), first.at(at), atol=1e-3)
    assert not torch.allclose(FogNoise(1.0, 1.5, seed=1).at(at), first.at(at), atol=0.1)


def test_the_mean_along_a_ray_is_that_of_many_steps():
    noise = FogNoise(1.0, 2.0)
    rays = torch.nn.functional.normalize(
        torch.stack([torch.linspace(-0.5, 0.5, 30)[None].expand(20, 30), torch.linspace(-0.3, 0.3, 20)[:, None].expand(20, 30),
                     torch.ones(20, 30)], -1), dim=-1)  # fmt: skip
    distance = torch.full((20, 30), 3.0)
    steps = (torch.arange(60) + 0.5) / 60 * 3.0
    expected = torch.stack([noise.at(rays * step) for step in steps]).mean(0)
    assert float((noise.mean_along(rays, distance) - expected).abs().max()) < 0.08


def test_an_infinite_distance_is_far():
    rays = torch.tensor([0.0, 0.0, 1.0]).expand(4, 5, 3)
    distance = torch.full((4, 5), 2.0)
    distance[0] = torch.inf
    mean = FogNoise(1.0, 1.0).mean_along(rays, distance)
    assert bool(mean.isfinite().all()) and not torch.allclose(mean[0], mean[1])
    assert bool(FogNoise(1.0, 1.0).mean_along(rays, torch.full((4, 5), torch.inf)).isfinite().all())
