"""What core's Load SAM3D Body Model gives, as far as its rig is read: no weights are here."""

import types

import torch

from sam3d_geometry.bodies.rest_pose import rest_rotations
from sam3d_geometry.bodies.rotation_maths import quaternion_xyzw
from sam3d_geometry.bodies.skeleton import JOINT_PARENTS


def core_model(carriers):
    """A model whose vertex v hangs on the joint `carriers[v]` alone."""
    rest, parents = rest_rotations(), torch.tensor(JOINT_PARENTS)
    local = torch.where((parents < 0)[:, None, None], rest, rest[parents.clamp_min(0)].transpose(-1, -2) @ rest)
    rig = types.SimpleNamespace(
        skel_joint_parents=parents,
        skel_joint_prerotations=quaternion_xyzw(local),
        lbs_vert_indices=torch.arange(len(carriers)),
        lbs_skin_indices=carriers,
        lbs_skin_weights=torch.ones(len(carriers)),
    )
    head = types.SimpleNamespace(mhr=rig)
    return types.SimpleNamespace(model=types.SimpleNamespace(head_pose=head))
