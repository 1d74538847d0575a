"""The pictures of the panorama nodes' help pages, of a room that is written down."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import torch
from PIL import Image
from shapes import PAGE, splatted
from sheet import ROOT, grey, sheet

sys.path.append(str(ROOT / "tests" / "support"))
from round_scene import scene

from sam3d_geometry.geometry.axes import encode_normals
from sam3d_geometry.geometry.panorama import panorama_view
from sam3d_geometry.maps.panorama_maps import panorama_depth_picture, panorama_range
from sam3d_geometry.shapes.panorama_surface import panorama_surface

SIZE = (240, 480)


def panorama_inference() -> Image.Image:
    room = scene(SIZE)
    pictures = {
        "panorama": room.image[None],
        "distance": grey(panorama_depth_picture(room, panorama_range(room))),
        "normals": encode_normals(room.normals[None], "opengl", room.mask[None]),
    }
    return sheet(pictures, 3, aspect=2.0)


def views() -> Image.Image:
    room = scene((480, 960))
    pictures = {"panorama": room.image[None]}
    for azimuth in (0, 90, 180):
        pictures[f"azimuth {azimuth}"] = panorama_view(room, azimuth_degrees=azimuth, size=(180, 360))[1]
    return sheet(pictures, 2, aspect=2.0)


def mesh() -> Image.Image:
    room = scene(SIZE)
    made = panorama_surface(room, paint="vertex colors", smallest_island=100)
    assert made.colours is not None
    yaw, pitch = math.radians(35), math.radians(-30)
    about_y = torch.tensor([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    about_x = torch.tensor([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    corners, shades = made.vertices[made.faces.long()], made.colours[made.faces.long()]
    weights = [(i, j, 12 - i - j) for i in range(13) for j in range(13 - i)]
    spots = torch.tensor(weights).float() / 12
    points, colours = (torch.einsum("fkc,sk->sfc", values, spots).reshape(-1, 3) for values in (corners, shades))
    # what faces the viewer is taken away: one looks in
    normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) @ about_y.T @ about_x.T
    turned = points @ about_y.T @ about_x.T + torch.tensor([0, 0, 14.0])
    middles = corners.mean(1) @ about_y.T @ about_x.T + torch.tensor([0, 0, 14.0])
    seen = ((normals * middles).sum(-1) < 0).repeat(len(spots))
    picture = splatted(turned[seen], colours[seen], (300, 600), 900.0, 1)
    return sheet({"from outside": torch.where(picture > 0, picture, PAGE)}, 1, aspect=2.0)


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "panorama_inference": panorama_inference,
    "panorama_view": views,
    "panorama_to_mesh": mesh,
}
