"""The pictures of the help pages on clips, from the project's own film."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import torch
from sheet import grey, sheet

from development.scenes.moving_room import film
from development.scenes.renderer import Rendering
from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.clips.plain_average import smooth_images, smooth_pointmap
from sam3d_geometry.clips.smooth_geometry import smooth_along_motion
from sam3d_geometry.clips.smooth_images import smooth_images_along_motion
from sam3d_geometry.geometry.axes import encode_normals
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.normals import normals_from_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.depth import depth_picture, fixed_range

FRAMES, HEIGHT, WIDTH = 60, 144, 256
NOISE = 0.012


@cache
def truth() -> Rendering:
    """The film, exact."""
    return film(FRAMES, HEIGHT, WIDTH)


@cache
def estimated() -> Pointmap:
    """The film as an estimator would give it: a scale within 10 % and a shift for each frame, and noise in each pixel."""
    random = torch.Generator().manual_seed(1)
    pointmap = truth().pointmap(False)
    noise = NOISE * torch.randn(pointmap.depth.shape, generator=random)
    scale, shift = (torch.rand(2, FRAMES, 1, 1, generator=random) - 0.5) * torch.tensor([0.2, 0.4])[:, None, None, None]
    depth = pointmap.depth * (1 + noise) * (1 + scale) + shift
    return replace(pointmap, points=unproject(depth, pointmap.intrinsics))


@cache
def aligned() -> Pointmap:
    """The estimated film, aligned."""
    return align_sequence(estimated())[0]


def pictures(pointmap: Pointmap) -> torch.Tensor:
    """Depth pictures (B, H, W, 3) on one range."""
    return grey(depth_picture(pointmap, fixed_range(1.6, 7.0, len(pointmap)))[0])


def over_time(images: torch.Tensor) -> torch.Tensor:
    """The row through the rolling ball of each frame, one below the other: (1, B, W, 3)."""
    return images[None, :, int(0.44 * HEIGHT)]


def align_sequence_picture():
    smoothed = smooth_along_motion(aligned(), 0.8, direction="zero lag")[0]
    clips = {
        "exact": truth().pointmap(False),
        "as estimated": estimated(),
        "averaged (0.6)": smooth_pointmap(estimated(), 0.6)[0],
        "aligned": aligned(),
        "aligned, along motion": smoothed,
    }
    return sheet({name: over_time(pictures(clip)) for name, clip in clips.items()}, 5, aspect=0.6)


def temporal_smooth():
    depths, photos, at = pictures(aligned()), truth().image, slice(44, 45)
    ghosts = smooth_images(depths, 0.8, photos)[0]
    moved = smooth_images_along_motion(depths, 0.8, photos, direction="zero lag")[0]
    return sheet({"the photo": photos[at], "average, 0.8": ghosts[at], "motion both ways, 0.8": moved[at]}, 3)


def steady_pointmap():
    def shown(pointmap):
        return encode_normals(normals_from_pointmap(pointmap[44:45], source="geometry")[0], "opengl")

    ghosts = smooth_pointmap(aligned(), 0.8)[0]
    moved = smooth_along_motion(aligned(), 0.9, direction="zero lag")[0]
    clips = {"normals as estimated": aligned(), "average, 0.8": ghosts, "motion both ways, 0.9": moved}
    return sheet({name: shown(clip) for name, clip in clips.items()}, 3)


PICTURES = {
    "align_sequence": align_sequence_picture,
    "temporal_smooth": temporal_smooth,
    "steady_pointmap": steady_pointmap,
}
