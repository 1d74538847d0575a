"""Scenes that meshes are made of, and how far a mesh lies from its place in the photo."""

import closed_form
import torch

from sam3d_geometry.geometry.camera import project


def sphere(size=(120, 160), **options):
    return closed_form.pointmap(closed_form.sphere(*size)[0], **options)


def pixels_apart(mesh, size):
    """Pixels of a photo of `size` between each vertex's UV and where the camera sees the vertex."""
    seen = project(mesh.vertices.double()[None], mesh.intrinsics[None])[0]
    return ((mesh.uvs - seen) * torch.tensor([size[1], size[0]])).abs().max()


def noisy(seed):
    """A scene with ragged holes, cuts and triangles that meet in one corner."""
    torch.manual_seed(seed)
    depth, *_ = closed_form.box_before_wall(60, 80, tilt_degrees=30)
    return closed_form.pointmap(depth * (1 + 0.03 * torch.rand(depth.shape)), torch.rand(depth.shape) > 0.15)
