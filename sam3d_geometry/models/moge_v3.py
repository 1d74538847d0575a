"""Inference through MoGe v3 with its sparse refiner, which needs CUDA and `flex_gemm`; else v3 runs as v2."""

from __future__ import annotations

import importlib.util
from typing import Any

import torch
from torch import nn

from .prediction import Prediction
from .upstream import ModelV3, token_range_of

REFINE_STEPS = 3


class RefinedMoGeV3Network(nn.Module):
    """A whole `moge.model.v3.MoGeModel` in float32, as its refiner asks: refined on CUDA, the base alone elsewhere."""

    def __init__(self, upstream: ModelV3):
        super().__init__()
        self.upstream = upstream
        self.gives_normals = hasattr(upstream, "normal_head")
        self.metric = hasattr(upstream, "scale_head")
        self.token_range = token_range_of(upstream)

    def forward(self, images: torch.Tensor, num_tokens: int) -> Prediction:
        """Prediction for images (B, 3, H, W) float32 in [0, 1], at H x W; `num_tokens` sets detail and cost."""
        steps = REFINE_STEPS if images.device.type == "cuda" else 0
        output = self.upstream(images, num_tokens=num_tokens, refine_steps=steps)
        return Prediction(
            points=output["points_all"][-1].float(),
            mask_probability=output["mask"].float(),
            normals=output["normal"].float() if self.gives_normals else None,
            metric_scale=output["metric_scale"].float() if self.metric else None,
        )


def can_refine(config: dict[str, Any]) -> bool:
    """Whether this checkpoint has a refiner and the package it computes with is installed."""
    return config.get("refiner") is not None and importlib.util.find_spec("flex_gemm") is not None
