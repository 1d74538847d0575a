"""Camera Move: holes filled from behind, clips and odd sizes."""

import closed_form
import pytest
import torch

from sam3d_geometry.effects.camera.camera_move import ViewSettings, camera_move
from sam3d_geometry.effects.camera.camera_path import preset_path
from sam3d_geometry.geometry.scene_scale import scene_depth

SIZE = (48, 64)


def box_before_wall(near=2.0, far=4.0, frames=1):
    """A red box before a wall that is blue, darker towards the right."""
    depth, _, box = closed_form.box_before_wall(*SIZE, near, far)
    blue = torch.linspace(1, 0.6, SIZE[1]).expand(*SIZE)
    image = torch.where(box[0, ..., None], torch.tensor([1.0, 0, 0]), torch.stack([blue * 0, blue * 0, blue], -1))
    return closed_form.pointmap(depth.expand(frames, -1, -1), image=image.expand(frames, -1, -1, 3).clone())


def moved(pointmap, preset="slide", amplitude=0.3, frames=2, image=None, **settings):
    path = preset_path(preset, frames, amplitude, scene_depth(pointmap), "linear")
    return list(camera_move(pointmap, path, image, ViewSettings(**settings)))


def test_holes_are_filled_with_what_is_behind_and_the_rest_is_left_alone():
    pointmap = box_before_wall()
    (filled, holes), (black, same) = moved(pointmap, margin=0)[1], moved(pointmap, fill=False)[1]
    hole = holes[0] > 0.99
    assert hole.sum() > 100 and torch.equal(holes, same)
    assert filled[0][hole][:, 0].max() < 0.01 and filled[0][hole][:, 2].min() > 0.55
    assert black[0][hole].max() == 0
    assert torch.allclose(filled[0][holes[0] == 0], black[0][holes[0] == 0])


def test_no_move_gives_the_photo_bit_for_bit():
    pointmap = box_before_wall()
    image = torch.rand(1, 96, 128, 3)
    for picture, holes in moved(pointmap, amplitude=0.0, image=image):
        assert torch.equal(picture, image) and holes.max() == 0


def test_pictures_have_the_size_of_the_image():
    picture, holes = moved(box_before_wall(), image=torch.rand(1, 70, 90, 3))[0]
    assert picture.shape == (1, 70, 90, 3) and holes.shape == (1, 70, 90)


def test_each_frame_of_a_clip_is_seen_from_its_own_pose():
    clip = box_before_wall(frames=3)
    path = preset_path("slide", 3, 0.2, scene_depth(clip))
    together = list(camera_move(clip, path))
    alone = list(camera_move(clip[0], path))
    assert len(together) == 3
    for (a, _), (b, _) in zip(together, alone):
        assert torch.allclose(a, b, atol=1e-5)
    assert not torch.allclose(together[0][0], together[2][0], atol=0.1)


@pytest.mark.parametrize(("frames", "images"), [(2, None), (3, 2)])
def test_counts_that_do_not_fit_are_refused(frames, images):
    path = preset_path("slide", 3, 0.2, 1.0)
    image = None if images is None else torch.rand(images, *SIZE, 3)
    with pytest.raises(ValueError, match="frames") as caught:
        next(camera_move(box_before_wall(frames=frames), path, image))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (5, 2)])
@pytest.mark.parametrize("valid", [True, False])
@pytest.mark.parametrize("preset", ["orbit", "dolly", "pan", "zoom"])
def test_odd_frames_stay_whole_and_finite(size, valid, preset):
    pointmap = closed_form.pointmap(torch.full((1, *size), 2.0 * valid), image=torch.rand(1, *size, 3))
    for picture, holes in moved(pointmap, preset, -0.8):
        assert picture.shape == (1, *size, 3) and holes.shape == (1, *size)
        assert bool(torch.isfinite(picture).all()) and 0 <= float(holes.min()) <= float(holes.max()) <= 1
