"""Depth from a pointmap: the true depth, the range in use, and the picture that a ControlNet or a person looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..clips.cuts import CUT_THRESHOLD, find_cuts, shots, thumbnails
from ..geometry.pointmap import Pointmap
from ..geometry.resize import resize_depth, resize_validity

WHOLE_CLIP, PER_FRAME, PER_SHOT, ADAPTIVE, FIXED = RANGE_MODES = (
    "whole clip",
    "per frame",
    "per shot",
    "adaptive",
    "fixed",
)
ADAPTION = 0.1  # share of the way to a frame's own range that an adaptive one goes at each frame
DISPARITY_CURVE, LINEAR_CURVE, LOG_CURVE = CURVES = ("disparity", "linear", "log")
AT_FAR_END = "far"  # as if it were farther than all: black, and white in an inverted picture
FILL_LEVELS = {"black": 0.0, "white": 1.0, "gray": 0.5}
INVALID_FILLS = (AT_FAR_END, *FILL_LEVELS)
MAX_PERCENTILE_SAMPLES = 1 << 17  # pixels that a percentile is taken from; fewer are all used
MAX_RANGE_FRAMES = 1024  # frames that one range is taken from, spread over the clip; fewer are all used


@dataclass(frozen=True)
class DepthRange:
    """Nearest and farthest depth that a picture spans, in the pointmap's unit.

    near (B,), far (B,) float32 with 0 <= near <= far; both 0 for a frame without any valid pixel.
    """

    near: torch.Tensor
    far: torch.Tensor

    def __getitem__(self, frames: slice) -> DepthRange:
        return DepthRange(self.near[frames], self.far[frames])

    @property
    def limits(self) -> tuple[float, float]:
        """One (near, far) that covers every frame which has geometry; (0, 0) when none has."""
        seen = self.far > 0
        if not bool(seen.any()):
            return 0.0, 0.0
        return float(self.near[seen].min()), float(self.far[seen].max())


@dataclass(frozen=True)
class RangeState:
    """What an adaptive range carries on: log of near and far (2,) or None before any geometry, and the last look."""

    log_limits: torch.Tensor | None
    look: torch.Tensor


def _percentiles(values: torch.Tensor, low: float, high: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Values (N,) -> their `low` and `high` percentile, from evenly strided samples when there are very many."""
    if values.numel() > MAX_PERCENTILE_SAMPLES:
        values = values[:: -(-values.numel() // MAX_PERCENTILE_SAMPLES)]
    last = values.numel() - 1
    if low <= 0 and high >= 100:
        return torch.aminmax(values)
    # not every device has kthvalue
    lowest = values.topk(1 + round(last * low / 100), largest=False, sorted=False).values
    highest = values.topk(1 + last - round(last * high / 100), sorted=False).values
    return lowest.amax(), highest.amin()


def _valid_depths(depth: torch.Tensor, mask: torch.Tensor, budget: int) -> torch.Tensor:
    """The valid depths (N,) of one frame (H, W), thinned to about `budget` so that 1,000 frames stay small."""
    height, width = depth.shape
    stride = max(1, int((height * width / budget) ** 0.5))
    chosen = depth[::stride, ::stride][mask[::stride, ::stride]]
    # a small object may fall between the strides
    return chosen if chosen.numel() or stride == 1 else depth[mask]


def limits_of_frames(
    frame: Callable[[int], tuple[torch.Tensor, torch.Tensor]], count: int, clip_percent: float = 0.5
) -> tuple[torch.Tensor, torch.Tensor]:
    """Near and far (scalars) over `count` frames, of which `frame` gives depth (H, W) and mask (H, W) by their number.

    The one rule for a range that frames share, whether they lie in memory or come one after the other from a disk.
    """
    _check_clip_percent(clip_percent)
    chosen = range(0, count, max(1, -(-count // MAX_RANGE_FRAMES)))
    budget = max(1024, 8 * MAX_PERCENTILE_SAMPLES // max(1, len(chosen)))
    depths = torch.cat([_valid_depths(*frame(i), budget) for i in chosen])
    return _limits(depths, clip_percent)


def _check_clip_percent(clip_percent: float) -> None:
    if not 0 <= clip_percent < 50:
        raise ValueError(f"clip_percent came as {clip_percent:g}; it must be at least 0 and less than 50.")


def _limits(depths: torch.Tensor, clip_percent: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Near and far of valid depths (N,), 0 where there are none."""
    if not depths.numel():
        return depths.new_zeros(()), depths.new_zeros(())
    return _percentiles(depths, clip_percent, 100 - clip_percent)


def fixed_range(near: float, far: float, frames: int, device: torch.device | str = "cpu") -> DepthRange:
    """The same range, in the pointmap's unit, for every one of `frames`; near >= 0 and far > near are needed."""
    if not 0 <= near < far < float("inf"):
        raise ValueError(
            f"The fixed depth range came as near {near:g}, far {far:g}; near must be at least 0 and far greater than near."
        )
    ones = torch.ones(frames, device=device)
    return DepthRange(ones * near, ones * far)


def depth_range(
    pointmap: Pointmap,
    mode: str = WHOLE_CLIP,
    near: float = 0.0,
    far: float = 0.0,
    clip_percent: float = 0.5,
) -> DepthRange:
    """The range of depths to show.

    "whole clip" takes one range over all frames (no flicker), "per frame" one for each, "per shot" one from cut to cut,
    "adaptive" one that follows the frames' own slowly and starts again at a cut, "fixed" the given `near` and `far` in the
    pointmap's unit. `clip_percent` of the valid pixels are cut off at each end in all but the last.
    """
    if mode not in RANGE_MODES:
        raise ValueError(f"Range mode {mode!r} is not known; choose one of {', '.join(RANGE_MODES)}.")
    if mode == FIXED:
        return fixed_range(near, far, len(pointmap), pointmap.device)
    _check_clip_percent(clip_percent)
    if mode == ADAPTIVE:
        return adaptive_range(pointmap, None, clip_percent)[0]
    if mode == PER_SHOT:
        parts = [depth_range(pointmap[shot], WHOLE_CLIP, 0, 0, clip_percent) for shot in shots(pointmap.image)]
        return DepthRange(torch.cat([p.near for p in parts]), torch.cat([p.far for p in parts]))
    depth, mask = pointmap.depth, pointmap.mask
    if mode == WHOLE_CLIP:
        pairs = [limits_of_frames(lambda i: (depth[i], mask[i]), len(pointmap), clip_percent)]
    else:
        pairs = [_limits(_valid_depths(d, m, MAX_PERCENTILE_SAMPLES), clip_percent) for d, m in zip(depth, mask)]
    limits = torch.stack([torch.stack(pair) for pair in pairs]).float().expand(len(pointmap), 2)
    return DepthRange(limits[:, 0], limits[:, 1])


def adaptive_range(
    pointmap: Pointmap, state: RangeState | None, clip_percent: float = 0.5, cut_threshold: float = CUT_THRESHOLD
) -> tuple[DepthRange, RangeState]:
    """A range that follows that of each frame exponentially, and the state to go on from; at a cut it starts again.

    The logarithms of near and far move a tenth of the way at each frame. Frames without geometry, and black
    or white ones, keep the last range.
    """
    own = depth_range(pointmap, PER_FRAME, clip_percent=clip_percent)
    looks = thumbnails(pointmap.image).cpu()
    found = find_cuts(looks, None if state is None else state.look, cut_threshold)
    limits = torch.stack([own.near, own.far], -1).cpu()
    log_limits = None if state is None else state.log_limits
    for i, (cut, passed) in enumerate(zip(found.cuts.tolist(), found.passed.tolist())):
        if limits[i, 1] > 0 and not passed:
            new = limits[i].clamp_min(1e-12).log()
            log_limits = new if cut or log_limits is None else torch.lerp(log_limits, new, ADAPTION)
        if log_limits is not None:
            limits[i] = log_limits.exp()
    limits = limits.to(pointmap.device)
    return DepthRange(limits[:, 0], limits[:, 1]), RangeState(log_limits, found.look)


def true_depth(pointmap: Pointmap) -> tuple[torch.Tensor, torch.Tensor]:
    """Depth along z (B, H, W) at the photo's size, untouched (metres when metric, 0 where invalid), and its mask."""
    return resize_depth(pointmap.depth, pointmap.mask, pointmap.source_size)


def normalise_depth(depth: torch.Tensor, shown: DepthRange, curve: str = DISPARITY_CURVE) -> torch.Tensor:
    """Depth (B, H, W) > 0 -> nearness in [0, 1]: 1 at the range's near end, 0 at its far end.

    `curve` says what is linear in between: "disparity" (1 / depth, as MiDaS and ControlNet's depth), "linear" (depth) or
    "log" (log depth). A range without extent gives 0.5.
    """
    if curve not in CURVES:
        raise ValueError(f"Depth curve {curve!r} is not known; choose one of {', '.join(CURVES)}.")
    near, far = shown.near[:, None, None].to(depth), shown.far[:, None, None].to(depth)
    # disparity and log need a near end greater than 0; a thousandth of the far end is far beyond what 8 bits show
    floor = (far * 1e-3).clamp_min(torch.finfo(depth.dtype).tiny)
    if curve == LINEAR_CURVE:
        at_near, at_far = near, far
        position = depth.clone()
    elif curve == DISPARITY_CURVE:
        at_near, at_far = 1 / torch.maximum(near, floor), 1 / torch.maximum(far, floor)
        position = depth.reciprocal()
    else:
        at_near, at_far = torch.maximum(near, floor).log(), torch.maximum(far, floor).log()
        position = torch.maximum(depth, floor).log_()
    extent = at_near - at_far
    flat = extent.abs() <= 1e-6 * at_near.abs()
    scale = torch.where(flat, 0, 1 / torch.where(flat, 1, extent))
    offset = torch.where(flat, 0.5, -at_far * scale)
    # an invalid pixel has depth 0; its reciprocal times a scale of 0 would be nan
    return position.mul_(scale).add_(offset).nan_to_num_(nan=0.5).clamp_(0, 1)


def depth_formula(curve: str, nearness: str = "nearness") -> str:
    """`depth_at_nearness` in words for records, where nearness is called so."""
    return {
        DISPARITY_CURVE: f"1 / (1 / far + {nearness} * (1 / near - 1 / far))",
        LINEAR_CURVE: f"far + {nearness} * (near - far)",
        LOG_CURVE: f"far * (near / far) ** {nearness}",
    }[curve]


def depth_at_nearness(nearness: torch.Tensor, near: float, far: float, curve: str = DISPARITY_CURVE) -> torch.Tensor:
    """Nearness (N,) in [0, 1] of a picture -> the depth that it stands for; inverse of `normalise_depth`."""
    if curve not in CURVES:
        raise ValueError(f"Depth curve {curve!r} is not known; choose one of {', '.join(CURVES)}.")
    if far <= 0:
        return torch.zeros_like(nearness)  # the range of frames without geometry
    if curve == LINEAR_CURVE:
        return torch.lerp(torch.full_like(nearness, far), torch.full_like(nearness, near), nearness)
    floor = max(far * 1e-3, torch.finfo(nearness.dtype).tiny)
    near, far = max(near, floor), max(far, floor)
    if curve == DISPARITY_CURVE:
        return 1 / (1 / far + nearness * (1 / near - 1 / far))
    return far * (near / far) ** nearness


def _soft_resize(picture: torch.Tensor, mask: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Picture (B, H, W) -> `size` by bilinear interpolation over valid pixels only; for where `resize_validity` is True.

    Not `GeometryResize`: a picture is looked at, and its depth edges come out soft instead of with the grid's stairs.
    """
    if tuple(picture.shape[1:]) == tuple(size):
        return picture
    if bool(mask.all()):
        return F.interpolate(picture[:, None], size, mode="bilinear", align_corners=False)[:, 0]
    weight = mask.to(picture.dtype)
    planes = F.interpolate(torch.stack([picture * weight, weight], 1), size, mode="bilinear", align_corners=False)
    return planes[:, 0] / planes[:, 1].clamp_min(torch.finfo(picture.dtype).tiny)


def invalid_level(invalid: str, invert: bool) -> float:
    """What pixels without geometry are in [0, 1] by one of INVALID_FILLS, in a picture that is inverted or not."""
    if invalid not in INVALID_FILLS:
        raise ValueError(f"Fill for invalid pixels {invalid!r} is not known; choose one of {', '.join(INVALID_FILLS)}.")
    return float(invert) if invalid == AT_FAR_END else FILL_LEVELS[invalid]


def depth_picture(
    pointmap: Pointmap,
    shown: DepthRange,
    curve: str = DISPARITY_CURVE,
    invert: bool = False,
    invalid: str = AT_FAR_END,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Picture of depth (B, H, W) in [0, 1] at the photo's size, near white unless `invert`, and the mask (B, H, W).

    Invalid pixels (sky) become `invalid`: "far" (as the farthest, so white where inverted), or "black", "white" or "gray",
    whether inverted or not. Edges are softened as in any resized picture; for depths to compute with, use `true_depth`.
    """
    return picture_of_depth(
        pointmap.depth, pointmap.mask, pointmap.source_size, shown, curve=curve, invert=invert, invalid=invalid
    )


def picture_of_depth(
    depth: torch.Tensor,
    mask: torch.Tensor,
    size: tuple[int, int],
    shown: DepthRange,
    *,
    curve: str = DISPARITY_CURVE,
    invert: bool = False,
    invalid: str = AT_FAR_END,
) -> tuple[torch.Tensor, torch.Tensor]:
    """`depth_picture` at `size` (height, width) of depths (B, h, w), 0 where the mask (B, h, w) is False."""
    level = invalid_level(invalid, invert)
    nearness = normalise_depth(depth, shown, curve)
    if invert:
        nearness = nearness.neg_().add_(1)
    picture = _soft_resize(nearness, mask, size)
    mask = resize_validity(mask, size)
    if not bool(mask.all()):
        picture = torch.where(mask, picture, level)
    return picture.clamp_(0, 1), mask


def depth_maps(
    pointmap: Pointmap, shown: DepthRange, curve: str = DISPARITY_CURVE, invert: bool = False, invalid: str = AT_FAR_END
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`depth_picture`, `true_depth` and the one mask of both, all (B, H, W) at the photo's size."""
    picture, mask = depth_picture(pointmap, shown, curve, invert, invalid)
    return picture, torch.where(mask, true_depth(pointmap)[0], 0), mask
