"""How likely every direction is to be up: how cameras are held, what planes stand and lie, what lines in the picture do.

A posterior over a grid of directions. Each plane of the scene is one observation: it lies (its normal is up or down, to
within a few degrees), stands (its normal is level) or does neither. Cameras are mostly level and rarely look up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .plane_patches import PlanePatches
from .pointmap import Pointmap
from .standing_things import LEAST_OUTLINE, standing_share

SPHERE_DIRECTIONS = 8192  # directions over the sphere, 2.2 degrees apart
# 5 and 15 degrees: a plane's normals lie within the first, a bent surface's fill the second
WITHIN_PLANE, AROUND_PLANE = 0.087, 0.26
# share within WITHIN_PLANE of what is within AROUND_PLANE: (5 / 15)^2 on a ball, nearly all on a plane
BALL_SHARE, PLANE_SHARE = 0.2, 0.6
LEAST_PLANE_SHARE = 0.012  # of the seen surface that a plane must have
MOST_FOUND_PLANES = 12
MOST_STARTS = 400  # patches that a plane may be sought from
PLANE_TOLERANCE = math.radians(2.5)  # by which estimated planes miss the upright and the level
LOOSE, LOOSE_SHARE = math.radians(8), 0.25  # of those that slope on purpose: roads, roofs, leaning walls
LARGE = 0.3  # of the seen surface: such a plane is nearly always the ground or a wall
# how many planes lie facing up, lie facing down, stand: small ones, and large ones by where the camera looks
KINDS_SMALL = (0.25, 0.05, 0.4)
LARGE_AHEAD, LARGE_DOWN, LARGE_UP = (0.36, 0.08, 0.48), (0.86, 0.02, 0.06), (0.04, 0.8, 0.1)
# the camera's pitch is that of a hand-held one, or of somebody who looks down at a thing or up: weight, mean, deviation
PITCHES = ((0.68, 0.0, 12.5), (0.24, -37.0, 19.0), (0.08, 40.0, 21.0))
ROLLS = ((0.72, 4.0), (0.28, 35.0))  # weight, deviation in degrees
FREE_ROLL = (math.radians(35), math.radians(75))  # of pitch, from where to where the roll loses its meaning
STEEP_ROLL = math.radians(80)  # deviation there
POLE = math.radians(12)  # as near to straight down a degree of roll is no longer counted as smaller
BELOW, BELOW_COST, BELOW_MOST = 1.08, 14.0, 4.5  # points this many times deeper than a floor, cost of their share
RATIO_MEAN, RATIO_SPREAD = math.log(0.55), 0.5  # of a floor's distance to the walls': 1.5 to 2.7
SQUARE_GAIN = 2.0  # log of how much likelier walls are found square to each other than at any other angle
STANDS_FROM = 0.3  # of the outline that touches the plane: the far side of things always hides their foot
CARRIES_GAIN = math.log(20.0)  # how much likelier a plane that things stand on is a floor than a wall
MOST_CARRYING_FRAMES = 4
SEVERAL = 1.1  # times the distance of the nearest of a plane's patches: it is several, one above the other
SIDE_OF_A_THING = 0.1  # share of the scene behind a plane, from which it bounds a thing and not the room
ODDEST = 1.0  # what odd distances may cost in all: corridors, shafts and low lofts are as odd and are there
RATIO_SHARE = 0.06  # of the seen surface from which a plane's distance tells something


@dataclass(frozen=True)
class Planes:
    """Directions that many flat patches agree on.

    normals    (K, 3) float64 unit vectors facing the camera
    share      (K,) of the seen surface
    flat       (K,) 0 for a bent surface, 1 for a plane
    distance   (K,) of the patches from the camera, perpendicular, in units of the median depth
    behind     (K,) share of all patches that lie behind the deepest of these: 0 for a floor, about half for a box's side
    carries    (K,) -1 where things hover in front of it, as in front of a wall, to 1 where they stand on it, 0 unknown
    """

    normals: torch.Tensor
    share: torch.Tensor
    flat: torch.Tensor
    distance: torch.Tensor
    behind: torch.Tensor
    carries: torch.Tensor


def directions_grid() -> torch.Tensor:
    """(SPHERE_DIRECTIONS, 3) float64 unit vectors spread evenly over the sphere (Fibonacci lattice)."""
    i = torch.arange(SPHERE_DIRECTIONS, dtype=torch.float64) + 0.5
    height, turn = 1 - 2 * i / SPHERE_DIRECTIONS, i * math.pi * (1 + math.sqrt(5))
    radius = (1 - height * height).sqrt()
    return torch.stack([radius * turn.cos(), height, radius * turn.sin()], -1)


def _place_among_levels(
    patches: PlanePatches, normal: torch.Tensor, members: torch.Tensor
) -> tuple[float, float, bool]:
    """Median distance of the members' planes, share of all patches behind the deepest, whether they lie at several levels."""
    depth = -(patches.points @ normal)
    own = depth[members].sort().values
    deepest = own[int(0.97 * (len(own) - 1))] if len(own) else depth.new_zeros(())
    middle = own[len(own) // 2]
    beyond = patches.weight[depth > BELOW * deepest].sum() / patches.weight.sum().clamp_min(1e-12)
    several = own[int(0.9 * (len(own) - 1))] > SEVERAL * own[int(0.1 * (len(own) - 1))]
    return float(middle), float(beyond), bool(several)


def _carries(frames: Pointmap, normal: torch.Tensor, share: float, distance: float) -> float:
    """-1 to 1: whether things hover in front of a plane or stand on it; 0 for a small one, or where there are none."""
    if share < LARGE:
        return 0.0
    counts = [standing_share(frames[i], normal, distance) for i in range(min(len(frames), MOST_CARRYING_FRAMES))]
    outline, touching = (sum(column) for column in zip(*counts))
    if outline < LEAST_OUTLINE * len(counts):
        return 0.0
    return min(1.0, 2 * touching / (STANDS_FROM * outline) - 1)


def find_planes(patches: PlanePatches, frames: Pointmap) -> Planes:
    """The densest directions of the frames' patches, by greedy mean shift on the sphere, in order of their density."""
    normals, left = patches.normals, patches.weight.clone()
    found: list[tuple] = []
    starts = normals[:: max(1, len(normals) // MOST_STARTS)]
    close = (starts.float() @ normals.float().T > math.cos(WITHIN_PLANE)).float()
    for _ in range(MOST_FOUND_PLANES):
        if not len(normals):
            break
        centre = starts[int((close @ left.float()).argmax())]
        for _ in range(3):
            near = normals @ centre > math.cos(WITHIN_PLANE)
            centre = torch.nn.functional.normalize(((left * near)[:, None] * normals).sum(0), dim=0)
        cosine = normals @ centre
        near, around = cosine > math.cos(WITHIN_PLANE), cosine > math.cos(AROUND_PLANE)
        share = float(left[near].sum())
        if share < LEAST_PLANE_SHARE:
            break
        dense = share / float(left[around].sum())
        flat = min(1.0, max(0.0, (dense - BALL_SHARE) / (PLANE_SHARE - BALL_SHARE)))
        if flat:
            distance, behind, several = _place_among_levels(patches, centre, near & (left > 0))
            carries = _carries(frames, centre, share, distance)
            carries = max(0.0, carries) if several else carries  # a shelf or a table hides what holds it
            found.append((centre, share, flat, distance, behind, carries))
        left = torch.where(cosine > math.cos(1.4 * WITHIN_PLANE), 0, left)
    if not found:
        none = normals.new_zeros(0)
        return Planes(normals.new_zeros(0, 3), *[none] * 5)
    columns = list(zip(*found))
    return Planes(torch.stack(columns[0]), *(normals.new_tensor(column) for column in columns[1:]))


def _gaussian(x: torch.Tensor, deviation: float) -> torch.Tensor:
    return torch.exp(-0.5 * (x / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))


def log_prior(up: torch.Tensor) -> torch.Tensor:
    """Log density (N,) per steradian of unit vectors (N, 3) in camera axes being up, by how cameras are held."""
    pitch, roll = torch.asin(up[:, 2].clamp(-1, 1)), torch.atan2(up[:, 0], -up[:, 1])
    of_pitch = sum(w * _gaussian(pitch - math.radians(m), math.radians(s)) for w, m, s in PITCHES)
    steep = torch.clamp((pitch.abs() - FREE_ROLL[0]) / (FREE_ROLL[1] - FREE_ROLL[0]), 0, 1) * 0.9
    of_roll = sum(w * _gaussian(roll, math.radians(s)) for w, s in ROLLS)
    of_roll = (1 - steep) * of_roll + steep * _gaussian(roll, STEEP_ROLL)
    return torch.log(of_pitch * of_roll / torch.cos(pitch).clamp_min(math.sin(POLE)) + 1e-12)


def _kinds(steep: torch.Tensor, share: float, flat: float) -> tuple[torch.Tensor, ...]:
    """How likely a plane of this share lies facing up, lies facing down, stands, or does neither, each (N,).

    `steep` (N,) is the sine of the camera's pitch: who looks down sees the ground, who looks up sees ceilings.
    """
    large = min(1.0, share / LARGE)
    down, up = (-steep).clamp_min(0)[:, None], steep.clamp_min(0)[:, None]
    of_large = torch.lerp(
        torch.lerp(steep.new_tensor(LARGE_AHEAD), steep.new_tensor(LARGE_DOWN), down), steep.new_tensor(LARGE_UP), up
    )
    kinds = flat * torch.lerp(steep.new_tensor(KINDS_SMALL), of_large, large)
    lies, hangs, stands = kinds.unbind(-1)
    return lies, hangs, stands, 1 - lies - hangs - stands


def _spread_of(angle: torch.Tensor, dimensions: int) -> torch.Tensor:
    """Density of an angle off the exact direction: per steradian around a point (2), or across a great circle (1)."""
    densities = []
    for share, deviation in ((1 - LOOSE_SHARE, PLANE_TOLERANCE), (LOOSE_SHARE, LOOSE)):
        norm = 2 * math.pi * deviation**2 if dimensions == 2 else 2 * math.pi * deviation * math.sqrt(2 * math.pi)
        densities.append(share * torch.exp(-0.5 * (angle / deviation) ** 2) / norm)
    return densities[0] + densities[1]


def _odd_distances(up: torch.Tensor, planes: Planes) -> torch.Tensor:
    """How odd (N,), as half a squared deviation, the distances of what lies are beside those of what stands.

    The log ratio of their weighted geometric means; nothing where one of the two kinds is hardly seen.
    """
    lying, standing = up.new_zeros(len(up), 2), up.new_zeros(len(up), 2)  # weight, and weight times log distance
    columns = (planes.normals, planes.share, planes.flat, planes.distance, planes.behind)
    for normal, share, flat, distance, behind in zip(*columns):
        if share < RATIO_SHARE or flat < 0.5 or behind > SIDE_OF_A_THING:
            continue
        across = torch.asin((up @ normal).clamp(-1, 1)).abs()
        for sums, angle in ((lying, math.pi / 2 - across), (standing, across)):
            at = share.clamp_max(LARGE) * torch.exp(-0.5 * (angle / LOOSE) ** 2)
            sums[:, 0] += at
            sums[:, 1] += at * distance.clamp_min(1e-3).log()
    both = torch.minimum(lying[:, 0], standing[:, 0])
    ratio = lying[:, 1] / lying[:, 0].clamp_min(1e-9) - standing[:, 1] / standing[:, 0].clamp_min(1e-9)
    odd = (ratio - RATIO_MEAN) / RATIO_SPREAD
    return (0.5 * odd.square().clamp_max(12) * (both / 0.1).clamp_max(1)).clamp_max(ODDEST)


def log_planes(up: torch.Tensor, planes: Planes) -> torch.Tensor:
    """Log likelihood (N,) of the planes, were each of the directions (N, 3) up.

    A surface behind which much of the scene lies cannot be the ground; walls stand square to each other more often than
    not; floors and ceilings are nearer than walls.
    """
    total = up.new_zeros(len(up))
    upright = up.new_zeros(len(up))  # how likely a plane before this one stands, and is one of a pair
    for i in planes.share.argsort(descending=True).tolist():
        share, flat = float(planes.share[i]), float(planes.flat[i])
        lies, hangs, stands, neither = _kinds(up[:, 2], share, flat)
        sine = (up @ planes.normals[i]).clamp(-1, 1)
        supported = math.exp(-min(BELOW_MOST, BELOW_COST * max(0.0, float(planes.behind[i]) - 0.02)))
        supported *= math.exp(CARRIES_GAIN * float(planes.carries[i]))
        lie = supported * (lies * _spread_of(torch.acos(sine), 2) + hangs * _spread_of(torch.acos(-sine), 2))
        stand = stands * _spread_of(torch.asin(sine), 1)
        both = lie + stand + neither / (2 * math.pi)
        total += torch.log(both)
        likely = stand / both
        if i != int(planes.share.argmax()):
            square = (planes.normals @ planes.normals[i]).abs()
            square = torch.minimum(torch.asin(square.clamp_max(1)), torch.acos(square.clamp_max(1)))
            larger = (planes.share > share) & (square < 2 * PLANE_TOLERANCE)
            total += SQUARE_GAIN * likely * upright * bool(larger.any())
        upright = torch.maximum(upright, likely)
    return total - _odd_distances(up, planes)
