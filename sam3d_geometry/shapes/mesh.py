"""Mesh: triangles with the photo on them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import torch


@dataclass(frozen=True)
class Mesh:
    """One triangle mesh on the CPU, in OpenCV camera axes and the unit of its pointmap.

    vertices    (N, 3) float32
    faces       (M, 3) int32, vertex numbers, counter-clockwise when seen from outside (from the camera)
    uvs         (N, 2) float32, place in the photo: u to the right, v DOWN, (0, 0) its top left corner (as glTF has it), or None
    normals     (N, 3) float32 unit vectors facing the camera, or None
    colours     (N, 3) float32 in [0, 1], sRGB values, or None
    texture     (H, W, 3) float32 in [0, 1], the photo, or None
    intrinsics  (3, 3) float32 normalised camera that the photo was taken with, or None where there is none
    metric      True when the unit is the metre
    """

    vertices: torch.Tensor
    faces: torch.Tensor
    _: KW_ONLY
    uvs: torch.Tensor | None = None
    normals: torch.Tensor | None = None
    colours: torch.Tensor | None = None
    texture: torch.Tensor | None = None
    intrinsics: torch.Tensor | None = None
    metric: bool = False

    def __post_init__(self) -> None:
        count = len(self.vertices)
        needed = {
            "vertices": (count, 3),
            "faces": (len(self.faces), 3),
            "uvs": (count, 2),
            "normals": (count, 3),
            "colours": (count, 3),
        }
        for name, shape in needed.items():
            tensor = getattr(self, name)
            if tensor is not None and tuple(tensor.shape) != shape:
                raise ValueError(f"Mesh {name} came as {tuple(tensor.shape)}; {shape} is needed.")
        if count == 0 or len(self.faces) == 0:
            raise ValueError(
                "The mesh is empty; give a pointmap with valid pixels, or lower the smallest island, or raise the depth edge."
            )
        low, high = int(self.faces.min()), int(self.faces.max())
        if low < 0 or high >= count:
            raise ValueError(f"Mesh faces name vertices {low} to {high}; there are {count}, numbered from 0.")


def face_normals(vertices: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
    """Vertices (N, 3) and faces (M, 3) -> outward normals (M, 3) whose length is twice the triangle's area."""
    a, b, c = (vertices.index_select(0, faces[:, corner].long()) for corner in range(3))
    return torch.linalg.cross(b - a, c - a)


def vertex_normals(vertices: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
    """Unit normals (N, 3): the mean over the faces at each vertex, weighted by their area."""
    outward = face_normals(vertices, faces)
    total = torch.zeros_like(vertices)
    for corner in range(3):
        total.index_add_(0, faces[:, corner].long(), outward)
    return torch.nn.functional.normalize(total, dim=-1)
