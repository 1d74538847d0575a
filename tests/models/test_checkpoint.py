"""A checkpoint is data: what is not a whole MoGe network is refused in one sentence, and nothing in it ever runs."""

import os
import pickle
import zipfile

import pytest
import safetensors.torch
import torch

from sam3d_geometry.models import ModelError
from sam3d_geometry.models.checkpoint import read_checkpoint

pytest.importorskip("moge.model.v2", reason="the moge package is not installed")

from random_moge import V1_CONFIG, random_network, save_checkpoint, shorten_backbone, v2_config

CONFIGS = {"v1": V1_CONFIG, "v2": v2_config()}


@pytest.fixture(autouse=True)
def short_backbone(monkeypatch):
    shorten_backbone(monkeypatch)


class Hostile:
    """Runs a command when a careless reader unpickles it."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
@pytest.mark.parametrize("version", CONFIGS)
@pytest.mark.parametrize("with_config", [True, False], ids=["config", "no config"])
def test_reads_what_was_saved(tmp_path, version, suffix, with_config):
    checkpoint = read_checkpoint(save_checkpoint(tmp_path / f"m{suffix}", version, CONFIGS[version], with_config))
    assert checkpoint.version == version and checkpoint.name == f"m{suffix}"
    saved = random_network(version, CONFIGS[version]).state_dict()
    assert checkpoint.tensors.keys() == saved.keys()
    assert all(torch.equal(checkpoint.tensors[key], saved[key].half()) for key in saved)
    if with_config:
        assert checkpoint.config == CONFIGS[version]


def test_reads_the_format_before_zip_files(tmp_path):
    path = tmp_path / "old.pt"
    content = {"model_config": V1_CONFIG, "model": random_network("v1", V1_CONFIG).state_dict()}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    assert read_checkpoint(path).version == "v1"


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "plain pickle"])
def test_hostile_pickle_does_not_run(tmp_path, zipped):
    proof, path = tmp_path / "ran", tmp_path / "model.pt"
    content = {"model_config": V1_CONFIG, "model": {"backbone.x": Hostile(f"echo > {proof}")}}
    if zipped:
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(ModelError, match="holds Python objects besides tensors"):
        read_checkpoint(path)
    assert not proof.exists()
    # The same file does run for a reader that unpickles freely, so the test can fail.
    torch.load(path, weights_only=False) if zipped else pickle.loads(path.read_bytes())
    assert proof.exists()


def damaged(tmp_path, case):
    path = tmp_path / "model.pt"
    if case == "missing":
        return path
    if case == "folder":
        path.mkdir()
    elif case == "empty":
        path.touch()
    elif case == "cut short":
        save_checkpoint(path, "v2", v2_config())
        os.truncate(path, path.stat().st_size // 2)
    elif case == "cut short safetensors":
        path = save_checkpoint(tmp_path / "model.safetensors", "v2", v2_config())
        os.truncate(path, path.stat().st_size // 2)
    elif case == "bytes":
        path.write_bytes(bytes(range(255, 0, -1)) * 100)
    elif case == "web page":
        path.write_text("<!doctype html><title>Sign in</title>", encoding="utf-8")
    elif case == "git lfs":
        path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", encoding="utf-8")
    elif case == "other zip":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("readme.txt", "hello")
    elif case == "other model":
        torch.save({"model": {"conv.weight": torch.zeros(3)}}, path)
    elif case == "list":
        torch.save([torch.zeros(3)], path)
    elif case == "one tensor":
        torch.save(torch.zeros(3), path)
    elif case == "half a network":
        torch.save(
            {
                "backbone.cls_token": torch.zeros(1, 1, 384),
                "head.upsample_blocks.0.0.0.weight": torch.zeros(2, 2, 2, 2),
            },
            path,
        )
    elif case == "strange backbone":
        save_checkpoint(path, "v1", V1_CONFIG)
        content = torch.load(path, weights_only=True)
        content["model_config"]["encoder"] = "_make_dinov2_model"
        torch.save(content, path)
    return path


@pytest.mark.parametrize("config", ["[" * 5000 + "]" * 5000, "{", "[1]"], ids=["deep", "broken", "list"])
def test_a_config_that_cannot_be_read_is_as_none(tmp_path, config):
    path = save_checkpoint(tmp_path / "model.safetensors", "v2", v2_config())
    tensors = safetensors.torch.load_file(path)
    safetensors.torch.save_file(tensors, path, metadata={"model_config": config})
    assert read_checkpoint(path).config == read_checkpoint(save_without_config(tmp_path / "model.pt", tensors)).config


def save_without_config(path, tensors):
    torch.save(tensors, path)
    return path


@pytest.mark.parametrize(
    ("case", "reason"),
    {
        "missing": "does not exist",
        "folder": "cannot be read",
        "empty": "is empty",
        "cut short": "damaged or incomplete PyTorch",
        "cut short safetensors": "damaged or incomplete safetensors",
        "bytes": "neither a safetensors nor a PyTorch",
        "web page": "is a web page",
        "git lfs": "Git LFS pointer",
        "other zip": "damaged or incomplete PyTorch",
        "other model": "is not a MoGe checkpoint",
        "list": "holds a list",
        "one tensor": "holds a Tensor",
        "half a network": "tensors are incomplete",
        "strange backbone": "without a known DINOv2 backbone",
    }.items(),
    ids=lambda value: value if " " not in value else value.replace(" ", "-"),
)
def test_refuses_in_one_sentence(tmp_path, case, reason):
    path = damaged(tmp_path, case)
    with pytest.raises(ModelError, match=reason) as error:
        read_checkpoint(path)
    message = str(error.value)
    assert str(path) in message and message.endswith(".") and "\n" not in message
