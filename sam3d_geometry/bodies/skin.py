"""Skins: how much each joint moves each vertex, from the rig's own numbers or, without them, from a body's shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from ..shapes.mesh import vertex_normals
from .skeleton import JOINT_COUNT, JOINT_NAMES, JOINT_PARENTS

INFLUENCES = 4  # joints for each vertex: what game engines and glTF viewers take
FACING_PENALTY = 10.0  # a bone that the skin faces counts as this many times as far: it belongs to another limb
NEAREST_BONE = 1e-3  # metres: no bone is nearer to the skin
KIN = 4  # steps through the skeleton between bones whose skins may meet
HEAT = 3.0  # how strongly bones hold the skin against the flow along it
# joints that only share the twist of a limb, or sit inside the head: the skin of a shape alone cannot tell them
_INSIDE = ("_proc", "_null", "teeth", "tongue", "eye", "jaw", "body_world", "wrist_twist", "talocrural", "subtalar")
SKIN_JOINTS: tuple[int, ...] = tuple(
    joint for joint, name in enumerate(JOINT_NAMES) if not any(part in name for part in _INSIDE)
)


@dataclass(frozen=True)
class Skin:
    """Weights of V vertices.

    joints   (V, K) int64, numbers of joints
    weights  (V, K) float64, which add up to 1 in each row
    source   where they come from, in words
    """

    joints: torch.Tensor
    weights: torch.Tensor
    source: str
    geometric: bool = False

    def __len__(self) -> int:
        return len(self.joints)

    def onto(self, holders: Sequence[int]) -> Skin:
        """The same skin with joint j's weight given to `holders[j]`, for a skeleton that has only some of the joints."""
        table = torch.tensor(holders)
        dense = self.weights.new_zeros(len(self), int(table.max()) + 1)
        dense.scatter_add_(1, table[self.joints], self.weights)
        return skin_from_dense(dense, self.source, self.geometric)

    def blend(self, transforms: torch.Tensor) -> torch.Tensor:
        """Transforms (J, 4, 4) of the joints -> the mixed one (V, 3, 4) of each vertex."""
        chosen = transforms[:, :3].to(self.weights)[self.joints]
        return torch.einsum("vk,vkab->vab", self.weights, chosen)


def skin_from_dense(dense: torch.Tensor, source: str, geometric: bool = False) -> Skin:
    """Weights (V, J) of all joints -> the strongest `INFLUENCES` of each vertex."""
    weights, joints = dense.topk(min(INFLUENCES, dense.shape[1]), 1)
    return Skin(joints, (weights / weights.sum(1, keepdim=True)).double(), source, geometric)


def skin_from_entries(vertices: torch.Tensor, joints: torch.Tensor, weights: torch.Tensor, source: str) -> Skin:
    """A skin from three lists of N entries each, as the rig keeps them: vertex, joint, weight."""
    count = int(vertices.max()) + 1
    if not len(vertices) == len(joints) == len(weights):
        raise ValueError(
            f"The rig's skin came as {len(vertices)} vertices, {len(joints)} joints and {len(weights)} weights; as many of each "
            "are needed."
        )
    dense = torch.zeros(count, JOINT_COUNT, dtype=torch.float64)
    dense.index_put_((vertices.long(), joints.long()), weights.double(), accumulate=True)
    if bool((dense.sum(1) < 1e-6).any()):
        raise ValueError("The rig's skin leaves vertices without any joint; load the body model's own file again.")
    return skin_from_dense(dense, source)


def bones(joints: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Joints (J, 3) -> the segments that carry skin: their joints (S,), and their ends (S, 3) and (S, 3)."""
    owners, starts, ends = [], [], []
    for child in range(1, JOINT_COUNT):
        name = JOINT_NAMES[child]
        if child not in SKIN_JOINTS and not name.endswith("_null"):
            continue
        parent = JOINT_PARENTS[child]
        while parent not in SKIN_JOINTS and parent > 0:
            parent = JOINT_PARENTS[parent]
        if parent > 0 and "eye" not in name and "jaw" not in name:
            owners.append(parent)
            starts.append(joints[parent])
            ends.append(joints[child])
    balls = [joint for joint in SKIN_JOINTS if JOINT_NAMES[joint].endswith("ball")]
    owners += balls
    starts += [joints[joint] for joint in balls]
    ends += [joints[joint] for joint in balls]
    return torch.tensor(owners), torch.stack(starts), torch.stack(ends)


def _bone_distances(
    vertices: torch.Tensor, normals: torch.Tensor, joints: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The joints (S,) of the bones, and how far each vertex is from each bone, (V, S); more where its skin faces the bone."""
    owners, starts, ends = bones(joints)
    columns = []
    for start, line in zip(starts, ends - starts):
        share = ((vertices - start) @ line / line.square().sum().clamp_min(1e-12)).clamp(0, 1)
        outward = vertices - start - share[:, None] * line
        distance = outward.norm(dim=1).clamp_min(NEAREST_BONE)
        faced = (outward * normals).sum(1) < 0
        columns.append(torch.where(faced, FACING_PENALTY * distance, distance))
    return owners, torch.stack(columns, 1)


@lru_cache(1)
def _kinship() -> torch.Tensor:
    """(127, 127) steps from joint to joint through the skeleton of SKIN_JOINTS."""
    from scipy.sparse.csgraph import shortest_path

    links = torch.zeros(JOINT_COUNT, JOINT_COUNT)
    for joint in SKIN_JOINTS:
        parent = JOINT_PARENTS[joint]
        while parent > 0 and parent not in SKIN_JOINTS:
            parent = JOINT_PARENTS[parent]
        if parent > 0:
            links[joint, parent] = 1
    return torch.from_numpy(shortest_path(links.numpy(), directed=False, unweighted=True))


def _joint_of_vertices(
    faces: torch.Tensor, joints: torch.Tensor, distances: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The joint (V,) that each vertex hangs from, and how far its bone is (V,).

    The nearest bone, unless the skin would tear: a patch of a thigh that is nearest to the finger that lies on it hangs
    together with the thigh, and takes the nearest of the bones around it.
    """
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    column = distances.argmin(1)
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    first, second = edges.T
    torn = _kinship()[joints[column[first]], joints[column[second]]] > KIN
    count = len(distances)

    def pieces(kept: torch.Tensor) -> torch.Tensor:
        ones = torch.ones(len(kept)).numpy()
        graph = sparse.coo_matrix((ones, (kept[:, 0].numpy(), kept[:, 1].numpy())), shape=(count, count))
        return torch.from_numpy(connected_components(graph, directed=False)[1].astype("int64"))

    whole, part = pieces(edges), pieces(edges[~torn])
    sizes = torch.bincount(part)
    for piece in part[first[torn]].unique().tolist():
        inside = part == piece
        largest = sizes[part[whole == whole[inside][0]].unique()].max()
        if sizes[piece] == largest:
            continue
        across = torch.cat([second[torn & inside[first]], first[torn & inside[second]]])
        around = column[across].unique()
        column[inside] = around[distances[inside][:, around].argmin(1)]
    return joints[column], distances.gather(1, column[:, None])[:, 0]


def geometric_skin(vertices: torch.Tensor, faces: torch.Tensor, joints: torch.Tensor) -> Skin:
    """A skin from a body's surface and joints alone: heat that flows over the skin from the bone nearest behind it.

    vertices (V, 3), faces (F, 3), joints (127, 3) in one frame and unit (metres). Method: Baran and Popovic, Automatic Rigging
    and Animation of 3D Characters, 2007, with the direction of the skin in place of a test of what is seen. The real rig's
    weights are better at shoulders and hips.
    """
    import numpy
    from scipy import sparse
    from scipy.sparse.linalg import splu

    points = vertices.double()
    owner, distance = _joint_of_vertices(
        faces, *_bone_distances(points, vertex_normals(points, faces), joints.double())
    )
    corners = points[faces]
    rows, columns, values = [], [], []
    area = torch.zeros(len(points), dtype=torch.float64)
    for corner in range(3):
        at, left, right = (corners[:, (corner + step) % 3] for step in range(3))
        one, other = left - at, right - at
        twice_area = torch.linalg.cross(one, other).norm(dim=1).clamp_min(1e-12)
        cotangent = ((one * other).sum(1) / twice_area).clamp(-5, 5) / 2
        rows.append(faces[:, (corner + 1) % 3])
        columns.append(faces[:, (corner + 2) % 3])
        values.append(cotangent)
        area.index_add_(0, faces[:, corner], twice_area / 6)
    row, column, value = (torch.cat(part).numpy() for part in (rows, columns, values))
    size = (len(points), len(points))
    flow = sparse.coo_matrix((value, (row, column)), shape=size)
    flow = flow + flow.T
    stiffness = sparse.diags(numpy.asarray(flow.sum(1)).ravel()) - flow
    heat = (HEAT * area / distance.square()).numpy()
    factors = splu((stiffness + sparse.diags(heat)).tocsc())
    used = owner.unique()
    given = torch.nn.functional.one_hot(torch.searchsorted(used, owner), len(used)).double().numpy() * heat[:, None]
    dense = torch.zeros(len(points), JOINT_COUNT, dtype=torch.float64)
    dense[:, used] = torch.from_numpy(factors.solve(given)).clamp_min(0)
    return skin_from_dense(dense, "the body's shape alone (geometric, not the rig's own weights)", True)
