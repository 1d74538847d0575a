"""The contact sheet of the effects in README.md."""

from __future__ import annotations

from collections.abc import Callable

import torch
from camera_move import last_frame
from lens import in_fog, low_sun, through_a_lens
from light import COLD, WARM, banner, put, relit
from PIL import Image
from sheet import estimate, grey, photos, sheet

from sam3d_geometry.effects.camera.stereo import Eyes, stereo
from sam3d_geometry.effects.light.layer import LayerPlacement
from sam3d_geometry.effects.light.lights import Light
from sam3d_geometry.effects.light.relight import Relighting
from sam3d_geometry.geometry.axes import encode_normals
from sam3d_geometry.geometry.colour import linear_from_hex
from sam3d_geometry.geometry.scene_scale import scene_depth
from sam3d_geometry.maps.ambient_occlusion import occlusion_at_photo
from sam3d_geometry.maps.line_art import line_art
from sam3d_geometry.maps.normal_detail import exaggerate_detail, normals_at_photo
from sam3d_geometry.maps.range_masks import depth_mask

ASPECT = 1.3


def upper(picture: torch.Tensor) -> torch.Tensor:
    """The upper part of a picture, at the sheet's aspect ratio: a portrait keeps its head."""
    return picture[:, : round(picture.shape[2] / ASPECT)]


def lit_from_both_sides() -> torch.Tensor:
    lamp = dict(placement="camera", reach=0.9, radius=0.08)
    left = Light(offset=(-0.9, 0.35, 0.3), colour=WARM, intensity=1.6, **lamp)
    right = Light(offset=(0.9, 0.45, 0.3), colour=COLD, intensity=1.8, **lamp)
    return relit("astronaut", [left, right], Relighting(ambient=0.25, even_out=0.3))[0]


def lamp_in_the_cup() -> torch.Tensor:
    lamp = Light(pixel=(0.4, 0.3), distance=0.08, reach=0.25, colour=WARM, radius=0.05, intensity=1.6)
    return relit("coffee", [lamp], Relighting(ambient=0.2))[0]


def morning_fog() -> torch.Tensor:
    colour = linear_from_hex("#c3ccd4")
    look = dict(colour=colour, far_colour=colour, desaturate=0.3, glow=0.4, forward=0.7)
    return in_fog("temple", 6.0, lights=(low_sun(25, 12),), **look)[0]


def anaglyph(name: str) -> torch.Tensor:
    photo = photos()[name]
    return next(stereo(estimate(photo), photo, Eyes(layout="anaglyph dubois", eye_distance_mm=40)))[0]


def near(name: str) -> torch.Tensor:
    """A photo with what is about as near as its median depth, or nearer, in orange."""
    pointmap = estimate(photos()[name])
    mask = depth_mask(pointmap, 0.0, 1.15 * scene_depth(pointmap), 0.05 * scene_depth(pointmap))[..., None]
    photo = photos()[name]
    return torch.lerp(photo * 0.45, photo * 0.5 + torch.tensor([0.5, 0.125, 0.05]), mask)


def relief(name: str) -> torch.Tensor:
    normals, mask = normals_at_photo(exaggerate_detail(estimate(photos()[name]), 2.0, 8))
    return encode_normals(normals, "opengl", mask)


def effects() -> Image.Image:
    """A row for each of three photos: the photo, and four effects on it."""
    temple, coffee = (estimate(photos()[name]) for name in ("temple", "coffee"))
    behind_her = LayerPlacement(where="distance", pixel=(0.47, 0.2), distance=1.15, size=0.26)
    on_the_table = LayerPlacement(where="surface", pixel=(0.8, 0.88), size=0.2, upright=True)
    portrait = {
        "photo": photos()["astronaut"],
        "Camera Move": last_frame(photos()["astronaut"], "slide", 0.1),
        "Depth Of Field": through_a_lens("astronaut", 0.43, 0.3, 5.0)[0],
        "Composite Into Scene: a card": put("astronaut", behind_her, banner("SPACE")),
        "Relight Scene: two lamps": lit_from_both_sides(),
    }
    others = {
        "photo ": photos()["temple"],
        "Fog": morning_fog(),
        "Depth Mask From Pointmap": near("temple"),
        "Line Art From Pointmap": grey(line_art(temple, 2.0, 5.0, 30.0, smoothing=5)),
        "Stereo Pair: anaglyph": anaglyph("temple"),
        "photo  ": photos()["coffee"],
        "Composite Into Scene: a mesh": put("coffee", on_the_table),
        "Relight Scene: a lamp in the cup": lamp_in_the_cup(),
        "Ambient Occlusion From Pointmap": grey(occlusion_at_photo(coffee, 0.3 * scene_depth(coffee), smoothing=32)),
        "Adjust Normal Detail": relief("coffee"),
    }
    return sheet({name: upper(picture) for name, picture in portrait.items()} | others, 5, 1400, ASPECT)


PICTURES: dict[str, Callable[[], Image.Image]] = {"effects": effects}
