"""How good a predicted depth is against measured or rendered depth, whatever its scale."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch.nn import functional as F

from sam3d_geometry.geometry.normals import geometric_normals

EDGE_LONG_SIDE = 320  # pixels at which edges and normals are compared
EDGE_RATIOS = np.linspace(1.05, 1.25, 10)  # of depth, between neighbors
FIT_ROUNDS = 12
RANKED_EVERY = 37  # pixels of which one is ranked where there are many
MOST_RANKED = 20_000


@dataclass(frozen=True)
class Known:
    """A photo (H, W, 3) uint8 and its disparity and depth (H, W) where `valid`; intrinsics (3, 3) normalised."""

    name: str
    photo: np.ndarray
    disparity: np.ndarray
    depth: np.ndarray
    valid: np.ndarray
    intrinsics: np.ndarray


@dataclass(frozen=True)
class Scores:
    """How good one answer is.

    rank             Spearman's rank correlation
    delta1, abs_rel  share of pixels within a factor of 1.25 and mean relative error, of disparity after an affine fit
    edges            F1 of depth edges
    normals          mean error in degrees
    """

    rank: float
    delta1: float
    abs_rel: float
    edges: float
    normals: float

    @classmethod
    def mean(cls, all_scores: list[Scores]) -> Scores:
        """Of several pictures, each part over those that have it."""
        return cls(*(float(np.nanmean([getattr(one, field.name) for one in all_scores])) for field in fields(cls)))

    def __str__(self) -> str:
        return f"{self.rank:6.3f} {self.delta1:6.3f} {self.abs_rel:6.3f} {self.edges:6.3f} {self.normals:7.1f}"


HEADING = "  rank delta1 AbsRel  edges normals"


def scores_of(disparity: np.ndarray, known: Known) -> Scores:
    """Scores of a predicted disparity (H, W) up to scale (the first three: and shift)."""
    height, width = disparity.shape
    scale = min(1.0, EDGE_LONG_SIDE / max(height, width))
    size = round(height * scale), round(width * scale)
    predicted = 1 / np.maximum(disparity, 1e-3 * np.median(disparity[known.valid]))
    maps = torch.from_numpy(np.stack([predicted, known.depth, known.valid]).astype(np.float32))[None]
    small = F.interpolate(maps, size, mode="nearest-exact")[0]
    return Scores(
        *score(disparity, known.disparity, known.valid),
        edge_f1(small[0].numpy(), small[1].numpy(), small[2].numpy() > 0),
        normal_error(small[0], small[1], small[2] > 0, torch.from_numpy(known.intrinsics).float()),
    )


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation; equal values share their mean rank."""

    def ranks(values: np.ndarray) -> np.ndarray:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        ends = np.cumsum(counts)
        return (ends - (counts + 1) / 2)[inverse.reshape(-1)]

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def score(disparity: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> tuple[float, float, float]:
    """Rank correlation, share of pixels within a factor of 1.25 (delta1), and mean relative error (AbsRel)."""
    predicted, true = disparity[valid].astype(np.float64), truth[valid].astype(np.float64)
    design, weights = np.stack([predicted, np.ones_like(predicted)], 1), np.ones_like(predicted)
    fit = np.zeros(2)
    for _ in range(FIT_ROUNDS):  # iteratively reweighted least squares towards the least absolute error
        root = np.sqrt(weights)
        fit = np.linalg.lstsq(design * root[:, None], true * root, rcond=None)[0]
        weights = 1 / np.maximum(np.abs(design @ fit - true), 1e-3)
    fitted = np.maximum(design @ fit, 1e-3)
    within = np.maximum(fitted / true, true / fitted) < 1.25
    every = RANKED_EVERY if len(true) > MOST_RANKED else 1
    return (
        rank_correlation(predicted[::every], true[::every]),
        float(within.mean()),
        float(np.mean(np.abs(fitted - true) / true)),
    )


def edge_f1(depth: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> float:
    """F1 of depth edges without any tolerance of place (Depth Pro, arXiv 2410.02073); nan where the truth has none.

    An edge is a pair of neighbors of which one is so many times as far as the other. A ratio counts by its size.
    """
    total = 0.0
    for ratio in EDGE_RATIOS:
        hits, found, real = 0, 0, 0
        for axis in (0, 1):
            both = _beside(valid, axis, 0) & _beside(valid, axis, 1)
            for first, second in ((0, 1), (1, 0)):
                seen, true = (
                    both & (_beside(d, axis, first) > ratio * _beside(d, axis, second)) for d in (depth, truth)
                )
                hits, found, real = hits + (seen & true).sum(), found + seen.sum(), real + true.sum()
        if real == 0:
            return float("nan")
        total += ratio * 2 * hits / (found + real)
    return float(total / EDGE_RATIOS.sum())


def _beside(values: np.ndarray, axis: int, first: int) -> np.ndarray:
    """The first (0) or the second (1) of each pair of neighbors along an axis."""
    stop = values.shape[axis] - 1 + first
    return values[first:stop] if axis == 0 else values[:, first:stop]


def normal_error(
    depth: torch.Tensor,
    truth: torch.Tensor,
    valid: torch.Tensor,
    intrinsics: torch.Tensor,
    *,
    normals: torch.Tensor | None = None,
) -> float:
    """Mean angle in degrees between the normals of both depths (H, W), or `normals` (H, W, 3), in the true camera."""
    maps = torch.stack([depth, truth]) * valid
    found, true = geometric_normals(maps, maps > 0, intrinsics.expand(2, 3, 3))
    found = found if normals is None else normals
    where = valid & (true.square().sum(-1) > 0) & (found.square().sum(-1) > 0)
    cosine = (found * true).sum(-1)[where].clamp(-1, 1)
    return float(torch.rad2deg(torch.acos(cosine)).mean())
