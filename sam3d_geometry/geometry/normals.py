"""Surface normals from a pointmap: exact on planes, one-sided at depth edges and creases, facing the camera.

On a plane n . P = d seen by a pinhole camera, w = 1 / z is linear in the view plane coordinates (a, b) = (x / z, y / z):
n / d = (w_a, w_b, w - a * w_a - b * w_b). So a normal needs two derivatives of one scalar map, not a cross product of
differences of points, and is exact on planes at any tilt. The derivatives are weighted one-sided and central differences
(Jiang and Shu, Efficient implementation of weighted ENO schemes, 1996): a stencil that crosses an edge gets no weight.
"""

from __future__ import annotations

import torch

from .camera import view_plane_axes
from .depth_noise import measured, suspected
from .noisy_slopes import fitted_planes
from .number_format import not_in_half
from .pointmap import Pointmap
from .resize import GeometryResize
from .surfaces import DEPTH_EDGE, average_linked, smooth_links
from .window_fits import WindowFits

AUTO_SOURCE, FROM_NETWORK, FROM_GEOMETRY = SOURCES = ("auto", "network", "geometry")
# inverse depth written into invalid pixels, in units of the frame's typical depth: further off than any edge
INVALID_INVERSE = 1e6
LEAST_INVERSE = 1e-12  # least inverse depth in the same units: its squares are still numbers in float32
NOISE = 2e-4  # relative bend of inverse depth from one pixel to the next that is still taken for a smooth surface
TYPICAL_SAMPLE = 10000  # pixels of a frame whose median depth its mean is compared with
FAR_MEAN = 1e3  # medians that the mean lies at where single points far out have moved it, not the scene
STRIP_VALUES = 1 << 18  # values a strip holds, so that its dozen temporaries stay in the cache


def _one_sided_slopes(taps: torch.Tensor) -> torch.Tensor:
    """Inverse depth at five pixels in a row (5, N) -> derivative per pixel at the middle one (N,); weighted ENO."""
    steps = taps.diff(dim=0)
    centre = taps[2]
    noise = (centre * NOISE).square() + 1e-16
    bends = steps.diff(dim=0).square()
    weight = (bends + noise).square().reciprocal()
    # the stencils are left, central and right; the central difference is the mean of the two others
    central = 0.5 * weight[1]
    from_left, from_right = weight[0] + central, weight[2] + central
    left, right = steps[1], steps[2]
    slope = (from_left * left + from_right * right) / (from_left + from_right)
    # between two edges (a wire, a single pixel) every stencil bends: take the flatter side, or none at all
    jump = DEPTH_EDGE * centre
    flatter = torch.where(right.abs() < left.abs(), right, left)
    alone = bends.amin(0) > jump.square()
    return torch.where(alone, torch.where(flatter.abs() < jump, flatter, 0), slope)


def _slopes_of_inverse(w: torch.Tensor, dim: int) -> torch.Tensor:
    """Derivative per pixel along `dim` of w, which is padded by two pixels at both ends of it.

    Central differences, and one-sided ones where w bends: few pixels, so they are picked out.
    """
    length = w.shape[dim] - 4
    before, after = w.narrow(dim, 1, length), w.narrow(dim, 3, length)
    slope = (after - before).mul_(0.5)
    inner = w.narrow(dim, 1, length + 2)
    bends = torch.sub(w.narrow(dim, 0, length + 2), inner, alpha=2).add_(w.narrow(dim, 2, length + 2))
    bent = bends.abs_() > inner * (0.5 * NOISE)
    bent = bent.narrow(dim, 0, length) | bent.narrow(dim, 1, length) | bent.narrow(dim, 2, length)
    where = bent.nonzero(as_tuple=True)
    if where[0].numel():
        taps = w.unfold(dim, 5, 1)  # (B, h, W, 5)
        slope[where] = _one_sided_slopes(taps[where].T.contiguous())
    return slope


def _unit_normals(w: torch.Tensor, a: torch.Tensor, b: torch.Tensor, mask: torch.Tensor, out: torch.Tensor) -> None:
    """Inverse depth (B, h + 4, W + 4), padded by 2, and view plane axes a (B, 1, W), b (B, h, 1) -> out (B, h, W, 3)."""
    height, width = w.shape[1] - 4, w.shape[2] - 4
    centre = w[:, 2:-2, 2:-2]
    slope_a = _slopes_of_inverse(w[:, 2:-2], 2)
    slope_b = _slopes_of_inverse(w[:, :, 2:-2], 1)
    if width > 1:
        slope_a.mul_((width - 1) / (a[:, :, -1:] - a[:, :, :1]))
    if height > 1:
        slope_b.mul_((height - 1) / (b[:, -1:] - b[:, :1]))
    slope_c = (a * slope_a).addcmul_(b, slope_b).neg_().add_(centre)
    scale = (slope_a * slope_a).addcmul_(slope_b, slope_b).addcmul_(slope_c, slope_c).rsqrt_().neg_().mul_(mask)
    torch.mul(slope_a, scale, out=out[..., 0])
    torch.mul(slope_b, scale, out=out[..., 1])
    torch.mul(slope_c, scale, out=out[..., 2])


def _padded_inverse_depth(
    depth: torch.Tensor, mask: torch.Tensor, middle: torch.Tensor, top: int, stop: int
) -> torch.Tensor:
    """Rows top to stop of middle / depth with two pixels more on every side; INVALID_INVERSE outside the image and the mask."""
    batch, height, width = depth.shape
    padded = depth.new_full((batch, stop - top + 4, width + 4), INVALID_INVERSE)
    first, last = max(0, top - 2), min(height, stop + 2)
    inside = padded[:, first - top + 2 : last - top + 2, 2:-2]
    torch.div(middle, depth[:, first:last], out=inside).clamp_(LEAST_INVERSE, INVALID_INVERSE)
    inside.masked_fill_(~mask[:, first:last], INVALID_INVERSE)
    return padded


def _typical_depth(depth: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean depth (B, 1, 1) of each frame, or about its median where a few points far out have moved the mean away."""
    mean = depth.sum((1, 2)) / mask.sum((1, 2)).clamp_min(1)
    stride = max(1, int((depth[0].numel() / TYPICAL_SAMPLE) ** 0.5))
    thin = (slice(None), slice(None, None, stride), slice(None, None, stride))
    valid = mask[thin].flatten(1)
    ordered = torch.where(valid, depth[thin].flatten(1), torch.inf).sort(1).values
    # inf where nothing is valid in the sample
    middle = ordered.gather(1, ((valid.sum(1) - 1) // 2).clamp_min(0)[:, None])[:, 0]
    return torch.where(mean > FAR_MEAN * middle, middle, mean)[:, None, None]


@not_in_half
def sharp_normals(depth: torch.Tensor, mask: torch.Tensor, intrinsics: torch.Tensor) -> torch.Tensor:
    """As `geometric_normals`, of the depth as it is: every pixel by those next to it, whatever the noise."""
    batch, height, width = depth.shape
    a, b = view_plane_axes(intrinsics.to(depth), height, width)
    middle = _typical_depth(depth, mask)
    normals = depth.new_empty(batch, height, width, 3)
    budget = STRIP_VALUES if depth.device.type == "cpu" else 64 * STRIP_VALUES
    rows = min(height, max(8, budget // width))
    frames = max(1, budget // (rows * width)) if rows == height else 1
    for start in range(0, batch, frames):
        part = slice(start, start + frames)
        for top in range(0, height, rows):
            stop = min(top + rows, height)
            band = slice(top, stop)
            padded = _padded_inverse_depth(depth[part], mask[part], middle[part], top, stop)
            _unit_normals(padded, a[part], b[part, band], mask[part, band], normals[part, band])
    return normals


def _fitted_normals(depth: torch.Tensor, intrinsics: torch.Tensor, sharp: torch.Tensor, focal: float) -> torch.Tensor:
    """Normals (H, W, 3) of one frame (H, W), by planes that are fitted as widely as its noise asks for.

    `sharp` are those of `sharp_normals`, 0 where invalid; they are given back where there is no noise.
    """
    height, width = depth.shape
    # MPS has no float64
    exact = (depth.cpu() if depth.device.type == "mps" else depth).double()
    start = sharp.to(exact)
    inside = start.square().sum(-1) > 0
    if not bool(inside.any()):
        return sharp
    inverse = torch.where(inside, exact[inside].median() / exact, 0)
    fits = WindowFits(inverse, inside)
    noise = measured(fits, focal)
    if noise is None:
        return sharp
    a, b = (axis[0] for axis in view_plane_axes(intrinsics[None].to(exact), height, width))
    step_a, step_b = (a[:, -1] - a[:, 0]) / (width - 1), (b[-1] - b[0]) / (height - 1)
    # n . P = d: the slopes of inverse depth along the view plane are n / d
    scale = inverse / (start[..., 0] * a + start[..., 1] * b + start[..., 2]).clamp_max(-1e-6)
    planes = torch.stack((start[..., 0] * scale * step_a, start[..., 1] * scale * step_b, inverse))
    slope_x, slope_y, fitted = fitted_planes(fits, noise, planes)
    slope_a, slope_b = slope_x / step_a, slope_y / step_b
    normals = torch.stack((slope_a, slope_b, fitted - a * slope_a - b * slope_b), -1)
    return (-torch.nn.functional.normalize(normals, dim=-1) * inside[..., None]).to(sharp)


@not_in_half
def geometric_normals(depth: torch.Tensor, mask: torch.Tensor, intrinsics: torch.Tensor) -> torch.Tensor:
    """Depth (B, H, W), 0 where invalid, mask and intrinsics (B, 3, 3) -> unit normals (B, H, W, 3) facing the camera.

    OpenCV camera axes; 0 where invalid. Exact on planes; a pixel beside a depth edge takes its own side's surface. Frames
    with noise, or the steps of few bits, are fitted over as many pixels as that asks for; those without keep every detail.
    """
    normals = sharp_normals(depth, mask, intrinsics)
    width = depth.shape[2]
    for frame, camera in enumerate(intrinsics.expand(len(depth), 3, 3)):
        focal = float(camera[0, 0]) * width
        if suspected(depth[frame], mask[frame], focal):
            normals[frame] = _fitted_normals(depth[frame], camera, normals[frame], focal)
    return normals


def smooth_normals(normals: torch.Tensor, depth: torch.Tensor, mask: torch.Tensor, radius: int) -> torch.Tensor:
    """Unit normals (B, H, W, 3) averaged over about `radius` pixels, never across a depth edge, a crease or a hole."""
    if radius <= 0:
        return normals
    averaged = average_linked(normals, smooth_links(depth, mask, normals), radius)
    return torch.nn.functional.normalize(averaged, dim=-1) * mask[..., None]


def surface_normals(pointmap: Pointmap, source: str = AUTO_SOURCE) -> torch.Tensor:
    """Unit normals (B, H, W, 3) of a pointmap at its own size, in OpenCV camera axes, 0 where there is no geometry.

    `source`: "network" takes the model's own normals, "geometry" computes them from the points, "auto" the former where
    there are any.
    """
    if source not in SOURCES:
        raise ValueError(f"Normal source {source!r} is not known; choose one of {', '.join(SOURCES)}.")
    if source == FROM_NETWORK and pointmap.normals is None:
        raise ValueError(
            "The model of this pointmap gives no normals; set source to geometry or auto, or load a moge-2 '-normal' model."
        )
    if source != FROM_GEOMETRY and pointmap.normals is not None:
        return pointmap.normals
    return geometric_normals(pointmap.depth, pointmap.mask, pointmap.intrinsics)


def normals_from_pointmap(
    pointmap: Pointmap,
    source: str = AUTO_SOURCE,
    smoothing: int = 0,
    world_from_camera: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Unit normals (B, H, W, 3) at the photo's size and their mask (B, H, W); OpenCV axes, facing the camera.

    `source` is that of `surface_normals`. `smoothing` is a radius in pixels of the pointmap. With `world_from_camera` (B, 3, 3) they are turned
    into that world's axes (see `gravity.find_up`).
    """
    normals = surface_normals(pointmap, source)
    normals = smooth_normals(normals, pointmap.depth, pointmap.mask, smoothing)
    if world_from_camera is not None:
        normals = (world_from_camera.to(normals)[:, None, None] @ normals[..., None])[..., 0]
    resize = GeometryResize(pointmap.depth, pointmap.mask, pointmap.source_size)
    if resize.source == resize.size:
        return normals, pointmap.mask
    return torch.nn.functional.normalize(resize(normals), dim=-1), resize.mask
