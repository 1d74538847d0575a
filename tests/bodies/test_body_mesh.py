"""People as meshes: their own vertices in their own colours, and the scene with or without what it shows of them."""

import pytest
import torch
from people import room_with, two_people

from sam3d_geometry.bodies.body_mesh import (
    WHOLE,
    WITHOUT_PEOPLE,
    mesh_of_frame,
    meshes_of_frames,
    people_meshes,
    person_colour,
    without_people,
)
from sam3d_geometry.bodies.surface import NOBODY, seen_people


def test_everybody_is_there_in_a_colour_of_his_own():
    people = two_people()
    mesh = mesh_of_frame(people, 0)
    count = people.vertex_count
    assert torch.equal(mesh.vertices[:count], people.points(0, 0)) and torch.equal(
        mesh.vertices[count:], people.points(0, 1)
    )
    assert torch.equal(mesh.faces[len(people.faces) :].long(), people.faces + count)
    assert torch.allclose(mesh.colours[0], torch.tensor(person_colour(0)))
    assert torch.allclose(mesh.colours[-1], torch.tensor(person_colour(1)))
    assert mesh.metric and mesh.normals.shape == mesh.vertices.shape


def test_the_first_people_are_told_apart():
    colours = torch.tensor([person_colour(p) for p in range(6)])
    apart = torch.cdist(colours, colours) + torch.eye(6)
    assert float(apart.min()) > 0.2


def test_one_person_alone_and_one_who_is_not_there():
    people = two_people()
    assert len(mesh_of_frame(people, 0, person=1).vertices) == people.vertex_count
    assert len(people_meshes(people, 0, 5)) == 0
    with pytest.raises(ValueError, match="Person 5 is not there"):
        mesh_of_frame(people, 0, person=5)


def test_the_scene_comes_without_the_people_or_with_them():
    people = two_people()
    pointmap = room_with(people)
    alone = len(mesh_of_frame(people, 0).vertices)
    whole = len(mesh_of_frame(people, 0, scene=WHOLE, pointmap=pointmap).vertices) - alone
    bare = len(mesh_of_frame(people, 0, scene=WITHOUT_PEOPLE, pointmap=pointmap).vertices) - alone
    seen = int((seen_people(people, 0, pointmap.size).person != NOBODY).sum())
    assert whole > bare > 0 and whole - bare >= 0.8 * seen
    kept = without_people(pointmap, people, 0)
    assert not kept.mask[0][seen_people(people, 0, pointmap.size).person != NOBODY].any()


def test_frames_without_anybody_give_no_mesh():
    people = two_people(3)
    people.present[1] = False
    assert len(meshes_of_frames(people)) == 2
    with pytest.raises(ValueError, match="in none of the 3 frames"):
        meshes_of_frames(people, person=4)


def test_a_scene_needs_a_pointmap_in_metres():
    people = two_people()
    with pytest.raises(ValueError, match="no pointmap"):
        mesh_of_frame(people, 0, scene=WHOLE)
    with pytest.raises(ValueError, match="not in meters"):
        mesh_of_frame(people, 0, scene=WHOLE, pointmap=room_with(people, metric=False))
    with pytest.raises(ValueError, match="scene came as 'some'"):
        mesh_of_frame(people, 0, scene="some")
