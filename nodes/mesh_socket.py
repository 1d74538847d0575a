"""ComfyUI's MESH payload: batches of meshes in glTF axes, and the library's meshes in them."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from comfy_api.latest import Types

from ..sam3d_geometry.geometry.axes import convert_directions, convert_points
from ..sam3d_geometry.geometry.colour import linear_from_srgb, srgb_from_linear
from ..sam3d_geometry.shapes.mesh import Mesh

FRAME = "opengl"  # the axes of every MESH that core makes or saves
CONVERTED = ("vertices", "faces", "uvs", "vertex_colors", "texture", "vertex_counts", "face_counts", "normals")


_CORE_MESH: Any = getattr(Types, "MESH", object)  # old hosts have no class for it


class Payload(Protocol):
    """A MESH of any node: vertices (B, N, 3) and faces (B, M, 3) in glTF axes, and of more attributes those that it has."""

    vertices: torch.Tensor
    faces: torch.Tensor


class MeshBatch(_CORE_MESH):
    """What flows on a MESH wire, with the attributes that core's own class has in the hosts that have one.

    Meshes of a batch are filled up to the same size: with their last vertex, which does not change what a mesh extends over, and
    with triangles without area. Vertex colours are linear, since core writes them into a GLB as they are. normals,
    intrinsics and metric are ours, beside core's. The library's own meshes are kept beside them, so that ours are saved as they
    were made, without a way to other axes and curves and back.
    """

    def __init__(self, meshes: list[Mesh]):
        self.vertices = _filled([convert_points(mesh.vertices, FRAME) for mesh in meshes])
        self.faces = _filled([mesh.faces.long() for mesh in meshes], empty=True)
        uvs, colours, textures = (_values(meshes, name) for name in ("uvs", "colours", "texture"))
        normals, intrinsics = (_values(meshes, name) for name in ("normals", "intrinsics"))
        self.uvs = None if uvs is None else _filled(uvs)
        self.vertex_colors = None if colours is None else _filled([linear_from_srgb(values) for values in colours])
        self.texture = None if textures is None else torch.stack(textures)
        self.vertex_counts = torch.tensor([len(mesh.vertices) for mesh in meshes])
        self.face_counts = torch.tensor([len(mesh.faces) for mesh in meshes])
        self.unlit = False
        self.normals = None if normals is None else _filled([convert_directions(values, FRAME) for values in normals])
        self.intrinsics = None if intrinsics is None else torch.stack(intrinsics)
        self.metric = meshes[0].metric
        self._made = tuple(meshes), tuple(getattr(self, name) for name in CONVERTED)

    def unchanged(self) -> list[Mesh] | None:
        """The meshes that this was made of; None where a node in between has put other values in their place."""
        meshes, converted = self._made
        same = all(getattr(self, name, None) is value for name, value in zip(CONVERTED, converted, strict=True))
        return list(meshes) if same else None


def _values(meshes: list[Mesh], name: str) -> list[torch.Tensor] | None:
    """What each mesh has of that name; None where the first has nothing, as then all of a batch have."""
    return None if getattr(meshes[0], name) is None else [getattr(mesh, name) for mesh in meshes]


def _filled(tensors: list[torch.Tensor], empty: bool = False) -> torch.Tensor:
    """Tensors (N_i, C) -> (B, max N_i, C); rows to fill up with are the last one again, or 0 when `empty`."""
    longest = max(len(tensor) for tensor in tensors)
    if all(len(tensor) == longest for tensor in tensors):
        return torch.stack(tensors)
    filled = [
        torch.cat([t, (torch.zeros_like(t[-1:]) if empty else t[-1:]).expand(longest - len(t), -1)]) for t in tensors
    ]
    return torch.stack(filled)


def meshes_from_payload(payload: Payload) -> list[Mesh]:
    """The meshes of a MESH, ours or core's, in OpenCV axes; the filling of batches is taken off."""
    kept = payload.unchanged() if isinstance(payload, MeshBatch) else None
    if kept is not None:
        return kept

    def part(values: torch.Tensor, i: int, count: int | None = None) -> torch.Tensor:
        return values[min(i, len(values) - 1)].detach().cpu()[:count]

    def item(name: str, i: int, count: int | None = None) -> torch.Tensor | None:
        values = getattr(payload, name, None)
        return None if values is None else part(values, i, count)

    def counted(name: str, of: torch.Tensor, i: int) -> int:
        counts = getattr(payload, name, None)
        return of.shape[1] if counts is None else int(counts[i])

    meshes = []
    for i in range(len(payload.vertices)):
        vertices = counted("vertex_counts", payload.vertices, i)
        faces = counted("face_counts", payload.faces, i)
        normals, colours = item("normals", i, vertices), item("vertex_colors", i, vertices)
        meshes.append(
            Mesh(
                convert_points(part(payload.vertices, i, vertices).float(), "opencv", FRAME),
                part(payload.faces, i, faces).int(),
                uvs=item("uvs", i, vertices),
                normals=None if normals is None else convert_directions(normals, "opencv", FRAME),
                colours=None if colours is None else srgb_from_linear(colours[:, :3].float().clamp(0, 1)),
                texture=item("texture", i),
                intrinsics=item("intrinsics", i),
                metric=getattr(payload, "metric", False),
            )
        )
    return meshes
