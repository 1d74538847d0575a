"""The pictures of the help pages of Scene Light, Relight Scene and Composite Into Scene."""

from __future__ import annotations

from collections.abc import Callable

import torch
from PIL import Image, ImageDraw, ImageFont
from sheet import estimate, grey, photos, sheet

from sam3d_geometry.effects.light.composite import Compositing, composite
from sam3d_geometry.effects.light.layer import LayerPlacement, card_layer, mesh_layer, place_layer
from sam3d_geometry.effects.light.lights import Light, place_lights
from sam3d_geometry.effects.light.relight import Relighting, relight
from sam3d_geometry.effects.light.surface import surface_at_image
from sam3d_geometry.geometry.colour import srgb_from_hex

WARM, COLD, WHITE = (srgb_from_hex(text) for text in ("#ff9a50", "#5a9bff", "#fff0dc"))
SMOOTHING = 24


def relit(name: str, lights: list[Light], how: Relighting) -> tuple[torch.Tensor, ...]:
    """A photo by its name under lights: picture, light alone and shadow."""
    pointmap = estimate(photos()[name])
    surface = surface_at_image(pointmap, photos()[name], SMOOTHING)
    return relight(surface, place_lights(lights, pointmap), how)


def light() -> Image.Image:
    dusk = Relighting(ambient=0.25, even_out=0.3)
    left = Light(placement="camera", offset=(-0.9, 0.35, 0.3), reach=0.9, colour=WARM, radius=0.08, intensity=1.6)
    right = Light(placement="camera", offset=(0.9, 0.45, 0.3), reach=0.9, colour=COLD, radius=0.08, intensity=1.8)
    sun = Light(
        kind="directional", azimuth_degrees=115, elevation_degrees=25, colour=WARM, sun_size_degrees=5.7, intensity=1.1
    )
    return sheet(
        {
            "photo": photos()["astronaut"],
            "warm from the left": relit("astronaut", [left], dusk)[0],
            "and cold from the right": relit("astronaut", [left, right], dusk)[0],
            "photo ": photos()["temple"],
            "directional: low sun from the right": relit("temple", [sun], Relighting(ambient=0.3))[0],
            "surface: lamp in the cup": relit(
                "coffee",
                [Light(pixel=(0.4, 0.3), distance=0.08, reach=0.25, colour=WARM, radius=0.05, intensity=1.6)],
                Relighting(ambient=0.2),
            )[0],
        },
        3,
        aspect=4 / 3,
    )


def relighting() -> Image.Image:
    lamp = Light(placement="camera", offset=(-0.75, 0.4, 0.45), reach=0.75, colour=WARM, radius=0.06, intensity=1.6)
    picture, alone, shadow = relit("cat", [lamp], Relighting(ambient=0.25, even_out=0.3))
    return sheet({"photo": photos()["cat"], "image": picture, "light": alone, "shadow": grey(shadow)}, 4, 1000)


def banner(text: str, width: int = 900, height: int = 260) -> torch.Tensor:
    """(1, height, width, 4) a word in white on a transparent ground."""
    card = Image.new("L", (width, height), 0)
    font = ImageFont.load_default(size=int(height * 0.9))
    ImageDraw.Draw(card).text((width / 2, height / 2), text, font=font, fill=255, anchor="mm")
    alpha = torch.frombuffer(bytearray(card.tobytes()), dtype=torch.uint8).view(1, height, width, 1) / 255
    return torch.cat([torch.ones(1, height, width, 3), alpha], -1)


def chequers(height: int = 300, width: int = 400) -> torch.Tensor:
    """(1, height, width, 4) an opaque board."""
    y, x = torch.meshgrid(torch.arange(height) // 50, torch.arange(width) // 50, indexing="ij")
    light = ((x + y) % 2 > 0)[None, ..., None]
    board = torch.where(light, torch.tensor([0.95, 0.8, 0.25, 1.0]), torch.tensor([0.1, 0.45, 0.6, 1.0]))
    return board.expand(1, height, width, 4)


def ball(rings: int = 64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A striped ball in glTF axes: vertices (1, N, 3), faces (1, M, 3), linear colours (1, N, 3)."""
    polar, around = torch.linspace(0, torch.pi, rings)[:, None], torch.linspace(0, 2 * torch.pi, 2 * rings)[None]
    xyz = [polar.sin() * around.cos(), polar.cos().expand(rings, 2 * rings), polar.sin() * around.sin()]
    first = (torch.arange(rings - 1)[:, None] * 2 * rings + torch.arange(2 * rings - 1)).reshape(-1)
    right, below = first + 1, first + 2 * rings
    faces = torch.cat([torch.stack([first, right, below], -1), torch.stack([right, below + 1, below], -1)])
    stripe = ((around / torch.pi * 4).floor() % 2 > 0).expand(rings, 2 * rings).reshape(1, -1, 1)
    colours = torch.where(stripe, torch.tensor([0.75, 0.08, 0.05]), torch.tensor([0.85, 0.8, 0.7]))
    return torch.stack(xyz, -1).reshape(1, -1, 3), faces[None], colours


def put(
    name: str, placement: LayerPlacement, card: torch.Tensor | None = None, lights: tuple[Light, ...] = ()
) -> torch.Tensor:
    """A photo by its name with a card in it, or the ball if there is none."""
    pointmap = estimate(photos()[name])
    surface = surface_at_image(pointmap, photos()[name], SMOOTHING)
    placed, lamps = place_layer(placement, pointmap), place_lights(lights, pointmap)
    layer = (
        mesh_layer(*ball()[:2], placed, surface, colours=ball()[2], lights=lamps)
        if card is None
        else card_layer(card, placed, surface)
    )
    return composite(surface, layer, placed, Compositing(edge_refine=4), lamps)[0]


def occlusion_composite() -> Image.Image:
    return sheet(
        {
            "distance, behind her": put(
                "astronaut",
                LayerPlacement(where="distance", pixel=(0.47, 0.2), distance=1.15, size=0.26),
                banner("SPACE"),
            ),
            "turned by 50 degrees, through her": put(
                "astronaut",
                LayerPlacement(where="distance", pixel=(0.47, 0.36), distance=1.1, size=0.5, yaw=50),
                chequers(),
            ),
            "surface, upright": put(
                "coffee", LayerPlacement(where="surface", pixel=(0.8, 0.8), size=0.16, upright=True), chequers()
            ),
        },
        3,
        1000,
        aspect=1.15,
    )


def mesh_composite() -> Image.Image:
    lamp = Light(placement="camera", offset=(-0.6, 0.9, 0.4), reach=1.0, colour=WHITE, radius=0.1, intensity=1.2)
    return sheet(
        {
            "distance, behind her": put(
                "astronaut", LayerPlacement(where="distance", pixel=(0.68, 0.3), distance=1.15, size=0.5)
            ),
            "distance, in front of her": put(
                "astronaut", LayerPlacement(where="distance", pixel=(0.7, 0.45), distance=0.75, size=0.3), None, (lamp,)
            ),
            "surface": put("coffee", LayerPlacement(where="surface", pixel=(0.8, 0.88), size=0.17, upright=True)),
        },
        3,
        1000,
        aspect=1.15,
    )


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "light": light,
    "relight": relighting,
    "occlusion_composite": occlusion_composite,
    "mesh_composite": mesh_composite,
}
