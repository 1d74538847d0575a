"""ComfyUI's SPLAT payload: batches of Gaussians in the axes of 3D Gaussian Splatting, which are OpenCV's."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import Types

from ..sam3d_geometry.files.splats import colour_from_sh, sh_from_colour
from ..sam3d_geometry.shapes.splats import Splats
from .host import notify_once

NAMES = ("positions", "scales", "rotations", "opacities", "sh")


_CORE_SPLAT: Any = getattr(Types, "SPLAT", object)  # hosts before 0.23 have no class for it


class SplatBatch(_CORE_SPLAT):
    """What flows on a SPLAT wire, with the attributes of core's own class.

    Sets of a batch are filled up to the same size with zeros, as core's are; `counts` says how many are real. `metric` is ours.
    """

    def __init__(self, sets: list[Splats]):
        longest = max(len(splats.centres) for splats in sets)
        parts = [
            (s.centres, s.scales, s.rotations, s.opacities[:, None], sh_from_colour(s.colours)[:, None]) for s in sets
        ]
        for name, tensors in zip(NAMES, zip(*parts)):
            filled = [torch.cat([t, t.new_zeros(longest - len(t), *t.shape[1:])]) for t in tensors]
            setattr(self, name, torch.stack(filled))
        self.counts = torch.tensor([len(splats.centres) for splats in sets])
        self.metric = sets[0].metric


def splats_from_payload(payload: Any) -> list[Splats]:
    """The splats of a SPLAT, ours or core's, without the filling of batches; of colours the part that no direction changes."""
    counts = getattr(payload, "counts", None)
    sets = []
    for i in range(len(payload.positions)):
        count = payload.positions.shape[1] if counts is None else int(counts[i])
        centres, scales, rotations, opacities, sh = (
            getattr(payload, name)[i, :count].detach().cpu().float() for name in NAMES
        )
        sets.append(
            Splats(
                centres,
                scales,
                rotations=torch.nn.functional.normalize(rotations, dim=-1),
                opacities=opacities.reshape(-1),
                colours=colour_from_sh(sh[:, 0]).clamp(0, 1),
                metric=getattr(payload, "metric", False),
            )
        )
    return sets


def note_where_splats_are_unknown() -> None:
    """Says once, in a ComfyUI without a type for splats, what can be done with them there."""
    if not hasattr(Types, "SPLAT"):
        notify_once(
            "This ComfyUI has no nodes for splats",
            "They came with 0.23. Save Splats works here too: open its file in a viewer of splats.",
        )
