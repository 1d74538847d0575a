"""What is true of every pointmap, asked of each one that is made while the tests run."""

import importlib

import torch

# the tests import the library by its own name, and the nodes as a part of their pack
MODULES = ("sam3d_geometry.geometry.pointmap", "pack.sam3d_geometry.geometry.pointmap")


def is_zero_outside_the_mask(pointmap):
    """Whether points and normals are 0 wherever there is no geometry."""
    outside = ~pointmap.mask
    tensors = [pointmap.points] if pointmap.normals is None else [pointmap.points, pointmap.normals]
    return not any(bool((tensor.detach()[outside.to(tensor.device)] != 0).any()) for tensor in tensors)


def is_clean(pointmap):
    """Whether points and normals are numbers, and in front of the camera wherever there is geometry."""
    tensors = [pointmap.points] if pointmap.normals is None else [pointmap.points, pointmap.normals]
    finite = all(bool(torch.isfinite(tensor.detach()).all()) for tensor in tensors)
    return finite and bool((pointmap.depth.detach()[pointmap.mask] > 0).all())


def assert_of_every_pointmap():
    """Makes every new Pointmap of this process check itself."""
    for name in MODULES:
        cls = importlib.import_module(name).Pointmap
        made = cls.__post_init__

        def checked(self, made=made):
            made(self)
            assert self.points.device.type == "meta" or is_zero_outside_the_mask(self), "values outside the mask"
            assert self.points.device.type == "meta" or is_clean(self), (
                "nan, infinity, or geometry that is not before the camera"
            )

        cls.__post_init__ = checked
