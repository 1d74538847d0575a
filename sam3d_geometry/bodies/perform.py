"""From bodies to performances: a person's own skeleton, skin and movement in another program's bones and a level world."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from .bodies import Bodies
from .bone_frames import BoneFrames
from .level_frame import HALF_TURN, points_to_level, turns_to_level
from .performance import Performance
from .rest import BodyMotion, Rest, rest_mesh, rest_of, rigid, sampled_frames
from .rig import Rig
from .skeleton import ROOT, joints
from .skin import Skin, geometric_skin
from .stance import stand
from .targets import target_skeleton

LIMBS = joints(["l_uparm", "l_lowarm", "r_uparm", "r_lowarm", "l_upleg", "l_lowleg", "r_upleg", "r_lowleg"])
LEG_JOINTS = joints(["l_upleg", "l_lowleg", "l_foot"])
SOLES = joints(["l_ball", "r_ball", "l_foot", "r_foot"])


@dataclass(frozen=True)
class Facts:
    """What to know of one performance.

    exact_frame  of the clip, in which the skinned mesh is the person's own to rounding; None without a mesh
    apart        median distance in metres of the rests of other frames from that one's: what skinning cannot follow
    hands_off    largest angle in degrees by which a stored hand was out of date and was repaired, by side
    skin_source  where the skin's weights come from
    leg_length   from hip to ankle, metres
    """

    exact_frame: int | None
    apart: float
    hands_off: dict[str, float]
    skin_source: str
    leg_length: float


@dataclass(frozen=True)
class Settings:
    """How people are written.

    names    of the bones, one of `targets.TARGETS`
    rest     auto (as the program has it), A or T
    fps      frames per second
    world    (T, 4, 4) float64 from camera axes to a level world with y DOWN and its floor at 0, or None: the camera's own axes
    in_place keeps each person over one spot of the floor
    leg_length  metres of the character that the movement is for; 0 keeps the person's own
    """

    names: str = "mhr"
    rest: str = "auto"
    fps: float = 30.0
    world: torch.Tensor | None = None
    in_place: bool = False
    leg_length: float = 0.0


def person_name(bodies: Bodies, person: int) -> str:
    """What a person is called in files."""
    return f"person_{int(bodies.track_ids[person])}"


def perform(bodies: Bodies, person: int, settings: Settings, rig: Rig | None = None) -> tuple[Performance, Facts]:
    """One person of the clip as a performance, and what to know of it. ValueError where rotations or the person are missing."""
    if bodies.rotations is None:
        raise ValueError(
            "The bodies came without joint rotations (pred_global_rots), which a skeleton needs; save obj or ply instead, or run the "
            "body model again."
        )
    rig = rig or Rig()
    frames = torch.nonzero(bodies.present[:, person])[:, 0].cpu()
    name = person_name(bodies, person)
    if not len(frames):
        raise ValueError(f"{name} is in no frame of the clip; choose another person.")
    motion = BodyMotion.of(bodies.rotations[frames, person].cpu(), bodies.joints[frames, person].cpu(), rig.rotations)
    target, own = target_skeleton(settings.names), rest_of(motion, rig.rotations)
    on_person = BoneFrames.of(target, stand(own, target.rest if settings.rest == "auto" else settings.rest))
    rotations, places = on_person.turned(motion.rotations), on_person.places(motion.joints)
    bind = on_person.bind()
    mesh = _skinned_mesh(bodies, person, (frames, motion), (on_person, rotations, places), rig)
    translations = bodies.translations[frames, person].cpu().double()
    rotations, places = _in_world(rotations, places, translations, settings, frames)
    on_floor = on_person.on_floor()
    rotations[:, on_floor], places[:, on_floor] = bind[on_floor, :3, :3], 0
    if settings.in_place:
        hips = [bone.begins for bone in target.bones].index(ROOT)
        places = torch.where(
            on_floor[:, None], places, places - places[:, hips : hips + 1] * places.new_tensor([1, 0, 1])
        )
    made = Performance(
        name=name,
        bones=tuple(bone.name for bone in target.bones),
        parents=target.parents,
        rest=bind,
        rotations=rotations,
        places=places,
        frames=frames,
        frame_count=len(bodies),
        fps=settings.fps,
        vertices=mesh.vertices,
        faces=None if mesh.vertices is None else bodies.require_faces().cpu(),
        skin=mesh.skin,
        humanoid={bone.name: i for i, bone in enumerate(target.bones)} if target.humanoid else None,
    )
    leg = float(own.joints[LEG_JOINTS].diff(dim=0).norm(dim=1).sum())
    facts = Facts(
        exact_frame=mesh.exact_frame,
        apart=mesh.apart,
        hands_off={side: float(off.max()) for side, off in motion.hands_off.items()},
        skin_source="no mesh" if mesh.skin is None else mesh.skin.source,
        leg_length=leg,
    )
    made = _standing(made, on_floor, own)
    return (enlarged(made, settings.leg_length / leg) if settings.leg_length > 0 else made), facts


@dataclass(frozen=True)
class _Mesh:
    skin: Skin | None = None
    vertices: torch.Tensor | None = None
    exact_frame: int | None = None
    apart: float = 0.0


def _skinned_mesh(
    bodies: Bodies,
    person: int,
    moving: tuple[torch.Tensor, BodyMotion],
    bones: tuple[BoneFrames, torch.Tensor, torch.Tensor],
    rig: Rig,
) -> _Mesh:
    """The skin over the bones and the resting vertices; nothing where the bodies have no faces."""
    if bodies.faces is None:
        return _Mesh()
    frames, motion = moving
    on_person, rotations, places = bones
    skin = rig.skin
    if skin is None or len(skin) != bodies.vertex_count:
        at = int(frames[_most_open(motion, rig.rotations)])
        skin = geometric_skin(bodies.vertices[at, person].cpu(), bodies.faces.cpu(), bodies.joints[at, person].cpu())
    skin = skin.onto(on_person.target.holders)
    chosen = sampled_frames(len(frames))
    posed, bind = rigid(rotations, places)[chosen], on_person.bind()
    posed[:, on_person.on_floor()] = bind[on_person.on_floor()]
    vertices, exact, apart = rest_mesh(bodies.vertices[frames[chosen], person].cpu(), skin, posed, bind)
    return _Mesh(skin, vertices, int(frames[chosen[exact]]), apart)


def _most_open(motion: BodyMotion, rest: torch.Tensor) -> int:
    """The frame in which the limbs are nearest to how they rest: there they touch one another least."""
    against_root = motion.rotations[:, ROOT].transpose(-1, -2)[:, None] @ motion.rotations[:, LIMBS]
    alike = (against_root * rest[LIMBS]).sum((1, 2, 3))
    return int(alike.argmax())


def _in_world(
    rotations: torch.Tensor, places: torch.Tensor, translations: torch.Tensor, settings: Settings, frames: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Bones' axes and places relative to the person, in the rig's axes -> in the world with y up."""
    seen = places @ HALF_TURN + translations[:, None]
    if settings.world is None:
        return rotations, seen @ HALF_TURN
    world = settings.world.cpu().double()[frames]
    return turns_to_level(world)[:, None] @ rotations, points_to_level(seen, world)


def _standing(made: Performance, on_floor: torch.Tensor, own: Rest) -> Performance:
    """The same with the resting person's lowest point at the height 0."""
    lowest = float(own.joints[SOLES, 1].min() if made.vertices is None else made.vertices[:, 1].min())
    rest = made.rest.clone()
    rest[~on_floor, 1, 3] -= lowest
    vertices = None if made.vertices is None else made.vertices - made.vertices.new_tensor([0.0, lowest, 0.0])
    return replace(made, rest=rest, vertices=vertices)


def enlarged(made: Performance, factor: float) -> Performance:
    """The performance for a character `factor` times as large, about the world's origin, so that feet keep to the floor."""
    rest = made.rest.clone()
    rest[:, :3, 3] *= factor
    vertices = None if made.vertices is None else made.vertices * factor
    return replace(made, rest=rest, vertices=vertices, places=made.places * factor)
