"""Which floating-point type a network computes in, and putting a network into it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from .model_error import ModelError

logger = logging.getLogger(__name__)

PRECISIONS = ("auto", "fp32", "fp16", "bf16")

_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_HALF_BY_DEFAULT = ("cuda", "mps")
_COMPUTING = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.GroupNorm)


def compute_dtype(precision: str, device: torch.device, half: bool | None = None) -> torch.dtype:
    """Dtype for a precision of the menu on a device: auto is fp16 on CUDA, ROCm and MPS and fp32 everywhere else.

    `half`, where a host knows its cards better, says whether auto is fp16. fp16 on a CPU becomes fp32, with a warning: CPUs
    have no fast fp16, and some operators have none at all.
    """
    if precision not in PRECISIONS:
        raise ModelError(f"precision {precision!r} is unknown: choose one of {', '.join(PRECISIONS)}.")
    if precision == "auto":
        half = device.type in _HALF_BY_DEFAULT if half is None else half
        return torch.float16 if half else torch.float32
    if precision == "fp16" and device.type == "cpu":
        logger.warning("fp16 is slower than fp32 on a CPU, so fp32 is used; set precision to auto to choose by device.")
        return torch.float32
    if precision == "bf16" and device.type == "cpu" and not cpu_has_bf16():
        logger.warning("This CPU has no bf16 instructions, so bf16 is slower than fp32; set precision to auto.")
    return _DTYPES[precision]


def cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bf16 natively (AVX512-BF16 or AMX), as far as this PyTorch can tell."""
    checks = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(check is not None and check() for check in checks)


def prepare_weights(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Puts products and convolutions into `dtype`, all else into float32, and convolutions into channels-last order.

    Every weight becomes a copy, one at a time, so that a file it was mapped to is let go of.
    """
    for module in network.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            target = dtype if isinstance(module, _COMPUTING) else torch.float32
            layout = torch.channels_last if parameter.ndim == 4 else torch.contiguous_format
            weight = parameter.detach().to(target, copy=True, memory_format=layout)
            setattr(module, name, nn.Parameter(weight, requires_grad=False))
    return network


@contextmanager
def computing_in_float32(network: nn.Module) -> Iterator[None]:
    """Gives a network float32 copies of its narrower weights, and its own weights back at the end."""
    narrow = [
        (module, name, parameter)
        for module in network.modules()
        for name, parameter in module.named_parameters(recurse=False)
        if parameter.is_floating_point() and parameter.dtype != torch.float32
    ]
    try:
        for module, name, parameter in narrow:
            setattr(module, name, nn.Parameter(parameter.detach().float(), requires_grad=False))
        yield
    finally:
        for module, name, parameter in narrow:
            setattr(module, name, parameter)
