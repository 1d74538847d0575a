"""The people of the picture docs/photos/people/mannequins.jpg, as an estimator takes them, and somebody who walks."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from .bodies import Bodies
from .mannequin import mannequins
from .skeleton import joints

IMAGE_SIZE = (900, 1200)  # height, width of the picture
FOCAL = 1050.0  # pixels
CAMERA_HEIGHT_M = 1.35
CHILD, CHILD_SIZE = 2, 0.62
WALK_FRAMES, CYCLE_FRAMES = 48, 24
_BALLS, _ANKLES = joints(["l_ball", "r_ball"]), joints(["l_foot", "r_foot"])
_BALL_M, _ANKLE_M = 0.025, 0.085  # how far they are above the sole of a foot that stands
_PEOPLE = (
    (
        {
            "root": (-25.0, 0.0, 0.0),
            "l_upleg": (0.0, -32.0, 0.0),
            "l_lowleg": (0.0, 22.0, 0.0),
            "r_upleg": (0.0, 22.0, 0.0),
            "r_lowleg": (0.0, 18.0, 0.0),
            "l_uparm": (0.0, 20.0, -36.0),
            "r_uparm": (0.0, -25.0, 36.0),
            "r_lowarm": (0.0, -35.0, 0.0),
        },
        (-0.95, 4.2),
        1.03,
    ),
    (
        {
            "root": (12.0, 0.0, 0.0),
            "l_uparm": (0.0, 0.0, 95.0),
            "r_uparm": (0.0, 0.0, 40.0),
            "c_neck": (10.0, 0.0, 0.0),
        },
        (0.15, 4.9),
        1.0,
    ),
    ({"root": (-10.0, 0.0, 0.0), "l_uparm": (0.0, 0.0, -38.0), "r_uparm": (0.0, -70.0, 30.0)}, (0.95, 3.5), CHILD_SIZE),
)


def true_people() -> Bodies:
    """Where they stand in truth, on a floor CAMERA_HEIGHT_M below a level camera."""
    listed = [(pose, (x, CAMERA_HEIGHT_M, z), size) for pose, (x, z), size in _PEOPLE]
    return mannequins([listed], focal=FOCAL, image_size=IMAGE_SIZE)


def example_people() -> Bodies:
    """The same as SAM 3D Body would have them: the child is an adult who is farther away, and the picture is the same."""
    people = true_people()
    taken = torch.ones(1, people.persons)
    taken[0, CHILD] = 1 / CHILD_SIZE
    return replace(people.scaled(taken), sizes=torch.ones(1, people.persons))


def walking_person(frames: int = WALK_FRAMES) -> Bodies:
    """Somebody who walks across the picture of a level camera, CYCLE_FRAMES frames for two steps: the foot that stands does not slide."""
    phases = [2 * math.pi * (t + 0.5) / CYCLE_FRAMES for t in range(frames)]
    poses = [_stride(phase) for phase in phases]
    on_spot = mannequins([[(pose, (0.0, 0.0, 4.5), 1.0)] for pose in poses], focal=FOCAL, image_size=IMAGE_SIZE)
    balls = on_spot.joints[:, 0, _BALLS].double()
    heels = on_spot.joints[:, 0, _ANKLES].double()
    places, x, z, stood = [], -1.3, 4.5, 0
    for t, phase in enumerate(phases):
        foot = 1 if math.cos(phase) > 0 else 0  # the other one swings
        if t:  # the foot that stood in the frame before stays where it was
            x += float(balls[t - 1, stood, 0] - balls[t, stood, 0])
            z += float(balls[t - 1, stood, 2] - balls[t, stood, 2])
        stood = foot
        lowest = max(float(balls[t, foot, 1]) + _BALL_M, float(heels[t, foot, 1]) + _ANKLE_M)
        places.append((x, CAMERA_HEIGHT_M - lowest, z))
    listed = [[(pose, place, 1.0)] for pose, place in zip(poses, places)]
    return mannequins(listed, focal=FOCAL, image_size=IMAGE_SIZE)


def _stride(phase: float) -> dict[str, tuple[float, float, float]]:
    """The pose at a phase of a step cycle, radians, facing the right of the picture."""
    swing, lift = math.sin(phase), math.cos(phase)
    return {
        "root": (75.0 + 4 * swing, 0.0, 0.0),
        "l_upleg": (0.0, -24 * swing, 0.0),
        "r_upleg": (0.0, 24 * swing, 0.0),
        "l_lowleg": (0.0, 6 + 55 * max(lift, 0.0) ** 0.5, 0.0),
        "r_lowleg": (0.0, 6 + 55 * max(-lift, 0.0) ** 0.5, 0.0),
        "l_uparm": (0.0, 22 * swing, -34.0),
        "r_uparm": (0.0, -22 * swing, 34.0),
        "l_lowarm": (0.0, -18.0, 0.0),
        "r_lowarm": (0.0, -18.0, 0.0),
        "c_spine2": (-6 * swing, 0.0, 0.0),
    }
