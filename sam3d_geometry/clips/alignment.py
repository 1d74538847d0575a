"""What aligning did to each frame of a clip, as figures and as a report."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .frame_step import Steps


@dataclass(frozen=True)
class Alignment:
    """What was done to each frame, (B,) each; nan where there is no frame before to compare with.

    scale, shift       aligned depth = scale * depth + shift
    residual           median relative depth left over between a frame and its references
    flicker_before, flicker_after  see `flicker.frame_flicker`
    cut                bool, where a new shot starts
    gradual            bool, where it does so by a dissolve or a fade
    world_from_camera  (B, 4, 4) camera poses within each shot, its first camera being the origin, in the aligned unit
    steps              of the frames in the aligned unit, None where a shot starts or a frame is passed over
    """

    scale: torch.Tensor
    shift: torch.Tensor
    residual: torch.Tensor
    flicker_before: torch.Tensor
    flicker_after: torch.Tensor
    cut: torch.Tensor
    gradual: torch.Tensor
    world_from_camera: torch.Tensor
    steps: Steps = ()

    @property
    def flicker(self) -> tuple[float, float]:
        """Mean flicker over all frames before and after; 0 where no two frames could be compared."""
        before, after = (float(torch.nan_to_num(f.nanmean())) for f in (self.flicker_before, self.flicker_after))
        return before, after

    def report(self) -> str:
        """One line a frame, and the mean flicker in the first; "-" where there was nothing to compare, and a word where there was nothing at all."""
        before, after = (_percent(f.nanmean()) for f in (self.flicker_before, self.flicker_after))
        compared = not (self.flicker_before.isnan().all() and self.flicker_after.isnan().all())
        flicker = f"flicker {before} before, {after} after" if compared else "flicker: nothing could be compared"
        lines = [flicker, "frame   scale   shift  left over  flicker"]
        for i in range(len(self.scale)):
            start = f"{i:5d}  {self.scale[i]:6.4f}  {self.shift[i]:6.3f}  "
            flicker = f"{_percent(self.flicker_before[i])} -> {_percent(self.flicker_after[i])}"
            compared = f"{_percent(self.residual[i]):>8}   {flicker}"
            new = "new shot, faded in" if self.gradual[i] else "new shot"
            lines.append(start + (new if self.cut[i] else compared))
        return "\n".join(lines)


def _percent(share: torch.Tensor) -> str:
    return "-" if share.isnan() else f"{share:.2%}"
