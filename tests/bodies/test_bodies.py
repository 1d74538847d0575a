"""Bodies: one type with shapes that are checked, a camera, frames to choose, and a size that leaves the picture alone."""

from dataclasses import replace

import pytest
import torch
from people import FOCAL, SIZE, two_people

from sam3d_geometry.bodies.bodies import Bodies


def test_enlarging_about_the_camera_moves_nothing_in_the_picture():
    people = two_people(3)
    factors = torch.tensor([[0.5, 1.3]]).expand(3, 2)
    larger = people.scaled(factors)
    for name in ("vertices", "keypoints", "joints"):
        before, after = people.projected(getattr(people, name)), larger.projected(getattr(larger, name))
        assert float((before - after).abs().max()) < 1e-3
    assert torch.allclose(larger.points(1, 1), people.points(1, 1) * 1.3)
    assert torch.equal(larger.sizes, factors)


def test_the_camera_is_that_of_the_picture():
    people = two_people()
    k = people.intrinsics(0, 0)
    u = k[0, 0] * people.keypoints[0, 0, :, 0] + k[0, 2]
    assert float(k[0, 0]) == pytest.approx(FOCAL / SIZE[1]) and float(k[1, 1]) == pytest.approx(FOCAL / SIZE[0])
    assert u.shape == (70,)
    assert torch.allclose(people.projected(people.keypoints), people.keypoints_2d, atol=1e-3)


def test_what_lies_behind_the_camera_is_nowhere_in_the_picture():
    people = two_people()
    behind = replace(people, translations=people.translations * torch.tensor([1, 1, -1.0]))
    assert not behind.projected(behind.keypoints).any()


def test_frames_are_chosen_with_all_that_belongs_to_them():
    people = two_people(4)
    world = torch.eye(4, dtype=torch.float64).repeat(4, 1, 1)
    masks = tuple((torch.full(SIZE, t), None) for t in range(4))
    part = replace(people, world_from_camera=world, masks=masks, parameters={"global_rot": torch.zeros(4, 2, 3)})[1:3]
    assert len(part) == 2 and part.persons == 2
    assert torch.equal(part.translations, people.translations[1:3])
    assert part.world_from_camera.shape == (2, 4, 4) and part.parameters["global_rot"].shape == (2, 2, 3)
    assert [int(row[0][0, 0]) for row in part.masks] == [1, 2]
    assert torch.equal(part.faces, people.faces)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"joints": torch.zeros(1, 2, 126, 3)}, r"joints came as \(1, 2, 126, 3\); \(1, 2, 127, 3\) is needed"),
        ({"vertices": torch.zeros(1, 2, 3)}, "vertices came as"),
        ({"faces": torch.tensor([[0, 1, 9999]])}, "name vertices 0 to 9999"),
        ({"parameters": {"global_rot": torch.zeros(1, 2, 4)}}, "parameter global_rot came as"),
        ({"parameters": {"pose": torch.zeros(1, 2, 4)}}, "parameter pose"),
        ({"present": torch.ones(2, 2)}, "present came as"),
    ],
)
def test_what_does_not_fit_is_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(two_people(), **change)


def test_without_faces_the_surface_is_refused_with_what_to_do():
    people = replace(two_people(), faces=None)
    with pytest.raises(ValueError, match=r"estimator\.faces"):
        people.require_faces()
    assert isinstance(people, Bodies)
