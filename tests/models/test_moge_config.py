"""A config worked out from tensors builds the network that the real config builds."""

import pytest
import torch

from sam3d_geometry.models.moge_config import config_from_tensors, version_of

pytest.importorskip("moge.model.v2", reason="the moge package is not installed")

from random_moge import V1_CONFIG, random_network, shorten_backbone, v2_config

pytestmark = pytest.mark.filterwarnings("ignore:In CPU autocast")  # upstream's forward on a CPU


@pytest.fixture(autouse=True)
def short_backbone(monkeypatch):
    shorten_backbone(monkeypatch)


@pytest.mark.parametrize(
    ("version", "config"),
    [
        ("v1", V1_CONFIG),
        (
            "v1",
            V1_CONFIG
            | {"num_res_blocks": 1, "dim_times_res_block_hidden": 1, "dim_upsample": [64, 32], "last_conv_size": 3},
        ),
        ("v1", V1_CONFIG | {"last_res_blocks": 2}),
        ("v1", V1_CONFIG | {"encoder": "dinov2_vits14_reg"}),
        ("v2", v2_config()),
        ("v2", v2_config(normals=False)),
        ("v2", v2_config(norms=("layer_norm", "group_norm"), last_blocks=2)),
    ],
    ids=["v1", "v1-small", "v1-last", "v1-registers", "v2", "v2-points", "v2-norms"],
)
def test_config_from_tensors_alone(version, config):
    network = random_network(version, config)
    tensors = network.state_dict()
    assert version_of(None, tensors) == version
    inferred = config_from_tensors(tensors, version)
    rebuilt = type(network)(**inferred).eval()
    rebuilt.load_state_dict(tensors)
    images = torch.rand(1, 3, 42, 42)
    with torch.no_grad():
        ours, theirs = rebuilt(images, 9), network(images, 9)
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    assert tuple(inferred["num_tokens_range"]) == tuple(config["num_tokens_range"])


def test_released_configs():
    released = {"encoder": {"backbone": "dinov2_vitl14"}}
    v2 = {"encoder.backbone.cls_token": torch.zeros(1), "neck.x": torch.zeros(1)}
    assert version_of(released, v2) == "v2"
    assert version_of(released | {"refiner": {"channels": 8}}, v2) == "v3"
    assert version_of(None, v2 | {"refiner.x": torch.zeros(1)}) == "v3"
    assert version_of(released, {"decoder.weight": torch.zeros(1)}) is None
