"""The camera of a pointmap along a path: lenses, numbers of frames, and what is said of it."""

import closed_form
import pytest
import torch

from sam3d_geometry.effects.camera.camera_path import CameraPath, preset_path
from sam3d_geometry.files.camera_track import camera_track
from sam3d_geometry.geometry.camera import intrinsics_of_part


def pointmap(frames=1):
    depth, _ = closed_form.plane(30, 40, 20, 60.0)
    return closed_form.pointmap(depth.expand(frames, -1, -1).float(), metric=True, source_size=(300, 400))


def path(frames):
    return preset_path("dolly zoom", frames, 0.5, 4.0).to_json()


def test_a_photo_has_one_camera_at_the_origin():
    made = camera_track(pointmap())
    assert torch.equal(made.world_from_camera, torch.eye(4, dtype=torch.float64)[None])
    assert made.size == (300, 400) and made.metric and "1 frame, field of view 60.00" in made.report()
    assert float(made.focal_pixels[0]) == pytest.approx(200 / 0.57735, rel=1e-4)


def test_a_path_of_a_photo_has_any_number_of_poses_and_its_zoom():
    made = camera_track(pointmap(), path(7))
    assert len(made) == 7
    assert float(made.focal_pixels[-1] / made.focal_pixels[0]) == pytest.approx(0.5)
    assert "focal length changes" in made.report() and "Way of the camera: 2 m." in made.report()


def test_a_clip_has_the_lens_of_each_frame():
    clip = pointmap(3)
    clip.intrinsics[1, (0, 1), (0, 1)] *= 2
    still = CameraPath(torch.eye(4, dtype=torch.float64).repeat(3, 1, 1), torch.ones(3, dtype=torch.float64))
    made = camera_track(clip, still.to_json())
    assert (made.focal_pixels / made.focal_pixels[0]).tolist() == pytest.approx([1, 2, 1])


def test_a_crop_off_the_middle_is_told():
    one = pointmap()
    one.intrinsics.copy_(intrinsics_of_part(one.intrinsics, (30, 40), (20, 20), corner=(0, 20)))
    assert "optical axis is off the picture's center" in camera_track(one).report()


@pytest.mark.parametrize(
    ("frames", "text", "said"),
    [
        (2, "", "2 frames and without camera_path"),
        (2, path(3), "3 poses for a pointmap of 2 frames"),
        (1, "[", "camera_path is no JSON"),
        (1, "[]", "no list of poses"),
        (1, '[{"zoom": 0}]', "greater than 0"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(frames, text, said):
    with pytest.raises(ValueError, match=said):
        camera_track(pointmap(frames), text)
