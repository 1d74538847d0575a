"""A photo or clip seen by a camera that moves: frames with holes as a mask, filled from behind if wanted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ...geometry.pointmap import Pointmap
from ...geometry.resize import pointmap_at_image, require_photo
from .camera_path import CameraPath
from .edge_sharpening import sharpen_edges
from .hole_filling import fill_holes
from .homography import pixel_homography
from .patches import Patches
from .reprojection import reproject


@dataclass(frozen=True, kw_only=True)
class ViewSettings:
    """How the pictures of a new camera are made.

    fill     whether holes are filled from the surface behind them, or left black
    margin   pixels of a hole's border that are painted over with it, for their colours may be mixed
    sharpen  whether depth edges that the estimator has blurred are made sharp first
    """

    fill: bool = True
    margin: int = 4
    sharpen: bool = True


USUAL_VIEW = ViewSettings()


def patches_of_frames(
    pointmap: Pointmap, image: torch.Tensor | None, settings: ViewSettings, device: torch.device | str | None
) -> Iterator[Patches]:
    """The patches of every frame on `device`, at the size of `image` (1 or B, H, W, 3) where there is one."""
    require_photo(pointmap, image)
    device = pointmap.device if device is None else device
    for i in range(len(pointmap)):
        frame = pointmap[i].to(device)
        photo = None if image is None else image[[i if len(image) > 1 else 0]].to(device)
        yield Patches.of_frame(pointmap_at_image(sharpen_edges(frame) if settings.sharpen else frame, photo))


def new_picture(
    patches: Patches, new_from_old: torch.Tensor, new_intrinsics: torch.Tensor, settings: ViewSettings = USUAL_VIEW
) -> tuple[torch.Tensor, torch.Tensor]:
    """Image (H, W, 3) from the camera with normalised intrinsics (3, 3), and its holes (H, W), 1 where nothing is seen."""
    view = reproject(patches, new_from_old, new_intrinsics)
    holes = 1 - view.seen
    if not settings.fill:
        return view.image * view.seen[..., None], holes
    homography = pixel_homography(patches.intrinsics, new_intrinsics, new_from_old, patches.height, patches.width)
    return fill_holes(view, homography.b, patches.fringe(settings.margin), settings.margin), holes


def zoomed(intrinsics: torch.Tensor, zoom: float) -> torch.Tensor:
    """Normalised intrinsics (3, 3) with the focal length times `zoom`."""
    scale = torch.tensor([[zoom, zoom, 1.0], [zoom, zoom, 1.0], [1.0, 1.0, 1.0]])
    return intrinsics * scale.to(intrinsics)


def camera_move(
    pointmap: Pointmap,
    path: CameraPath,
    image: torch.Tensor | None = None,
    settings: ViewSettings = USUAL_VIEW,
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
    frames = patches_of_frames(pointmap, image, settings, device)
    if len(pointmap) == 1:
        frames = itertools.repeat(next(frames), len(path))
    for patches, world_from_camera, zoom in zip(frames, path.world_from_camera, path.zoom.tolist()):
        new_from_old = torch.linalg.inv(world_from_camera)
        picture, holes = new_picture(patches, new_from_old, zoomed(patches.intrinsics, zoom), settings)
        yield picture[None], holes[None]
