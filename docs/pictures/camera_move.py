"""The pictures of the help pages of Camera Move and Stereo Pair."""

from __future__ import annotations

import torch
from PIL import Image
from sheet import estimate, photos, sheet

from sam3d_geometry.effects.camera.camera_move import ViewSettings, camera_move
from sam3d_geometry.effects.camera.camera_path import preset_path
from sam3d_geometry.effects.camera.stereo import Eyes, stereo
from sam3d_geometry.geometry.scene_scale import scene_depth


def last_frame(photo: torch.Tensor, preset: str, amplitude: float, **settings) -> torch.Tensor:
    """What the camera sees at the end of a preset: (1, H, W, 3)."""
    pointmap = estimate(photo)
    path = preset_path(preset, 2, amplitude, scene_depth(pointmap), "linear")
    return list(camera_move(pointmap, path, photo, ViewSettings(**settings)))[-1][0]


def camera_moves() -> Image.Image:
    astronaut, temple, coffee = (photos()[name] for name in ("astronaut", "temple", "coffee"))
    pictures = {
        "photo": astronaut,
        "slide 0.12": last_frame(astronaut, "slide", 0.12),
        "slide 0.12, holes not filled": last_frame(astronaut, "slide", 0.12, fill=False),
        "dolly zoom 0.3": last_frame(astronaut, "dolly zoom", 0.3),
        "photo ": temple,
        "dolly 0.15": last_frame(temple, "dolly", 0.15),
        "photo  ": coffee,
        "orbit 0.3": last_frame(coffee, "orbit", 0.3),
    }
    return sheet(pictures, 4, 1000, aspect=1.1)


def eyes() -> Image.Image:
    photo = photos()["astronaut"]
    pointmap = estimate(photo)
    names = ("side by side", "anaglyph dubois", "anaglyph half color")
    made = {name: next(stereo(pointmap, photo, Eyes(layout=name, eye_distance_mm=50)))[0] for name in names}
    beside = made.pop("side by side")
    half = beside.shape[2] // 2
    return sheet({"left eye": beside[:, :, :half], "right eye": beside[:, :, half:], **made}, 4, 1000)


PICTURES = {"camera_move": camera_moves, "stereo": eyes}
