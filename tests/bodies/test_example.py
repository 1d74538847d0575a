"""The example's people: the picture that they are of, a child that was taken for an adult, and feet on one floor; a walk without slides."""

import torch
from PIL import Image
from repository import PHOTOS

from sam3d_geometry.bodies.contact import sole_depths
from sam3d_geometry.bodies.example import (
    CAMERA_HEIGHT_M,
    CHILD,
    IMAGE_SIZE,
    example_people,
    true_people,
    walking_person,
)
from sam3d_geometry.bodies.size import statures
from sam3d_geometry.bodies.skeleton import joints


def test_both_have_the_same_picture_and_only_the_child_another_size():
    truth, taken = true_people(), example_people()
    assert float((truth.projected(truth.keypoints) - taken.projected(taken.keypoints)).abs().max()) < 2e-3
    ratio = statures(taken)[0] / statures(truth)[0]
    assert float(ratio[CHILD]) > 1.5 and torch.allclose(ratio[:CHILD], torch.ones(2), rtol=1e-5)


def test_all_stand_on_the_floor():
    truth = true_people()
    down = torch.tensor([0.0, 1.0, 0.0])
    for p in range(truth.persons):
        assert abs(float(sole_depths(truth, 0, p, down).max()) - CAMERA_HEIGHT_M) < 0.08


def test_the_picture_shows_them_where_they_are():
    picture = Image.open(PHOTOS / "people" / "mannequins.jpg").convert("RGB")
    assert picture.size == IMAGE_SIZE[::-1]
    people = true_people()
    saturation = picture.convert("HSV").split()[1]
    for p in range(people.persons):
        x, y = people.keypoints_2d[0, p, 69].round().int().tolist()
        assert saturation.getpixel((x, y + 20)) > 90


def test_who_walks_gets_ahead_and_the_foot_that_stands_does_not_slide():
    walk = walking_person()
    down = torch.tensor([0.0, 1.0, 0.0])
    x = walk.translations[:, 0, 0]
    assert float(x[-1] - x[0]) > 2 and float((x[1:] - x[:-1]).min()) > 0
    soles = torch.stack([sole_depths(walk, t, 0, down) for t in range(len(walk))])
    assert float(soles.amax(1).min()) > CAMERA_HEIGHT_M - 0.03 and float(soles.max()) < CAMERA_HEIGHT_M + 0.03
    balls = (walk.joints + walk.translations[:, :, None])[:, 0, joints(["l_ball", "r_ball"])]
    slower = (balls[1:] - balls[:-1])[..., [0, 2]].norm(dim=-1).amin(1)
    assert float(slower.median()) < 1e-4  # but where the feet change
