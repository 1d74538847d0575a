"""Photos of the rendered room in files, with the cameras that took them, as the command for views is given them."""

from __future__ import annotations

import json
from pathlib import Path

import posed_scenes
from PIL import Image

from sam3d_geometry.geometry.colour import eight_bit


def save_room(folder: Path, count: int = 3, form: str = "png") -> Path:
    """Writes 0.png, 1.png ... of the room into a folder; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, image in enumerate(posed_scenes.room(count).image):
        Image.fromarray(eight_bit(image).numpy()).save(folder / f"{k}.{form}")
    return folder


def save_truth(path: Path, count: int = 3, sizes: bool = True) -> Path:
    """Writes the room's cameras as a judge has them: pixels, the first one's center at 0."""
    rendering = posed_scenes.room(count)
    height, width = posed_scenes.SIZE
    record = {}
    for k in range(count):
        matrix = rendering.intrinsics[k].double() * rendering.intrinsics.new_tensor([[width], [height], [1]]).double()
        matrix[:2, 2] -= 0.5
        record[f"{k}.png"] = {
            "world_from_camera": rendering.world_from_camera[k].tolist(),
            "intrinsics": matrix.tolist(),
            **({"size": [width, height]} if sizes else {}),
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
    return path


def fov_x_degrees(count: int = 3) -> float:
    """The room's field of view across."""
    from sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics

    return float(fov_degrees_from_intrinsics(posed_scenes.room(count).intrinsics)[0][0])
