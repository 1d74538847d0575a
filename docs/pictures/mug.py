"""The pack's photos of one thing from all around: a mug on a plate, whose transparency leaves the mug alone.

python docs/pictures/mug.py    draws docs/photos/mug/00.webp to 11.webp, thirty degrees apart
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sheet import PHOTOS

from development.scenes.builder import SceneBuilder
from development.scenes.renderer import render
from development.scenes.scene import Camera, Light, Material, Scene, Sky
from development.scenes.turntable import ring_of_cameras
from sam3d_geometry.geometry.colour import eight_bit

COUNT, SIZE, QUALITY = 12, 384, 92
ELEVATION_DEGREES, DISTANCE = 25.0, 3.1  # of the camera, in radii of the scene


def mug_on_a_plate() -> Scene:
    """Two things: the mug with its handle is the first."""
    b = SceneBuilder(3)

    def look(texture: str, size: float, colour: tuple[float, ...], other: tuple[float, ...]) -> Material:
        return b.material(texture, size=size, photo_weight=0.0, dirt=0.35, gloss=0.0, colour=colour, colour_2=other)

    mug, glaze = b.place((0, 0, 0), 0.5), look("marble", 0.3, (0.85, 0.55, 0.2), (0.2, 0.12, 0.3))
    mug.cylinder((0, 0, 0.35), 0.33, 0.35, glaze, taper=0.15)
    mug.capsule((0.3, 0, 0.58), (0.56, 0, 0.5), 0.05, glaze)
    mug.capsule((0.56, 0, 0.5), (0.3, 0, 0.2), 0.05, glaze)
    plate = b.place((0, 0, 0))
    plate.cylinder((0, 0, -0.03), 0.8, 0.03, look("marble", 0.3, (0.15, 0.35, 0.4), (0.85, 0.82, 0.7)))
    light = Light(ambient_up=(0.6, 0.62, 0.65), ambient_down=(0.4, 0.4, 0.38))
    return Scene(tuple(b.bodies), Camera(), light, Sky(seed=3), "mug")


def main() -> None:
    """Draws them."""
    scene, folder = mug_on_a_plate(), PHOTOS / "mug"
    azimuths = [i * 360 / COUNT for i in range(COUNT)]
    frames = render(scene, ring_of_cameras(scene, azimuths, ELEVATION_DEGREES, DISTANCE), SIZE, SIZE, samples=2)
    folder.mkdir(exist_ok=True)
    pictures = torch.cat([frames.image, (frames.object_ids == 0)[..., None]], -1)
    for number, picture in enumerate(pictures):
        path = folder / f"{number:02d}.webp"
        Image.fromarray(eight_bit(picture).numpy()).save(path, quality=QUALITY, exact=True, method=6)


if __name__ == "__main__":
    main()
