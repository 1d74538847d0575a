"""Any depth and a camera to a pointmap: metric depth of other nodes, depth along rays, or a depth picture and its range."""

from __future__ import annotations

import torch

from ..geometry.camera import intrinsics_from_fov_x_degrees, view_plane_axes
from ..geometry.pointmap import Pointmap
from ..geometry.pointmap_maker import is_distance, pointmap_of_depth
from ..geometry.resize import Size, picture_size, require_same_shape, resize_image, resize_mask
from ..maps.depth import DepthRange, depth_at_nearness, fixed_range, normalise_depth
from .da3_metric import metres_from_output

ALONG_AXIS, ALONG_RAY, NEAR_WHITE, NEAR_BLACK = MEASURES = ("z", "ray", "near white", "near black")

GRAY_SPREAD = 12 / 255  # between channels: three times what JPEG and 8-bit video make of gray
GRAY_EXCEPTIONS = 0.01  # share of pixels that may be colored: a logo, a caption, ringing at edges

FEW_LEVELS = 8  # a few flat objects may happen to lie at multiples of 1 / 255


def camera_of_depth(size: Size, fov_x_degrees: float, center_x: float = 0.5, center_y: float = 0.5) -> torch.Tensor:
    """Normalised intrinsics (1, 3, 3) for a depth map of `size` (height, width); the principal point as shares of its sides."""
    if not fov_x_degrees:
        raise ValueError(
            "fov_x_degrees is 0, and a depth map has no camera to find; set it, or wire Field Of View From Lens or Pointmap "
            "Inference to it."
        )
    intrinsics = intrinsics_from_fov_x_degrees(fov_x_degrees, *size)
    intrinsics[:, 0, 2], intrinsics[:, 1, 2] = center_x, center_y
    return intrinsics


def depth_from_channels(depth_map: torch.Tensor) -> torch.Tensor:
    """A depth map (B, H, W, C), whose first three channels must say the same, -> depth (B, H, W); a fourth one is alpha.

    ValueError for colors: a photo, or depth with a color map on it. Channels may differ by GRAY_SPREAD of 1, or of greater values
    themselves, at a share of GRAY_EXCEPTIONS of the pixels.
    """
    first = depth_map[..., 0]
    if depth_map.shape[-1] < 3:
        return first
    colored = torch.zeros((), dtype=torch.long)
    for frame in depth_map[..., :3]:  # by frame: a long clip is not held again
        values = frame.float().nan_to_num(0, 0, 0)
        low, high = torch.aminmax(values, dim=-1)
        spread = high - low
        colored += (spread > GRAY_SPREAD * high.abs().clamp_min(1)).sum().cpu()
    if int(colored) > GRAY_EXCEPTIONS * first.numel():
        raise ValueError(
            f"The depth map has colors, in {float(colored) / first.numel():.0%} of its pixels, and depth is gray; wire the depth to depth_map "
            "in place of the photo, and take away a Colormap, or another color palette, in front of this node."
        )
    return first


def _refuse_pictures(depth: torch.Tensor) -> None:
    """ValueError for a depth picture that came in place of distances: its values are 0 to 1, or in steps of 8 bits."""
    low, high = torch.aminmax(depth)
    if float(low) < 0:
        raise ValueError(
            f"The depth goes down to {float(low):g}, and distances are not negative; set pixels without geometry to 0, or, "
            "for a depth picture, bring it to 0 to 1 and set measure to near white or near black."
        )
    steps = depth[:, ::4, ::4] * 255
    in_steps = float(high) <= 1 and bool(((steps - steps.round()).abs() < 1e-4).all())
    if (float(low) == 0 and float(high) == 1) or (in_steps and steps.round().unique().numel() > FEW_LEVELS):
        raise ValueError(
            "The depth lies between 0 and 1 as a picture's does, not in distances; set measure to near white or near black and give its near "
            "and far, or wire the true depth."
        )


def distance_from_depth(
    depth: torch.Tensor,
    intrinsics: torch.Tensor,
    measure: str = ALONG_AXIS,
    near: float = 0.5,
    far: float = 20.0,
    curve: str = "disparity",
) -> tuple[torch.Tensor, torch.Tensor]:
    """Depth (B, H, W) of one of MEASURES -> distance along the view axis (B, H, W), 0 where invalid, and the mask.

    What is no distance is invalid (`pointmap_maker.is_distance`), in a picture only inf and nan. A picture's values stand for `near` (white, or black) to
    `far` along `curve`, as `depth.normalise_depth` makes them.
    """
    if measure not in MEASURES:
        raise ValueError(f"Input measure came as {measure!r}; choose one of {', '.join(MEASURES)}.")
    finite = torch.isfinite(depth)
    depth = torch.where(finite, depth.float(), 0)
    if measure in (NEAR_WHITE, NEAR_BLACK):
        fixed_range(near, far, 1)
        nearness = depth.clamp(0, 1) if measure == NEAR_WHITE else 1 - depth.clamp(0, 1)
        distance = depth_at_nearness(nearness.reshape(-1), near, far, curve).reshape(depth.shape)
        mask = finite & (distance > 0)
        return torch.where(mask, distance, 0), mask
    _refuse_pictures(depth)
    if measure == ALONG_RAY:
        x, y = view_plane_axes(intrinsics.to(depth), *depth.shape[1:])
        depth = depth * (x.square() + y.square() + 1).rsqrt()
    return depth, is_distance(depth)


def nearness_image(distance: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Distances (B, H, W) and mask -> (B, H, W, 3), a picture over their whole range: near white, 0 where invalid."""
    limits = torch.aminmax(distance[valid]) if bool(valid.any()) else (distance.new_zeros(()),) * 2
    shown = DepthRange(*(end.expand(len(distance)) for end in limits))
    nearness = normalise_depth(torch.where(valid, distance, 1), shown) * valid
    return nearness[..., None].expand(-1, -1, -1, 3).contiguous()


def pointmap_from_depth(
    depth: torch.Tensor,
    intrinsics: torch.Tensor,
    measure: str = ALONG_AXIS,
    near: float = 0.5,
    far: float = 20.0,
    curve: str = "disparity",
    metric: bool = False,
    image: torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
    da3_network_edge: int | None = None,
) -> Pointmap:
    """Depth (B, H, W), see `distance_from_depth`, and normalised intrinsics (1 or B, 3, 3) -> a pointmap of its size.

    `image` (1 or B, h, w, 3) in [0, 1] is the photo, whose size the image outputs then have; without it a picture of the
    depth is shown. `mask` (1 or B, h, w), 1 where there is geometry, takes more pixels away.
    `da3_network_edge` says that the depth is what Depth Anything 3 Metric gave, for a picture of that longer side: metres are
    made of it (see `da3_metric`).
    """
    if depth.dim() != 3 or depth.numel() == 0:
        raise ValueError(
            f"The depth came with shape {tuple(depth.shape)}; (frames, height, width), each at least 1, is needed: wire a depth map "
            "that has frames to depth_map."
        )
    batch, size = len(depth), picture_size(depth)
    for name, given in (("image", image), ("mask", mask)):
        if given is not None and len(given) not in (1, batch):
            raise ValueError(
                f"The {name} has {len(given)} frames and the depth {batch}; give as many as the depth has, or a single one."
            )
    if image is not None:
        require_same_shape(picture_size(image), size)
    intrinsics = intrinsics.float().expand(batch, 3, 3).clone()
    if da3_network_edge is not None:
        if measure != ALONG_AXIS:
            raise ValueError(
                f"metric is da3-metric and measure {measure}; the network's own values are needed for meters: wire its raw depth "
                f"and set measure to {ALONG_AXIS}."
            )
        _refuse_pictures(depth.nan_to_num(0, 0, 0))
        depth, metric = metres_from_output(depth.float(), intrinsics, da3_network_edge), True
    distance, valid = distance_from_depth(depth, intrinsics, measure, near, far, curve)
    if mask is not None:
        valid = valid & resize_mask(mask, size)
        distance = torch.where(valid, distance, 0)
    if image is None:
        picture, source_size = nearness_image(distance, valid), size
    else:
        picture = resize_image(image[..., :3].float(), size).expand(batch, -1, -1, -1)
        source_size = picture_size(image)
    return pointmap_of_depth(distance, valid, intrinsics, picture, metric=metric, source_size=source_size)
