"""Objects from the test scenes, and what Complete Object makes of one photo of each."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "development"))

from scenes.renderer import render
from scenes.turntable import ring_of_cameras, textured_object

from sam3d_geometry.effects.light.rasterize import rasterize
from sam3d_geometry.geometry.colour import eight_bit
from sam3d_geometry.shapes.mesh import Mesh, face_normals
from sam3d_geometry.views.completion import complete_object

SIZE = 80
TURNS = (60, 120, 240)  # degrees


def turned(mesh: Mesh, degrees: float) -> torch.Tensor:
    """A mesh in its colours, turned about its middle: (SIZE, SIZE, 3) on white."""
    a = math.radians(degrees)
    turn = torch.tensor([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]], dtype=torch.float64)
    middle = (mesh.vertices.amin(0) + mesh.vertices.amax(0)).double() / 2
    placed = (mesh.vertices.double() - middle) @ turn.T + middle
    assert mesh.colours is not None and mesh.intrinsics is not None
    drawn = rasterize(placed, mesh.faces.long(), mesh.intrinsics.double(), SIZE, SIZE)
    facing = torch.nn.functional.normalize(face_normals(placed, mesh.faces), dim=-1)[:, 2]
    shade = (0.45 + 0.55 * (-facing).clamp(0, 1))[drawn.face.clamp_min(0)][..., None]
    colour = drawn.interpolate(mesh.colours.double(), mesh.faces.long()) * shade
    return torch.where((drawn.depth > 0)[..., None], colour, 1.0).float()


def completed() -> Image.Image:
    rows = []
    for kind, azimuth in (("bottle", 35), ("chair", 35)):
        scene = textured_object(kind, 3)
        frame = render(scene, ring_of_cameras(scene, [azimuth]), SIZE, SIZE, samples=2)
        mesh = complete_object(frame.pointmap(with_normals=False), frame.mask.float()).mesh
        rows.append(torch.cat([frame.image[0], *(turned(mesh, degrees) for degrees in TURNS)], 1))
    return Image.fromarray(eight_bit(torch.cat(rows, 0)).numpy())


PICTURES = {"complete_object": completed}
