"""Somebody who walks as people do: hips that go evenly, feet flat on the floor while they stand, and both for a fifth of the time."""

import math
from dataclasses import dataclass, replace

import torch

from sam3d_geometry.bodies.mannequin import _joint_places, _rig, mannequins
from sam3d_geometry.bodies.rig import Rig
from sam3d_geometry.bodies.skin import Skin

FPS, FOCAL, SIZE, FLOOR = 24.0, 1050.0, (900, 1200), 1.35
SPEED, CYCLE_S, STANDING, LIFT, CROUCH = 1.0, 1.0, 0.6, 0.09, 0.07  # metres, seconds, share of a cycle
SIDES = ("l", "r")


@dataclass(frozen=True)
class Walk:
    """Bodies (T, 1), the truth of `contacts` (T, 2), and the level world (T, 4, 4) that the camera stands in."""

    bodies: object
    contacts: torch.Tensor
    world: torch.Tensor


def walk(frames=72, noise=0.0, seed=0, heading=75.0, start=(-1.6, 4.8)):
    """A walk on a floor FLOOR below a level camera; `noise` degrees tremble in every joint."""
    generator = torch.Generator().manual_seed(seed)
    shaken, contacts = [], []
    for t in range(frames):
        pose, place, stands = _pose(t / FPS, heading, start)
        jitter = noise * torch.randn(len(pose), 3, generator=generator)
        shaken.append(
            [({k: tuple((torch.tensor(v) + j).tolist()) for (k, v), j in zip(pose.items(), jitter)}, place, 1.0)]
        )
        contacts.append(stands)
    world = torch.eye(4, dtype=torch.float64).repeat(frames, 1, 1)
    world[:, 1, 3] = -FLOOR
    return Walk(mannequins(shaken, focal=FOCAL, image_size=SIZE), torch.tensor(contacts), world)


def _foot(phase):
    """How far a foot is ahead of the place below the hips, how high over the floor, and whether it stands, in a share of its cycle."""
    step = SPEED * CYCLE_S * STANDING  # the way of the hips while a foot stands
    if phase < STANDING:
        return step * (0.5 - phase / STANDING), 0.0, True
    swing = (phase - STANDING) / (1 - STANDING)
    eased = swing - math.sin(2 * math.pi * swing) / (2 * math.pi)
    # the foot's own way over the floor is a whole stride, the hips go on meanwhile
    ahead = -0.5 * step + SPEED * CYCLE_S * eased - SPEED * (phase - STANDING) * CYCLE_S
    return ahead, LIFT * math.sin(math.pi * swing) ** 2, False


def _pose(seconds, heading, start):
    places, cycle = _joint_places(), seconds / CYCLE_S
    pose, stands = {"root": (heading, 0.0, 0.0)}, []
    for offset, side in zip((0.0, 0.5), SIDES):
        ahead, height, standing = _foot((cycle + offset) % 1)
        hip, knee, ankle = (places[f"{side}_{part}"] for part in ("upleg", "lowleg", "foot"))
        thigh, shank = complex(knee[1] - hip[1], knee[2] - hip[2]), complex(ankle[1] - knee[1], ankle[2] - knee[2])
        target = complex(ankle[1] + height - hip[1] + CROUCH, ahead)
        bend = math.acos((abs(target) ** 2 - abs(thigh) ** 2 - abs(shank) ** 2) / (2 * abs(thigh) * abs(shank)))
        # turns of (y, z) as a complex number go with the pitch about x
        bend -= math.atan2((shank / thigh).imag, (shank / thigh).real)
        turn = target / (thigh + shank * complex(math.cos(bend), math.sin(bend)))
        lift = math.degrees(math.atan2(turn.imag, turn.real))
        pose[f"{side}_upleg"] = (0.0, lift, 0.0)
        pose[f"{side}_lowleg"] = (0.0, math.degrees(bend), 0.0)
        pose[f"{side}_foot"] = (0.0, -lift - math.degrees(bend), 0.0)
        stands.append(standing)
    swing = 18 * math.sin(2 * math.pi * cycle)
    pose |= {"l_uparm": (0.0, swing, -34.0), "r_uparm": (0.0, -swing, 34.0)}
    way = SPEED * seconds
    x, z = start[0] + way * math.sin(math.radians(heading)), start[1] - way * math.cos(math.radians(heading))
    return pose, (x, FLOOR + CROUCH, z), stands


def rig():
    """The rig of the mannequin that walks: each vertex hangs on one joint, as it was posed."""
    carriers = _rig().carriers
    return Rig(skin=Skin(carriers[:, None], torch.ones(len(carriers), 1, dtype=torch.float64), "the mannequin's own"))


def shaken(bodies, seed=0):
    """People as an estimator has them in their camera: sizes off by 3 %, places by 5 mm and 2 cm in depth, in every frame."""
    generator = torch.Generator().manual_seed(seed)
    off = torch.randn(len(bodies), 1, 3, generator=generator) * torch.tensor([0.005, 0.005, 0.02])
    bodies = replace(bodies, translations=bodies.translations + off)
    bodies = replace(bodies, keypoints_2d=bodies.projected(bodies.keypoints))
    return bodies.scaled(1 + 0.03 * torch.randn(len(bodies), 1, generator=generator))


def unsteady_walk(frames=72, noise=0.5, seed=0):
    """The walk `shaken`, with joints that tremble by `noise` degrees."""
    return shaken(walk(frames, noise=noise, seed=seed).bodies, seed)
