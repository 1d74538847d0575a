"""People that the export is tried on: mannequins that walk, and the four real ones where they lie beside the repository."""

import math
from dataclasses import replace

import numpy
import torch
from people import FOCAL, SIZE
from real_bodies import PICTURE, real_files

from sam3d_geometry.bodies.mannequin import mannequins
from sam3d_geometry.files.body_file import read_bodies


def stride(phase, forward=0.0):
    """A pose of walking at a phase in radians."""
    swing = math.sin(phase)
    return {
        "root": (20.0 + 5 * swing, forward, 0.0),
        "l_upleg": (0.0, -25 * swing, 0.0),
        "r_upleg": (0.0, 25 * swing, 0.0),
        "l_lowleg": (0.0, 15 - 15 * math.cos(phase), 0.0),
        "r_lowleg": (0.0, 15 + 15 * math.cos(phase), 0.0),
        "l_uparm": (0.0, 20 * swing, -10.0),
        "r_uparm": (0.0, -20 * swing, 10.0),
        "l_lowarm": (0.0, -20.0, 0.0),
        "c_spine2": (-8 * swing, 0.0, 0.0),
        "c_head": (10 * swing, 5.0, 0.0),
    }


def walkers(frames=6):
    """Two mannequins before one camera: one walks, one turns on the spot."""
    clip = [
        [
            (stride(0.7 * t), (-0.7 + 0.08 * t, 0.9, 4.0 - 0.02 * t), 1.0),
            ({"root": (25.0 * t, 0.0, 3.0), "l_uparm": (0.0, 0.0, 40.0)}, (0.9, 0.9, 4.5), 1.05),
        ]
        for t in range(frames)
    ]
    return mannequins(clip, focal=FOCAL, image_size=SIZE)


def without(bodies, person, frames):
    """The same bodies with a person away from some frames."""
    present = bodies.present.clone()
    present[frames, person] = False
    return replace(bodies, present=present)


def real_people():
    """The four real people of one photo; skips the test where they are missing."""
    return read_bodies(real_files(), image_size=PICTURE)


def upright(bodies, frame, person):
    """A person's vertices (V, 3) in camera axes with y up and z toward the viewer, float64."""
    return (bodies.points(frame, person).double() * torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)).numpy()


def largest(difference):
    return float(numpy.abs(numpy.asarray(difference)).max())
