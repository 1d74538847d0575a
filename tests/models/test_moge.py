"""The rearranged networks give what upstream's forward gives, and refuse what is not theirs."""

import subprocess
import sys

import pytest
import torch
from repository import ROOT

from sam3d_geometry.models import ModelError
from sam3d_geometry.models.checkpoint import Checkpoint, read_checkpoint
from sam3d_geometry.models.moge import build_moge
from sam3d_geometry.models.precision import prepare_weights

pytest.importorskip("moge.model.v2", reason="the moge package is not installed")

from random_moge import (
    NETWORKS,
    V1_CONFIG,
    build,
    random_network,
    relative_error,
    save_checkpoint,
    shorten_backbone,
    v2_config,
)


@pytest.fixture(autouse=True)
def short_backbone(monkeypatch):
    shorten_backbone(monkeypatch)


@pytest.mark.filterwarnings("ignore:In CPU autocast")
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [(70, 98), (97, 41)], ids=str)
def test_equals_upstream_forward(name, size):
    version, config = NETWORKS[name]
    images = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        theirs = random_network(version, config)(images, 60)
        ours = build(version, config)(images, 60)
    assert relative_error(ours.points, theirs["points"]) < 1e-4
    mask = theirs["mask"].clamp(0, 1) if version == "v1" else theirs["mask"]
    assert mask.std() > 1e-3
    assert relative_error(ours.mask_probability, mask) < 1e-4
    assert (ours.normals is None) == ("normal" not in theirs)
    if ours.normals is not None:
        assert relative_error(ours.normals, theirs["normal"]) < 1e-4
    assert (ours.metric_scale is None) == (version == "v1")
    if ours.metric_scale is not None:
        assert relative_error(ours.metric_scale, theirs["metric_scale"]) < 1e-4


@pytest.mark.parametrize("name", ["v1", "v2"])
@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_read_and_run_in_inference_mode_as_comfyui_runs_nodes(tmp_path, name, suffix):
    path = save_checkpoint(tmp_path / f"model{suffix}", *NETWORKS[name])
    images = torch.rand(1, 3, 70, 98)
    with torch.inference_mode():
        network = prepare_weights(build_moge(read_checkpoint(path)), torch.float32)
        first, again = network(images, 60), network(images, 60)
    with torch.no_grad():
        outside = prepare_weights(build_moge(read_checkpoint(path)), torch.float32)(images, 60)
    assert torch.equal(first.points, again.points) and torch.allclose(first.points, outside.points, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (30, 120)], ids=str)
@pytest.mark.parametrize("name", ["v1", "v2"])
def test_any_size_and_aspect_ratio(name, size):
    with torch.no_grad():
        prediction = build(*NETWORKS[name])(torch.rand(1, 3, *size), 20)
    assert prediction.points.shape == (1, *size, 3) and prediction.points.isfinite().all()


@pytest.mark.parametrize("name", ["v1", "v2"])
def test_batch_equals_one_by_one(name):
    network, images = build(*NETWORKS[name]), torch.rand(3, 3, 50, 60)
    with torch.no_grad():
        together = network(images, 30).points
        singly = torch.cat([network(image[None], 30).points for image in images])
    assert relative_error(together, singly) < 1e-5


@pytest.mark.parametrize("name", ["v1", "v2"])
def test_bf16_stays_near_fp32(name):
    images = torch.rand(1, 3, 56, 70)
    with torch.no_grad():
        exact, rounded = (build(*NETWORKS[name], dtype)(images, 20) for dtype in (torch.float32, torch.bfloat16))
    assert rounded.points.dtype == rounded.mask_probability.dtype == torch.float32
    assert 0 < relative_error(rounded.points, exact.points) < 0.05


@pytest.mark.parametrize(("version", "config"), [("v1", V1_CONFIG), ("v2", v2_config())], ids=["v1", "v2"])
def test_weights_are_not_held_twice(tmp_path, version, config):
    checkpoint = read_checkpoint(save_checkpoint(tmp_path / "m.pt", version, config))
    network = build_moge(checkpoint)
    shared = {tensor.data_ptr() for tensor in checkpoint.tensors.values()}
    own = sum(p.numel() for p in network.parameters() if p.data_ptr() not in shared)
    assert own < 0.05 * sum(p.numel() for p in network.parameters())
    prepare_weights(network, torch.float32)
    assert not any(p.data_ptr() in shared for p in network.parameters())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.pop("neck.res_blocks.1.0.layers.2.weight"), "missing or unknown"),
        (lambda t: t.update(extra=torch.zeros(1)), "missing or unknown"),
        (lambda t: t.update({"neck.res_blocks.1.0.layers.2.weight": torch.zeros(3, 3, 3, 3)}), "not a usable MoGe"),
    ],
    ids=["missing", "unknown", "wrong shape"],
)
def test_weights_that_do_not_fit(change, reason):
    tensors = dict(random_network("v2", v2_config()).state_dict())
    change(tensors)
    with pytest.raises(ModelError, match=reason):
        build_moge(Checkpoint("test.pt", "v2", v2_config(), tensors))


def test_config_that_is_not_one_of_this_version():
    with pytest.raises(ModelError, match="not a usable MoGe 2"):
        build_moge(Checkpoint("test.pt", "v2", {"encoder": 3}, {}))


def test_version_the_package_does_not_have():
    if __import__("importlib.util").util.find_spec("moge.model.v3"):
        pytest.skip("this moge package has version 3")
    with pytest.raises(ModelError, match="has no moge.model.v3.*newer MoGe"):
        build_moge(Checkpoint("moge-3-vitl.pt", "v3", {}, {}))


def test_moge_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "moge", None)
    with pytest.raises(ModelError, match="needs the Python package `moge`.*install.py.*--no-deps dlr-moge dlr-utils3d"):
        build_moge(Checkpoint("test.pt", "v2", {}, {}))


def test_library_imports_neither_moge_nor_the_hub():
    code = (
        "import sys, sam3d_geometry.models\n"
        "heavy = {'moge', 'utils3d', 'huggingface_hub', 'safetensors', 'yaml', 'cv2', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('comfy', 'folder_paths', 'nodes')]"
    )
    root = ROOT
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=120)
