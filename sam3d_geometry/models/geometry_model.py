"""A loaded estimator with the one interface that all networks share."""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import nn

from .model_error import ModelError
from .precision import computing_in_float32
from .prediction import Prediction

log = logging.getLogger(__name__)

PIXELS_PER_TOKEN_EDGE = 14


@functools.cache
def warn_once(sentence: str) -> None:
    """Logs a warning the first time that it comes up."""
    log.warning(sentence)


@dataclass(frozen=True, eq=False)
class GeometryModel:
    """A network ready to predict, and what is known about it.

    network maps (images, num_tokens) to a Prediction; a host may move it between devices, `predict` follows.
    token_range: fewest and most tokens it was trained for; pixels_per_token_edge: side of the square of image pixels
    that one token stands for when an inference resolution is turned into tokens. compiled: the network as torch.compile
    made it, where that was asked for; it shares the network's weights. on_overflow is told, in a sentence and for each batch
    that it happens to, that numbers grew too large for the compute dtype.
    """

    name: str
    network: nn.Module
    compute_dtype: torch.dtype
    metric: bool
    gives_normals: bool
    token_range: tuple[int, int]
    preview: bool = False
    pixels_per_token_edge: int = PIXELS_PER_TOKEN_EDGE
    compiled: Callable | None = None
    on_overflow: Callable[[str], None] = warn_once

    @property
    def device(self) -> torch.device:
        """Where the parameters are now."""
        return next(self.network.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the network's products and convolutions."""
        return self.compute_dtype

    def to(self, device: str | torch.device) -> GeometryModel:
        """Moves the network to a device and returns the model."""
        self.network.to(device)
        return self

    @torch.no_grad()
    def predict(self, images: torch.Tensor, num_tokens: int) -> Prediction:
        """Prediction at the images' own size, on the network's device.

        images: (B, 3, H, W) in [0, 1] on any device. num_tokens sets detail and cost. Raises ValueError otherwise.
        """
        images = self._images_for_network(images, num_tokens)
        if self.compiled is None:
            return self.network(images, int(num_tokens))
        from torch._dynamo.exc import TorchDynamoException  # there since the network was compiled

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about torch's own parts, not about the model
                return self.compiled(images, int(num_tokens))
        except TorchDynamoException as error:
            raise ModelError(
                f"{self.name} could not be compiled ({str(error).strip().splitlines()[0]}): switch compile off, or install what "
                "torch.compile needs (a C++ compiler; Triton on a GPU)."
            ) from error

    @torch.no_grad()
    def predict_in_float32(self, images: torch.Tensor, num_tokens: int) -> Prediction:
        """As `predict`, computed in float32 whatever the compute dtype: for images whose numbers grow too large for it."""
        images = self._images_for_network(images, num_tokens)
        with computing_in_float32(self.network):
            return self.network(images, int(num_tokens))

    def _images_for_network(self, images: torch.Tensor, num_tokens: int) -> torch.Tensor:
        if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape:
            raise ValueError(
                f"images have the shape {tuple(images.shape)}, needed is a batch (B, 3, H, W) of at least one pixel."
            )
        if num_tokens < 1:
            raise ValueError(f"num_tokens is {num_tokens}, needed is at least 1.")
        return images.to(self.device, torch.float32)

    def with_compilation(self) -> GeometryModel:
        """The same model, compiled by torch.compile when it first sees a size: faster from then on, for clips of one size."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return replace(self, compiled=torch.compile(self.network, dynamic=False))
