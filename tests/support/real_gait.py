"""A real person of `real_bodies` who moves in the ways of `gaits`: its own bones and skin, posed joint by joint."""

from dataclasses import dataclass, replace
from functools import lru_cache

import gaits
import torch
from real_bodies import real_files
from walkers import FLOOR, FOCAL, FPS, SIZE

from sam3d_geometry.bodies.mannequin import FLIP, _rig
from sam3d_geometry.bodies.records import bodies_from_records
from sam3d_geometry.bodies.rest import BodyMotion, Rest, posed_vertices, rest_of, resting_vertices, rigid, skinning
from sam3d_geometry.bodies.rest_pose import rest_rotations
from sam3d_geometry.bodies.rig import Rig
from sam3d_geometry.bodies.rigged_pose import nearest_skin
from sam3d_geometry.bodies.skeleton import JOINT_COUNT, JOINT_NAMES, JOINT_PARENTS, ROOT, joints
from sam3d_geometry.bodies.skin import Skin, geometric_skin
from sam3d_geometry.files.body_file import read_bodies
from sam3d_geometry.geometry.rotations import rotation_from_degrees

LEG = joints(["l_upleg", "l_lowleg", "l_foot"])


@dataclass(frozen=True)
class RealPerson:
    """Somebody at rest in the rig's axes, float64, whose legs are as long as a mannequin's."""

    rest: Rest
    vertices: torch.Tensor
    keypoints: torch.Tensor
    skin: Skin
    keypoint_skin: Skin
    faces: torch.Tensor

    def record(self, pose, place):
        """The keys of SAM 3D Body of the person in a pose as `mannequins` takes it, at a place in camera axes."""
        turns, places = torch.eye(3, dtype=torch.float64).repeat(JOINT_COUNT, 1, 1), self.rest.joints.clone()
        for joint, parent in enumerate(JOINT_PARENTS):
            turn = rotation_from_degrees(*pose.get(JOINT_NAMES[joint], (0.0, 0.0, 0.0))).double()
            if parent >= 0:
                turns[joint] = turns[parent] @ turn
                places[joint] = places[parent] + turns[parent] @ (self.rest.joints[joint] - self.rest.joints[parent])
        rotations = turns @ self.rest.rotations
        moves = skinning(rigid(rotations, places), self.rest.transforms())
        keypoints = (posed_vertices(self.keypoints, self.keypoint_skin, moves) * FLIP).float()
        translation = torch.tensor(place).float()
        seen = keypoints + translation
        middle = torch.tensor([SIZE[1] / 2, SIZE[0] / 2])
        return {
            "pred_vertices": (posed_vertices(self.vertices, self.skin, moves) * FLIP).float(),
            "pred_joint_coords": (places * FLIP).float(),
            "pred_keypoints_3d": keypoints,
            "pred_global_rots": rotations.float(),
            "pred_cam_t": translation,
            "pred_keypoints_2d": FOCAL * seen[:, :2] / seen[:, 2:] + middle,
            "focal_length": torch.tensor(FOCAL),
        }


@lru_cache(4)
def real_person(number=1):
    """One of the four real people; skips the test where they are missing."""
    people = read_bodies(real_files())
    assert people.rotations is not None and people.faces is not None
    motion = BodyMotion.of(people.rotations[0, number][None], people.joints[0, number][None], rest_rotations())
    rest = rest_of(motion, rest_rotations())
    skin = geometric_skin(people.vertices[0, number], people.faces, people.joints[0, number])
    keypoint_skin = nearest_skin(people.keypoints[0, number], people.vertices[0, number], skin)
    move = skinning(motion.transforms(), rest.transforms())[0]
    leg = rest.joints[LEG].diff(dim=0).norm(dim=1).sum()
    size = float(_rig().joints[LEG].diff(dim=0).norm(dim=1).sum() / leg)
    vertices, keypoints = (
        size * resting_vertices(points * FLIP, some, move)
        for points, some in ((people.vertices[0, number], skin), (people.keypoints[0, number], keypoint_skin))
    )
    return RealPerson(Rest(rest.rotations, rest.joints * size), vertices, keypoints, skin, keypoint_skin, people.faces)


def real_gait(name, frames=48, noise=0.0, seed=0, number=1):
    """As `gaits.gait`, of a real person; the floor is where its soles are."""
    person = real_person(number)
    bones = {name: tuple(place) for name, place in zip(JOINT_NAMES, person.rest.joints.tolist())}
    true, generator = gaits.gait(name, frames), torch.Generator().manual_seed(seed)
    root, ankle = (float(person.rest.joints[joint, 1]) for joint in (ROOT, LEG[-1]))
    under = ankle - float(person.vertices[:, 1].min()) - 0.085  # how much lower its soles are than a mannequin's
    records = []
    for t in range(frames):
        step = gaits.GAITS[name](t / FPS)
        pose = gaits.posed_for(step, bones)
        jitter = noise * torch.randn(len(pose), 3, generator=generator)
        shaken = {k: tuple((torch.tensor(v) + j).tolist()) for (k, v), j in zip(pose.items(), jitter)}
        place = step.hips * gaits.vector(1, -1, -1) + gaits.vector(0, FLOOR + root, gaits.AWAY)
        records.append([person.record(shaken, place.tolist())])
    world = true.world.clone()
    world[:, 1, 3] -= under
    return replace(true, bodies=bodies_from_records(records, faces=person.faces, image_size=SIZE), world=world)


def real_rig(number=1):
    """The rig of that person, with its skin."""
    return Rig(skin=real_person(number).skin)
