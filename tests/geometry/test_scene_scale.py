"""One scene depth and one menu of units: a length is the same in every frame of a clip, in chunks and as a whole."""

import closed_form
import pytest
import torch

from sam3d_geometry.effects.camera.camera_path import chosen_path
from sam3d_geometry.effects.camera.stereo import SHARE_OF_DEPTH, eye_distance
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.scene_scale import (
    METRES,
    POINTMAP_UNIT,
    SCENE_DEPTH,
    UNITS,
    length_in_units,
    scene_depth,
    unit_length,
)


def walls(*depths, metric=False):
    """A clip of one wall in each frame."""
    return closed_form.pointmap(torch.stack([torch.full((8, 10), depth) for depth in depths]), metric=metric)


def test_the_scenes_depth_is_the_median_of_what_is_valid_in_all_frames():
    assert scene_depth(closed_form.pointmap(torch.tensor([[[1.0, 2.0, 9.0, 0.0]]]))) == 2.0
    assert scene_depth(walls(2.0, 4.0, 9.0)) == scene_depth(walls(9.0, 2.0, 4.0)) == 4.0
    assert scene_depth(walls(2.0, 4.0, 9.0, metric=True)) == 4.0
    assert scene_depth(walls(0.0, 5.0)) == 5.0
    assert scene_depth(walls(0.0)) == 1.0


def test_large_clips_are_sampled_and_a_few_lone_pixels_are_still_found():
    depth = 1 + torch.rand(3, 500, 700, generator=torch.Generator().manual_seed(0))
    large = closed_form.pointmap(depth)
    assert scene_depth(large) == pytest.approx(float(large.depth[large.mask].median()), rel=2e-3)
    few = torch.zeros(3, 500, 700)
    few[1, 1, 1] = 7.0
    assert scene_depth(closed_form.pointmap(few)) == 7.0


def test_each_unit_is_as_long_as_its_name_says():
    clip = walls(4.0, 4.0, metric=True)
    assert [unit_length(clip, unit) for unit in (SCENE_DEPTH, POINTMAP_UNIT, METRES)] == [4.0, 1.0, 1.0]
    assert [length_in_units(clip, 0.5, unit) for unit in UNITS] == [2.0, 0.5, 0.5]


@pytest.mark.parametrize(("unit", "sentence"), [("gone", "gone.*scene depth"), (METRES, "set unit to scene depth")])
def test_metres_without_metres_and_unknown_units_are_refused_in_one_sentence(unit, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        length_in_units(walls(4.0), 0.5, unit)
    assert "\n" not in str(caught.value)


def test_a_scene_depth_follows_the_scale_of_the_pointmap():
    near, far = walls(1.0, 2.0, 4.0), walls(3.0, 6.0, 12.0)
    assert length_in_units(far, 0.3, SCENE_DEPTH) == pytest.approx(3 * length_in_units(near, 0.3, SCENE_DEPTH))


def test_eyes_and_camera_moves_measure_by_the_scene_depth_of_the_whole_clip():
    clip = walls(2.0, 4.0, 9.0)
    assert eye_distance(clip, 65.0) == pytest.approx(SHARE_OF_DEPTH * 4.0)
    path = chosen_path(clip, "slide", 1, 0.5, "linear")
    assert float(path.world_from_camera[-1, 0, 3] - path.world_from_camera[0, 0, 3]) == pytest.approx(0.5 * 4.0)
    backwards = Pointmap.cat([clip[2], clip[1], clip[0]])
    assert torch.equal(chosen_path(backwards, "slide", 1, 0.5, "linear").world_from_camera, path.world_from_camera)
