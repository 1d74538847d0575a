"""ComfyUI core's SAM3D_BODY_MODEL: the rig inside it, read and never run."""

from __future__ import annotations

from typing import Any

from ..sam3d_geometry.bodies.rig import Rig, rig_from_arrays

# our names and what core calls them in the model's rig
_ARRAYS = {
    "parents": "skel_joint_parents",
    "prerotations_xyzw": "skel_joint_prerotations",
    "skin_vertices": "lbs_vert_indices",
    "skin_joints": "lbs_skin_indices",
    "skin_weights": "lbs_skin_weights",
}


def rig_from_model(model: Any) -> Rig:
    """The skin and rest of a wired SAM 3D Body model; those told by shape and public outputs where none is wired."""
    if model is None:
        return Rig()
    rig = getattr(getattr(getattr(model, "model", None), "head_pose", None), "mhr", None)
    missing = [core for core in _ARRAYS.values() if not hasattr(rig, core)]
    if missing:
        raise ValueError(
            f"Input sam3d_body_model has no {missing[0]}, so no rig of SAM 3D Body is in it; wire Load SAM3D Body Model (ComfyUI's own), "
            "or nothing."
        )
    return rig_from_arrays(**{ours: getattr(rig, core) for ours, core in _ARRAYS.items()})
