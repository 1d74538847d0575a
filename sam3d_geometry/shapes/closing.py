"""Closing: a back and side walls that make a watertight solid of an open surface seen from the camera."""

from __future__ import annotations

from dataclasses import replace

import numpy
import torch

from .mesh import Mesh

OPEN_BACK, FLAT_BACK, SHELL_BACK = BACKS = ("open", "flat", "shell")
SHELL_THICKNESS = 0.05  # of the depth: a shell that is strong enough to print and does not reach what stands behind


def _edge_keys(faces: numpy.ndarray, count: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Number of each face's three edges (M, 3), the same for both directions, and whether it runs upwards (M, 3)."""
    start, end = faces.astype(numpy.int64), numpy.roll(faces, -1, axis=1).astype(numpy.int64)
    return numpy.minimum(start, end) * count + numpy.maximum(start, end), start < end


def _two_sided(faces: numpy.ndarray, count: int) -> numpy.ndarray:
    """The faces less those at edges that more than two share, or two in the same direction; decimation can leave some."""
    keys, upwards = _edge_keys(faces, count)
    _, inverse, uses = numpy.unique(keys, return_inverse=True, return_counts=True)
    inverse = inverse.reshape(keys.shape)
    balance = numpy.bincount(inverse.ravel(), weights=numpy.where(upwards, 1, -1).ravel())
    bad = (uses > 2) | ((uses == 2) & (balance != 0))
    return faces[~bad[inverse].any(1)]


def border_edges(faces: numpy.ndarray, count: int) -> numpy.ndarray:
    """Edges (K, 2) that only one face has, in that face's direction."""
    keys, _ = _edge_keys(faces, count)
    _, first, uses = numpy.unique(keys, return_index=True, return_counts=True)
    face, side = numpy.divmod(first[uses == 1], 3)
    return numpy.stack([faces[face, side], faces[face, (side + 1) % 3]], 1)


def _without_pinches(faces: numpy.ndarray, count: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Faces of which no two fans meet in one vertex only, and their border edges; of such fans the largest stays."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    while True:
        border = border_edges(faces, count)
        leaving = numpy.bincount(border[:, 0], minlength=count)
        pinched = leaving > 1
        if not pinched.any():
            return faces, border
        face, corner = numpy.nonzero(pinched[faces])
        vertex = faces[face, corner].astype(numpy.int64)
        others = [faces[face, (corner + turn) % 3] for turn in (1, 2)]
        # corners at one vertex that share an edge belong to one fan
        corners = numpy.arange(len(face))
        spokes = numpy.concatenate([vertex * count + other for other in others])
        _, spoke = numpy.unique(spokes, return_inverse=True)
        nodes = len(corners) + int(spoke.max()) + 1
        pairs = (numpy.tile(corners, 2), len(corners) + spoke)
        graph = coo_array((numpy.ones(len(spoke), dtype=bool), pairs), shape=(nodes, nodes))
        fan = connected_components(graph, directed=False)[1][: len(corners)]
        size = numpy.bincount(fan)[fan]
        # by vertex, then the largest fan, then its number: the first of each vertex is the fan that stays
        order = numpy.lexsort((fan, -size, vertex))
        _, first = numpy.unique(vertex[order], return_index=True)
        staying = numpy.zeros(int(fan.max()) + 1, dtype=bool)
        staying[fan[order][first]] = True
        keep = numpy.ones(len(faces), dtype=bool)
        keep[face[~staying[fan]]] = False
        faces = faces[keep]


def _farthest(z: numpy.ndarray, faces: numpy.ndarray) -> numpy.ndarray:
    """Greatest z (N,) of the piece of surface that each vertex belongs to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(z)
    pairs = (faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel())
    graph = coo_array((numpy.ones(len(pairs[0]), dtype=bool), pairs), shape=(count, count))
    pieces, piece = connected_components(graph, directed=False)
    farthest = numpy.zeros(pieces, dtype=z.dtype)
    numpy.maximum.at(farthest, piece, z)
    return farthest[piece]


def close_back(mesh: Mesh, back: str, thickness: float = SHELL_THICKNESS) -> Mesh:
    """A surface that faces the camera -> a watertight solid, by a back and walls along the rays at its border.

    `back`: "flat" puts a plane behind every piece, beyond its farthest point; "shell" follows the front; "open" leaves the
    mesh as it is. `thickness` is relative to the depth. Every point of the back lies on the ray of its front point, so
    nothing intersects and the photo's place on it is the same. Triangles that hang on by a single corner are left out.
    """
    if back not in BACKS:
        raise ValueError(f"Back {back!r} is not known; choose one of {', '.join(BACKS)}.")
    if back == OPEN_BACK:
        return mesh
    if not thickness > 0:
        raise ValueError(f"The thickness came as {thickness:g}; a closed mesh needs one greater than 0.")
    count = len(mesh.vertices)
    faces, border = _without_pinches(_two_sided(mesh.faces.numpy(), count), count)
    z = mesh.vertices[:, 2].numpy()
    scale = numpy.full(count, 1 + thickness, dtype=z.dtype)
    if back == FLAT_BACK:
        scale *= _farthest(z, faces) / z
    start, end = border[:, 0], border[:, 1]
    walls = numpy.concatenate(
        [numpy.stack([end, start, start + count], 1), numpy.stack([end, start + count, end + count], 1)]
    )
    solid = torch.from_numpy(numpy.concatenate([faces, faces[:, ::-1] + count, walls])).long()
    used = torch.zeros(2 * count, dtype=torch.bool)
    used[solid.view(-1)] = True
    behind = mesh.vertices * torch.from_numpy(scale)[:, None]
    number = used.cumsum(0, dtype=torch.int32) - 1
    doubled = {
        name: torch.cat([values, -values if name == "normals" else values])[used]
        for name in ("uvs", "normals", "colours")
        if (values := getattr(mesh, name)) is not None
    }
    vertices = torch.cat([mesh.vertices, behind])[used]
    return replace(mesh, vertices=vertices, faces=number[solid], **doubled)
