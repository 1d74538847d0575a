"""A mannequin: people of capsules with the skeleton of SAM 3D Body, to try things out where no real ones are at hand.

It has all 127 joints, 70 keypoints and a closed surface of few triangles; proportions are those of an adult of 1.72 m.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from ..geometry.rotations import rotation_from_degrees
from .bodies import Bodies
from .records import bodies_from_records
from .rest_pose import rest_rotations
from .skeleton import JOINT_COUNT, JOINT_NAMES, JOINT_PARENTS, KEYPOINT_NAMES

Triple = tuple[float, float, float]

AROUND, ALONG = 12, 4  # vertices around a capsule, and rings on each of its rounded ends
FLIP = torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)  # the rig's axes (y up) to camera axes (y down), a rotation
# Places at rest in the rig's axes (x the person's left, y up, z to the front), metres. Only the left side is told; the right
# one is its mirror. Joints that are not here lie where their parents are, or between a limb's ends (twist joints).
_REST = {
    "root": (0, 0.924, 0),
    "c_spine0": (0, 0.995, -0.01),
    "c_spine1": (0, 1.09, -0.015),
    "c_spine2": (0, 1.20, -0.02),
    "c_spine3": (0, 1.32, -0.015),
    "c_neck": (0, 1.455, 0),
    "c_head": (0, 1.555, 0.015),
    "c_head_null": (0, 1.72, 0.015),
    "c_jaw": (0, 1.555, 0.03),
    "l_eye": (0.032, 1.61, 0.085),
    "l_upleg": (0.09, 0.91, 0),
    "l_lowleg": (0.1, 0.49, 0.005),
    "l_foot": (0.105, 0.085, -0.03),
    "l_talocrural": (0.105, 0.085, -0.03),
    "l_subtalar": (0.105, 0.05, -0.03),
    "l_transversetarsal": (0.108, 0.045, 0.03),
    "l_ball": (0.112, 0.025, 0.1),
    "l_clavicle": (0.02, 1.40, 0.01),
    "l_uparm": (0.17, 1.395, -0.02),
    "l_lowarm": (0.35, 1.19, -0.03),
    "l_wrist_twist": (0.52, 1.005, 0.0),
    "l_wrist": (0.53, 0.995, 0.0),
}
_FINGERS_ACROSS = {"thumb": 0.045, "index": 0.025, "middle": 0.005, "ring": -0.015, "pinky": -0.035}  # across the hand
_HAND = (0.66, -0.75, 0.0)  # direction from the wrist
# capsules of the surface: joint that carries it, from and to (joints of the left side or the middle), radii at the ends
_CAPSULES = (
    ("root", "root", "c_spine1", 0.135, 0.125),
    ("c_spine1", "c_spine1", "c_spine3", 0.125, 0.14),
    ("c_spine3", "c_spine3", "c_neck", 0.12, 0.055),
    ("c_neck", "c_neck", "c_head", 0.055, 0.055),
    ("l_upleg", "l_upleg", "l_lowleg", 0.085, 0.055),
    ("l_lowleg", "l_lowleg", "l_foot", 0.054, 0.038),
    ("l_foot", "l_subtalar", "l_ball", 0.045, 0.028),
    ("l_uparm", "l_uparm", "l_lowarm", 0.052, 0.042),
    ("l_lowarm", "l_lowarm", "l_wrist_twist", 0.042, 0.028),
    ("l_wrist", "l_wrist", "l_middle1", 0.03, 0.036),
    ("l_middle1", "l_middle1", "l_middle3", 0.034, 0.018),
    ("c_spine3", "l_clavicle", "l_uparm", 0.06, 0.055),
)
_HEAD = ((0, 1.585, 0.02), (0, 1.64, 0.02), 0.075, 0.08)  # ends and radii of the capsule that is the head
_KEYPOINT_PLACES = {  # off the joints that carry them
    "nose": ("c_head", (0, 1.575, 0.125)),
    "left-eye": ("c_head", (0.032, 1.61, 0.1)),
    "left-ear": ("c_head", (0.075, 1.6, 0.02)),
    "left-big-toe-tip": ("l_ball", (0.1, 0.02, 0.17)),
    "left-small-toe-tip": ("l_ball", (0.15, 0.02, 0.14)),
    "left-heel": ("l_foot", (0.105, 0.01, -0.08)),
    "left-olecranon": ("l_lowarm", (0.35, 1.185, -0.06)),
    "left-cubital-fossa": ("l_lowarm", (0.35, 1.195, 0.0)),
    "left-acromion": ("c_spine3", (0.17, 1.44, -0.01)),
}
_KEYPOINT_JOINTS = {
    "shoulder": "uparm",
    "elbow": "lowarm",
    "hip": "upleg",
    "knee": "lowleg",
    "ankle": "foot",
    "wrist": "wrist",
}


@dataclass(frozen=True)
class _Rig:
    """The mannequin at rest in the rig's axes, float64: joints, surface and keypoints, and which joint carries what."""

    joints: torch.Tensor
    vertices: torch.Tensor
    carriers: torch.Tensor
    faces: torch.Tensor
    keypoints: torch.Tensor
    keypoint_carriers: torch.Tensor


def _mirrored(place: Triple) -> Triple:
    return (-place[0], place[1], place[2])


def _joint_places() -> dict[str, Triple]:
    """Where every joint is at rest."""
    places: dict[str, Triple] = {name: (float(x), y, float(z)) for name, (x, y, z) in _REST.items()}
    x, y, z = places["l_wrist"]
    for finger, across in _FINGERS_ACROSS.items():
        for number in range(5):
            name = f"l_{finger}_null" if number == 4 else f"l_{finger}{number}"
            along = (0.03 if finger == "thumb" else 0.07) + 0.026 * (number - 1)
            places[name] = (x + _HAND[0] * along, y + _HAND[1] * along, z + across)
    places |= {"r" + name[1:]: _mirrored(place) for name, place in list(places.items()) if name.startswith("l_")}
    for name, parent in zip(JOINT_NAMES, JOINT_PARENTS):
        if name in places:
            continue
        above = places.get(JOINT_NAMES[parent], (0.0, 0.0, 0.0)) if parent >= 0 else (0.0, 0.0, 0.0)
        places[name] = _between(name, places) or above
    return places


def _between(name: str, places: Mapping[str, Triple]) -> Triple | None:
    """Where a twist joint lies on its limb."""
    after = {"lowleg": "foot", "upleg": "lowleg", "lowarm": "wrist_twist", "uparm": "lowarm", "neck": "head"}
    if "_twist" not in name or not name.endswith("_proc"):
        return None
    side, limb, twist, _ = name.split("_")
    start, end = places[f"{side}_{limb}"], places[f"{side}_{after[limb]}"]
    share = int(twist[-1]) / 5
    a, b, c = (s + share * (e - s) for s, e in zip(start, end))
    return a, b, c


def _capsule(from_place: Triple, to_place: Triple, first: float, last: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Vertices (N, 3) and outward faces (M, 3) of a closed capsule between two points with a radius at each."""
    start, end = (torch.tensor(place, dtype=torch.float64) for place in (from_place, to_place))
    axis = torch.nn.functional.normalize(end - start, dim=0)
    aside = torch.tensor([1.0, 0.0, 0.0] if abs(float(axis[0])) < 0.9 else [0.0, 0.0, 1.0], dtype=torch.float64)
    u = torch.nn.functional.normalize(torch.linalg.cross(axis, aside), dim=0)
    v = torch.linalg.cross(axis, u)
    angles = torch.arange(AROUND, dtype=torch.float64) * (2 * math.pi / AROUND)
    around = angles.cos()[:, None] * u + angles.sin()[:, None] * v
    rings = []
    for centre, radius, lows in ((start, first, range(-ALONG + 1, 1)), (end, last, range(ALONG))):
        for step in lows:
            tilt = step / ALONG * math.pi / 2
            rings.append(centre + radius * (math.cos(tilt) * around + math.sin(tilt) * axis))
    vertices = torch.cat([*rings, (start - first * axis)[None], (end + last * axis)[None]])
    count, faces = len(rings), []
    for ring in range(count - 1):
        for i in range(AROUND):
            a, b = ring * AROUND + i, ring * AROUND + (i + 1) % AROUND
            faces += [(a, b, b + AROUND), (a, b + AROUND, a + AROUND)]
    low, high = count * AROUND, count * AROUND + 1
    for i in range(AROUND):
        j = (i + 1) % AROUND
        faces += [(low, j, i), (high, (count - 1) * AROUND + i, (count - 1) * AROUND + j)]
    return vertices, torch.tensor(faces)


def _surface(places: Mapping[str, Triple]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Vertices, the joint that carries each, and faces of all capsules."""
    pieces: list[tuple[str, Triple, Triple, float, float]] = [("c_head", *_HEAD)]
    for carrier, start, end, first, last in _CAPSULES:
        for side in "lr" if "l_" in carrier + start else "l":
            names = [
                name.replace("l_", f"{side}_", 1) if name.startswith("l_") else name for name in (carrier, start, end)
            ]
            pieces.append((names[0], places[names[1]], places[names[2]], first, last))
    vertices, carriers, faces, count = [], [], [], 0
    for carrier, start, end, first, last in pieces:
        points, triangles = _capsule(start, end, first, last)
        vertices.append(points)
        faces.append(triangles + count)
        carriers += [JOINT_NAMES.index(carrier)] * len(points)
        count += len(points)
    return torch.cat(vertices), torch.tensor(carriers), torch.cat(faces)


def _keypoint(name: str, places: Mapping[str, Triple]) -> tuple[str, Triple]:
    """The joint that carries a keypoint, and where the keypoint is at rest."""
    if name == "neck":
        return "c_neck", places["c_neck"]
    side, _, what = name.partition("-")
    letter = side[0]
    if f"left-{what}" in _KEYPOINT_PLACES or name in _KEYPOINT_PLACES:
        carrier, place = _KEYPOINT_PLACES.get(name) or _KEYPOINT_PLACES[f"left-{what}"]
        mirrored = side == "right"
        return carrier.replace("l_", f"{letter}_", 1) if mirrored and carrier[0] == "l" else carrier, (
            _mirrored(place) if mirrored else place
        )
    finger, _, part = what.partition("-")
    if finger in _FINGERS_ACROSS:
        ends = {"tip": "_null", "first-joint": "3", "second-joint": "2", "third-joint": "1"}
        joint = f"{letter}_{finger}{ends[part]}"
    else:
        joint = f"{letter}_{_KEYPOINT_JOINTS[what]}"
    return joint, places[joint]


@lru_cache(1)
def _rig() -> _Rig:
    places = _joint_places()
    vertices, carriers, faces = _surface(places)
    keypoints = [_keypoint(name, places) for name in KEYPOINT_NAMES]
    return _Rig(
        torch.tensor([places[name] for name in JOINT_NAMES], dtype=torch.float64),
        vertices,
        carriers,
        faces,
        torch.tensor([place for _, place in keypoints], dtype=torch.float64),
        torch.tensor([JOINT_NAMES.index(joint) for joint, _ in keypoints]),
    )


Pose = Mapping[
    str, tuple[float, float, float]
]  # joint name -> degrees (yaw, pitch, roll) against its parent, rig's axes


def posed(pose: Pose, size: float = 1.0) -> dict[str, torch.Tensor]:
    """One mannequin in a pose and `size` times the adult, with the keys of SAM 3D Body; without a place before a camera.

    A joint's rotation goes about the rig's axes: yaw about y (up), pitch about x, roll about z.
    """
    rig = _rig()
    rotations, places = torch.eye(3, dtype=torch.float64).repeat(JOINT_COUNT, 1, 1), rig.joints.clone()
    for joint, parent in enumerate(JOINT_PARENTS):
        turn = rotation_from_degrees(*pose.get(JOINT_NAMES[joint], (0.0, 0.0, 0.0)))
        if parent >= 0:
            rotations[joint] = rotations[parent] @ turn
            places[joint] = places[parent] + rotations[parent] @ (rig.joints[joint] - rig.joints[parent])

    def moved(points: torch.Tensor, carriers: torch.Tensor) -> torch.Tensor:
        aside = (points - rig.joints[carriers])[..., None]
        return ((places[carriers] + (rotations[carriers] @ aside)[..., 0]) * FLIP * size).float()

    x, y, z = _euler_xyz(rotations[1])
    return {
        "pred_vertices": moved(rig.vertices, rig.carriers),
        "pred_joint_coords": (places * FLIP * size).float(),
        "pred_keypoints_3d": moved(rig.keypoints, rig.keypoint_carriers),
        "pred_global_rots": (rotations @ rest_rotations()).float(),
        "global_rot": torch.tensor([x, y, z]).float(),
    }


def _euler_xyz(rotation: torch.Tensor) -> Triple:
    """Angles (x, y, z) in radians with rotation = Rz Ry Rx, as the rig takes them."""
    r = rotation.tolist()
    return (
        math.atan2(r[2][1], r[2][2]),
        math.asin(max(-1.0, min(1.0, -r[2][0]))),
        math.atan2(r[1][0], r[0][0]),
    )


def mannequins(
    frames: Sequence[Sequence[tuple[Pose, tuple[float, float, float], float]]],
    *,
    focal: float,
    image_size: tuple[int, int],
) -> Bodies:
    """People of capsules before a camera: in each frame, each person's pose, place and size.

    A place is where the person's own origin is (the floor below the pelvis), metres in camera axes; `focal` counts pixels.
    """
    records = []
    for persons in frames:
        records.append([])
        for pose, place, size in persons:
            record = posed(pose, size)
            translation = torch.tensor(place)
            seen = record["pred_keypoints_3d"] + translation
            middle = torch.tensor([image_size[1] / 2, image_size[0] / 2])
            record |= {
                "pred_cam_t": translation,
                "pred_keypoints_2d": focal * seen[:, :2] / seen[:, 2:] + middle,
                "focal_length": torch.tensor(focal),
            }
            records[-1].append(record)
    return bodies_from_records(records, faces=_rig().faces, image_size=image_size)
