"""Which way is up: a levelled world frame from the dominant ground (or ceiling) of a pointmap, or from given angles."""

from __future__ import annotations

import math

import torch

from .normals import surface_normals
from .pointmap import Pointmap
from .rotations import rotation_from_degrees

CONE_DEGREES = (45.0, 25.0, 12.0, 6.0)  # the search narrows to the densest direction near the camera's own up
MAX_SAMPLES = 1 << 20  # pixels of a whole clip that are looked at
MINIMUM_SHARE = 0.02  # of the valid pixels must face that direction, otherwise the camera is taken to be level


def world_from_pitch_roll(pitch_degrees: float, roll_degrees: float, frames: int = 1) -> torch.Tensor:
    """Rotation (B, 3, 3) from OpenCV camera axes to a levelled world (x right, y down along gravity, z forward).

    `pitch_degrees` is how far the camera looks up, `roll_degrees` how far it is turned clockwise about its view axis.
    """
    return rotation_from_degrees(0, pitch_degrees, roll_degrees).float().expand(frames, 3, 3).clone()


def _world_from_up(up: torch.Tensor) -> torch.Tensor:
    """Unit up directions (B, 3) in OpenCV camera axes -> world_from_camera (B, 3, 3) that keeps the camera's heading."""
    down = -up
    forward = torch.zeros_like(down)
    forward[:, 2] = 1
    forward = torch.nn.functional.normalize(forward - (forward * down).sum(-1, keepdim=True) * down, dim=-1)
    right = torch.linalg.cross(down, forward)
    return torch.stack([right, down, forward], 1)


def world_from_camera(
    normals: torch.Tensor, mask: torch.Tensor, shared: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """Normals (B, H, W, 3) in OpenCV camera axes and mask -> world_from_camera (B, 3, 3) and the share it rests on (B,).

    Seeks the densest direction of normals within 45 degrees of the camera's up, floors and ceilings counting alike
    (mean shift on the sphere with a shrinking cone). World axes: x right, y down along gravity, z forward and level.
    With `shared` one rotation serves the whole batch, so that a clip does not flicker. Where less than 2 % of the valid
    pixels support it, the camera is taken to be level and the share is 0.
    """
    stride = max(1, int((mask[0].numel() / 65536) ** 0.5))
    sample = normals[:, ::stride, ::stride].reshape(len(normals), -1, 3).cpu().double()
    valid = mask[:, ::stride, ::stride].reshape(len(mask), -1).cpu()
    if shared:
        sample, valid = sample.reshape(1, -1, 3), valid.reshape(1, -1)
    sample = torch.where(sample[..., 1:2] > 0, -sample, sample)
    level = sample.new_tensor([0.0, -1.0, 0.0]).expand(len(sample), 3)
    up, share = level, torch.zeros(len(sample), dtype=torch.float64, device=sample.device)
    for cone in CONE_DEGREES:
        for _ in range(4):
            inside = valid & ((sample * up[:, None]).sum(-1) > math.cos(math.radians(cone)))
            total = (sample * inside[..., None]).sum(1)
            up = torch.where(total.norm(dim=-1, keepdim=True) > 0, torch.nn.functional.normalize(total, dim=-1), up)
        share = inside.sum(1) / valid.sum(1).clamp_min(1)
    found = share >= MINIMUM_SHARE
    up = torch.where(found[:, None], up, level)
    rotation = _world_from_up(up).float().to(normals.device).expand(len(normals), 3, 3)
    return rotation, torch.where(found, share, 0).float().to(normals.device).expand(len(normals))


def level_world(pointmap: Pointmap, shared: bool = True, source: str = "auto") -> torch.Tensor:
    """The rotation world_from_camera (B, 3, 3) of a pointmap's frames by their ground; see `world_from_camera`."""
    stride = max(1, int((pointmap.mask.numel() / MAX_SAMPLES) ** 0.5))
    sample, masks = [], []
    for i in range(len(pointmap)):  # by frame: the normals of a clip at full size are larger than the clip
        frame = pointmap[i]
        sample.append(surface_normals(frame, source)[:, ::stride, ::stride])
        masks.append(frame.mask[:, ::stride, ::stride])
    return world_from_camera(torch.cat(sample), torch.cat(masks), shared)[0]
