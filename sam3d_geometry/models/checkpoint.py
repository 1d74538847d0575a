"""Reads MoGe checkpoints as data: safetensors, or PyTorch files limited to tensors and plain values."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..geometry.plain_json import parsed_json
from .model_error import ModelError
from .moge_config import config_from_tensors, is_plausible, version_of

_AGAIN = "delete it and load the model again to download it, or choose another file"


@dataclass(frozen=True)
class Checkpoint:
    """The weights of one MoGe network: version "v1", "v2" or "v3", constructor arguments, and tensors by name."""

    name: str
    version: str
    config: dict[str, Any]
    tensors: dict[str, torch.Tensor]


def read_checkpoint(path: Path) -> Checkpoint:
    """Checkpoint in a .pt, .pth or .safetensors file; its tensors stay mapped to the file where the format allows it.

    Nothing stored in the file is ever executed. Raises ModelError when the file is missing, empty, damaged, holds
    anything but tensors and plain values, or is not a MoGe network.
    """
    content, config = _weights_and_config(path)
    if config is None and isinstance(content.get("model_config"), Mapping):
        config = dict(content["model_config"])
    for key in ("model", "state_dict"):
        if isinstance(content.get(key), Mapping):
            content = content[key]
    tensors = {str(key): value for key, value in content.items() if isinstance(value, torch.Tensor)}
    version = version_of(config, tensors)
    if version is None:
        raise ModelError(
            f"{path} is not a MoGe checkpoint (none of the tensors of one among its {len(tensors)}): "
            "choose a MoGe file, for example model.pt from https://huggingface.co/Ruicheng/moge-vitl."
        )
    if config is None:
        try:
            config = config_from_tensors(tensors, version)
        except (KeyError, IndexError, ValueError, ZeroDivisionError) as error:
            raise ModelError(
                f"{path} looks like MoGe {version[1:]} but its tensors are incomplete ({error}): {_AGAIN}."
            ) from error
    elif not is_plausible(config, version):
        raise ModelError(f"{path} has a MoGe {version[1:]} config without a known DINOv2 backbone: {_AGAIN}.")
    return Checkpoint(path.name, version, config, tensors)


def _weights_and_config(path: Path) -> tuple[Mapping[str, Any], dict[str, Any] | None]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(64)
    except FileNotFoundError as error:
        raise ModelError(f"{path} does not exist: choose a file that is there.") from error
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror or error}): check the file and its permissions."
        ) from error
    if size == 0:
        raise ModelError(f"{path} is empty: {_AGAIN}.")
    if start.startswith(b"version https://git-lfs"):
        raise ModelError(f"{path} is a Git LFS pointer, not the weights: run `git lfs pull`, or {_AGAIN}.")
    if start.lstrip()[:1] == b"<":
        raise ModelError(f"{path} is a web page, not weights: {_AGAIN}.")
    if start[8:9] == b"{":
        return _read_safetensors(path)
    if start.startswith((b"PK", b"\x80")):
        return _read_torch(path, start.startswith(b"PK")), None
    raise ModelError(f"{path} is neither a safetensors nor a PyTorch file, or its beginning is damaged: {_AGAIN}.")


def _read_safetensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any] | None]:
    import safetensors

    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  not a dict
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path} is a damaged or incomplete safetensors file ({error}): {_AGAIN}.") from error
    try:
        config = parsed_json(metadata["model_config"])
    except (KeyError, ValueError):
        config = None
    return tensors, config if isinstance(config, dict) else None


def _read_torch(path: Path, mapped: bool) -> Mapping[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} holds Python objects besides tensors, or is damaged, and was not opened: "
            "use only weights that PyTorch can read with weights_only=True, or a safetensors file."
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise ModelError(f"{path} is a damaged or incomplete PyTorch file: {_AGAIN}.") from error
    if not isinstance(content, Mapping):
        raise ModelError(f"{path} holds a {type(content).__name__}, not named tensors: choose a MoGe checkpoint.")
    return content
