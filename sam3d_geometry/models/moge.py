"""From a checkpoint to a network: builds the upstream `moge` model around the weights and rearranges it."""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType

import torch
from torch.overrides import TorchFunctionMode

from .checkpoint import Checkpoint
from .model_error import ModelError
from .moge_v1 import MoGeV1Network
from .moge_v2 import MoGeV2Network
from .moge_v3 import RefinedMoGeV3Network, can_refine

INSTALL = (
    "run `python install.py` in the pack's folder, or `pip install --no-deps dlr-moge dlr-utils3d`, and start again"
)

MoGeNetwork = MoGeV1Network | MoGeV2Network | RefinedMoGeV3Network

_NETWORKS: dict[str, type[MoGeNetwork]] = {"v1": MoGeV1Network, "v2": MoGeV2Network, "v3": MoGeV2Network}

# Keys that released checkpoints may lack or have in excess without any effect on inference.
_UNUSED_KEYS = {
    "image_mean",
    "image_std",
    "encoder.image_mean",
    "encoder.image_std",
    "backbone.mask_token",
    "encoder.backbone.mask_token",
}


# What upstream's constructors raise on settings that make no sense, which come from the file.
_CONFIG_DAMAGE = (RuntimeError, TypeError, ValueError, LookupError, AttributeError, AssertionError, ZeroDivisionError)


@contextlib.contextmanager
def _upstream_failures(checkpoint: Checkpoint, *damage: type[Exception]) -> Iterator[None]:
    """Turns what upstream raises on a checkpoint that does not fit it into ModelError; put around calls of upstream only."""
    try:
        yield
    except damage as error:
        reason = str(error).strip().splitlines()[-1].strip() if str(error).strip() else type(error).__name__
        raise ModelError(
            f"{checkpoint.name} is not a usable MoGe {checkpoint.version[1:]} checkpoint ({reason}): "
            "download the file again or choose another model."
        ) from error


def build_moge(checkpoint: Checkpoint) -> MoGeNetwork:
    """Network of a MoGe checkpoint in float32 on the CPU, its weights still those of the checkpoint, not copies.

    Raises ModelError when the `moge` package is missing or too old, or the weights do not fit its networks.
    """
    upstream_class = _import_moge(checkpoint.version, checkpoint.name).MoGeModel
    config, tensors, network_class = checkpoint.config, checkpoint.tensors, _NETWORKS[checkpoint.version]
    if checkpoint.version == "v3":
        if can_refine(config):
            network_class = RefinedMoGeV3Network
        else:
            config = {**config, "refiner": None}
            tensors = {key: value for key, value in tensors.items() if not key.startswith("refiner.")}
    # Built without memory: the checkpoint's tensors become the parameters, so that nothing is held twice.
    with _upstream_failures(checkpoint, *_CONFIG_DAMAGE), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.device("meta"), CountingOnCpu():
            upstream = upstream_class(**config)
    with _upstream_failures(checkpoint, RuntimeError):
        found = upstream.load_state_dict(tensors, strict=False, assign=True)
    wrong = sorted({*found.missing_keys, *found.unexpected_keys} - _UNUSED_KEYS)
    if wrong:
        raise ModelError(
            f"{checkpoint.name} does not fit MoGe {checkpoint.version[1:]}: {len(wrong)} tensors are missing or "
            f"unknown (the first is {wrong[0]}); download the file again or choose another model."
        )
    return network_class(upstream).eval().requires_grad_(False)


def _import_moge(version: str, name: str) -> ModuleType:
    try:
        importlib.import_module("moge")
    except ImportError as error:
        raise ModelError(f"{name} needs the Python package `moge`, which is not installed: {INSTALL}.") from error
    try:
        return importlib.import_module(f"moge.model.{version}")
    except ModuleNotFoundError as error:
        if error.name == f"moge.model.{version}":
            raise ModelError(
                f"{name} is a MoGe {version[1:]} model and the installed `moge` package has no moge.model.{version}: "
                "install a newer MoGe from https://github.com/microsoft/MoGe (pip install --no-deps) "
                "or choose a model of version 1 or 2."
            ) from error
        raise ModelError(
            f"The `moge` package needs the module `{error.name}`, which is not installed: {INSTALL}."
        ) from error
    except ImportError as error:
        raise ModelError(f"The installed `moge` package cannot be imported ({error}): {INSTALL}.") from error


class CountingOnCpu(TorchFunctionMode):
    """Keeps torch.linspace on the CPU: DINOv2's constructor reads numbers out of one, which a meta tensor has not."""

    def __torch_function__(
        self,
        func: Callable,
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        given = dict(kwargs or {})
        if func is torch.linspace:
            given["device"] = "cpu"
        return func(*args, **given)
