"""The pictures of the help pages on surface detail and depth masks.

Each shows a photo through the built-in network, and a rendered room with exact depth: what a sharper network comes near to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import torch
from PIL import Image
from sheet import estimate, grey, photos, sheet

from development.scenes.layouts import random_scene
from development.scenes.renderer import render
from sam3d_geometry.geometry.axes import encode_normals
from sam3d_geometry.geometry.gravity import level_world
from sam3d_geometry.geometry.ground import find_ground
from sam3d_geometry.geometry.normals import geometric_normals
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.scene_scale import scene_depth
from sam3d_geometry.maps.ambient_occlusion import occlusion_at_photo
from sam3d_geometry.maps.curvature import curvature_at_photo
from sam3d_geometry.maps.line_art import line_art
from sam3d_geometry.maps.normal_detail import exaggerate_detail, normals_at_photo
from sam3d_geometry.maps.orientation import orientation_at_photo
from sam3d_geometry.maps.range_masks import depth_mask, height_mask
from sam3d_geometry.maps.region import region_at_photo

HEIGHT, WIDTH = 288, 512
TINT = torch.tensor([1.0, 0.25, 0.1])


@cache
def room() -> Pointmap:
    """A rendered room, exact, at twice its size."""
    scene = random_scene(3, "room")
    rendered = render(scene, scene.camera, HEIGHT, WIDTH, samples=2, dtype=torch.float32)
    return replace(rendered.pointmap(with_normals=False), source_size=(2 * HEIGHT, 2 * WIDTH))


@cache
def photo(name: str) -> Pointmap:
    return estimate(photos()[name])


def picture(pointmap: Pointmap) -> torch.Tensor:
    return pointmap.image


def tinted(pointmap: Pointmap, mask: torch.Tensor) -> torch.Tensor:
    """The picture with the mask laid over it in orange, darker where the mask is 0."""
    image = torch.nn.functional.interpolate(
        pointmap.image.movedim(-1, 1), tuple(mask.shape[1:]), mode="bilinear", align_corners=False
    ).movedim(1, -1)
    inside = image * 0.5 + TINT * 0.5
    return torch.lerp(image * 0.45, inside, mask[..., None])


def line_art_picture() -> Image.Image:
    temple = photo("temple")
    pictures = {
        "photo": picture(temple),
        "lines, built-in preview, smoothing 5": grey(line_art(temple, 2.0, 5.0, 30.0, smoothing=5)),
        "rendered room, exact depth": picture(room()),
        "lines": grey(line_art(room(), 2.5)),
        "crease_degrees 180: outlines only": grey(line_art(room(), 2.5, crease_degrees=180.0)),
        "invert, line_width 5": 1 - grey(line_art(room(), 5.0)),
    }
    return sheet(pictures, 2, 720, 16 / 9)


def curvature_picture() -> Image.Image:
    def cavity(pointmap, size, smoothing):
        return grey(curvature_at_photo(pointmap, size * scene_depth(pointmap), smoothing)[0])

    cat = photo("cat")
    pictures = {
        "photo": picture(cat),
        "cavity, built-in preview, smoothing 16": cavity(cat, 0.2, 16),
        "rendered room, exact depth": picture(room()),
        "cavity": cavity(room(), 0.05, 4),
    }
    return sheet(pictures, 2, 720, 16 / 9)


def ambient_occlusion_picture() -> Image.Image:
    def openness(pointmap, radius, smoothing=4):
        return grey(occlusion_at_photo(pointmap, radius * scene_depth(pointmap), smoothing=smoothing))

    coffee = photo("coffee")
    pictures = {
        "photo": picture(coffee),
        "built-in preview, radius 0.3, smoothing 32": openness(coffee, 0.3, 32),
        "rendered room, exact depth": picture(room()),
        "radius 0.15": openness(room(), 0.15),
        "radius 0.03": openness(room(), 0.03),
        "radius 0.6": openness(room(), 0.6),
    }
    return sheet(pictures, 2, 720, 16 / 9)


def normal_detail_picture() -> Image.Image:
    cat = photo("cat")

    def colours(pointmap, normals):
        found, mask = normals_at_photo(replace(pointmap, normals=normals))
        return encode_normals(found, "opengl", mask)

    raised = exaggerate_detail(cat, 3.0, 8)
    pictures = {"photo": picture(cat)}
    pictures["amount 1"] = colours(cat, geometric_normals(cat.depth, cat.mask, cat.intrinsics))
    pictures["amount 0"] = colours(cat, exaggerate_detail(cat, 0.0, 8).normals)
    pictures["amount 3"] = colours(cat, raised.normals)
    return sheet(pictures, 2, 720, 16 / 9)


def orientation_picture() -> Image.Image:
    scene = room()
    found = orientation_at_photo(scene, level_world(scene))
    temple = photo("temple")
    on_photo = orientation_at_photo(temple, level_world(temple), smoothing=16)
    pictures = {
        "photo": picture(temple),
        "floor, built-in preview": tinted(temple, on_photo.floor),
        "walls, built-in preview": tinted(temple, on_photo.walls),
        "rendered room, exact depth": picture(scene),
        "floor": tinted(scene, found.floor),
        "walls": tinted(scene, found.walls),
    }
    return sheet(pictures, 3, 720, 16 / 9)


def depth_mask_picture() -> Image.Image:
    temple, middle = photo("temple"), scene_depth(photo("temple"))
    scene, room_middle = room(), scene_depth(room())
    pictures = {
        "photo": picture(temple),
        "near 0, far 1, feather 0.3": tinted(temple, depth_mask(temple, 0.0, middle, 0.3 * middle)),
        "near 1, far 0, sky": tinted(temple, depth_mask(temple, middle, torch.inf, 0.3 * middle, sky=True)),
        "rendered room, exact depth": picture(scene),
        "near 0.6, far 1, feather 0": tinted(scene, depth_mask(scene, 0.6 * room_middle, room_middle)),
        "feather 0.2": tinted(scene, depth_mask(scene, 0.6 * room_middle, room_middle, 0.2 * room_middle)),
    }
    return sheet(pictures, 3, 720, 16 / 9)


def height_mask_picture() -> Image.Image:
    scene, unit = room(), scene_depth(room())
    temple, temple_unit = photo("temple"), scene_depth(photo("temple"))
    world, temple_world = level_world(scene), level_world(temple)
    above, temple_above = (
        float(find_ground(p, w).camera_height[0]) for p, w in ((scene, world), (temple, temple_world))
    )

    def between(bottom, top):
        return tinted(scene, height_mask(scene, world, above, bottom * unit, top * unit, 0.01 * unit))

    high = height_mask(temple, temple_world, temple_above, 0.2 * temple_unit, 1e6, 0.05 * temple_unit)
    pictures = {
        "photo": picture(temple),
        "bottom 0.2, built-in preview": tinted(temple, high),
        "rendered room, exact depth": picture(scene),
        "-0.05 to 0.02: the ground": between(-0.05, 0.02),
    }
    pictures["0.02 to 0.2"] = between(0.02, 0.2)
    pictures["0.2 and up"] = between(0.2, 1e6)
    return sheet(pictures, 2, 720, 16 / 9)


def region_picture() -> Image.Image:
    scene, temple, unit = room(), photo("temple"), scene_depth(room())
    near = region_at_photo(temple, 0.33, 0.5, radius=0.3 * scene_depth(temple))
    pictures = {
        "photo": picture(temple),
        "x 0.33, y 0.5, radius 0.3, built-in preview": tinted(temple, near),
        "rendered room, exact depth": picture(scene),
        "x 0.3, y 0.9, angle 15: the floor": tinted(scene, region_at_photo(scene, 0.3, 0.9, angle_degrees=15.0)),
        "x 0.9, y 0.4, angle 15: the wall": tinted(scene, region_at_photo(scene, 0.95, 0.4, angle_degrees=15.0)),
        "x 0.3, y 0.9, radius 0.25": tinted(scene, region_at_photo(scene, 0.3, 0.9, radius=0.25 * unit)),
    }
    return sheet(pictures, 2, 720, 16 / 9)


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "line_art": line_art_picture,
    "curvature_map": curvature_picture,
    "ambient_occlusion": ambient_occlusion_picture,
    "normal_detail": normal_detail_picture,
    "orientation_masks": orientation_picture,
    "depth_mask": depth_mask_picture,
    "height_mask": height_mask_picture,
    "region_from_point": region_picture,
}
