"""MoGe 3 runs with its refiner where that can run, and as MoGe 2 elsewhere."""

import copy
import sys
import types

import pytest
import torch
from torch import nn

from sam3d_geometry.models.checkpoint import Checkpoint
from sam3d_geometry.models.moge import build_moge
from sam3d_geometry.models.moge_v3 import can_refine
from sam3d_geometry.models.precision import prepare_weights

pytest.importorskip("moge.model.v2", reason="the moge package is not installed")

from random_moge import random_network, relative_error, shorten_backbone, v2_config


@pytest.fixture(autouse=True)
def short_backbone(monkeypatch):
    shorten_backbone(monkeypatch)


def _stand_in_for_v3():
    """What moge.model.v3 adds to v2 as far as this package touches it: a refiner, and a list of refined points."""
    from moge.model.v2 import MoGeModel

    class MoGeV3(MoGeModel):
        def __init__(self, refiner=None, **config):
            super().__init__(**config)
            if refiner is not None:
                self.refiner = nn.Linear(**refiner)

        def forward(self, image, num_tokens, refine_steps):
            output = super().forward(image, num_tokens)
            return output | {"points_all": [output.pop("points") + step for step in range(refine_steps + 1)]}

    module = types.ModuleType("moge.model.v3")
    module.MoGeModel = MoGeV3
    return module


@pytest.mark.parametrize("can_refine", [False, True])
def test_v3_runs_without_its_refiner_where_that_cannot_run(monkeypatch, can_refine):
    module = _stand_in_for_v3()
    monkeypatch.setitem(sys.modules, "moge.model.v3", module)
    if can_refine:
        flex_gemm = types.ModuleType("flex_gemm")
        flex_gemm.__spec__ = __import__("importlib.machinery").machinery.ModuleSpec("flex_gemm", None)
        monkeypatch.setitem(sys.modules, "flex_gemm", flex_gemm)
    base = random_network("v2", v2_config())
    tensors = dict(base.state_dict()) | {"refiner.weight": torch.zeros(2, 2), "refiner.bias": torch.zeros(2)}
    config = v2_config() | {"refiner": {"in_features": 2, "out_features": 2}}
    network = prepare_weights(build_moge(Checkpoint("v3.pt", "v3", config, tensors)), torch.float32)
    images = torch.rand(1, 3, 56, 56)
    with torch.no_grad():
        assert relative_error(network(images, 16).points, copy.deepcopy(base)(images, 16)["points"]) < 1e-4
    assert network.metric and network.gives_normals
    assert any("refiner" in name for name, _ in network.named_parameters()) == can_refine


def test_a_refiner_needs_its_package(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name == "flex_gemm" else None)
    assert can_refine({"refiner": {}}) and not can_refine({})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not can_refine({"refiner": {}})
