"""ComfyUI's MESH payload: batches of meshes in glTF axes, and the library's meshes in them."""

from __future__ import annotations

import torch
from comfy_api.latest import Types

from ..sam3d_geometry.geometry.axes import convert_directions, convert_points
from ..sam3d_geometry.geometry.colour import linear_from_srgb, srgb_from_linear
from ..sam3d_geometry.shapes.mesh import Mesh

FRAME = "opengl"  # the axes of every MESH that core makes or saves
CONVERTED = ("vertices", "faces", "uvs", "vertex_colors", "texture", "vertex_counts", "face_counts", "normals")


class MeshBatch(getattr(Types, "MESH", object)):
    """What flows on a MESH wire, with the attributes that core's own class has in the hosts that have one.

    Meshes of a batch are filled up to the same size: with their last vertex, which does not change what a mesh extends over, and
    with triangles without area. Vertex colours are linear, since core writes them into a GLB as they are. normals,
    intrinsics and metric are ours, beside core's. The library's own meshes are kept beside them, so that ours are saved as they
    were made, without a way to other axes and curves and back.
    """

    def __init__(self, meshes: list[Mesh]):
        first = meshes[0]
        self.vertices = _filled([convert_points(mesh.vertices, FRAME) for mesh in meshes])
        self.faces = _filled([mesh.faces.long() for mesh in meshes], empty=True)
        self.uvs = None if first.uvs is None else _filled([mesh.uvs for mesh in meshes])
        self.vertex_colors = (
            None if first.colours is None else _filled([linear_from_srgb(mesh.colours) for mesh in meshes])
        )
        self.texture = None if first.texture is None else torch.stack([mesh.texture for mesh in meshes])
        self.vertex_counts = torch.tensor([len(mesh.vertices) for mesh in meshes])
        self.face_counts = torch.tensor([len(mesh.faces) for mesh in meshes])
        self.unlit = False
        self.normals = (
            None if first.normals is None else _filled([convert_directions(mesh.normals, FRAME) for mesh in meshes])
        )
        self.intrinsics = None if first.intrinsics is None else torch.stack([mesh.intrinsics for mesh in meshes])
        self.metric = first.metric
        self._made = tuple(meshes), tuple(getattr(self, name) for name in CONVERTED)

    def unchanged(self) -> list[Mesh] | None:
        """The meshes that this was made of; None where a node in between has put other values in their place."""
        meshes, converted = self._made
        same = all(getattr(self, name, None) is value for name, value in zip(CONVERTED, converted, strict=True))
        return list(meshes) if same else None


def _filled(tensors: list[torch.Tensor], empty: bool = False) -> torch.Tensor:
    """Tensors (N_i, C) -> (B, max N_i, C); rows to fill up with are the last one again, or 0 when `empty`."""
    longest = max(len(tensor) for tensor in tensors)
    if all(len(tensor) == longest for tensor in tensors):
        return torch.stack(tensors)
    filled = [
        torch.cat([t, (torch.zeros_like(t[-1:]) if empty else t[-1:]).expand(longest - len(t), -1)]) for t in tensors
    ]
    return torch.stack(filled)


def meshes_from_payload(payload: object) -> list[Mesh]:
    """The meshes of a MESH, ours or core's, in OpenCV axes; the filling of batches is taken off."""
    kept = payload.unchanged() if isinstance(payload, MeshBatch) else None
    if kept is not None:
        return kept

    def item(name: str, i: int, count: int | None = None) -> torch.Tensor | None:
        values = getattr(payload, name, None)
        if values is None:
            return None
        values = values[min(i, len(values) - 1)].detach().cpu()
        return values if count is None else values[:count]

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
                convert_points(item("vertices", i, vertices).float(), "opencv", FRAME),
                item("faces", i, faces).int(),
                uvs=item("uvs", i, vertices),
                normals=None if normals is None else convert_directions(normals, "opencv", FRAME),
                colours=None if colours is None else srgb_from_linear(colours[:, :3].float().clamp(0, 1)),
                texture=item("texture", i),
                intrinsics=item("intrinsics", i),
                metric=getattr(payload, "metric", False),
            )
        )
    return meshes
