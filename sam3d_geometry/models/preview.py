"""The built-in preview network: photo to log depth, validity and focal length, small enough to ship with the pack.

EfficientNet-Lite's layout as encoder and a small U-Net decoder that is told where each pixel lies in the view. Since version 3
a file says which parts the network has (`preview_layout`): attention, residual blocks, a branch for detail.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from .antialiased_resize import resize_antialiased
from .model_error import ModelError
from .prediction import Prediction
from .preview_encoder import PreviewEncoder, conv
from .preview_layout import VERSION_2, PreviewLayout, read_layout
from .preview_parts import DetailBranch, ResidualPair, SeparablePair, TokenBlock, displaced
from .spline import upsample
from .view_plane import network_plane_axes, with_uv

WEIGHTS = Path(__file__).with_name("preview.safetensors")
TOKEN_RANGE = (450, 1900)
SIDE_MULTIPLE = 32

_TOWARDS_CAMERA = (0.0, 0.0, -1.0)


@dataclass(frozen=True)
class PreviewEstimate:
    """What the network says of a batch of pictures, depth without a scale.

    log_depth, logit  (B, h, w) of the coarse answer at half the encoder's picture; logit is that of validity
    log_focal         (B,) focal length over half the diagonal
    detail            (B, 5, H, W) of the `DetailBranch`, at its own size; None without it
    normals           (B, 3, H/2, W/2) unit, facing the camera, or None
    """

    log_depth: torch.Tensor
    logit: torch.Tensor
    log_focal: torch.Tensor
    detail: torch.Tensor | None = None
    normals: torch.Tensor | None = None

    def maps(self, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Log depth and validity logit (B, *size)."""
        log_depth = upsample(self.log_depth, size)
        logit = _bilinear(self.logit[:, None], size)[:, 0]
        if self.detail is None:
            return log_depth, logit
        detail = _bilinear(self.detail, size)
        maps = displaced(torch.stack([log_depth, logit], 1), detail[:, 3:]) + detail[:, :2]
        return maps[:, 0], maps[:, 1]

    def averaged(self, mirrored: PreviewEstimate) -> PreviewEstimate:
        """The mean with the answer to the mirrored pictures."""
        detail, normals = self.detail, self.normals
        if detail is not None and mirrored.detail is not None:
            signs = detail.new_tensor([1.0, 1.0, 1.0, -1.0, 1.0])  # of what points to the right
            detail = (detail + mirrored.detail.flip(-1) * signs[:, None, None]) / 2
        if normals is not None and mirrored.normals is not None:
            turned = mirrored.normals.flip(-1) * normals.new_tensor([-1.0, 1.0, 1.0])[:, None, None]
            normals = F.normalize(normals + turned, dim=1)
        return PreviewEstimate(
            log_depth=(self.log_depth + mirrored.log_depth.flip(-1)) / 2,
            logit=(self.logit + mirrored.logit.flip(-1)) / 2,
            log_focal=(self.log_focal + mirrored.log_focal) / 2,
            detail=detail,
            normals=normals,
        )


def _bilinear(maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return F.interpolate(maps, size, mode="bilinear", align_corners=False)


class PreviewNetwork(nn.Module):
    """Photos to a Prediction (`forward`), or pictures of the working size to a PreviewEstimate (`estimate`)."""

    # Averaging with the mirrored image doubles the cost and lowers the error on every size tried.
    flip_averaging = True

    def __init__(self, layout: PreviewLayout = VERSION_2):
        super().__init__()
        self.layout = layout
        self.encoder = PreviewEncoder(layout.encoder)
        taps, widths = self.encoder.channels, layout.widths
        self.lateral = nn.ModuleList([conv(c + 2, w) for c, w in zip(taps, widths)])
        self.merge = nn.ModuleList([SeparablePair(widths[i + 1] + widths[i], widths[i]) for i in range(4)])
        self.top = SeparablePair(widths[4], widths[4])
        self.context = nn.Linear(taps[-1], widths[4])
        self.head = nn.Sequential(conv(widths[0], 32, 3), nn.ReLU(), conv(32, 2))
        self.focal = nn.Sequential(nn.Linear(taps[-1], 64), nn.ReLU(), nn.Linear(64, 1))
        self.attention = nn.Sequential(*[TokenBlock(widths[4]) for _ in range(layout.attention)])
        self.residual = nn.ModuleList([ResidualPair(w) if layout.residual else nn.Identity() for w in widths])
        self.detail = DetailBranch(widths[0], layout.detail) if layout.detail else None

    def forward(self, images: torch.Tensor, num_tokens: int) -> Prediction:
        """Prediction for images (B, 3, H, W) float32 in [0, 1], at H x W: unknown scale, known focal length."""
        height, width = images.shape[-2:]
        aspect_ratio = width / height
        size = working_size(height, width, num_tokens * self.layout.pixels_per_token)
        pictures = self.pictures(images, size)
        answer = self.estimate(*pictures, aspect_ratio)
        if self.flip_averaging:
            coarse, fine = (picture.flip(-1) for picture in pictures)
            answer = answer.averaged(self.estimate(coarse, fine, aspect_ratio))
        log_depth, logit = answer.maps((height, width))
        depth, focal = log_depth.exp(), answer.log_focal.exp()
        u, v = network_plane_axes(height, width, aspect_ratio, images.device)
        ray = depth / focal[:, None, None]
        return Prediction(
            points=torch.stack([ray * u, ray * v[:, None], depth], dim=-1),
            mask_probability=logit.sigmoid(),
            focal=focal,
        )

    def pictures(self, images: torch.Tensor, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Images (B, 3, any, any) as the encoder sees them, at `size`, and as the detail branch does."""
        coarse, scale = resize_antialiased(images, size, "bilinear"), self.layout.detail_scale
        if scale == 1:
            return coarse, coarse
        return coarse, resize_antialiased(images, (size[0] * scale, size[1] * scale), "bilinear")

    def estimate(self, coarse: torch.Tensor, fine: torch.Tensor, aspect_ratio: float | None = None) -> PreviewEstimate:
        """The answer to the two `pictures` (B, 3, H, W) in [0, 1], sides multiples of 32.

        aspect_ratio: that of the photo when resizing changed it.
        """
        aspect_ratio = aspect_ratio or coarse.shape[-1] / coarse.shape[-2]
        dtype = self.context.weight.dtype
        taps = self.encoder(((coarse * 255 - 127) / 128).to(dtype))
        pooled = taps[-1].mean((2, 3))
        side = [project(with_uv(tap, aspect_ratio)) for project, tap in zip(self.lateral, taps)]
        y = self.top(F.relu(side[4] + self.context(pooled)[:, :, None, None]))
        y = self.residual[4](self.attention(y))
        for i in (3, 2, 1, 0):
            y = _bilinear(y, side[i].shape[-2:])
            y = self.residual[i](self.merge[i](torch.cat([y, side[i]], dim=1)))
        out, log_focal = self.head(y).float(), self.focal(pooled).float().squeeze(1)
        if self.detail is None:
            return PreviewEstimate(out[:, 0], out[:, 1], log_focal)
        detail, normals = self.detail(((fine * 255 - 127) / 128).to(dtype), y, out[:, 0])
        normals = F.normalize(normals.float() + normals.new_tensor(_TOWARDS_CAMERA).float()[:, None, None], dim=1)
        return PreviewEstimate(out[:, 0], out[:, 1], log_focal, detail, normals)


def working_size(height: int, width: int, pixels: int) -> tuple[int, int]:
    """Height and width, multiples of 32, of about so many pixels in the shape of a photo of this size."""
    scale = (pixels / (height * width)) ** 0.5

    def rounded(side: int) -> int:
        return max(1, round(side * scale / SIDE_MULTIPLE)) * SIDE_MULTIPLE

    return rounded(height), rounded(width)


def load_preview(weights: Path = WEIGHTS) -> PreviewNetwork:
    """The built-in network with its weights as they are in the file (fp16), on the CPU. Raises ModelError when they cannot be read."""
    import safetensors
    from safetensors import safe_open

    try:
        with safe_open(weights, "pt") as file:
            layout = read_layout(file.metadata(), weights.name)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise ModelError(
            f"The pack's {weights.name} is missing or damaged ({error}): install the pack again."
        ) from error
    with torch.device("meta"):
        network = PreviewNetwork(layout)
    try:
        network.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        raise ModelError(
            f"The pack's {weights.name} belongs to another version of the pack: install the pack again."
        ) from error
    return network.eval().requires_grad_(False)
