"""Poses by joints: smoothing keeps bones, brings nothing later, and the mesh follows its joints exactly."""

import math

import torch
import walkers

from sam3d_geometry.bodies.rest import BodyMotion, rest_of, rigid
from sam3d_geometry.bodies.rest_pose import rest_rotations
from sam3d_geometry.bodies.rigged_pose import RiggedPose, carried, nearest_skin
from sam3d_geometry.bodies.skeleton import JOINT_PARENTS, ROOT
from sam3d_geometry.bodies.skin import Skin

FPS = walkers.FPS


def pose_of(walk):
    bodies = walk.bodies
    motion = BodyMotion.of(bodies.rotations[:, 0], bodies.joints[:, 0], rest_rotations())
    rest = rest_of(motion, rest_rotations())
    return RiggedPose(motion.rotations, motion.joints - motion.joints[:, ROOT : ROOT + 1]), rest


def bone_lengths(pose):
    return (pose.places[:, 2:] - pose.places[:, list(JOINT_PARENTS[2:])]).norm(dim=-1)


def test_smoothing_keeps_bones_and_takes_what_trembles():
    true, _ = pose_of(walkers.walk(48))
    seen, _ = pose_of(walkers.walk(48, noise=1.0, seed=3))
    made = seen.smoothed(lambda part, values: 6.0, FPS)
    torch.testing.assert_close(bone_lengths(made), bone_lengths(seen), atol=1e-7, rtol=0)
    inside = slice(6, -6)
    off = [(p.places - true.places)[inside].norm(dim=-1).mean() for p in (seen, made)]
    assert off[1] < 0.8 * off[0]
    assert made.places.diff(n=3, dim=0).norm(dim=-1).mean() < seen.places.diff(n=3, dim=0).norm(dim=-1).mean() / 4


def test_nothing_comes_later():
    true, _ = pose_of(walkers.walk(48))
    made = true.smoothed(lambda part, values: 6.0, FPS)
    wrist = [p.places[:, 78, 2] - p.places[:, 78, 2].mean() for p in (true, made)]
    match = [float((wrist[0][4:-4] * torch.roll(wrist[1], lag)[4:-4]).sum()) for lag in range(-3, 4)]
    assert max(range(7), key=match.__getitem__) == 3


def test_bones_of_another_rest_have_its_lengths():
    seen, rest = pose_of(walkers.walk(12))
    longer = type(rest)(rest.rotations, 1.1 * rest.joints)
    made = seen.with_bones(longer)
    torch.testing.assert_close(bone_lengths(made), 1.1 * bone_lengths(seen), atol=1e-6, rtol=1e-6)
    assert torch.equal(made.rotations, seen.rotations)


def test_points_follow_the_joints_that_they_hang_on():
    seen, rest = pose_of(walkers.walk(16))
    generator = torch.Generator().manual_seed(0)
    joints = torch.tensor([ROOT, 3, 20, 77, 113])
    skin = Skin(joints[:, None], torch.ones(5, 1, dtype=torch.float64), "each on one joint")
    aside = 0.1 * torch.randn(5, 3, generator=generator, dtype=torch.float64)

    def hung(pose):
        return pose.places[:, joints] + (pose.rotations[:, joints] @ aside[..., None])[..., 0]

    turn = torch.tensor([[math.cos(0.3), -math.sin(0.3), 0], [math.sin(0.3), math.cos(0.3), 0], [0, 0, 1.0]]).double()
    new = RiggedPose(turn @ seen.rotations, seen.places @ turn.T)
    found = carried(hung(seen), skin, seen, new, rest, hz=0.0, fps=FPS)
    torch.testing.assert_close(found, hung(new), atol=1e-9, rtol=0)
    assert rigid(new.rotations, new.places).shape == new.transforms().shape


def test_a_trembling_shape_is_steadied_and_a_still_one_kept():
    seen, rest = pose_of(walkers.walk(32))
    skin = Skin(torch.tensor([[113]]), torch.ones(1, 1, dtype=torch.float64), "the head")
    fixed = seen.places[:, 113:114] + (seen.rotations[:, 113] @ torch.tensor([0.0, 0.1, 0.0]).double())[:, None]
    noise = 0.01 * torch.randn(32, 1, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    still, calmed = (carried(p, skin, seen, seen, rest, hz=3.0, fps=FPS) for p in (fixed, fixed + noise))
    torch.testing.assert_close(still, fixed, atol=1e-9, rtol=0)
    assert (calmed - fixed).norm(dim=-1).mean() < 0.7 * noise.norm(dim=-1).mean()


def test_a_point_takes_the_skin_of_the_nearest_vertex():
    skin = Skin(torch.tensor([[4], [9]]), torch.ones(2, 1, dtype=torch.float64), "two")
    vertices = torch.tensor([[0.0, 0, 0], [1.0, 0, 0]])
    assert nearest_skin(torch.tensor([[0.9, 0, 0], [0.1, 0, 0]]), vertices, skin).joints.tolist() == [[9], [4]]
