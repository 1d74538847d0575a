"""Which pixels have geometry, steadied over time: an edge of the sky that comes and goes stays where it mostly is."""

from __future__ import annotations

from dataclasses import dataclass

import torch


def decided(share: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Share of frames (...) in [0, 1] in which a pixel has geometry -> bool: what most of them say, at a tie the frame's own `mask`."""
    tie = (share - 0.5).abs() < 1e-4
    return torch.where(tie, mask, share > 0.5)


@dataclass(frozen=True)
class Validity:
    """In what share (H, W) in [0, 1] of how many frames (H, W) pixels had geometry."""

    share: torch.Tensor
    frames: torch.Tensor

    @staticmethod
    def of(mask: torch.Tensor) -> Validity:
        """Of a first frame's mask (H, W)."""
        return Validity(mask.float(), torch.ones_like(mask, dtype=torch.float32))

    def to(self, device: torch.device) -> Validity:
        """The same on a device."""
        return Validity(self.share.to(device), self.frames.to(device))

    @property
    def is_everywhere(self) -> bool:
        """Whether every pixel had geometry in every frame."""
        return bool((self.share == 1).all())

    def with_frame(self, mask: torch.Tensor, memory: float) -> Validity:
        """With a frame's mask (H, W) counted too, over at most `memory` frames."""
        before = self.frames.clamp_max(memory - 1)
        return Validity((self.share * before + mask) / (before + 1), before + 1)

    def joined(self, other: Validity, mask: torch.Tensor) -> Validity:
        """Two that end at the same frame, as one that counts its mask (H, W) once."""
        frames = self.frames + other.frames - 1
        share = (self.share * self.frames + other.share * other.frames - mask.float()) / frames
        return Validity(share.clamp(0, 1), frames)
