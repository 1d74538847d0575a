"""People steadied by their skin: what core's model at hand adds to what shapes alone can do."""

import torch
import walkers

from sam3d_geometry.bodies.rig import Rig
from sam3d_geometry.bodies.skeleton import JOINT_PARENTS, joints
from sam3d_geometry.bodies.skinned_shot import Figure
from sam3d_geometry.bodies.steady import Steadying, steady_bodies
from sam3d_geometry.bodies.steady_report import foot_skate

HOW = Steadying(fps=walkers.FPS)
PARENTS = list(JOINT_PARENTS[2:])


def bones(bodies):
    return (bodies.joints[:, 0, 2:] - bodies.joints[:, 0, PARENTS]).norm(dim=-1)


def test_nothing_asked_changes_nothing():
    walk = walkers.walk(12)
    idle = Steadying(lock_size=False, smoothing_hz=0, plant_feet=False, fps=walkers.FPS)
    done = steady_bodies(walk.bodies, walk.world, idle, rig=walkers.rig()).bodies
    for name in ("vertices", "joints", "keypoints", "rotations", "translations"):
        torch.testing.assert_close(getattr(done, name), getattr(walk.bodies, name), atol=1e-5, rtol=0)


def test_bones_keep_one_length_where_shapes_alone_do_not():
    seen = walkers.unsteady_walk(48)
    made = {name: steady_bodies(seen, walkers.walk(48).world, HOW, rig=rig) for name, rig in RIGS.items()}
    spread = {name: float(bones(done.bodies).std(0).max()) for name, done in made.items()}
    assert spread["rig"] < 1e-5 < 1e-3 < spread["none"]


def test_standing_feet_stand_still_and_the_mesh_goes_with_the_joints():
    truth, seen = walkers.walk(48), walkers.unsteady_walk(48, seed=1)
    done = steady_bodies(seen, truth.world, HOW, rig=walkers.rig())
    before, after = (float(foot_skate(b, truth.world, done.contacts, HOW.fps)) for b in (seen, done.bodies))
    assert before > 200 and after < 1
    # by the truth's contacts too: those that are missed would slide
    assert float(foot_skate(done.bodies, truth.world, truth.contacts[:, None], HOW.fps)) < 3
    assert (done.bodies.keypoints_2d - truth.bodies.keypoints_2d).norm(dim=-1).median() < 1.5
    # every vertex is as far from the joint that it hangs on as the mannequin's is
    skin = walkers.rig().skin.joints[:, 0]
    far = [(b.vertices[:, 0] - b.joints[:, 0, skin]).norm(dim=-1) for b in (truth.bodies, done.bodies)]
    assert (far[0].median(0).values - far[1].median(0).values).abs().max() < 0.01
    assert far[1].std(0).max() < 0.01
    ankles = joints(["l_foot", "r_foot"])
    turned = done.bodies.rotations[:, 0, ankles]
    assert torch.allclose(turned @ turned.mT, torch.eye(3).expand_as(turned), atol=1e-4)


def test_a_skin_of_another_mesh_is_not_used():
    walk = walkers.walk(6)
    assert Figure.of(walk.bodies, 0, Rig()) is None
    short = Rig(skin=walkers.rig().skin.__class__(torch.zeros(5, 1).long(), torch.ones(5, 1).double(), "five vertices"))
    assert Figure.of(walk.bodies, 0, short) is None
    assert Figure.of(walk.bodies, 0, walkers.rig()) is not None


RIGS = {"none": None, "rig": walkers.rig()}
