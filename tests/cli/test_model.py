"""What the options ask of the network is refused in one sentence before it is loaded."""

import argparse

import pytest
import torch

from sam3d_geometry.cli.model import loaded_model, require_device, settle_model
from sam3d_geometry.cli.progress import Progress
from sam3d_geometry.models import AUTO_MODEL, PREVIEW, ModelError


def args(**more):
    options = {"model": PREVIEW, "device": "cpu", "precision": "auto", "models_dir": [], "offline": True}
    return argparse.Namespace(**{**options, "normal_source": "auto", **more})


@pytest.mark.parametrize("device", ["cuda:9", "cuda:99", "mps:7", "meta", "hpu"])
def test_a_device_that_is_not_there_is_named(device):
    with pytest.raises(ModelError, match=f"^--device {device}: this machine has no such device; .* cpu") as caught:
        require_device(device)
    assert "\n" not in str(caught.value)


def test_a_device_that_is_there_is_taken():
    require_device("cpu")
    if torch.cuda.is_available():
        require_device("cuda:0")


@pytest.mark.parametrize("model", [PREVIEW, "moge-2-vitl", "Ruicheng/moge-vitl"])
def test_a_model_of_the_catalogue_without_normals_is_refused_unloaded(model):
    with pytest.raises(ModelError, match="gives no normals; leave --normal-source out"):
        settle_model(args(model=model, normal_source="network"))


def test_auto_becomes_the_model_that_it_stands_for(tmp_path):
    chosen = args(model=AUTO_MODEL, models_dir=[tmp_path])
    settle_model(chosen)
    assert chosen.model == PREVIEW
    (tmp_path / "moge-2-vitb-normal.pt").touch()
    chosen = args(model=AUTO_MODEL, models_dir=[tmp_path], normal_source="network")
    settle_model(chosen)
    assert chosen.model == "moge-2-vitb-normal"


def test_what_is_not_known_unloaded_is_let_through():
    settle_model(args(model="moge-2-vitl-normal", normal_source="network"))
    settle_model(args(model="my_file.pt", normal_source="network"))


def test_the_preview_says_that_it_is_rough(capsys):
    import sys

    assert loaded_model(args(), Progress(sys.stderr)).preview
    assert "rough first look" in capsys.readouterr().err
