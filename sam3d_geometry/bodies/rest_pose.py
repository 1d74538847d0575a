"""The rig's own rest: how each joint is turned against its parent when the person stands with lowered arms.

Axes of the rig: x to the person's left, y up, z ahead. Found from public outputs of SAM 3D Body (facebookresearch/MHR, Apache-2.0)
by comparing each joint's rotation with the pose numbers that made it, and, where the numbers are mixed (spine, feet, fingers), by
rigid fits of the meshes to the template: exact to 0.1 degree for legs, arms, neck, head and face, to about 2 elsewhere. With the
body model at hand its own numbers are used, see `rig.py`.
"""

from __future__ import annotations

import torch

from .rotation_maths import rotation_from_euler
from .skeleton import JOINT_COUNT, JOINT_NAMES, JOINT_PARENTS

# x, y, z in degrees, turned about the fixed axes in that order; joints that are not named lie as their parents do
LOCAL_DEGREES: dict[str, tuple[float, float, float]] = {
    "l_upleg": (-91.1, 4.4, -83.2),
    "l_lowleg": (-0.1, 0.3, 1.5),
    "l_foot": (-5.0, -4.5, 0.0),
    "l_talocrural": (12.2, 0.0, 9.7),
    "l_subtalar": (6.3, 7.3, 66.5),
    "l_ball": (2.3, 12.6, 8.6),
    "c_spine0": (90.0, -5.8, 90.0),
    "c_spine1": (0.0, 0.0, 1.5),
    "c_spine2": (0.0, 0.0, -9.2),
    "l_clavicle": (83.3, -56.8, -79.5),
    "l_uparm": (-34.7, -51.1, 41.2),
    "l_lowarm": (0.0, -0.9, 34.4),
    "l_wrist_twist": (113.6, -5.5, -0.8),
    "l_wrist": (0.0, -0.9, 0.4),
    "l_pinky0": (-24.9, -15.3, 5.6),
    "l_pinky1": (9.8, 1.6, 2.6),
    "l_pinky2": (-5.5, -1.0, -1.7),
    "l_pinky3": (2.0, 1.3, -5.4),
    "l_ring1": (-5.1, -11.6, 8.2),
    "l_ring2": (-5.5, -0.5, -1.7),
    "l_ring3": (-1.2, 2.3, -4.8),
    "l_middle1": (0.6, -4.7, 6.4),
    "l_middle2": (-2.2, -0.3, 0.8),
    "l_middle3": (-5.2, -1.4, -13.8),
    "l_index1": (4.2, -1.5, 5.1),
    "l_index2": (-2.3, -0.3, 0.9),
    "l_index3": (-3.3, -2.6, -12.4),
    "l_thumb0": (73.9, 49.2, 45.2),
    "l_thumb1": (17.9, -20.2, 10.3),
    "l_thumb2": (1.7, -2.8, -9.2),
    "l_thumb3": (9.3, 9.1, -10.1),
    "c_neck": (0.0, 0.0, 19.0),
    "c_head": (0.0, 0.0, -16.75),
    "c_jaw": (-90.0, -90.0, 0.0),
    "c_tongue0": (-90.0, -63.7, 90.0),
    "c_tongue1": (0.0, 0.0, -5.7),
    "c_tongue2": (0.0, 0.0, -28.3),
    "c_tongue3": (0.0, 0.0, -16.3),
    "l_eye": (0.0, -84.5, -90.0),
}
# of a left hand, from the wrist in the wrist's own axes, relative to one another: where its fingers begin
KNUCKLES: dict[str, tuple[float, float, float]] = {
    "pinky0": (18.3, 9.7, 20.3),
    "ring1": (66.4, 7.0, 16.9),
    "middle1": (74.5, 3.4, 0.3),
    "index1": (72.4, 7.7, -22.0),
    "thumb0": (5.8, 11.5, -9.7),
}


def other_side(name: str) -> str:
    """The joint of the other side; the same where it lies in the middle."""
    return {"l_": "r_", "r_": "l_"}.get(name[:2], name[:2]) + name[2:]


def from_locals(local: torch.Tensor) -> torch.Tensor:
    """Rotations (J, 3, 3) against the parents -> against the world."""
    world = local.clone()
    for joint in range(1, JOINT_COUNT):
        world[joint] = world[JOINT_PARENTS[joint]] @ local[joint]
    return world


def rest_rotations() -> torch.Tensor:
    """(127, 3, 3) float64: the joints' axes in the rig's rest. The right side's axes are the left's turned half about x."""
    local = torch.eye(3, dtype=torch.float64).repeat(JOINT_COUNT, 1, 1)
    for name, degrees in LOCAL_DEGREES.items():
        local[JOINT_NAMES.index(name)] = rotation_from_euler(torch.tensor(degrees, dtype=torch.float64).deg2rad())
    world = from_locals(local)
    for joint, name in enumerate(JOINT_NAMES):
        if name.startswith("r_"):
            half_turn = torch.diag(torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64))
            world[joint] = half_turn @ world[JOINT_NAMES.index(other_side(name))]
    return world
