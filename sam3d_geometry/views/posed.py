"""PosedViews: a set of photos whose cameras were looked for, with what they were found from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy

from .view import View


@dataclass(frozen=True)
class Group:
    """One connected set of views, in one world: the axes of its first view's camera.

    members       indices of its views
    points        (P, 3) float64 of the tracks, in the world's unit
    seen          (N, 2) int, view and point of each place that fits
    places        (N, 2) float64 of those, normalised by the photo's size
    pixels        median distance in pixels (of the picture features were found in) between them and the points' projections
    depth_spread  relative error of the pointmaps' depth by the points
    """

    members: tuple[int, ...]
    points: numpy.ndarray
    seen: numpy.ndarray
    places: numpy.ndarray
    pixels: float
    depth_spread: float

    @classmethod
    def without_points(cls, members: tuple[int, ...]) -> Group:
        """A group whose cameras were not found from points."""
        nowhere = numpy.zeros((0, 2))
        return cls(members, numpy.zeros((0, 3)), nowhere.astype(int), nowhere, float("nan"), float("nan"))


@dataclass(frozen=True)
class Pair:
    """A row of the table of pairs: names of two views, matches, those that agree, and why the pair was not used ("" if it was).

    turn_degrees, parallax_degrees are between the two cameras, by the pair alone; nan where no geometry holds.
    """

    first: str
    second: str
    matches: int
    inliers: int
    turn_degrees: float
    parallax_degrees: float
    reason: str


@dataclass(frozen=True)
class ViewPlacement:
    """How well a placed view is known: tracks that fit, their share of all, and standard deviations by their scatter: degrees
    of turn, and place as a share of the median depth that the view sees. All against the first view of its group."""

    tracks: int
    fit: float
    turn_degrees: float
    place_share: float


@dataclass(frozen=True)
class PosedViews:
    """Views with their cameras, groups and pairs.

    views       as they were given, placed or with the reason why not
    groups      the largest first
    pairs       every pair that was looked at
    placements  one for each placed view, by its index; empty for cameras that came from elsewhere
    source      where the cameras come from, in words
    """

    views: tuple[View, ...]
    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...] = ()
    placements: dict[int, ViewPlacement] = field(default_factory=dict)
    source: str = "the photos"

    def __post_init__(self) -> None:
        for number, group in enumerate(self.groups):
            wrong = [self.views[at].name for at in group.members if self.views[at].group != number]
            if wrong:
                raise ValueError(f"Group {number} has {wrong[0]} among its members, which says it is in another one.")

    @property
    def placed(self) -> list[View]:
        """The views that have a camera."""
        return [view for view in self.views if view.state != "not placed"]
