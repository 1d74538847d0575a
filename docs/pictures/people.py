"""Pictures of what is done with people: mannequins in their room, as they were taken to be and where they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import torch
from mannequins import room
from PIL import Image, ImageDraw
from sheet import BACKGROUND, PHOTOS, read_photo, sheet
from torch.nn import functional as F

from development.scenes.renderer import render
from sam3d_geometry.bodies.body_mesh import WITHOUT_PEOPLE, joined_meshes, mesh_of_frame, person_colour
from sam3d_geometry.bodies.check_pictures import PictureStyle, check_pictures
from sam3d_geometry.bodies.example import example_people, true_people, walking_person
from sam3d_geometry.bodies.hand_placement import Move, moved_by_hand
from sam3d_geometry.bodies.level_frame import HALF_TURN
from sam3d_geometry.bodies.perform import Settings, perform
from sam3d_geometry.bodies.placement import place_bodies
from sam3d_geometry.bodies.skeleton import keypoints
from sam3d_geometry.bodies.steady import Steadying, steady_bodies
from sam3d_geometry.bodies.stick_figure import WITH_HANDS
from sam3d_geometry.bodies.surface import NOBODY, seen_people
from sam3d_geometry.bodies.world import level_world_of
from sam3d_geometry.effects.light.rasterize import rasterize
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees, unproject
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.resize import resize_image
from sam3d_geometry.geometry.rotations import rotation_from_degrees
from sam3d_geometry.shapes.mesh import Mesh, vertex_normals

SIZE = (300, 400)  # of the pointmap
VIEW = (420, 560)  # of the pictures


@cache
def photo() -> torch.Tensor:
    """The picture of the mannequins (1, H, W, 3)."""
    return read_photo(PHOTOS / "people" / "mannequins.jpg")


@cache
def scene() -> Pointmap:
    """The exact pointmap of the picture."""
    people = true_people()
    seen = seen_people(people, 0, SIZE)
    drawn = render(room(), room().camera, *SIZE, samples=0)
    depth = torch.where(seen.person != NOBODY, seen.depth, drawn.depth[0])[None]
    return Pointmap(
        unproject(depth, drawn.intrinsics),
        mask=depth > 0,
        intrinsics=drawn.intrinsics,
        image=resize_image(photo(), SIZE),
        normals=None,
        metric=True,
        source_size=people.image_size,
    )


def from_above(mesh: Mesh, yaw: float = -28.0, pitch: float = -24.0) -> torch.Tensor:
    """(1, H, W, 3) picture of a coloured mesh, seen from the side and above."""
    turn = rotation_from_degrees(yaw, pitch, 0.0).float()
    middle = torch.tensor([0.0, 0.4, 4.4])
    points = (mesh.vertices - middle) @ turn + torch.tensor([0.0, 0.0, 4.6])
    finer = tuple(2 * side for side in VIEW)
    raster = rasterize(points, mesh.faces.long(), intrinsics_from_fov_x_degrees(52.0, *VIEW)[0], *finer)
    assert mesh.colours is not None
    values = torch.cat([mesh.colours, vertex_normals(points, mesh.faces)], -1)
    colour, normal = raster.interpolate(values, mesh.faces.long()).split(3, -1)
    lit = 0.55 + 0.45 * F.normalize(normal, dim=-1)[..., 2:].abs()
    shown = torch.where((raster.face >= 0)[..., None], colour * lit, torch.tensor(0.1))
    return F.avg_pool2d(shown.movedim(-1, 0)[None], 2).movedim(1, -1)


def place_bodies_picture() -> Image.Image:
    """The people as they were taken to be, and where they are."""
    before = mesh_of_frame(example_people(), 0, scene=WITHOUT_PEOPLE, pointmap=_bare())
    placed = place_bodies(example_people(), scene())
    after = mesh_of_frame(placed.bodies, 0, scene=WITHOUT_PEOPLE, pointmap=_bare())
    panels = {
        "photo": photo(),
        "as they were found: the child is far away": from_above(before),
        "in the scene": from_above(after),
    }
    return sheet(panels, columns=3, aspect=4 / 3)


@cache
def _bare() -> Pointmap:
    """The pointmap without the places where people are seen."""
    people = seen_people(true_people(), 0, SIZE).person != NOBODY
    return scene().masked(~people[None])


def bodies_to_mesh() -> Image.Image:
    """One mesh of the people alone, and one with their scene."""
    people = place_bodies(example_people(), scene()).bodies
    panels = {
        "none": from_above(mesh_of_frame(people, 0)),
        "whole": from_above(mesh_of_frame(people, 0, scene="whole", pointmap=scene())),
        "without people": from_above(mesh_of_frame(people, 0, scene=WITHOUT_PEOPLE, pointmap=scene())),
    }
    return sheet(panels, columns=3, aspect=4 / 3)


def load_bodies() -> Image.Image:
    """The example's picture, its people alone, and their skeletons' joints."""
    people = true_people()
    joints = photo().clone() * 0.4
    for x, y in people.projected(people.joints)[0].reshape(-1, 2).round().long().tolist():
        joints[0, max(0, y - 4) : y + 5, max(0, x - 4) : x + 5] = torch.tensor([1.0, 0.8, 0.2])
    panels = {"photo": photo(), "bodies": from_above(mesh_of_frame(people, 0), 0.0, -4.0), "127 joints": joints}
    return sheet(panels, columns=3, aspect=4 / 3)


def move_bodies() -> Image.Image:
    """The people where they are, one of them moved and turned, and one made smaller about the feet."""
    people = true_people()
    turned = moved_by_hand(people, Move(turn_degrees=(-60.0, 0.0, 0.0), shift_m=(0.35, 0.0, 0.9)), 0)
    smaller = moved_by_hand(people, Move(factor=0.6), 1)
    panels = {
        "people": from_above(mesh_of_frame(people, 0)),
        "0 moved and turned": from_above(mesh_of_frame(turned, 0)),
        "1 made smaller": from_above(mesh_of_frame(smaller, 0)),
    }
    return sheet(panels, columns=3, aspect=4 / 3)


def _resting(names: str) -> Mesh:
    """The people beside one another as a file keeps their rest, in camera axes."""
    meshes = []
    people = true_people()
    for person in range(people.persons):
        made, _ = perform(people, person, Settings(names=names))
        assert made.vertices is not None and made.faces is not None
        place = torch.tensor([1.6 * (person - 1), 1.3, 5.8], dtype=torch.float64)
        points = (made.vertices @ HALF_TURN + place).float()
        colours = points.new_tensor(person_colour(person)).expand_as(points).clone()
        normals = vertex_normals(points, made.faces)
        meshes.append(Mesh(points, made.faces.int(), normals=normals, colours=colours, metric=True))
    return joined_meshes(meshes)


def save_bodies() -> Image.Image:
    """The people as they stand, and at rest as files for two programs keep them."""
    panels = {
        "people": from_above(mesh_of_frame(true_people(), 0), 0.0, -4.0),
        "rest of mhr: A": from_above(_resting("mhr"), 0.0, -4.0),
        "rest of mixamo: T": from_above(_resting("mixamo"), 0.0, -4.0),
    }
    return sheet(panels, columns=3, aspect=4 / 3)


def check_bodies() -> Image.Image:
    """The people over the photo, their skeletons and normals."""
    style = PictureStyle(size=(600, 800), skeleton_style=WITH_HANDS)
    made = check_pictures(true_people(), 0, style, photo=photo(), pointmap=scene())
    panels = {"image": made.overlay[None], "skeleton": made.skeleton[None], "normals": made.normals[None]}
    return sheet(panels, columns=3, aspect=4 / 3)


def steady_bodies_picture() -> Image.Image:
    """The heels of somebody who walks, from the side, frame by frame: as an estimator has them, and steadied."""
    generator = torch.Generator().manual_seed(1)
    walk = walking_person()
    off = torch.randn(len(walk), 1, 3, generator=generator) * torch.tensor([0.008, 0.008, 0.03])
    seen = replace(walk, translations=walk.translations + off).scaled(
        1 + 0.03 * torch.randn(len(walk), 1, generator=generator)
    )
    world = level_world_of(seen, None)
    done = steady_bodies(seen, world.from_camera, Steadying(), has_floor=False).bodies
    page = Image.new("RGB", (840, 270), BACKGROUND)
    draw, heels = ImageDraw.Draw(page), keypoints(["left-heel", "right-heel"])
    for row, bodies in enumerate((seen, done)):
        points = (bodies.keypoints[:, 0, heels] + bodies.translations[:, 0, None])[..., :2]
        base = 118 + 125 * row
        for foot, colour in enumerate(((90, 220, 255), (255, 180, 90))):
            line = [((x + 1.7) * 250, base + (y - 1.35) * 250) for x, y in points[:, foot].tolist()]
            draw.line(line, fill=colour, width=1)
            for x, y in line:
                draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=colour)
        draw.line((0, base + 4, 840, base + 4), fill=(80, 82, 92))
        draw.text((8, base + 8), ("as estimated", "Steady Bodies")[row], fill=(225, 225, 225))
    return page


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "place_bodies": place_bodies_picture,
    "bodies_to_mesh": bodies_to_mesh,
    "move_bodies": move_bodies,
    "steady_bodies": steady_bodies_picture,
    "check_bodies": check_bodies,
    "load_bodies": load_bodies,
    "save_bodies": save_bodies,
}
