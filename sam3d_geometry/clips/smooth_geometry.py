"""Smoothing along motion: what the last frame knew is carried to where it is now seen, and averaged with the new frame.

Each pixel's history follows the camera's motion where the world stands still, and optical flow where things move by
themselves. Where a pixel was hidden, or its depth does not fit what was carried, the new frame wins. So averages grow long on
still surfaces, without the lag and the ghosts of an average at a fixed place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from ..geometry.camera import unproject
from ..geometry.pointmap import Pointmap
from .cuts import CUT_THRESHOLD, frame_changes, thumbnails
from .ego_motion import Motion, View, fit_frame, match, pixels_of, rays_through, spread
from .flow import inside, pixel_positions, sample_at
from .plain_average import check_strength

STILL_PIXELS = 1.0  # between where the camera's motion and where flow puts a point that stands still
EDGE = 0.06  # relative depth between neighbours beyond which they are two surfaces
TOLERANCE = 4.0  # in standard deviations of the noise: what is further off is another surface
LEAST_NOISE = 0.01
LONGEST_MEMORY = 20.0  # frames, that of the greatest strength
MOVING_MEMORY = 6.0  # frames that a moving thing's depth is averaged over at most
WINDOW = 9  # pixels over which a moving thing's change of depth is found
DIRECTIONS = ("causal", "zero lag")


@dataclass(frozen=True)
class History:
    """What is known of the last frame: log depth (H, W), mask (H, W), weight in frames (H, W), normals (H, W, 3) or None."""

    log_depth: torch.Tensor
    mask: torch.Tensor
    weight: torch.Tensor
    normals: torch.Tensor | None


@dataclass(frozen=True)
class MotionState:
    """What a stream carries from one run to the next: the history, the frame as motion is found in it, and its look."""

    history: History
    view: View
    look: torch.Tensor
    size: tuple[int, int]


def memory_of(strength: float) -> float:
    """Frames that the average reaches over: as many as a plain average of this strength weighs, 1 / (1 - strength)."""
    check_strength(strength)
    return 1 / (1 - strength)


def check_direction(direction: str) -> None:
    """ValueError for a direction that is not one of `DIRECTIONS`."""
    if direction not in DIRECTIONS:
        raise ValueError(f"Direction {direction!r} is not known; choose one of {', '.join(DIRECTIONS)}.")


def _logarithm(depth: torch.Tensor) -> torch.Tensor:
    return depth.clamp_min(torch.finfo(torch.float32).tiny).log()


def _carried_depth(history: History, were: torch.Tensor, expected: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The history's depth and weight at positions (H, W, 2): between two surfaces those of the one nearer to `expected`.

    0 depth where none of the four pixels around is valid.
    """
    height, width = history.log_depth.shape
    corner = were.floor()
    share = were - corner
    x = corner[..., 0].long()[..., None] + torch.tensor([0, 1, 0, 1], device=were.device)
    y = corner[..., 1].long()[..., None] + torch.tensor([0, 0, 1, 1], device=were.device)
    index = y.clamp(0, height - 1) * width + x.clamp(0, width - 1)
    fx, fy = share.unbind(-1)
    weights = torch.stack([(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy], -1)
    valid = history.mask.reshape(-1)[index]
    values = history.log_depth.reshape(-1)[index]
    off = torch.where(valid, (values - expected[..., None]).abs(), torch.inf)
    nearest = values.gather(-1, off.argmin(-1, keepdim=True))
    same = valid & ((values - nearest).abs() < EDGE)
    weights = (weights + 1e-4) * same
    total = weights.sum(-1)
    weights = weights / total.clamp_min(1e-12)[..., None]
    # along a surface 1 / depth is linear
    depth = 1 / ((-values).exp() * weights).sum(-1).clamp_min(1e-12)
    count = (history.weight.reshape(-1)[index] * weights).sum(-1)
    found = valid.any(-1)
    return torch.where(found, depth, 0), torch.where(found, count, 0)


def windowed_mean(values: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Mean of values (H, W), weighted by `counted`, over a window around each; 0 where nothing counts."""
    planes = torch.stack([values * counted, counted.to(values)])[None]
    for window in ((1, WINDOW), (WINDOW, 1)):
        planes = F.avg_pool2d(planes, window, 1, (window[0] // 2, window[1] // 2))
    sums = planes[0]
    return sums[0] / sums[1].clamp_min(1e-6)


def _carry(
    history: History, before: View, view: View, frame: Pointmap, log_depth: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """The history brought to a frame: log depth, weight, how far things move by themselves (0 to 1), normals."""
    size, device = frame.size, frame.device
    found = match(view, before)
    fit = fit_frame(view, [(before, found)], with_scale=False)
    motion = Motion.none() if fit is None else fit.motions[0]
    flow, seen = found.flow.to(device), found.seen.to(device)
    rotation = motion.rotation.float().to(device)
    translation = motion.translation.float().to(device)
    k = frame.intrinsics[0]
    by_flow = pixel_positions(*size, device) + flow
    points = rays_through(pixel_positions(*size, device), k, size) * log_depth.exp()[..., None]
    there = points @ rotation.T + translation
    by_camera = pixels_of(there, before.intrinsics.to(device), size)
    # a share, not a choice: where the two part slowly, a switch would leave a crease in the surface
    still = (2 - (by_camera - by_flow).norm(dim=-1) / STILL_PIXELS).clamp(0, 1) * (there[..., 2] > 0)
    were = torch.lerp(by_flow, by_camera, still[..., None])
    depth, weight = _carried_depth(history, were, there[..., 2].clamp_min(1e-12).log())
    # what was seen there, from where the camera is now
    back = rays_through(were, before.intrinsics.to(device), size) * depth[..., None]
    now = ((back - translation) @ rotation)[..., 2]
    known = seen & inside(were, size) & (depth > 0) & (now > 0) & frame.mask[0]
    carried = now.clamp_min(1e-12).log()
    moving = known * (1 - still)
    if bool(moving.any()):
        # a thing that comes closer takes its history with it: its mean change of depth is no noise
        change = windowed_mean((log_depth - carried).clamp(-0.3, 0.3), moving)
        carried = carried + (1 - still) * change
        weight = torch.minimum(weight, MOVING_MEMORY - 1 + still * LONGEST_MEMORY)
    normals = None
    if history.normals is not None:
        normals = sample_at(history.normals, were) @ rotation
    # beside what was not seen before, history fades in: an edge of it would be a crease of the surface, frame after frame
    nearby = windowed_mean(known.to(weight), frame.mask[0])
    return carried, known * weight * (2 * nearby - 1).clamp(0, 1), moving, normals


def _blended(frame: Pointmap, history: History | None, before: View | None, view: View, memory: float) -> History:
    """A frame averaged with what is known of the one before it."""
    log_depth, mask = _logarithm(frame.depth[0]), frame.mask[0]
    normals = None if frame.normals is None else frame.normals[0]
    ones = torch.ones_like(log_depth)
    if history is None:
        return History(log_depth, mask, ones, normals)
    carried, weight, moving, carried_normals = _carry(history, before, view, frame, log_depth)
    off = carried - log_depth
    counted = (weight > 0) & (moving < 0.5)
    noise = LEAST_NOISE
    if bool(counted.any()):
        noise = spread(off[counted], LEAST_NOISE)
    agreement = (1 - (off / (TOLERANCE * noise)).square()).clamp_min(0).square()
    weight = (weight * agreement).clamp_max(memory - 1)
    share = weight / (weight + 1)
    blended = torch.where(weight > 0, torch.lerp(log_depth, carried, share), log_depth)
    if normals is not None and carried_normals is not None:
        mixed = F.normalize(torch.lerp(normals, carried_normals, share[..., None]), dim=-1)
        normals = torch.where(((weight > 0) & mask)[..., None], mixed, normals)
    return History(blended, mask, weight + 1, normals)


def _run(frames, views, cuts, memory, history=None, before=None, on_step=None):
    """The histories after each frame, one after the other."""
    for i, frame in enumerate(frames):
        if cuts[i]:
            history = before = None
        history = _blended(frame, history, before, views[i], memory)
        before = views[i]
        yield history
        if on_step is not None:
            on_step()


def smooth_along_motion(
    pointmap: Pointmap,
    strength: float = 0.8,
    state: MotionState | None = None,
    *,
    direction: str = "causal",
    cut_threshold: float = CUT_THRESHOLD,
    on_progress=None,
) -> tuple[Pointmap, MotionState]:
    """Pointmap -> the same with depth and normals averaged along motion, and the state to go on from.

    `strength` in [0, 0.95]: averages reach over 1 / (1 - strength) frames. "causal" looks at earlier frames only, as a live
    stream must; "zero lag" looks both ways over the batch, and is twice as steady. Scale must not jump from frame to frame:
    align the sequence first. The mask stays that of each frame. `on_progress(done, total)` may raise to stop.
    """
    memory = memory_of(strength)
    check_direction(direction)
    looks = thumbnails(pointmap.image).cpu()
    usable = state is not None and state.size == pointmap.source_size
    usable = usable and tuple(state.history.log_depth.shape) == pointmap.size
    usable = usable and (state.history.normals is None) == (pointmap.normals is None)
    state = state if usable else None
    cuts = (frame_changes(looks, None if state is None else state.look) > cut_threshold).tolist()
    frames = [pointmap[i] for i in range(len(pointmap))]
    views = [View.of(frame) for frame in frames]
    total = len(frames) * (2 if direction == "zero lag" else 1)
    done = 0

    def on_step() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(done, total)

    history, before = (None, None) if state is None else (_on(state.history, pointmap.device), state.view)
    results, last = [], None
    for last in _run(frames, views, cuts, memory, history, before, on_step):
        # looking back only, nothing but the result is needed of all frames but the last one
        results.append(last if direction == "zero lag" else replace(last, mask=None, weight=None))
    if direction == "zero lag":
        # a cut stands before its frame in one direction and after it in the other
        backward_cuts = [*cuts[1:], False][::-1]
        backward = _run(frames[::-1], views[::-1], backward_cuts, memory, on_step=on_step)
        for i, other in zip(range(len(frames) - 1, -1, -1), backward):
            results[i] = _both(results[i], other, frames[i])
    depth = torch.stack([r.log_depth for r in results]).exp_().mul_(pointmap.mask)
    normals = None if pointmap.normals is None else torch.stack([r.normals for r in results])
    smoothed = replace(pointmap, points=unproject(depth, pointmap.intrinsics), normals=normals)
    return smoothed, MotionState(last, views[-1], looks[-1:], pointmap.source_size)


def _both(forward: History, backward: History, frame: Pointmap) -> History:
    """Two averages that end at the same frame, as one that counts it once."""
    new = _logarithm(frame.depth[0])
    weight = forward.weight + backward.weight - 1
    summed = forward.log_depth * forward.weight + backward.log_depth * backward.weight - new
    normals = forward.normals
    if normals is not None:
        mixed = normals * forward.weight[..., None] + backward.normals * backward.weight[..., None] - frame.normals[0]
        normals = F.normalize(mixed, dim=-1) * forward.mask[..., None]
    return History(summed / weight, forward.mask, weight, normals)


def _on(history: History, device: torch.device) -> History:
    normals = None if history.normals is None else history.normals.to(device)
    return History(history.log_depth.to(device), history.mask.to(device), history.weight.to(device), normals)
