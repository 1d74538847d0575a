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
FARTHEST_EXTENSION = 0.4  # of its inverse depth, that a plane changes where it is extended
LASTING = 5.0  # how much more a surface counts to which a pixel belonged in the last frame, while it looks the same
VOTES_AT_ONCE = 1 << 18  # so that they stay in the processor's cache


@dataclass(frozen=True)
class Voters:
    """What the pixels of B frames know.

    size    (height, width)
    planes  (8 + E, B * height * width): inverse depth, its slope down and along per pixel, red, green, blue, the trust in
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
    frames         (N,) whose pixels they are, or None where there is but one
    measured       (N,) inverse depth that was measured there, or None where nothing was
    unsure         (N,) bool: those whose own measure may lie between surfaces, and is replaced in any case
    remembered     (N,) inverse depth of each in the last frame, or None where there was none
    alike          (N,) in [0, 1]: how much each looks as it did then; None with `remembered`
    """

    rows: torch.Tensor
    columns: torch.Tensor
    colours: torch.Tensor
    frames: torch.Tensor | None = None
    measured: torch.Tensor | None = None
    unsure: torch.Tensor | None = None
    remembered: torch.Tensor | None = None
    alike: torch.Tensor | None = None

    def part(self, chosen: slice) -> Electors:
        """Some of them."""

        def some(values: torch.Tensor | None) -> torch.Tensor | None:
            return None if values is None else values[chosen]

        return Electors(
            self.rows[chosen],
            self.columns[chosen],
            self.colours[chosen],
            frames=some(self.frames),
            measured=some(self.measured),
            unsure=some(self.unsure),
            remembered=some(self.remembered),
            alike=some(self.alike),
        )


@dataclass(frozen=True)
class Verdict:
    """What was decided of the pixels (N,).

    inverse  (N,) inverse depth, 0 for the sky
    found    (N,) bool: whether there was anything to decide; the others keep what they have
    carried  (N, E) mean of the winners' further values
    """

    inverse: torch.Tensor
    found: torch.Tensor
    carried: torch.Tensor


def disc(radius: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows and columns (K,) of the pixels within `radius` of one."""
    at = torch.arange(-radius, radius + 1, device=device)
    rows, columns = torch.meshgrid(at, at, indexing="ij")
    inside = rows.square() + columns.square() <= radius**2
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
    if electors.frames is not None and voters.planes.shape[1] > height * width:
        index += (electors.frames * (height * width))[:, None]
    inverse, down, along, red, green, blue, trust = (_gathered(plane, index) for plane in voters.planes[:7])
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
    noise = (MEASURED_NOISE * (nearest - farthest)).clamp_min(torch.finfo(inverse.dtype).tiny)
    if electors.measured is not None:
        weight = weight * _agreement(inverse, electors.measured, noise)
    if electors.remembered is not None and electors.alike is not None:
        agreement = _agreement(inverse, electors.remembered, noise)
        weight = weight * (1 + LASTING * electors.alike[:, None] * agreement)
    return _counted(voters, electors, index, (inverse, weight, nearest, farthest))


def _gathered(plane: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """plane[index] of a plane (P,) and places of any shape, several times as fast on a CPU."""
    return plane.index_select(0, index.reshape(-1)).view_as(index)


def _agreement(inverse: torch.Tensor, measured: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """In (0, 1]: how well inverse depths (N, K) agree with a measure (N,) of some noise (N, 1)."""
    return 1 / (1 + ((inverse - measured[:, None]) / noise).square())


def _counted(voters: Voters, electors: Electors, index: torch.Tensor, votes: tuple[torch.Tensor, ...]) -> Verdict:
    """The verdict, by the voters' extended inverse depths and weights (N, K) and the extremes (N, 1) of those that know."""
    inverse, weight, nearest, farthest = votes
    several = nearest - farthest > DEPTH_EDGE * nearest
    nearer = inverse > (nearest + farthest) / 2
    tiny = torch.finfo(weight.dtype).tiny
    wins = (weight * nearer).sum(1, keepdim=True) > 0.5 * weight.sum(1, keepdim=True)
    weight = weight * (nearer == wins)
    strongest = inverse.gather(1, weight.argmax(1, keepdim=True))
    weight = weight * ((inverse - strongest).abs() <= DEPTH_EDGE * torch.maximum(inverse, strongest))
    weight = weight * _gathered(voters.planes[7], index)
    weight = weight / weight.sum(1, keepdim=True).clamp_min(tiny)
    several, known = several[:, 0], nearest[:, 0] >= 0
    found = known & (several if electors.unsure is None else several | electors.unsure)
    values = [(_gathered(plane, index) * weight).sum(1) for plane in voters.planes[8:]]
    carried = torch.stack(values, -1) if values else weight[:, :0]
    return Verdict((inverse * weight).sum(1), found, carried)
