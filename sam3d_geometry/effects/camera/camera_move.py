"""A photo or clip seen by a camera that moves: frames with holes as a mask, filled from behind if wanted."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ...geometry.pointmap import Pointmap
from ...geometry.resize import pointmap_at_image
from .camera_path import CameraPath
from .edge_sharpening import sharpen_edges
from .hole_filling import fill_holes
from .homography import pixel_homography
from .patches import Patches
from .reprojection import reproject


def new_picture(
    patches: Patches, new_from_old: torch.Tensor, new_intrinsics: torch.Tensor, fill: bool, margin: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Image (H, W, 3) from the camera with normalised intrinsics (3, 3), and its holes (H, W), 1 where nothing is seen.

    Holes are filled from the surface behind them, with up to `margin` pixels of its border, or left black.
    """
    view = reproject(patches, new_from_old, new_intrinsics)
    holes = 1 - view.seen
    if not fill:
        return view.image * view.seen[..., None], holes
    homography = pixel_homography(patches.intrinsics, new_intrinsics, new_from_old, patches.height, patches.width)
    return fill_holes(view, homography.b, patches.fringe(margin), margin), holes


def zoomed(intrinsics: torch.Tensor, zoom: float) -> torch.Tensor:
    """Normalised intrinsics (3, 3) with the focal length times `zoom`."""
    scale = torch.tensor([[zoom, zoom, 1.0], [zoom, zoom, 1.0], [1.0, 1.0, 1.0]])
    return intrinsics * scale.to(intrinsics)


def camera_move(
    pointmap: Pointmap,
    path: CameraPath,
    image: torch.Tensor | None = None,
    fill: bool = True,
    margin: int = 4,
    sharpen: bool = True,
    device: torch.device | str | None = None,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Image (1, H, W, 3) and holes (1, H, W) of every pose of the path, one after the other, at the size of `image`.

    A single frame is seen from all poses; of a clip each frame is seen from its own, so there must be as many. `image`
    (1 or B, H, W, 3) is the photo at full size; without it the pointmap's own is enlarged. Holds one frame at a time.
    """
    if len(pointmap) not in (1, len(path)):
        raise ValueError(
            f"The path has {len(path)} poses and the pointmap {len(pointmap)} frames; give one pose for each frame."
        )
    if image is not None and len(image) not in (1, len(pointmap)):
        raise ValueError(
            f"The image has {len(image)} frames and the pointmap {len(pointmap)}; give as many images as the pointmap has "
            "frames, or a single one."
        )
    device = pointmap.device if device is None else device
    patches = None
    for i in range(len(path)):
        if patches is None or len(pointmap) > 1:
            frame = pointmap[i if len(pointmap) > 1 else 0].to(device)
            picture = None if image is None else image[[i if len(image) > 1 else 0]].to(device)
            patches = Patches.of_frame(pointmap_at_image(sharpen_edges(frame) if sharpen else frame, picture))
        new_from_old = torch.linalg.inv(path.world_from_camera[i])
        intrinsics = zoomed(patches.intrinsics, float(path.zoom[i]))
        picture, holes = new_picture(patches, new_from_old, intrinsics, fill, margin)
        yield picture[None], holes[None]
