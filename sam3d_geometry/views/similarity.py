"""Many similarity transforms at once, each improved until points lie on a surface: point-to-plane with a scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy

from ..geometry.turns import rotation_of
from ..shapes.mesh import Mesh, face_normals

NORMAL_WEIGHT = 0.35  # how far apart, in radii of the mesh, opposite normals are held for; half of it each way
LARGEST_STEP = 0.35  # radians, log scale and radii that one step may move
DAMPING = 1e-3
ABOUT = 0.4  # how much farther than the nearest sample one that is taken for it may lie, as a share
SCALE_ROOM = 2.2  # how far the scale may go from where it starts, as a factor


@dataclass(frozen=True)
class Similarities:
    """H transforms: camera point = scale * rotation @ mesh point + shift.

    rotation (H, 3, 3), scale (H,), shift (H, 3), all float64
    """

    rotation: numpy.ndarray
    scale: numpy.ndarray
    shift: numpy.ndarray

    def __getitem__(self, index: numpy.ndarray) -> Similarities:
        return Similarities(self.rotation[index], self.scale[index], self.shift[index])

    def with_more(self, other: Similarities) -> Similarities:
        """These and then the others."""
        pairs = ((self.rotation, other.rotation), (self.scale, other.scale), (self.shift, other.shift))
        return Similarities(*(numpy.concatenate(pair) for pair in pairs))

    def back(self, points: numpy.ndarray) -> numpy.ndarray:
        """Camera points (P, 3) in each one's mesh frame (H, P, 3)."""
        return ((points[None] - self.shift[:, None]) @ self.rotation) / self.scale[:, None, None]


@dataclass(frozen=True)
class MeshSamples:
    """Points (N, 3) spread evenly over a mesh and the unit outward normals (N, 3) there."""

    points: numpy.ndarray
    normals: numpy.ndarray

    @cached_property
    def middle(self) -> numpy.ndarray:
        return self.points.mean(0)

    @cached_property
    def radius(self) -> float:
        return float(numpy.sqrt(numpy.square(self.points - self.middle).sum(1).mean()))


def sampled(mesh: Mesh, count: int) -> MeshSamples:
    """`count` points on the faces, in proportion to area; the same ones at every call. ValueError for a mesh without area."""
    outward = face_normals(mesh.vertices.double(), mesh.faces).numpy()
    area = numpy.linalg.norm(outward, axis=1)
    if not (numpy.isfinite(area).all() and area.sum() > 0):
        raise ValueError("The mesh has no area or points that are not finite; wire a mesh with a surface to mesh.")
    random = numpy.random.default_rng(0)
    ends = area.cumsum()
    face = numpy.searchsorted(ends, (numpy.arange(count) + random.random(count)) / count * ends[-1])
    face = face.clip(0, len(area) - 1)
    one, two = random.random((2, count, 1))
    corners = mesh.vertices.double().numpy()[mesh.faces.numpy()[face]]
    root = numpy.sqrt(one)
    points = corners[:, 0] * (1 - root) + corners[:, 1] * (root * (1 - two)) + corners[:, 2] * (root * two)
    return MeshSamples(points, outward[face] / numpy.maximum(area[face], 1e-300)[:, None])


def _steps(arms: numpy.ndarray, normals: numpy.ndarray, gaps: numpy.ndarray, weights: numpy.ndarray) -> numpy.ndarray:
    """The step (H, 7) of turn, log scale and shift that closes gaps (H, P) along normals, by weighted least squares."""
    along = (normals * arms).sum(-1, keepdims=True)
    rows = numpy.concatenate([numpy.cross(arms, normals), along, normals], -1)
    weighted = rows * weights[..., None]
    normal = numpy.einsum("hpi,hpj->hij", weighted, rows)
    normal += numpy.eye(7) * DAMPING * numpy.trace(normal, axis1=1, axis2=2)[:, None, None] / 7 + numpy.eye(7) * 1e-12
    step = numpy.linalg.solve(normal, numpy.einsum("hpi,hp->hi", weighted, gaps)[..., None])[..., 0]
    size = numpy.abs(step).max(1, keepdims=True)
    return step * numpy.minimum(1, LARGEST_STEP / numpy.maximum(size, 1e-12))


def stepped(now: Similarities, samples: MeshSamples, step: numpy.ndarray) -> Similarities:
    """Transforms after steps (H, 7) in the mesh's frame about its middle: turn, log scale, and shift in radii of the mesh."""
    scale = now.scale * numpy.exp(step[:, 3])
    middle = samples.middle
    centre = (
        now.scale[:, None] * (now.rotation @ (middle + samples.radius * step[:, 4:])[..., None])[..., 0] + now.shift
    )
    rotation = now.rotation @ rotation_of(step[:, :3])
    return Similarities(rotation, scale, centre - scale[:, None] * (rotation @ middle))


def open_directions(
    at: Similarities, points: numpy.ndarray, normals: numpy.ndarray, samples: MeshSamples, count: int
) -> numpy.ndarray:
    """Unit steps (count, 7), as `stepped` takes them, along which points of one placed mesh (H = 1) slide most freely on it."""
    local, turned = at.back(points)[0], normals @ at.rotation[0]
    arms = (local - samples.middle) / samples.radius
    rows = numpy.concatenate([numpy.cross(arms, turned), (arms * turned).sum(-1, keepdims=True), turned], -1)
    return numpy.linalg.eigh(rows.T @ rows)[1].T[:count]


def refined(
    start: Similarities, points: numpy.ndarray, normals: numpy.ndarray, samples: MeshSamples, rounds: int
) -> tuple[Similarities, numpy.ndarray]:
    """Each transform after `rounds` steps, and how far (H,) the points then lie from the mesh, in radii of the mesh.

    points, normals (P, 3) are seen ones in camera axes, normals toward the camera; each is paired with the mesh's nearest sample in
    place and direction (Chen and Medioni's point-to-plane, with Tukey's weights and a free scale, bounded by SCALE_ROOM).
    """
    from scipy.spatial import KDTree

    middle, radius = samples.middle, samples.radius
    tree = KDTree(numpy.concatenate([samples.points / radius, samples.normals * NORMAL_WEIGHT], 1))
    now, gap = start, numpy.zeros(len(start.scale))
    for turn in range(rounds + 1):
        local = now.back(points)
        facing = numpy.broadcast_to(normals[None] @ now.rotation, local.shape)
        _, index = tree.query(numpy.concatenate([local / radius, facing * NORMAL_WEIGHT], -1), eps=ABOUT)
        on, outward = samples.points[index], samples.normals[index]
        distance = numpy.linalg.norm(local - on, axis=-1) / radius
        gaps = ((local - on) * outward).sum(-1) / radius
        gap = numpy.minimum(distance, 0.5).mean(1) / 2 + numpy.minimum(numpy.abs(gaps), 0.5).mean(1)
        if turn == rounds:
            break
        spread = numpy.maximum(3 * numpy.median(distance, axis=1, keepdims=True), 0.02)
        weights = numpy.square(1 - numpy.square(numpy.minimum(distance / spread, 1)))
        step = _steps((on - middle) / radius, outward, gaps, weights)
        back, room = numpy.log(start.scale / now.scale), numpy.log(SCALE_ROOM)
        step[:, 3] = step[:, 3].clip(back - room, back + room)
        now = stepped(now, samples, step)
    return now, gap
