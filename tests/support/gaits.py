"""People who move in other ways than the walk of `walkers`: rolling over heels and toes, turning, climbing, jumping, standing."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from walkers import FLOOR, FOCAL, FPS, SIDES, SIZE

from sam3d_geometry.bodies.mannequin import _joint_places, mannequins
from sam3d_geometry.bodies.rotation_maths import least_turn
from sam3d_geometry.geometry.rotations import rotation_from_degrees

AWAY = 4.8  # metres from the camera to where ways begin
HEEL, BALL = (0.0, -0.085, -0.05), (0.0, -0.085, 0.13)  # what a foot rolls over, from its ankle
STRIKE, FLAT, LEAVE = 0.12, 0.75, (16.0, -38.0)  # shares of standing; degrees of the foot as it comes and as it leaves
TREAD, RISE = 0.3, 0.17  # of a stair, metres


@dataclass(frozen=True)
class Step:
    """One moment: hips (3,) and their heading, and of both feet the place of the ankle (3,), heading, pitch, whether it stands and
    whether flat. Metres and degrees, y up, floor at 0, z toward the camera."""

    hips: torch.Tensor
    heading: float
    feet: list[tuple[torch.Tensor, float, float, bool, bool]]


@dataclass(frozen=True)
class Gait:
    """Bodies (T, 1), when feet stand and when they do so flat (T, 2), and the level world (T, 4, 4) that the camera stands in."""

    bodies: object
    contacts: torch.Tensor
    flat: torch.Tensor
    world: torch.Tensor


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


def turned(heading):
    return rotation_from_degrees(heading, 0.0, 0.0).double()


def walking(seconds, speed=1.0, cycle=1.0, circle=0.0, stairs=False, heading=75.0, start=(-1.6, 0.0)):
    """A walk, straight on or on a circle of that radius, on the level or up stairs."""

    def way(t):
        gone = speed * t
        if circle:
            turn = gone / circle
            aside = vector(circle * (1 - math.cos(turn)), 0, circle * math.sin(turn))
            return vector(start[0], 0, start[1]) + turned(heading) @ aside, heading + math.degrees(turn)
        return vector(start[0], 0, start[1]) + turned(heading) @ vector(0, 0, gone), heading

    def height(t):
        return RISE / TREAD * speed * t if stairs else 0.0

    feet = []
    for number, sign in enumerate((1.0, -1.0)):
        turn, phase = divmod(seconds / cycle + 0.5 * number, 1)
        low = (turn - 0.5 * number) * cycle  # when this foot came to stand
        middle = low + 0.3 * cycle  # the body is over it

        def footing(t, sign=sign):
            at, facing = way(t)
            up = RISE * round(height(t) / RISE) if stairs else 0.0
            return at + turned(facing) @ vector(0.1 * sign, 0, 0) + vector(0, up, 0), facing

        if phase < 0.6:
            share = phase / 0.6
            place, facing = footing(middle)
            pitch, pivot = rolled(share) if not stairs else (0.0, HEEL)
            offset = turned(facing) @ (vector(*pivot) - pitched(pitch) @ vector(*pivot))
            feet.append((place + vector(0, 0.085, 0) + offset, facing, pitch, True, pitch == 0.0))
            continue
        swing = (phase - 0.6) / 0.4
        eased = swing - math.sin(2 * math.pi * swing) / (2 * math.pi)
        (before, first), (after, last) = footing(middle), footing(middle + cycle)
        edge = [rolled(share) if not stairs else (0.0, HEEL) for share in (1.0, 0.0)]
        ends = [
            spot + turned(facing) @ (vector(*pivot) - pitched(pitch) @ vector(*pivot))
            for spot, facing, (pitch, pivot) in ((before, first, edge[0]), (after, last, edge[1]))
        ]
        lift = (0.06 + (RISE if stairs else 0.0)) * math.sin(math.pi * swing) ** 2
        place = torch.lerp(*ends, eased) + vector(0, 0.085 + lift, 0)
        pitch = edge[0][0] + (edge[1][0] - edge[0][0]) * eased
        feet.append((place, first + (last - first) * eased, pitch, False, False))
    at, facing = way(seconds)
    bob = 0.015 * math.cos(4 * math.pi * seconds / cycle)
    return Step(at + vector(0, 0.83 - 0.05 * stairs + bob + height(seconds), 0), facing, feet)


def rolled(share):
    """The foot's pitch in degrees in a share of its standing, and what it rolls over."""
    if share < STRIKE:
        return LEAVE[0] * (1 - share / STRIKE), HEEL
    if share > FLAT:
        return LEAVE[1] * ((share - FLAT) / (1 - FLAT)) ** 1.5, BALL
    return 0.0, HEEL


def pitched(degrees):
    """The turn of a foot whose toes point up by so many degrees."""
    return rotation_from_degrees(0.0, -degrees, 0.0).double()


def standing(seconds):
    """Somebody who shifts the weight from one leg to the other."""
    sway = vector(0.03 * math.sin(1.5 * seconds), 0.86 + 0.005 * math.sin(4 * seconds), 0.01 * math.sin(2.3 * seconds))
    feet = [(vector(0.11 * sign, 0.085, 0.05 * sign), 8.0 * sign, 0.0, True, True) for sign in (1, -1)]
    return Step(sway, 10 * math.sin(seconds), feet)


def jumping(seconds, every=1.6, air=0.4):
    """Jumps on the spot and a little ahead, out of a crouch."""
    number, t = divmod(seconds, every)
    ground = every - air
    ahead = 0.25 * number
    if t < ground:  # crouching and standing up again, to leave with the speed that the flight needs
        rises = 9.81 * air / 2
        dip = 0.12 * math.sin(math.pi * t / ground) ** 2
        push = max(0.0, t - (ground - 0.1)) * rises - max(0.0, 0.1 - t) * -rises
        feet = [(vector(0.11 * sign, 0.085, ahead), 0.0, 0.0, True, True) for sign in (1, -1)]
        return Step(vector(0, 0.74 - dip + min(push, 0.12), ahead), 0.0, feet)
    flown = t - ground
    high = 9.81 / 2 * flown * (air - flown)
    at = ahead + 0.25 * flown / air
    feet = [(vector(0.11 * sign, 0.085 + high, at), 0.0, 0.0, False, False) for sign in (1, -1)]
    return Step(vector(0, 0.86 + high, at), 0.0, feet)


GAITS: dict[str, Callable[[float], Step]] = {
    "rolling walk": walking,
    "slow": lambda t: walking(t, 0.5, 1.4),
    "fast": lambda t: walking(t, 1.5, 0.85, heading=90.0, start=(-2.4, 0.0)),
    "turning": lambda t: walking(t, 0.8, 1.1, circle=0.9, start=(-0.6, 0.0)),
    "stairs": lambda t: walking(t, 0.55, 1.09, stairs=True, heading=80.0),
    "standing": standing,
    "jumping": jumping,
}


def gait(name, frames=72, noise=0.0, seed=0):
    """A way to move by its name in GAITS; `noise` degrees tremble in every joint."""
    generator = torch.Generator().manual_seed(seed)
    shaken, contacts, flat = [], [], []
    for t in range(frames):
        step = GAITS[name](t / FPS)
        pose = posed_for(step)
        jitter = noise * torch.randn(len(pose), 3, generator=generator)
        x, y, z = (step.hips * vector(1, -1, -1) + vector(0, FLOOR + 0.924, AWAY)).tolist()
        shaken.append(
            [({k: tuple((torch.tensor(v) + j).tolist()) for (k, v), j in zip(pose.items(), jitter)}, (x, y, z), 1.0)]
        )
        contacts.append([foot[3] for foot in step.feet])
        flat.append([foot[4] for foot in step.feet])
    world = torch.eye(4, dtype=torch.float64).repeat(frames, 1, 1)
    world[:, 1, 3] = -FLOOR
    return Gait(mannequins(shaken, focal=FOCAL, image_size=SIZE), torch.tensor(contacts), torch.tensor(flat), world)


def posed_for(step, bones=None):
    """The pose that puts the feet where the step has them, of a mannequin or of a person with such `bones` at rest."""
    rest = {name: vector(*place) for name, place in (bones or _joint_places()).items()}
    pelvis = turned(step.heading)
    pose = {"root": (step.heading, 0.0, 0.0)}
    for side, (ankle, facing, pitch, _, _) in zip(SIDES, step.feet):
        hip, knee, end = (rest[f"{side}_{part}"] for part in ("upleg", "lowleg", "foot"))
        line = pelvis.T @ (ankle - step.hips) - (hip - rest["root"])
        bend = bend_for(knee - hip, end - knee, float(line.norm()))
        knees = rotation_from_degrees(0.0, bend, 0.0).double()
        thigh = least_turn(knee - hip + knees @ (end - knee), line)
        foot = (pelvis @ thigh @ knees).T @ turned(facing) @ pitched(pitch)
        pose |= {f"{side}_upleg": degrees(thigh), f"{side}_lowleg": (0.0, bend, 0.0), f"{side}_foot": degrees(foot)}
        pose[f"{side}_ball"] = (0.0, min(pitch, 0.0), 0.0)  # toes stay flat while the heel rises
    swing = 15 * math.sin(math.radians(200 * float(step.hips[0] + step.hips[2])))
    return pose | {
        "c_spine1": (0.0, 4.0, 0.0),
        "l_uparm": (0.0, swing, -34.0),
        "r_uparm": (0.0, -swing, 34.0),
        "l_lowarm": (0.0, -15.0, 0.0),
        "r_lowarm": (0.0, -15.0, 0.0),
    }


def bend_for(thigh, shank, length):
    """Degrees by which a knee bends for its leg to be so long."""
    low, high = 0.0, 150.0
    for _ in range(40):
        bend = (low + high) / 2
        reach = float((thigh + rotation_from_degrees(0.0, bend, 0.0).double() @ shank).norm())
        low, high = (bend, high) if reach > length else (low, bend)
    return low


def degrees(rotation):
    """Yaw, pitch and roll of a turn, as `rotation_from_degrees` takes them."""
    r = rotation.tolist()
    angles = math.atan2(r[0][2], r[2][2]), math.asin(max(-1.0, min(1.0, -r[1][2]))), math.atan2(r[1][0], r[1][1])
    return tuple(math.degrees(angle) for angle in angles)
