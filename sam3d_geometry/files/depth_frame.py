"""One frame of exact depth with what belongs to it: what depth files are written from and read to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..estimate.depth_to_pointmap import nearness_image
from ..geometry.pointmap import Pointmap
from ..geometry.pointmap_maker import is_distance, pointmap_of_depth
from .depth_file_error import DepthFileError
from .depth_record import DepthRecord
from .depth_steps import Steps

AT_ZERO, AT_FAR, AT_INFINITY = INVALID_DEPTHS = (
    "zero",
    "far",
    "infinity",
)  # the depth that is written where there is none

MAX_PIXELS = 1 << 27  # twice an 8K x 8K map; a header that claims more would take the memory of the machine
MAX_VALUES = 1 << 29  # over all channels of a file


@dataclass(frozen=True)
class DepthFrame:
    """One frame, on the CPU.

    depth    (H, W) float32 along the view axis, 0 where invalid
    mask     (H, W) bool
    record   camera, unit, range
    normals  (H, W, 3) float32 unit vectors in OpenCV axes, or None
    image    (H, W, 3) float32 in [0, 1], the photo in sRGB, or None
    """

    depth: torch.Tensor
    mask: torch.Tensor
    record: DepthRecord
    normals: torch.Tensor | None = None
    image: torch.Tensor | None = None

    def description(self) -> dict[str, Any]:
        """What the file and the JSON beside it say."""
        return self.record.to_dict((self.depth.shape[0], self.depth.shape[1]))


def check_size(height: int, width: int, channels: int = 1) -> None:
    """Refuses a picture that says of itself that it is empty or larger than any depth map, before it is decoded."""
    if height < 1 or width < 1:
        raise DepthFileError(f"it says that it has {width} x {height} pixels.")
    if height * width > MAX_PIXELS or height * width * channels > MAX_VALUES:
        raise DepthFileError(
            f"it says that it has {width} x {height} pixels of {channels} channels; depth of at most {MAX_PIXELS:,} pixels "
            f"and {MAX_VALUES:,} values is read."
        )


def extent(depth: torch.Tensor, mask: torch.Tensor) -> tuple[float, float]:
    """Nearest and farthest depth where the mask is True, (0, 0) where it is nowhere."""
    valid = depth[mask]
    return (float(valid.min()), float(valid.max())) if valid.numel() else (0.0, 0.0)


def depth_with_invalid(depth: torch.Tensor, mask: torch.Tensor, invalid_depth: str) -> torch.Tensor:
    """Depth (B, H, W) with one of INVALID_DEPTHS where the mask is False; far is each frame's farthest depth, 0 without any."""
    if invalid_depth not in INVALID_DEPTHS:
        raise ValueError(f"Input invalid_depth came as {invalid_depth!r}; choose one of {', '.join(INVALID_DEPTHS)}.")
    depth = torch.where(mask, depth, 0)
    if invalid_depth == AT_ZERO:
        return depth
    far = depth.flatten(1).amax(1) if invalid_depth == AT_FAR else depth.new_full((len(depth),), torch.inf)
    return torch.where(mask, depth, far[:, None, None])


def frame_from_pointmap(
    pointmap: Pointmap, steps: Steps | None = None, normals: torch.Tensor | None = None
) -> DepthFrame:
    """A pointmap of one frame, at the size that it is to be written in, and its normals (1, H, W, 3) -> what is written."""
    depth, mask = torch.where(pointmap.mask, pointmap.depth, 0)[0].cpu().float(), pointmap.mask[0].cpu()
    record = DepthRecord(pointmap.intrinsics[0].cpu().float(), pointmap.metric, *extent(depth, mask), steps)
    vectors = None if normals is None else (normals[0].cpu() * mask[..., None])
    return DepthFrame(depth, mask, record, vectors, pointmap.image[0].cpu())


def clean_frame(
    depth: torch.Tensor,
    mask: torch.Tensor | None,
    record: DepthRecord | None,
    normals: torch.Tensor | None = None,
    image: torch.Tensor | None = None,
) -> DepthFrame:
    """What a file holds, with inf, nan, nothing-was-hit and negative depths made invalid; values stay as they are."""
    valid = is_distance(depth)
    if mask is not None:
        valid = valid & mask
    depth = torch.where(valid, depth, 0)
    record = DepthRecord(None, False, *extent(depth, valid)) if record is None else record
    if normals is not None:
        normals = torch.where(valid[..., None] & torch.isfinite(normals), normals, 0)
    if image is not None:
        image = image.nan_to_num(0, 1, 0).clamp(0, 1)
    return DepthFrame(depth, valid, record, normals, image)


def pointmap_from_frames(frames: Sequence[DepthFrame]) -> Pointmap:
    """Frames of one size, all with a camera -> a pointmap at their size; without a photo it shows nearness instead."""
    cameras = [frame.record.intrinsics for frame in frames if frame.record.intrinsics is not None]
    if len(cameras) < len(frames):
        raise ValueError(f"{len(frames) - len(cameras)} of {len(frames)} depth frames came without a camera; give one.")
    depth, mask = torch.stack([frame.depth for frame in frames]), torch.stack([frame.mask for frame in frames])
    images = [frame.image for frame in frames if frame.image is not None]
    normals = [frame.normals for frame in frames if frame.normals is not None]
    metric = all(frame.record.metric for frame in frames)
    return pointmap_of_depth(
        depth,
        mask,
        torch.stack(cameras),
        torch.stack(images) if len(images) == len(frames) else nearness_image(depth, mask),
        normals=torch.stack(normals) if len(normals) == len(frames) else None,
        metric=metric,
        source_size=(depth.shape[1], depth.shape[2]),
    )
