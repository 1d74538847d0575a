"""Noise is measured where there is some, steps of few bits are recognised, and clean scenes and reliefs have none."""

import closed_form
import noisy_scenes
import pytest
import torch

from sam3d_geometry.geometry.depth_noise import measured, quantisation, suspected
from sam3d_geometry.geometry.window_fits import WindowFits

SIZE = (120, 160)
FOCAL = float(closed_form.intrinsics(*SIZE)[0, 0, 0]) * SIZE[1]
SCENES = {scene.name: scene for scene in noisy_scenes.scenes(*SIZE)}


def found(depth):
    depth = depth[0].float()
    if not suspected(depth, depth > 0, FOCAL):
        return None
    return measured(WindowFits(torch.where(depth > 0, 1 / depth.double(), 0), depth > 0), FOCAL)


@pytest.mark.parametrize("name", SCENES)
def test_a_clean_scene_has_none(name):
    assert found(SCENES[name].depth) is None


@pytest.mark.parametrize("name", ["plane 30", "sphere", "room 1", "folds", "bar"])
@pytest.mark.parametrize("percent", [0.2, 0.5, 1, 2])
def test_white_noise_has_its_size(name, percent):
    depth = SCENES[name].depth
    noise = found(noisy_scenes.with_noise(depth, f"white {percent} %"))
    middle = 1 / depth[depth > 0].median()
    assert (noise.variances(middle).sqrt() / middle / (percent / 100) - 1).abs() < 0.15


@pytest.mark.parametrize(("kind", "power"), [("8 bit depth", 2), ("8 bit inverse", 0)])
def test_steps_are_recognised_with_their_power(kind, power):
    depth = noisy_scenes.with_noise(SCENES["room 2"].depth, kind)[0]
    pairs = torch.stack((1 / depth[:-1], 1 / depth[1:]), 1)
    step, found_power = quantisation(pairs, torch.ones_like(pairs, dtype=torch.bool))
    whole = (depth if power == 2 else 1 / depth) / step
    whole = whole - whole.min()
    assert found_power == power and (whole - whole.round()).abs().max() < 0.05


def test_noise_below_steps_and_steps_below_noise_are_both_seen():
    depth = SCENES["room 1"].depth
    noise = found(noisy_scenes.with_noise(depth, "steps 0.3 %"))
    middle = 1 / depth.median()
    assert 0.002 < noise.variances(middle).sqrt() / middle < 0.005


@pytest.mark.parametrize("period", [4, 5, 8, 16])
def test_waves_are_relief_and_not_noise(period):
    y, x = torch.arange(SIZE[0])[:, None], torch.arange(SIZE[1])
    turn = 2 * torch.pi / (period + 0.1)
    assert found((2 + 0.01 * torch.sin(x * turn) * torch.sin(y * turn))[None]) is None
