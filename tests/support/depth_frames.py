"""A ball under open sky as a frame of exact depth, and its files."""

import closed_form
import torch

from sam3d_geometry.files.depth_file import DEPTH_FORMATS, depth_writer
from sam3d_geometry.files.depth_frame import frame_from_pointmap
from sam3d_geometry.files.depth_steps import RangeSteps, UnitSteps
from sam3d_geometry.files.exr import ExrLayers
from sam3d_geometry.geometry.normals import normals_from_pointmap

STEPS = [
    UnitSteps(1000.0),
    UnitSteps(256.0),
    RangeSteps(0.5, 20.0, "linear"),
    RangeSteps(0.5, 20.0, "disparity"),
    RangeSteps(0.5, 20.0, "log"),
    RangeSteps(0.0, 7.25, "disparity"),
]


def pointmap(height=45, width=80, metric=True):
    """A ball under open sky with every photo value of 8 bits."""
    torch.manual_seed(0)
    depth, _ = closed_form.sphere(height, width)
    image = torch.randint(0, 256, (1, height, width, 3)) / 255
    return closed_form.pointmap(depth, image=image, metric=metric)


def frame(steps=None, normals=True):
    """The same as a frame of a depth file, with or without its normals."""
    made = pointmap()
    return frame_from_pointmap(made, steps, normals_from_pointmap(made)[0] if normals else None)


def clip():
    """Two frames, the second one twice as far away, of photos twice as large."""
    depth, _ = closed_form.sphere(30, 40)
    return closed_form.pointmap(torch.cat([depth, depth * 2]), source_size=(60, 80))


def save(path, held, name, **layers):
    """Writes a frame in the depth format of that name, an EXR with these layers; gives the path."""
    with path.open("wb") as file:
        depth_writer(held, DEPTH_FORMATS[name], ExrLayers(**layers))(file)
    return path
