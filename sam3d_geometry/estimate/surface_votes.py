"""Which of the surfaces around a pixel it belongs to, by a vote of the pixels around it that know theirs.

Each of them extends its own plane to the pixel, and counts by how near it is and how alike in colour (a cross-bilateral
vote, Kopf et al., Joint bilateral upsampling, 2007). The result is not their mean, which lies between the surfaces, but the
winner of the two sides (a weighted mode, Min, Lu and Do 2012): the mean of those that agree with its strongest voice.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..geometry.surfaces import DEPTH_EDGE

COLOUR_NOISE = 0.03  # difference of colour in [0, 1] up to which two pixels are alike
MEASURED_NOISE = 0.5  # of the contrast: how far a surface may be from what was measured at the pixel to count half
FARTHEST_EXTENSION = 0.15  # of its inverse depth, that a plane changes where it is extended
LASTING = 2.0  # log of the odds that what a pixel belonged to in the last frame is worth, while it looks the same
VOTES_AT_ONCE = 1 << 18  # so that they stay in the processor's cache


@dataclass(frozen=True)
class Voters:
    """What the pixels of one frame know.

    size    (height, width)
    planes  (8 + E, height * width): inverse depth, its slope down and along per pixel, red, green, blue, the trust in
            their vote in [0, 1], the purity of their depth, by which it counts once their side has won, and E further
            values that the winners hand on
    """

    size: tuple[int, int]
    planes: torch.Tensor


@dataclass(frozen=True)
class Electors:
    """The pixels (N,) that are to be decided.

    rows, columns  their places in pixels of the voters' frame, the first pixel's centre being 0
    colours        (N, 3)
    measured       (N,) inverse depth that was measured there, or None where nothing was
    unsure         (N,) bool: those whose own measure may lie between surfaces, and is replaced in any case
    leaning        (N,) in [-1, 1]: 1 for what was surely of the nearer of two surfaces in the last frame, or None
    """

    rows: torch.Tensor
    columns: torch.Tensor
    colours: torch.Tensor
    measured: torch.Tensor | None = None
    unsure: torch.Tensor | None = None
    leaning: torch.Tensor | None = None

    def part(self, chosen: slice) -> Electors:
        """Some of them."""

        def some(values: torch.Tensor | None) -> torch.Tensor | None:
            return None if values is None else values[chosen]

        return Electors(
            self.rows[chosen],
            self.columns[chosen],
            self.colours[chosen],
            measured=some(self.measured),
            unsure=some(self.unsure),
            leaning=some(self.leaning),
        )


@dataclass(frozen=True)
class Verdict:
    """What was decided of the pixels (N,).

    inverse  (N,) inverse depth, 0 for the sky
    side     (N,) int8: 1 the nearer of two surfaces, -1 the farther, 0 where there is only one
    found    (N,) bool: whether there was anything to decide; the others keep what they have
    carried  (N, E) mean of the winners' further values
    """

    inverse: torch.Tensor
    side: torch.Tensor
    found: torch.Tensor
    carried: torch.Tensor


def disc(radius: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows and columns (K,) of the pixels within `radius` of one."""
    at = torch.arange(-radius, radius + 1, device=device)
    rows, columns = torch.meshgrid(at, at, indexing="ij")
    inside = rows.square() + columns.square() <= (radius + 0.5) ** 2
    return rows[inside], columns[inside]


def decide(voters: Voters, electors: Electors, radius: int, spread: float) -> Verdict:
    """The surface of each elector by the voters within `radius` pixels, whose weight falls off over `spread` pixels."""
    around = disc(radius, voters.planes.device)
    at_once = max(1, VOTES_AT_ONCE // len(around[0]))
    count = len(electors.rows)
    parts = [_decided(voters, electors.part(slice(i, i + at_once)), around, spread) for i in range(0, count, at_once)]
    if not parts:
        return _decided(voters, electors, around, spread)
    return Verdict(*(torch.cat([getattr(part, name) for part in parts]) for name in Verdict.__dataclass_fields__))


def _decided(voters: Voters, electors: Electors, around: tuple[torch.Tensor, torch.Tensor], spread: float) -> Verdict:
    (height, width), rows, columns = voters.size, electors.rows[:, None], electors.columns[:, None]
    y, x = rows.round() + around[0], columns.round() + around[1]
    held_y, held_x = y.clamp(0, height - 1), x.clamp(0, width - 1)
    index = (held_y * width + held_x).long()
    inverse, down, along, red, green, blue, trust = (plane[index] for plane in voters.planes[:7])
    y, x = rows - y, columns - x
    change = down * (rows - held_y) + along * (columns - held_x)
    most = FARTHEST_EXTENSION * inverse
    inverse = inverse + torch.maximum(torch.minimum(change, most), -most)
    near = (y * y + x * x).mul_(-0.5 / spread**2).exp_()
    unlike = torch.ones_like(near)
    for plane, own in zip((red, green, blue), electors.colours.T):
        unlike.addcmul_(apart := plane - own[:, None], apart, value=COLOUR_NOISE**-2)
    weight = trust * near / unlike.square_()
    known = trust > 0
    nearest = torch.where(known, inverse, -1).amax(1, keepdim=True)
    farthest = torch.where(known, inverse, torch.inf).amin(1, keepdim=True)
    if electors.measured is not None:
        contrast = (nearest - farthest).clamp_min(torch.finfo(inverse.dtype).tiny)
        off = (inverse - electors.measured[:, None]) / (MEASURED_NOISE * contrast)
        weight = weight / (1 + off.square())
    return _counted(voters, electors, index, (inverse, weight, nearest, farthest))


def _counted(voters: Voters, electors: Electors, index: torch.Tensor, votes: tuple[torch.Tensor, ...]) -> Verdict:
    """The verdict, by the voters' extended inverse depths and weights (N, K) and the extremes (N, 1) of those that know."""
    inverse, weight, nearest, farthest = votes
    several = nearest - farthest > DEPTH_EDGE * nearest
    nearer = inverse > (nearest + farthest) / 2
    tiny = torch.finfo(weight.dtype).tiny
    odds = ((weight * nearer).sum(1) + tiny).log() - ((weight * ~nearer).sum(1) + tiny).log()
    if electors.leaning is not None:
        odds = odds + LASTING * electors.leaning
    wins = odds > 0
    weight = weight * (nearer == wins[:, None])
    strongest = inverse.gather(1, weight.argmax(1, keepdim=True))
    weight = weight * ((inverse - strongest).abs() <= DEPTH_EDGE * torch.maximum(inverse, strongest))
    weight = weight * voters.planes[7][index]
    weight = weight / weight.sum(1, keepdim=True).clamp_min(tiny)
    several, known = several[:, 0], nearest[:, 0] >= 0
    found = known & (several if electors.unsure is None else several | electors.unsure)
    side = torch.where(several & known, wins.to(torch.int8) * 2 - 1, 0).to(torch.int8)
    values = [(plane[index] * weight).sum(1) for plane in voters.planes[8:]]
    carried = torch.stack(values, -1) if values else weight[:, :0]
    return Verdict((inverse * weight).sum(1), side, found, carried)
