"""Optical flow between frames, and values carried along it.

The flow is that of dense inverse search (Kroeger et al., 2016) as OpenCV has it: no network, a few milliseconds on one core.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import numpy
import torch
from torch.nn import functional as F

from ..geometry.colour import eight_bit, luminance
from ..geometry.opencv import import_opencv

RECENT_FLOWS = 24  # pairs of frames: what aligning and smoothing one chunk of a stream asks for
REFINED_WINDOW = 11  # pixels a side
REFINED_TO = 0.003  # pixels of the last step
FARTHEST_REFINED = 1.0  # pixels: what moves more has slid to something else that looks alike
SAME_LIGHT = 0.02  # change of gain, and of the mean as a share of white, below which light has not changed
LEAST_TEXTURE = 1e-3  # smallest eigenvalue of a window's gradients, as OpenCV counts it
WHOLE_RESOLUTION_BELOW = 200  # long edge in pixels; larger frames are searched at half of it, as OpenCV does


def grey_frames(images: torch.Tensor) -> numpy.ndarray:
    """Images (B, H, W, 3) in [0, 1] -> luminance (B, H, W) uint8, the form in which flow is found."""
    return eight_bit(luminance(images.float())).cpu().numpy()


def opencv_for_flow() -> ModuleType:
    """OpenCV, imported when first needed: everything that does not follow motion works without it."""
    return import_opencv("Motion is followed", "choose a mode that does not follow motion")


def optical_flow(source: numpy.ndarray, target: numpy.ndarray) -> torch.Tensor:
    """Where each pixel of `source` went in `target`, both (H, W) uint8: (H, W, 2) in pixels, x then y, on the CPU."""
    if min(source.shape) < 16:  # smaller than the patches that are searched for
        return torch.zeros(*source.shape, 2)
    return _flow(source.tobytes(), target.tobytes(), source.shape)


@lru_cache(maxsize=RECENT_FLOWS)  # a clip that is aligned and then smoothed asks for the same flow twice
def _flow(source: bytes, target: bytes, shape: tuple[int, int]) -> torch.Tensor:
    cv2 = opencv_for_flow()
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if max(shape) < WHOLE_RESOLUTION_BELOW:
        search.setFinestScale(0)
    frames = (numpy.frombuffer(pixels, numpy.uint8).reshape(shape) for pixels in (source, target))
    return torch.from_numpy(search.calc(*frames, None))


def pixel_positions(height: int, width: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """(H, W, 2) x and y of every pixel in pixels; the first pixel's centre is at 0."""
    y, x = torch.meshgrid(
        torch.arange(height, device=device, dtype=torch.float32),
        torch.arange(width, device=device, dtype=torch.float32),
        indexing="ij",
    )
    return torch.stack([x, y], -1)


def sample_at(values: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Values (H, W, C) at positions (..., 2) in pixels by bilinear interpolation, held at the border -> (..., C)."""
    height, width, channels = values.shape
    scale = torch.tensor([2 / width, 2 / height], device=positions.device, dtype=positions.dtype)
    grid = ((positions + 0.5) * scale - 1).reshape(1, -1, 1, 2)
    planes = values.movedim(-1, 0)[None].to(positions.dtype)
    sampled = F.grid_sample(planes, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return sampled[0, :, :, 0].T.reshape(*positions.shape[:-1], channels)


def inside(positions: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """(...) bool: positions (..., 2) in pixels that lie between the outermost pixels of a (height, width) frame."""
    x, y = positions.unbind(-1)
    return (x >= 0) & (x <= size[1] - 1) & (y >= 0) & (y <= size[0] - 1)


def followed(source: numpy.ndarray, target: numpy.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """The flow (H, W, 2) from `source` to `target`, and where it can be believed (H, W), as `flows_agree` has it."""
    flow = optical_flow(source, target)
    return flow, flows_agree(flow, optical_flow(target, source))


def squared_length(vectors: torch.Tensor) -> torch.Tensor:
    """Vectors (..., 2) -> (...); many times as fast as a sum over two numbers."""
    x, y = vectors.unbind(-1)
    return x * x + y * y


def refined(
    source: numpy.ndarray,
    target: numpy.ndarray,
    positions: torch.Tensor,
    found: torch.Tensor,
    *,
    levels: int = 0,
    farthest: float = FARTHEST_REFINED,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions (N, 2) in pixels of `source` and where flow found them in `target` -> found more exactly (N, 2), and where (N,).

    By Lucas and Kanade (1981) from window to window, which is several times as exact as dense flow where there is something
    to see; False where there is not, or where the window fits `farthest` pixels and more away. `levels` of halved pictures come
    before it where what was found may be off by more.
    """
    if min(source.shape) < REFINED_WINDOW or not len(found):
        return found, torch.ones(len(found), dtype=torch.bool)
    cv2 = opencv_for_flow()
    at, start = (values.to(torch.float32).numpy()[:, None] for values in (positions, found))
    exact, seen, _ = cv2.calcOpticalFlowPyrLK(
        source,
        _in_light_of(source, target, positions, found),
        at,
        start.copy(),
        winSize=(REFINED_WINDOW, REFINED_WINDOW),
        maxLevel=levels,
        criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, REFINED_TO),
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        minEigThreshold=LEAST_TEXTURE,
    )
    exact = torch.from_numpy(exact[:, 0]).to(found)
    is_exact = torch.from_numpy(seen[:, 0] > 0) & ((exact - found).abs().amax(-1) < farthest)
    return torch.where(is_exact[:, None], exact, found), is_exact


def _in_light_of(
    source: numpy.ndarray, target: numpy.ndarray, positions: torch.Tensor, found: torch.Tensor
) -> numpy.ndarray:
    """`target` as bright and as contrasty as `source` is at the same points (N, 2) of the scene."""
    before, after = (
        sample_at(torch.from_numpy(grey)[..., None].float(), at.float())[:, 0]
        for grey, at in ((source, positions), (target, found))
    )
    gain = float(before.std(correction=0) / after.std(correction=0).clamp_min(1e-3))
    lighter = float(before.mean()) - gain * float(after.mean())
    if abs(gain - 1) < SAME_LIGHT and abs(float(before.mean() - after.mean())) < 255 * SAME_LIGHT:
        return target  # rounding would cost more than it mends
    levels = numpy.arange(256, dtype=numpy.float32)
    return (gain * levels + lighter).round().clip(0, 255).astype(numpy.uint8)[target]


def flows_agree(flow: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
    """(H, W) bool: pixels that the flow `back` (H, W, 2) returns to where `flow` started; false where something hides them.

    The bound grows with the motion, as in Sundaram et al. (2010): 1 % of the squared motion and half a pixel squared.
    """
    height, width = flow.shape[:2]
    positions = pixel_positions(height, width, flow.device) + flow
    returned = sample_at(back, positions)
    error = squared_length(flow + returned)
    motion = squared_length(flow) + squared_length(returned)
    return (error < 0.01 * motion + 0.5) & inside(positions, (height, width))
