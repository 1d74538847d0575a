"""Stick figures: OpenPose's colours are where its points are, at any size, and the neck lies between the shoulders."""

import pytest
import torch
from people import SIZE, two_people

from sam3d_geometry.bodies.skeleton import keypoints
from sam3d_geometry.bodies.stick_figure import ALL, OPENPOSE, STYLES, WITH_HANDS, figures_of, places_of

OF = {
    "nose": (1.0, 0.0, 0.0),
    "right-elbow": (1.0, 1.0, 0.0),
    "left-knee": (0.0, 0.0, 1.0),
    "left-ankle": (1 / 3, 0.0, 1.0),
}


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("name", ["right-elbow", "left-knee", "left-ankle"])
def test_points_have_the_colours_that_openpose_gives_them(name, scale):
    people, size = two_people(), (SIZE[0] * scale, SIZE[1] * scale)
    picture = figures_of(people, 0, size, OPENPOSE)
    x, y = places_of(people, 0, 1, size)[keypoints([name])[0]]
    assert torch.allclose(picture[int(y), int(x)], torch.tensor(OF[name]), atol=0.02)


def test_hands_and_all_keypoints_add_to_the_figure():
    people = two_people()
    drawn = {style: int((figures_of(people, 0, SIZE, style).sum(-1) > 0).sum()) for style in STYLES}
    assert drawn[WITH_HANDS] > drawn[OPENPOSE] > 0 and drawn[ALL] > 0
    with pytest.raises(ValueError, match="skeleton_style came as 'stick'"):
        figures_of(people, 0, SIZE, "stick")
