"""Inference through a DINOv2 backbone: the upstream modules and maths, without what only training needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import nn
from torch.nn import functional as F

from .upstream import Backbone, TransformerBlock

IMAGE_MEAN = (0.485, 0.456, 0.406)
IMAGE_STD = (0.229, 0.224, 0.225)
PATCH = 14


class VisionTransformer(nn.Module):
    """Runs the blocks of a `moge` DINOv2 backbone.

    Matrix products run in the dtype of the weights; the residual stream, the norms and the layer scales stay float32,
    as they do under upstream's autocast.
    """

    def __init__(self, backbone: Backbone):
        super().__init__()
        self.patch_projection = backbone.patch_embed.proj
        self.cls_token = backbone.cls_token
        self.pos_embed = backbone.pos_embed
        self.register_tokens = backbone.register_tokens
        self.blocks = backbone.blocks
        self.norm = backbone.norm
        self.antialias = backbone.interpolate_antialias
        self.offset = backbone.interpolate_offset
        self._positions: tuple[tuple, torch.Tensor] | None = None

    def forward(self, image: torch.Tensor, layers: int | Sequence[int]) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Normed patch tokens [(B, N, C)] after each of `layers`, and the class token (B, C) after the last of them.

        image: (B, 3, 14 rows, 14 columns) in [0, 1], float32. Everything returned is float32.
        """
        wanted = range(len(self.blocks) - layers, len(self.blocks)) if isinstance(layers, int) else layers
        dtype = self.patch_projection.weight.dtype
        mean = torch.tensor(IMAGE_MEAN, device=image.device).view(1, 3, 1, 1)
        std = torch.tensor(IMAGE_STD, device=image.device).view(1, 3, 1, 1)
        patches = self.patch_projection(((image - mean) / std).to(dtype))
        rows, columns = patches.shape[-2:]
        x = self._tokens(patches.flatten(2).transpose(1, 2).float(), rows, columns)
        features, skip = [], x.shape[1] - rows * columns
        last = max(wanted)
        for index, block in enumerate(self.blocks[: last + 1]):
            x = _run_block(block, x, dtype)
            if index in wanted:
                features.append(F.layer_norm(x, x.shape[-1:], self.norm.weight, self.norm.bias, self.norm.eps))
        return [feature[:, skip:] for feature in features], features[-1][:, 0]

    def _tokens(self, patches: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
        batch = patches.shape[0]
        class_and_patches = torch.cat([self.cls_token.float().expand(batch, -1, -1), patches], dim=1)
        x = class_and_patches.add_(self._position_embedding(rows, columns))
        if self.register_tokens is None:
            return x
        return torch.cat([x[:, :1], self.register_tokens.float().expand(batch, -1, -1), x[:, 1:]], dim=1)

    def _position_embedding(self, rows: int, columns: int) -> torch.Tensor:
        # A video asks for the same size again and again; weights that moved or were replaced have another address. Weights
        # that were read in inference mode, as ComfyUI runs nodes, count no versions.
        version = None if self.pos_embed.is_inference() else self.pos_embed._version
        key = (rows, columns, self.pos_embed.device, self.pos_embed.data_ptr(), version)
        if self._positions is None or self._positions[0] != key:
            self._positions = (key, self._interpolated_positions(rows, columns))
        return self._positions[1]

    def _interpolated_positions(self, rows: int, columns: int) -> torch.Tensor:
        positions = self.pos_embed.float()
        side = round((positions.shape[1] - 1) ** 0.5)
        if rows == side and columns == side:
            return positions
        grid = positions[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
        # The scale factors come from DINOv2's own interpolation: its weights were trained with that offset.
        if self.offset > 0:
            scale = [(rows + self.offset) / side, (columns + self.offset) / side]
            grid = F.interpolate(grid, scale_factor=scale, mode="bicubic", antialias=self.antialias)
        else:
            grid = F.interpolate(grid, size=(rows, columns), mode="bicubic", antialias=self.antialias)
        return torch.cat([positions[:, :1], grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


def project_tokens(projection: nn.Conv2d, tokens: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """A 1x1 convolution of tokens (B, N, C) as a matrix product; the map (B, C', rows, columns) is channels-last."""
    projected = F.linear(tokens, projection.weight[:, :, 0, 0], projection.bias)
    return projected.unflatten(1, (rows, columns)).permute(0, 3, 1, 2)


def project_layers(
    projections: Sequence[nn.Conv2d], tokens: Sequence[torch.Tensor], rows: int, columns: int
) -> torch.Tensor:
    """The sum (B, C', rows, columns) of every layer's tokens (B, N, C) through its projection, in the weights' dtype."""
    dtype = projections[0].weight.dtype
    return reduce(
        torch.add,
        (project_tokens(p, t.to(dtype), rows, columns) for p, t in zip(projections, tokens)),
    )


def _run_block(block: TransformerBlock, x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    batch, tokens, width = x.shape
    attention = block.attn
    h = _norm(block.norm1, x).to(dtype)
    qkv = attention.qkv(h).view(batch, tokens, 3, attention.num_heads, width // attention.num_heads)
    q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
    h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width)
    x = _add_scaled(x, attention.proj(h), block.ls1)
    return _add_scaled(x, block.mlp(_norm(block.norm2, x).to(dtype)), block.ls2)


def _norm(norm: nn.LayerNorm, x: torch.Tensor) -> torch.Tensor:
    return F.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


def _add_scaled(x: torch.Tensor, change: torch.Tensor, scale: nn.Module) -> torch.Tensor:
    gamma = getattr(scale, "gamma", None)
    return x + change.float() if gamma is None else torch.addcmul(x, change.float(), gamma)
