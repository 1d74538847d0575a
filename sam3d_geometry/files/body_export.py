"""People for other programs: which files a format has, what is in them, and what to know of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from .. import __version__
from ..bodies.bodies import Bodies
from ..bodies.body_mesh import NO_SCENE, SCENES, WITHOUT_PEOPLE, joined_meshes, people_meshes, without_people
from ..bodies.perform import Facts, Settings, perform, person_name
from ..bodies.performance import Performance
from ..bodies.rig import Rig
from ..bodies.skeleton import ROOT
from ..bodies.targets import target_skeleton
from ..bodies.world import IN_PLACE, LEVEL_WORLD, world_of
from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from ..shapes.mesh import Mesh
from ..shapes.surface import surface_from_pointmap
from .animated_glb import write_animated_glb
from .axes import Layout, layout
from .body_file import write_npz
from .bvh import write_bvh
from .camera_track import CameraTrack
from .skeleton_json import write_skeleton_json
from .whole_files import Writer
from .writers import writers_of

BODY_FORMATS = ("glb", "bvh", "json", "npz", "obj", "ply")
REST_POSES = {"auto": "auto", "a pose": "A", "t pose": "T"}  # what the menu calls `perform.Settings.rest`
STALE_DEGREES = 5.0  # a repaired hand that was farther off is told


@dataclass(frozen=True, kw_only=True)
class BodyExport:
    """How people are saved.

    file_format  one of BODY_FORMATS
    bone_names   one of `bodies.targets.TARGETS`, for glb, bvh and json
    rest_pose    one of REST_POSES; auto: as the program that the names are of
    world        one of `bodies.world.WORLDS`
    axes         a key of AXES, for json, obj and ply; the others have one way only
    fps          frames per second
    leg_length_m  of the character that the movement is for; 0 keeps each person's own
    scene        one of `bodies.body_mesh.SCENES`, which goes into a glb beside the people
    include_camera  puts the camera into a glb
    """

    file_format: str = "glb"
    bone_names: str = "mhr"
    rest_pose: str = "auto"
    world: str = LEVEL_WORLD
    axes: str = "gltf"
    fps: float = 24.0
    leg_length_m: float = 0.0
    scene: str = NO_SCENE
    include_camera: bool = True

    def __post_init__(self) -> None:
        if self.file_format not in BODY_FORMATS:
            raise ValueError(f"Format came as {self.file_format!r}; choose one of {', '.join(BODY_FORMATS)}.")
        if self.rest_pose not in REST_POSES:
            raise ValueError(f"Rest pose came as {self.rest_pose!r}; choose one of {', '.join(REST_POSES)}.")
        if not self.fps > 0 or not self.leg_length_m >= 0:
            raise ValueError(
                f"Frames per second came as {self.fps:g} and the leg length as {self.leg_length_m:g} m; a rate above 0 and a length of 0 "
                "or more are needed."
            )
        if self.scene not in SCENES:
            raise ValueError(f"Input scene came as {self.scene!r}; choose one of {', '.join(SCENES)}.")
        if self.scene != NO_SCENE and (self.world == IN_PLACE or self.file_format != "glb" or self.leg_length_m > 0):
            raise ValueError(
                "The scene was asked for, and it fits only people who move through it at their own size in a glb; choose the world level "
                "or camera, leg length 0 and the format glb, or leave the scene out."
            )


@dataclass(frozen=True)
class Saved:
    """What writes each file, by its path; the first is the main one. `report` is what to know, in lines."""

    writers: dict[Path, Writer]
    report: str


def export_bodies(
    bodies: Bodies,
    base: Path,
    export: BodyExport,
    *,
    pointmap: Pointmap | None = None,
    rig: Rig | None = None,
    on_progress: OnProgress | None = None,
) -> Saved:
    """The files of people for other programs, named `base` and a suffix; nothing is on a disk until their writers are called.

    `pointmap`, of the same camera and in metres, gives the level world where the bodies know none, and the scene. `rig` is the
    body model's own; without it the skin is told from the shape. `on_progress(done, total)` counts people and may raise.
    """
    paths = [base.with_name(base.name + name) for name in names_of(bodies, export.file_format)]
    if export.file_format == "npz":
        return Saved({paths[0]: partial(write_npz, bodies)}, _sentence(bodies, export, "as they came"))
    world, said = world_of(bodies, pointmap, LEVEL_WORLD if export.world == IN_PLACE else export.world)
    if export.file_format in ("obj", "ply"):
        return Saved(_meshes(bodies, paths, export, world), _sentence(bodies, export, said))
    settings = Settings(
        names=export.bone_names,
        rest=REST_POSES[export.rest_pose],
        fps=export.fps,
        world=world,
        in_place=export.world == IN_PLACE,
        leg_length=export.leg_length_m,
    )
    made: list[tuple[Performance, Facts]] = []
    for person in range(bodies.persons):
        if bool(bodies.present[:, person].any()):
            made.append(perform(bodies, person, settings, rig))
        if on_progress is not None:
            on_progress(person + 1, bodies.persons)
    people, report = [performance for performance, _ in made], _report_of_export(bodies, export, said, made)
    if export.file_format == "bvh":
        units = target_skeleton(export.bone_names).units_per_metre
        writers = [partial(write_bvh, person, units_per_metre=units) for person in people]
        return Saved(dict(zip(paths, writers, strict=True)), report)
    note = _note_of_export(export, said)
    if export.file_format == "json":
        writer = partial(write_skeleton_json, people, note=note, axes=export.axes)
        return Saved({paths[0]: writer}, report)
    scene = _scene_of_first_frame(bodies, pointmap, world, export.scene) if export.scene != NO_SCENE else None
    camera = _camera_of_people(bodies, export, world) if export.include_camera and export.world != IN_PLACE else None
    return Saved({paths[0]: partial(write_animated_glb, people, note=note, scene=scene, camera=camera)}, report)


def names_of(bodies: Bodies, file_format: str) -> list[str]:
    """What follows the base in the names of the files that `export_bodies` gives, in its order."""
    if file_format == "bvh":
        there = torch.nonzero(bodies.present.any(0)).flatten().tolist()
        return [f"_{person_name(bodies, person)}.bvh" for person in there]
    if file_format in ("obj", "ply"):
        return [f"_{frame:05d}.{file_format}" for frame in range(len(bodies)) if bodies.here(frame)]
    return [f".{file_format}"]


def _note_of_export(export: BodyExport, said: str) -> dict[str, Any]:
    return {
        "generator": f"sam3d-geometry {__version__}",
        "world": said + (", each person kept on the spot" if export.world == IN_PLACE else ""),
        "bone_names": export.bone_names,
    }


def _meshes(bodies: Bodies, paths: list[Path], export: BodyExport, world: torch.Tensor | None) -> dict[Path, Writer]:
    """One file for each frame in which there is somebody, everybody in it; made when it is written."""
    bodies.require_faces()
    frames = [frame for frame in range(len(bodies)) if bodies.here(frame)]
    return {
        path: partial(_write_mesh, bodies, frame, export, world, path.stem)
        for path, frame in zip(paths, frames, strict=True)
    }


def _write_mesh(
    bodies: Bodies, frame: int, export: BodyExport, world: torch.Tensor | None, name: str, file: Any
) -> None:
    mesh = _everybody(bodies, frame, None if world is None else world[frame], export.world == IN_PLACE)
    writers_of(mesh, export.file_format, export.axes, name)[f".{export.file_format}"](file)


def _everybody(bodies: Bodies, frame: int, world: torch.Tensor | None, in_place: bool) -> Mesh:
    """Everybody in a frame as one mesh in OpenCV axes of the world, each in a colour of their own."""
    placed = []
    for person, mesh in zip(bodies.here(frame), people_meshes(bodies, frame)):
        moved = mesh if world is None else in_world(mesh, world)
        if in_place:
            hips = (bodies.joints[frame, person, ROOT] + bodies.translations[frame, person]).cpu()
            hips = hips if world is None else hips @ world[:3, :3].T.to(hips) + world[:3, 3].to(hips)
            moved = replace(moved, vertices=moved.vertices - hips * hips.new_tensor([1.0, 0.0, 1.0]))
        placed.append(replace(moved, intrinsics=None))
    return joined_meshes(placed)


def in_world(mesh: Mesh, world: torch.Tensor) -> Mesh:
    """A mesh in camera axes moved by a rigid transform (4, 4)."""
    turn, move = world[:3, :3].T.to(mesh.vertices), world[:3, 3].to(mesh.vertices)
    normals = None if mesh.normals is None else mesh.normals @ turn
    return replace(mesh, vertices=mesh.vertices @ turn + move, normals=normals)


def _scene_of_first_frame(bodies: Bodies, pointmap: Pointmap | None, world: torch.Tensor | None, scene: str) -> Layout:
    """The first frame's surface in the world of the people, in glTF axes."""
    if pointmap is None:
        raise ValueError(
            "The scene was asked for without a pointmap; wire the pointmap of Place Bodies In Scene, or leave it out."
        )
    if not pointmap.metric:
        raise ValueError(
            "The pointmap has no meters, so the scene would not fit the people; wire the pointmap of Place Bodies In Scene."
        )
    first = pointmap[0]
    mesh = surface_from_pointmap(without_people(first, bodies, 0) if scene == WITHOUT_PEOPLE else first)
    return layout(mesh if world is None else in_world(mesh, world[0]))


def _camera_of_people(bodies: Bodies, export: BodyExport, world: torch.Tensor | None) -> CameraTrack | None:
    """The camera of the first person in sight; None where its focal length is not known."""
    seen = torch.nonzero(bodies.present & (bodies.focal > 0))
    if not len(seen):
        return None
    height, width = bodies.image_size
    focal = float(bodies.focal[seen[0, 0], seen[0, 1]])
    own = torch.eye(4, dtype=torch.float64)[None] if world is None else world.cpu().double()
    moving = world is not None and bool((own - own[:1]).abs().max() > 1e-9)
    poses = own if moving else own[:1]
    normalised = torch.tensor([[focal / width, 0, 0.5], [0, focal / height, 0.5], [0, 0, 1]], dtype=torch.float64)
    return CameraTrack(
        world_from_camera=poses, intrinsics=normalised.expand(len(poses), 3, 3), size=(height, width), fps=export.fps
    )


def _sentence(bodies: Bodies, export: BodyExport, said: str) -> str:
    present = int(bodies.present.any(0).sum())
    who, when = "person" if present == 1 else "people", "frame" if len(bodies) == 1 else "frames"
    return f"{present} {who}, {len(bodies)} {when}, {export.file_format}. World: {said}."


def _report_of_export(bodies: Bodies, export: BodyExport, said: str, made: list[tuple[Performance, Facts]]) -> str:
    """What to know of the file, in lines."""
    lines = [_sentence(bodies, export, said)]
    lines.append(f"Bones: {export.bone_names}, {len(made[0][0].bones)}.")
    for performance, facts in made:
        count = len(performance.frames)
        parts = [f"{performance.name}: {count} {'frame' if count == 1 else 'frames'}, leg {facts.leg_length:.3f} m"]
        if export.file_format == "glb" and facts.exact_frame is not None:
            parts.append(f"skin: {facts.skin_source}, exact in frame {facts.exact_frame}")
            if len(performance.frames) > 1:
                parts.append(f"elsewhere off by {1000 * facts.apart:.1f} mm (median)")
        repaired = [f"{side} by {off:.0f} degrees" for side, off in facts.hands_off.items() if off > STALE_DEGREES]
        if repaired:
            parts.append(f"hands repaired: {', '.join(repaired)}")
        if export.file_format == "bvh":
            first = int(performance.frames[0])
            parts += [f"begins with frame {first} of the clip"] if first else []
            away = int(performance.frames[-1] - performance.frames[0]) + 1 - len(performance.frames)
            straying = int(performance.strays().sum()) - 1
            parts += (
                [f"the pose held for {away} {'frame' if away == 1 else 'frames'} without the person"] if away else []
            )
            parts += [f"bones beside the root that carry positions: {straying}"] if straying else []
        lines.append("; ".join(parts) + ".")
    return "\n".join(lines)
