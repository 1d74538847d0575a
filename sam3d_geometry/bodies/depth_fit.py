"""How a person's surface lies on the scene: one ratio of depths, robust against occluders, bleeding and noise, and how far clothes
lie before the body that is inside."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..geometry.surfaces import ends_of

RATIO_BIN, MODE_WIDTH = 0.005, 0.03  # of the histogram of log ratios that is begun with, and how wide its mode may be
TUKEY, LEAST_RATIO_SPREAD = 4.685, 0.002  # Tukey's constant, and the spread below which nothing is called an outlier
FIT_STEPS = 15
GRAZING = 0.3  # cosine below which a surface is seen too flat for its depth to say much
MINIMUM_PIXELS = 60  # of the pointmap: fewer tell nothing
CLOTH_M, CLOTH_SPREAD_M = 0.015, 0.009  # how thick clothes and hair are on the mean, and 1 standard deviation of it
MOST_CLOTH_M = 0.03
SHAPE_M = 1e-3  # how exactly the shape of a body is known, where it is seen straight against where it is seen flat
ROUND_M = 0.08  # radius of what bodies consist of: clothes along the normal of something round add less to its depth at the rim
CLOTH_STEP_M = 1e-3
CLOTH_ROUNDS = 3
# a person's pixels are so many blocks' width squared: errors of shape and depth are alike within a block
BLOCKS_ACROSS = 4
STEEPEST_BODY = 4.0  # pixels' widths by which depth may change from one to the next on one surface
RIM = 2  # pixels inside the silhouette that are left out where enough remain: depth bleeds there


@dataclass(frozen=True)
class DepthFit:
    """The ratio scene over body of the depths of one person in one frame.

    log_ratio  its natural logarithm
    spread     of the logarithms of the pixels that agree: 1 standard deviation
    inliers    share of the person's visible pixels that agree with it
    pixels     how many pixels that are
    """

    log_ratio: float
    spread: float
    inliers: float
    pixels: int


@dataclass(frozen=True)
class BodyPixels:
    """The pixels (N,) of the scene that show one person.

    scene, body  depth of the scene, and of the body without clothes
    facing       cosine between the body's surface and the view ray
    blocks       number of the block of neighbors that each pixel is in
    """

    scene: torch.Tensor
    body: torch.Tensor
    facing: torch.Tensor
    blocks: torch.Tensor

    @staticmethod
    def of(scene: torch.Tensor, body: torch.Tensor, facing: torch.Tensor, seen: torch.Tensor) -> BodyPixels:
        """The pixels of pictures (H, W) where the mask `seen` is."""
        rows, columns = torch.nonzero(seen, as_tuple=True)
        side = max(2, round(len(rows) ** 0.5 / BLOCKS_ACROSS))
        blocks = (rows // side) * (1 + seen.shape[1] // side) + columns // side
        return BodyPixels(scene[seen], body[seen], facing[seen], blocks.unique(return_inverse=True)[1])

    @property
    def weights(self) -> torch.Tensor:
        """What each pixel says: the more, the straighter it is seen."""
        return torch.where(self.facing > GRAZING, self.facing, 0)

    def without_clothes(self, cloth: float, in_metres: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Depths of scene and body that differ by the size alone, with clothes of `cloth` metres between them along the normal;
        they are the scene's metres where it has any, else the body's."""
        off = self.cloth_depth(cloth)
        return (self.scene + off, self.body) if in_metres else (self.scene, (self.body - off).clamp_min(0))

    def cloth_depth(self, cloth: float) -> torch.Tensor:
        """How far along the ray (N,) clothes of `cloth` metres lie before a body that is round with ROUND_M."""
        straight = self.facing.clamp_min(GRAZING)
        inside = ROUND_M * straight
        return ((ROUND_M + cloth) ** 2 - ROUND_M**2 + inside.square()).sqrt() - inside


def fit_depths(pixels: BodyPixels, in_metres: bool) -> DepthFit | None:
    """The ratio of the depths of the scene and of the body inside of its clothes; None for too few pixels."""
    cloth = CLOTH_M
    for _ in range(CLOTH_ROUNDS):
        fit = fit_ratio(*pixels.without_clothes(cloth, in_metres), pixels.weights)
        if fit is None:
            return None
        cloth = _cloth(pixels, cloth, fit, in_metres)
    return fit_ratio(*pixels.without_clothes(cloth, in_metres), pixels.weights)


def _cloth(pixels: BodyPixels, cloth: float, fit: DepthFit, in_metres: bool) -> float:
    """How thick clothes are, metres, given a fit with clothes of `cloth`: what lies before the body the more the less straight it is
    seen, as far as that is sure, and CLOTH_M otherwise.

    Method: least squares for size and cloth together, with the spread that sums over blocks of neighbors tell (Liang and Zeger
    1986), since a wrong shape or a smooth error of depth is no noise of single pixels; its mean with CLOTH_M by both variances.
    """
    scene, body = (depth.cpu().double() for depth in pixels.without_clothes(cloth, in_metres))
    kept = (scene > 0) & (body > 0)
    scene, body, ratio = scene[kept], body[kept], math.exp(fit.log_ratio)
    off = ratio * body - scene if in_metres else body - scene / ratio
    far = (scene / body / ratio).log() / (TUKEY * max(fit.spread, LEAST_RATIO_SPREAD))
    weights = (pixels.weights.cpu()[kept] * (1 - far.square()).clamp_min(0).square()).double()
    thicker = (pixels.cloth_depth(cloth + CLOTH_STEP_M) - pixels.cloth_depth(cloth)) / CLOTH_STEP_M
    thicker = thicker.cpu().double()[kept]
    slant = thicker - body * _share(weights, thicker, body)  # what another size does not do as well
    off = off - body * _share(weights, off, body)
    told = _share(weights, off, slant)
    says = (weights * slant * slant).sum().clamp_min(1e-12)
    errors = weights * slant * (off - told * slant)
    sums = errors.new_zeros(int(pixels.blocks.max()) + 1).index_add_(0, pixels.blocks.cpu()[kept], errors)
    spread = float(sums.square().sum() / says**2 + SHAPE_M**2 * weights.sum() / says)
    share = CLOTH_SPREAD_M**2 / (CLOTH_SPREAD_M**2 + spread)
    return min(max(share * (cloth + told) + (1 - share) * CLOTH_M, 0.0), MOST_CLOTH_M)


def _share(weights: torch.Tensor, values: torch.Tensor, of: torch.Tensor) -> float:
    """The factor by which numbers `of` (N,) come nearest to `values` (N,)."""
    return float((weights * values * of).sum() / (weights * of * of).sum().clamp_min(1e-12))


def fit_ratio(scene: torch.Tensor, body: torch.Tensor, weights: torch.Tensor) -> DepthFit | None:
    """Depths of the scene and of the body on the same pixels (N,) with weights -> their ratio; None for too few pixels.

    It starts at the fullest place of a histogram, so that even an occluder over more than half of the body does not carry
    it away, and goes on by Tukey's biweight with a spread that is measured anew in each step.
    """
    kept = (scene > 0) & (body > 0) & (weights > 0)
    if int(kept.sum()) < MINIMUM_PIXELS:
        return None
    logs = (scene[kept].cpu().double() / body[kept].cpu().double()).log()
    weight = weights[kept].cpu().double()
    centre, spread = _mode(logs, weight), MODE_WIDTH / 2
    for _ in range(FIT_STEPS):
        off = (logs - centre) / (TUKEY * spread)
        say = weight * (1 - off.square()).clamp_min(0).square()
        centre = float((say * logs).sum() / say.sum())
        near = (logs - centre).abs() < TUKEY * spread
        spread = (
            max(LEAST_RATIO_SPREAD, 1.4826 * float((logs[near] - centre).abs().median()))
            if bool(near.any())
            else spread
        )
    inside = (logs - centre).abs() < TUKEY * spread
    deviation = float((logs[inside] - centre).std()) if int(inside.sum()) > 1 else spread
    return DepthFit(centre, deviation, float(weight[inside].sum() / weight.sum()), int(inside.sum()))


def _mode(logs: torch.Tensor, weight: torch.Tensor) -> float:
    """Where most of the weight lies within MODE_WIDTH; of equals the middle one."""
    low = float(logs.min()) - MODE_WIDTH
    index = ((logs - low) / RATIO_BIN).long()
    counts = torch.zeros(int(index.max()) + 1 + round(MODE_WIDTH / RATIO_BIN), dtype=torch.float64).index_add_(
        0, index, weight
    )
    width = 2 * round(MODE_WIDTH / RATIO_BIN / 2) + 1
    smooth = F.avg_pool1d(counts[None], width, stride=1, padding=width // 2)[0]
    best = torch.nonzero(smooth >= smooth.max() * (1 - 1e-9)).flatten()
    return low + (float(best[len(best) // 2]) + 0.5) * RATIO_BIN


def own_edges(depth: torch.Tensor, focal: float) -> torch.Tensor:
    """Where a body's depth (H, W), 0 beside it, jumps between neighbors, as at an arm before the chest: clothes cover more there.

    `focal` is in pixels of that picture: a surface that is seen flat is no jump.
    """

    def joined(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        steep = (first - second).abs() > STEEPEST_BODY * torch.maximum(first, second) / focal
        return ~(steep & (first > 0) & (second > 0))[None]

    return ends_of((joined(depth[:-1], depth[1:]), joined(depth[:, :-1], depth[:, 1:])))[0]


def inner(mask: torch.Tensor) -> torch.Tensor:
    """A mask (H, W) without the RIM pixels along its border, where enough of it remains; otherwise as it came."""
    width = 2 * RIM + 1
    eroded = -F.max_pool2d(-F.pad(mask[None].float(), (RIM,) * 4, value=1.0), width, stride=1)[0] > 0.5
    return eroded if int(eroded.sum()) >= max(MINIMUM_PIXELS, 0.2 * int(mask.sum())) else mask
