"""The picture of the help page of Refine Edges."""

from __future__ import annotations

import torch
from PIL import Image
from sheet import estimate, grey, photos, sheet

from sam3d_geometry.effects.camera.camera_move import ViewSettings, camera_move
from sam3d_geometry.effects.camera.camera_path import preset_path
from sam3d_geometry.estimate.edge_refinement import refine_depth_edges
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.scene_scale import scene_depth
from sam3d_geometry.maps.depth import depth_picture, depth_range


def _aside(pointmap: Pointmap, photo: torch.Tensor) -> torch.Tensor:
    """What a camera a little to the side sees: (1, H, W, 3)."""
    path = preset_path("slide", 2, 0.1, scene_depth(pointmap), "linear")
    return list(camera_move(pointmap, path, photo, ViewSettings(sharpen=False)))[-1][0]


def refined_edges() -> Image.Image:
    photo = photos()["astronaut"]
    soft = estimate(photo, refine_edges="off")
    sharp, _ = refine_depth_edges(soft, photo)
    shown = depth_range(soft)

    def close(picture: torch.Tensor) -> torch.Tensor:
        return picture[:, :300, 60:430]

    pictures = {
        "photo": photo,
        "depth of the network": grey(depth_picture(soft, shown)[0]),
        "Refine Edges": grey(depth_picture(sharp, shown)[0]),
        "camera aside": _aside(soft, photo),
        "camera aside, refined": _aside(sharp, photo),
    }
    return sheet({name: close(picture) for name, picture in pictures.items()}, 5, 1000, aspect=1.23)


PICTURES = {"refine_edges": refined_edges}
