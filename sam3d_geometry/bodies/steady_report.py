"""What steadying did to people, in lines, and when their feet stand, as JSON."""

from __future__ import annotations

import json

import torch

from .bodies import Bodies
from .level_frame import points_to_level
from .runs import runs
from .shot import BALLS, FOOT_POINTS
from .steady import SteadyBodies, Steadying

BY_SHAPE = "Poses were smoothed as shapes: no body model is wired whose skin fits these people, so nothing was bent in its joints."
BY_SKIN = "Joints were turned and knees bent, and the mesh followed by the body model's own skin."


def foot_skate(bodies: Bodies, world: torch.Tensor, contacts: torch.Tensor, fps: float) -> torch.Tensor:
    """(P,) mean speed over the floor, cm / s, of the heels and toes of feet that stand (T, P, 2); nan for who never stands.

    `world` (T, 4, 4) is level, with y down. A foot that rolls about its ball counts as moving.
    """
    return _speed_standing(_foot_speeds(bodies, world, fps)[..., :-1].mean(-1), contacts)


def standing_slide(bodies: Bodies, world: torch.Tensor, contacts: torch.Tensor, fps: float) -> torch.Tensor:
    """As `foot_skate`, of the one of heel, toes and ball that moves least: what a foot stands on, also while it rolls."""
    return _speed_standing(_foot_speeds(bodies, world, fps).amin(-1), contacts)


def _foot_speeds(bodies: Bodies, world: torch.Tensor, fps: float) -> torch.Tensor:
    """(T - 1, P, 2, K) speeds over the floor, cm / s, from each frame to the next: FOOT_POINTS of both feet, and last their balls."""
    points = torch.cat([bodies.keypoints[:, :, FOOT_POINTS], bodies.joints[:, :, BALLS, None]], 3)
    placed = (points + bodies.translations[:, :, None, None]).cpu().flatten(1, 3)
    in_world = points_to_level(placed, world.cpu().double()).view_as(points)
    return in_world.diff(dim=0)[..., (0, 2)].norm(dim=-1) * fps * 100


def _speed_standing(speeds: torch.Tensor, contacts: torch.Tensor) -> torch.Tensor:
    """(P,) mean of speeds (T - 1, P, 2) where a foot stands before and after (T, P, 2); nan where none does."""
    stands = contacts[1:] & contacts[:-1]
    return torch.stack([one[stood].mean() for one, stood in zip(speeds.unbind(1), stands.unbind(1))])


def steady_report(before: Bodies, done: SteadyBodies, world: torch.Tensor, how: Steadying, told: str) -> str:
    """A line for each person, and what to know of the rest; `told` says where the level world comes from."""
    lines = [f"{len(before)} frames at {how.fps:g} a second. World: {told}."]
    slides = [standing_slide(bodies, world, done.contacts, how.fps) for bodies in (before, done.bodies)]
    for person in range(before.persons):
        here = before.present[:, person]
        count = int(here.sum())
        if not count:
            lines.append(f"Person {person}: never there.")
            continue
        spread = float(done.sizes[here.cpu(), person].std()) if count > 1 else 0.0
        share = float(done.contacts[here.cpu(), person].float().mean())
        line = f"Person {person}: {count} frame{'s' if count > 1 else ''}, size was {spread:.1%} unsteady, a foot stands {share:.0%} of the time"
        if not torch.isnan(slides[0][person]):
            line += f", on a point that slides {float(slides[0][person]):.1f} -> {float(slides[1][person]):.1f} cm/s"
        lines.append(line + ".")
    lines.append(BY_SKIN if done.by_skin else BY_SHAPE)
    return "\n".join(lines)


def contacts_json(contacts: torch.Tensor, track_ids: torch.Tensor, fps: float) -> str:
    """Frames in which feet stand (T, P, 2), as first and last of each time, counted from 0."""
    persons = [
        {"track_id": int(track), **{side: runs(contacts[:, p, foot]) for foot, side in enumerate(("left", "right"))}}
        for p, track in enumerate(track_ids.tolist())
    ]
    return json.dumps({"fps": fps, "persons": persons})
