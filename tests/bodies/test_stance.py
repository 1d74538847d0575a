"""A person's rest stands as other programs expect, to a hundredth of a degree, and its bones keep their lengths."""

import pytest
import torch
from posed_people import real_people, walkers

from sam3d_geometry.bodies.rest import BodyMotion, rest_of
from sam3d_geometry.bodies.rest_pose import KNUCKLES, rest_rotations
from sam3d_geometry.bodies.skeleton import JOINT_NAMES, JOINT_PARENTS
from sam3d_geometry.bodies.stance import STANCES, bone_axes, stand


def standing(people, person=0):
    turns = rest_rotations()
    return rest_of(BodyMotion.of(people.rotations[:, person], people.joints[:, person], turns), turns)


def direction(rest, start, end):
    between = rest.joints[JOINT_NAMES.index(end)] - rest.joints[JOINT_NAMES.index(start)]
    return torch.nn.functional.normalize(between, dim=0)


@pytest.fixture(params=["mannequin", "real"])
def rest(request):
    return standing(walkers(2) if request.param == "mannequin" else real_people())


def test_in_a_t_the_arms_are_level_the_legs_plumb_the_palms_down_and_the_thumbs_ahead(rest):
    found = stand(rest, "T")
    for side, sign in (("l", 1.0), ("r", -1.0)):
        level = torch.tensor([sign, 0.0, 0.0], dtype=torch.float64)
        for start, end in (("uparm", "lowarm"), ("lowarm", "wrist_twist"), ("wrist", "middle1"), ("index1", "index2")):
            assert (direction(found, f"{side}_{start}", f"{side}_{end}") - level).norm() < 2e-4
        for start, end in (("upleg", "lowleg"), ("lowleg", "foot")):
            assert (direction(found, f"{side}_{start}", f"{side}_{end}")[1] + 1).abs() < 1e-6
        thumb = direction(found, f"{side}_thumb2", f"{side}_thumb3")
        assert (thumb - torch.tensor([sign * 0.5**0.5, 0, 0.5**0.5], dtype=torch.float64)).norm() < 2e-4
        index, ring = (torch.tensor(KNUCKLES[name], dtype=torch.float64) for name in ("index1", "ring1"))
        palm = found.rotations[JOINT_NAMES.index(f"{side}_wrist")] @ (-sign * torch.linalg.cross(index, ring))
        assert torch.nn.functional.normalize(palm, dim=0)[1] < -0.99


@pytest.mark.parametrize("stance", list(STANCES))
def test_bones_keep_their_lengths_and_rotations_stay_rotations(rest, stance):
    found = stand(rest, stance)
    parents = torch.tensor(JOINT_PARENTS).clamp_min(0)
    before, after = ((r.joints - r.joints[parents]).norm(dim=1) for r in (rest, found))
    assert (before - after).abs().max() < 1e-9
    assert (found.rotations.transpose(-1, -2) @ found.rotations - torch.eye(3)).abs().max() < 1e-9


def test_the_metarigs_arms_lie_where_its_own_bones_do(rest):
    found = stand(rest, "metarig")
    head, tail = torch.tensor([0.1953, 0.0267, 1.5846]), torch.tensor([0.4424, 0.0885, 1.4491])  # of its upper_arm.L
    x, back, up = (tail - head).tolist()
    published = torch.nn.functional.normalize(torch.tensor([x, up, -back], dtype=torch.float64), dim=0)
    assert torch.rad2deg(torch.acos(direction(found, "l_uparm", "l_lowarm") @ published)) < 0.1


def test_a_is_the_rigs_own_rest(rest):
    assert stand(rest, "A") is rest


def test_axes_lie_along_the_bones():
    generator = torch.Generator().manual_seed(0)
    along = torch.nn.functional.normalize(torch.randn(20, 3, generator=generator, dtype=torch.float64), dim=1)
    own, left = torch.eye(3, dtype=torch.float64).repeat(20, 1, 1), torch.arange(20) % 2 == 0
    y = bone_axes("y along", own, along, left)
    x = bone_axes("x along", own, along, left)
    assert (y[:, :, 1] - along).abs().max() < 1e-12
    assert (x[:, :, 0] - torch.where(left[:, None], along, -along)).abs().max() < 1e-12
    for axes in (x, y):
        assert (torch.det(axes) - 1).abs().max() < 1e-9
    assert torch.equal(bone_axes("world", own, along, left), own)
