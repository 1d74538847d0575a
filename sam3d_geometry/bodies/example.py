"""The people of the picture docs/photos/people/mannequins.jpg: two grown-ups and a child, as an estimator takes them."""

from __future__ import annotations

from dataclasses import replace

import torch

from .bodies import Bodies
from .mannequin import mannequins

IMAGE_SIZE = (900, 1200)  # height, width of the picture
FOCAL = 1050.0  # pixels
CAMERA_HEIGHT_M = 1.35
CHILD, CHILD_SIZE = 2, 0.62
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
