"""Every effect and map on one small scene: what laws that hold for all of them are asked of."""

from __future__ import annotations

import torch
from closed_form import pointmap

from sam3d_geometry.effects.air.fog import FogLayer, FogLook, Glow, fog
from sam3d_geometry.effects.air.fog_noise import drifting_noise
from sam3d_geometry.effects.camera.camera_move import camera_move
from sam3d_geometry.effects.camera.camera_path import preset_path
from sam3d_geometry.effects.camera.stereo import stereo
from sam3d_geometry.effects.lens.aperture import POLYGON, Aperture
from sam3d_geometry.effects.lens.depth_of_field import depth_of_field
from sam3d_geometry.effects.lens.focus import ON_SUBJECT, Focus
from sam3d_geometry.effects.lens.thin_lens import Blur
from sam3d_geometry.effects.light.composite import composite
from sam3d_geometry.effects.light.layer import LayerPlacement, card_layer, mesh_layer, place_layer
from sam3d_geometry.effects.light.lights import LIGHT_KINDS, Light, place_lights
from sam3d_geometry.effects.light.relight import Relighting, relight_surface
from sam3d_geometry.effects.light.surface import surface_at_image
from sam3d_geometry.geometry.gravity import level_world
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.ambient_occlusion import occlusion_at_photo
from sam3d_geometry.maps.curvature import curvature_at_photo
from sam3d_geometry.maps.depth import depth_range, normalise_depth
from sam3d_geometry.maps.line_art import line_art
from sam3d_geometry.maps.normal_detail import exaggerate_detail
from sam3d_geometry.maps.orientation import orientation_at_photo
from sam3d_geometry.maps.range_masks import depth_mask
from sam3d_geometry.maps.summary import summarise

CARD = torch.rand(1, 20, 20, 4, generator=torch.Generator().manual_seed(1))
TETRAHEDRON = torch.tensor([[[0.0, 1, 0], [1, -1, 1], [-1, -1, 1], [0, -1, -1]]])
FACES = torch.tensor([[[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]]])


def uneven_scene(seed: int = 3, size: tuple[int, int] = (60, 80)) -> Pointmap:
    """A bumpy wall, things in front of it, sky and lost pixels, with a photo of noise."""
    random = torch.Generator().manual_seed(seed)
    relief = torch.rand(1, 1, 7, 9, generator=random) * 3 + 1.5
    depth = torch.nn.functional.interpolate(relief, size, mode="bicubic")[0].clamp_min(0.3)
    things = torch.nn.functional.interpolate(torch.rand(1, 1, 5, 6, generator=random), size)[0] > 0.7
    mask = torch.rand(1, *size, generator=random) > 0.01
    mask[:, : size[0] // 6, : size[1] // 3] = False
    depth = torch.where(things, depth * 0.45, depth)
    return pointmap(torch.where(mask, depth, 0), mask, torch.rand(1, *size, 3, generator=random))


def _relit(scene: Pointmap, kind: str):
    lights = place_lights([Light(kind=kind, radius=0.05, distance=0.5, sun_size_degrees=2)], scene)
    return relight_surface(surface_at_image(scene), lights, Relighting())


def _composed(scene: Pointmap, mesh: bool):
    surface = surface_at_image(scene, None, 0)
    placed = place_layer(LayerPlacement(size=0.3, upright=mesh), surface)
    layer = mesh_layer(TETRAHEDRON, FACES, placed, surface) if mesh else card_layer(CARD, placed, surface)
    return composite(surface, layer, placed)


def _focused(scene: Pointmap, focus: Focus, aperture: Aperture):
    sharp = focus.depth(scene)
    return depth_of_field(scene, sharp, Blur(percent=8).at_infinity(scene, sharp), aperture)


def _fogged(scene: Pointmap):
    glow = Glow(torch.tensor([[0.0, 0.0, 1.0]]), torch.ones(3))
    look = FogLook(desaturate=0.5, sky=0.5, glow=0.5)
    return fog(scene, FogLayer(0.4, falloff=2.0), look, level_world(scene), drifting_noise(1, 0.5, 0.7, 0.1), [glow])


EFFECTS = {
    **{
        f"camera move, {preset}": lambda scene, preset=preset: list(
            camera_move(scene, preset_path(preset, 2, 0.3, 2.5))
        )
        for preset in ("orbit", "dolly", "pan")
    },
    "stereo": lambda scene: list(stereo(scene)),
    "depth of field": lambda scene: _focused(scene, Focus(), Aperture()),
    "depth of field, subject, polygon, cat's eye": lambda scene: _focused(
        scene, Focus(by=ON_SUBJECT, subject=scene.image[..., 0]), Aperture(POLYGON, cats_eye=0.5)
    ),
    **{f"relight, {kind}": lambda scene, kind=kind: _relit(scene, kind) for kind in LIGHT_KINDS},
    "composite of a card": lambda scene: _composed(scene, mesh=False),
    "composite of a mesh": lambda scene: _composed(scene, mesh=True),
    "fog": _fogged,
    "ambient occlusion": lambda scene: occlusion_at_photo(scene, 0.3, smoothing=2),
    "curvature": lambda scene: curvature_at_photo(scene, 0.1),
    "detail": lambda scene: exaggerate_detail(scene, 2.0, 4),
    "depth": lambda scene: normalise_depth(scene.depth, depth_range(scene, "per frame"), "disparity"),
    "line art": line_art,
    "orientation": lambda scene: orientation_at_photo(scene, level_world(scene)),
    "depth mask": lambda scene: depth_mask(scene, 1.0, 3.0),
    "summary": summarise,
}
