"""The photo of the pack with people in it, mannequins in a room, and the pictures that show what is done with people.

python docs/pictures/mannequins.py    draws docs/photos/people/mannequins.jpg
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sheet import PHOTOS

from development.scenes.closed_form import box_room
from development.scenes.renderer import render
from development.scenes.scene import Body, Material
from sam3d_geometry.bodies.body_mesh import person_colour
from sam3d_geometry.bodies.example import CAMERA_HEIGHT_M, FOCAL, IMAGE_SIZE, true_people
from sam3d_geometry.effects.light.rasterize import rasterize
from sam3d_geometry.geometry.camera import fov_x_degrees_from_focal_pixels
from sam3d_geometry.geometry.colour import linear_from_srgb, srgb_from_linear
from sam3d_geometry.shapes.mesh import vertex_normals

LIGHT = torch.tensor([-0.45, -1.0, -0.55])  # toward the lamp
SHADOW, SOFT, AMBIENT = 0.55, 9, 0.35
SAMPLES = 2


def room():
    """Floor at the people's feet, walls behind and beside them, and a few boxes."""
    height = CAMERA_HEIGHT_M
    shell = box_room((3.2, height, 7.0), fov_x_degrees=fov_x_degrees_from_focal_pixels(FOCAL, IMAGE_SIZE[1]))
    shell = replace(shell, bodies=(replace(shell.bodies[0], material=Material("tiles", (0.62, 0.57, 0.5), scale=1.2)),))
    boxes = (
        Body("box", (-2.2, height - 0.35, 5.6), (0.5, 0.35, 0.4), material=Material("wood", (0.5, 0.33, 0.2))),
        Body(
            "box",
            (2.0, height - 0.55, 6.2),
            (0.45, 0.55, 0.4),
            material=Material("stripes", (0.3, 0.4, 0.5), (0.6, 0.65, 0.7), scale=6),
        ),
    )
    return replace(shell, bodies=shell.bodies + boxes)


def picture() -> torch.Tensor:
    """(H, W, 3) sRGB picture of the mannequins in their room."""
    height, width = (SAMPLES * side for side in IMAGE_SIZE)
    scene, people = room(), true_people()
    drawn = render(scene, scene.camera, *IMAGE_SIZE, samples=2)
    linear = F.interpolate(linear_from_srgb(drawn.image).movedim(-1, 1), (height, width), mode="bilinear")[0].movedim(
        0, -1
    )
    nearest = F.interpolate(drawn.depth[:, None], (height, width))[0, 0]
    light = F.normalize(LIGHT, dim=0)
    faces = people.require_faces()
    shade = torch.zeros(height, width)
    for p in range(people.persons):
        points = people.points(0, p)
        drop = (CAMERA_HEIGHT_M - 0.004 - points[:, 1:2]) / light[1] * light
        shade = torch.maximum(
            shade, (rasterize(points + drop, faces, people.intrinsics(0, p), height, width).face >= 0).float()
        )
    shade = F.avg_pool2d(F.avg_pool2d(shade[None], SOFT, 1, SOFT // 2), SOFT, 1, SOFT // 2)[0]
    linear = linear * (1 - SHADOW * shade)[..., None]
    for p in range(people.persons):
        points = people.points(0, p)
        raster = rasterize(points, faces, people.intrinsics(0, p), height, width)
        normals = F.normalize(raster.interpolate(vertex_normals(points, faces), faces), dim=-1)
        lit = AMBIENT + (1 - AMBIENT) * (normals @ light).clamp_min(0)
        colour = linear_from_srgb(torch.tensor(person_colour(p))) * lit[..., None]
        seen = (raster.face >= 0) & (raster.depth < nearest)
        linear, nearest = torch.where(seen[..., None], colour, linear), torch.where(seen, raster.depth, nearest)
    small = F.avg_pool2d(linear.movedim(-1, 0)[None], SAMPLES)[0].movedim(0, -1)
    return srgb_from_linear(small).clamp(0, 1)


if __name__ == "__main__":
    Image.fromarray((picture() * 255 + 0.5).byte().numpy()).save(PHOTOS / "people" / "mannequins.jpg", quality=88)
