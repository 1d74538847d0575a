"""People as meshes, each in its colour, with or without the scene that they are in."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import torch

from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from ..geometry.resize import resize_mask
from ..geometry.widening import widened
from ..shapes.mesh import Mesh, vertex_normals
from ..shapes.surface import VERTEX_COLORS, surface_from_pointmap
from .bodies import Bodies
from .placement import require_same_pictures
from .surface import NOBODY, person_mask, seen_people

NO_SCENE, WHOLE, WITHOUT_PEOPLE = SCENES = ("none", "whole", "without people")
GOLDEN = 0.61803399  # of the colour wheel from one person to the next, so that any few of them differ
GROWN = 2  # pixels by which people are cut out of the scene wider than they are, where depth mixes


def person_colour(person: int) -> tuple[float, float, float]:
    """sRGB colour by which a person is told from the others."""
    return colorsys.hsv_to_rgb((0.07 + person * GOLDEN) % 1.0, 0.55, 0.9)


def people_meshes(bodies: Bodies, frame: int, person: int | None = None) -> list[Mesh]:
    """A coloured mesh of each person of a frame, or of one, in camera axes and metres; [] where nobody is there."""
    faces = bodies.require_faces().cpu()
    chosen = [p for p in bodies.here(frame) if person is None or p == person]
    found = []
    for p in chosen:
        points = bodies.points(frame, p).cpu()
        colours = points.new_tensor(person_colour(p)).expand_as(points).clone()
        found.append(
            Mesh(
                points,
                faces.int(),
                normals=vertex_normals(points, faces),
                colours=colours,
                intrinsics=bodies.intrinsics(frame, p).cpu(),
                metric=True,
            )
        )
    return found


def without_people(pointmap: Pointmap, bodies: Bodies, frame: int) -> Pointmap:
    """One frame of a pointmap without what it shows of the people: their masks, else their own silhouettes, and the rim."""
    people = seen_people(bodies, frame, pointmap.size).person != NOBODY
    for p in bodies.here(frame):
        mask = person_mask(bodies, frame, p, pointmap.size)
        people = people if mask is None else people | mask
    return pointmap.masked(~resize_mask(widened(people[None], GROWN), pointmap.size))


def joined_meshes(meshes: list[Mesh]) -> Mesh:
    """Several coloured meshes with normals as one."""
    starts = torch.tensor([0, *[len(mesh.vertices) for mesh in meshes]]).cumsum(0)
    return replace(
        meshes[0],
        vertices=torch.cat([mesh.vertices for mesh in meshes]),
        faces=torch.cat([mesh.faces + int(start) for mesh, start in zip(meshes, starts)]).int(),
        normals=torch.cat([mesh.normals for mesh in meshes if mesh.normals is not None]),
        colours=torch.cat([mesh.colours for mesh in meshes if mesh.colours is not None]),
    )


def mesh_of_frame(
    bodies: Bodies,
    frame: int,
    *,
    person: int | None = None,
    scene: str = NO_SCENE,
    pointmap: Pointmap | None = None,
) -> Mesh:
    """The people of a frame as one mesh with vertex colours, and with `scene` WHOLE or WITHOUT_PEOPLE its surface too.

    `pointmap` is that frame's, (1, ...), in metres.
    """
    if scene not in SCENES:
        raise ValueError(f"Input scene came as {scene!r}; choose one of {', '.join(SCENES)}.")
    meshes = people_meshes(bodies, frame, person)
    if scene != NO_SCENE:
        if pointmap is None:
            raise ValueError(
                f"scene is {scene}, and there is no pointmap; wire Place Bodies In Scene's, or set scene to none."
            )
        if not pointmap.metric:
            raise ValueError("The pointmap is not in meters as the people are; wire that of Place Bodies In Scene.")
        shown = without_people(pointmap, bodies, frame) if scene == WITHOUT_PEOPLE else pointmap
        surface = surface_from_pointmap(shown, paint=VERTEX_COLORS)
        normals = vertex_normals(surface.vertices, surface.faces) if surface.normals is None else surface.normals
        meshes.append(replace(surface, normals=normals))
    if not meshes:
        who = "Nobody" if person is None else f"Person {person} is not there: nobody"
        raise ValueError(f"{who} is in frame {frame}; choose another frame or person.")
    return joined_meshes(meshes)


def meshes_of_frames(
    bodies: Bodies,
    *,
    person: int | None = None,
    scene: str = NO_SCENE,
    pointmap: Pointmap | None = None,
    on_progress: OnProgress | None = None,
) -> list[Mesh]:
    """`mesh_of_frame` for every frame in which somebody is there, or the one person who was asked for."""
    if pointmap is not None:
        require_same_pictures(bodies, pointmap)
    meshes = []
    for t in range(len(bodies)):
        if person in bodies.here(t) or (person is None and bodies.here(t)):
            part = None if pointmap is None else pointmap[t]
            meshes.append(mesh_of_frame(bodies, t, person=person, scene=scene, pointmap=part))
        if on_progress is not None:
            on_progress(t + 1, len(bodies))
    if not meshes:
        raise ValueError(
            f"Person {person} is in none of the {len(bodies)} frames; choose 0 to {bodies.persons - 1}, or -1 for all."
        )
    return meshes
