"""Pointmap: what flows between the nodes, a 3D point for every pixel of a batch of frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, fields, replace

import torch


@dataclass(frozen=True)
class Pointmap:
    """A batch of frames with one 3D point per pixel, in OpenCV camera axes, at inference resolution.

    points       (B, H, W, 3) float32; every point lies on its pixel's ray; 0 where the mask is False
    mask         (B, H, W) bool, True where there is geometry
    intrinsics   (B, 3, 3) float32, normalised by image size
    image        (B, H, W, 3) float32 in [0, 1], the photo at this resolution
    normals      (B, H, W, 3) float32 unit vectors from the network, 0 where the mask is False, or None
    metric       True when the unit is the metre
    source_size  (height, width) of the photo; image outputs are brought back to it
    fov_spread   (B,) float32, standard deviation of the natural logarithm of the focal length that was found from the points
                 alone, infinite where they say nothing (a flat front); None where the camera is known in another way
    unrefined    (B, h, w, 1 or 4) float32, depth and normals as the estimator gave them, at its own size, where edges have been
                 brought onto the photo's since; 0 where there were none. It tells of whole surfaces (`unrefined.py`)
    """

    points: torch.Tensor
    mask: torch.Tensor
    intrinsics: torch.Tensor
    image: torch.Tensor
    _: KW_ONLY
    normals: torch.Tensor | None
    metric: bool
    source_size: tuple[int, int]
    fov_spread: torch.Tensor | None = None
    unrefined: torch.Tensor | None = None

    def __post_init__(self) -> None:
        if self.points.dim() != 4 or self.points.shape[-1] != 3 or 0 in self.points.shape:
            raise ValueError(
                f"Pointmap points came as {tuple(self.points.shape)}; (B, H, W, 3) with B, H, W >= 1 is needed."
            )
        batch, height, width, _ = self.points.shape
        needed = {
            "mask": (batch, height, width),
            "intrinsics": (batch, 3, 3),
            "image": (batch, height, width, 3),
            "normals": (batch, height, width, 3),
            "fov_spread": (batch,),
        }
        for name, shape in needed.items():
            tensor = getattr(self, name)
            if tensor is None and name in ("normals", "fov_spread"):
                continue
            if tensor is None or tuple(tensor.shape) != shape:
                came = None if tensor is None else tuple(tensor.shape)
                raise ValueError(f"Pointmap {name} came as {came}; {shape} is needed to fit the points.")
        kept = self.unrefined
        if kept is not None and (kept.dim() != 4 or len(kept) != batch or kept.shape[-1] not in (1, 4)):
            raise ValueError(f"Pointmap unrefined came as {tuple(kept.shape)}; ({batch}, h, w, 1 or 4) is needed.")
        for name in ("points", "mask", "intrinsics", "image", "normals", "unrefined"):
            dtype, wanted = getattr(getattr(self, name), "dtype", None), torch.bool if name == "mask" else torch.float32
            if dtype not in (None, wanted):
                raise ValueError(f"Pointmap {name} came as {dtype}; {str(wanted).removeprefix('torch.')} is needed.")
        if len(self.source_size) != 2 or min(self.source_size) < 1:
            raise ValueError(
                f"Pointmap source_size came as {self.source_size}; (height, width) of the photo is needed."
            )

    def __len__(self) -> int:
        return self.points.shape[0]

    def __getitem__(self, index: int | slice | Sequence[int] | torch.Tensor) -> Pointmap:
        """The chosen frames; the batch dimension stays also for a single one."""
        if isinstance(index, int):
            if not -len(self) <= index < len(self):
                raise IndexError(f"Frame {index} was asked of a pointmap of {len(self)} frames.")
            index = slice(index, index + 1 or None)
        return self._map(lambda tensor: tensor[index])

    @property
    def depth(self) -> torch.Tensor:
        """(B, H, W) depth along z, 0 where invalid; a view of the points."""
        return self.points[..., 2]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) at which the points are held."""
        return self.points.shape[1], self.points.shape[2]

    @property
    def device(self) -> torch.device:
        return self.points.device

    def to(self, device: torch.device | str) -> Pointmap:
        """The same pointmap on another device."""
        return self._map(lambda tensor: tensor.to(device))

    def masked(self, keep: torch.Tensor) -> Pointmap:
        """The pointmap with geometry only where `keep` (B or 1, H, W) bool is True too; points and normals elsewhere are 0."""
        keep = keep.to(self.device)
        mask = self.mask & keep
        inside = mask[..., None]
        normals = None if self.normals is None else torch.where(inside, self.normals, 0)
        unrefined = self.unrefined
        if unrefined is not None:
            unrefined = torch.where(_nearest_pixels_of(keep[..., None], unrefined), unrefined, 0)
        points = torch.where(inside, self.points, 0)
        return replace(self, points=points, mask=mask, normals=normals, unrefined=unrefined)

    def _map(self, function: Callable[[torch.Tensor], torch.Tensor]) -> Pointmap:
        tensors = {
            f.name: getattr(self, f.name) for f in fields(self) if isinstance(getattr(self, f.name), torch.Tensor)
        }
        return replace(self, **{name: function(tensor) for name, tensor in tensors.items()})

    @staticmethod
    def cat(pointmaps: Sequence[Pointmap]) -> Pointmap:
        """The frames of several pointmaps of the same size one after the other."""
        if not pointmaps:
            raise ValueError("Pointmap.cat was given no pointmap; at least one is needed.")
        first = pointmaps[0]
        for other in pointmaps[1:]:
            if (other.size, other.source_size, other.metric, other.normals is None) != (
                first.size,
                first.source_size,
                first.metric,
                first.normals is None,
            ):
                raise ValueError(
                    f"Pointmaps of {other.size} from a {other.source_size} photo and of {first.size} from {first.source_size} "
                    "cannot be joined: size, source size, unit and presence of normals must be the same."
                )
        joined: dict[str, torch.Tensor | None] = {
            name: torch.cat([getattr(p, name) for p in pointmaps]) for name in ("points", "mask", "intrinsics", "image")
        }
        for name in ("normals", "fov_spread", "unrefined"):
            parts = [part for p in pointmaps if (part := getattr(p, name)) is not None]
            whole = len(parts) == len(pointmaps) and len({part.shape[1:] for part in parts}) == 1
            joined[name] = torch.cat(parts) if whole else None
        return replace(first, **joined)


def _nearest_pixels_of(values: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """A map (B, H, W, C) at the size of another one (B, h, w, ...): its nearest pixels, nothing mixed."""
    if values.shape[1:3] == like.shape[1:3]:
        return values
    rows, columns = (
        ((torch.arange(n, device=values.device) + 0.5) * (m / n)).long()
        for n, m in zip(like.shape[1:3], values.shape[1:3])
    )
    return values[:, rows[:, None], columns]


def require_frames(name: str, given: torch.Tensor | None, frames: int) -> None:
    """ValueError for an optional batch (B, ...) that has neither one frame nor one for each of a pointmap's `frames`."""
    if given is not None and len(given) not in (1, frames):
        raise ValueError(
            f"Input {name} has {len(given)} frames and the pointmap {frames}; give as many, or a single one for all."
        )
