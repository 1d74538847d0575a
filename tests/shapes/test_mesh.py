"""A mesh refuses what does not fit together, and its normals point outward, each face by its area."""

import pytest
import torch

from sam3d_geometry.shapes.mesh import Mesh, face_normals, vertex_normals

TRIANGLE = torch.tensor([[0, 1, 2]], dtype=torch.int32)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"faces": torch.tensor([[0, 1, 5]], dtype=torch.int32)}, "name vertices 0 to 5; there are 3"),
        ({"faces": torch.tensor([[-1, 1, 2]], dtype=torch.int32)}, "name vertices -1 to 2"),
        ({"faces": TRIANGLE[:, :2]}, r"Mesh faces came as \(1, 2\); \(1, 3\) is needed"),
        ({"uvs": torch.zeros(2, 2)}, r"Mesh uvs came as \(2, 2\); \(3, 2\) is needed"),
        ({"normals": torch.zeros(3, 2)}, "Mesh normals came as"),
        ({"colours": torch.zeros(4, 3)}, "Mesh colours came as"),
        ({"vertices": torch.zeros(0, 3)}, "The mesh is empty; give a pointmap with valid pixels"),
        ({"faces": TRIANGLE[:0]}, "The mesh is empty"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, sentence):
    fitting = {"vertices": torch.eye(3), "faces": TRIANGLE}
    Mesh(**fitting)
    with pytest.raises(ValueError, match=sentence):
        Mesh(**{**fitting, **changes})


def test_a_face_turns_counter_clockwise_around_its_normal_which_is_twice_its_area_long():
    vertices = torch.tensor([[0.0, 0, 0], [3, 0, 0], [0, 2, 0]])
    assert torch.equal(face_normals(vertices, TRIANGLE), torch.tensor([[0.0, 0, 6]]))
    assert torch.equal(face_normals(vertices, TRIANGLE.flip(1)), torch.tensor([[0.0, 0, -6]]))


def test_normals_of_vertices_are_the_faces_mean_by_area():
    vertices = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 3]])
    faces = torch.tensor([[0, 1, 2], [0, 3, 1]], dtype=torch.int32)  # areas 1/2 and 3/2, toward z and y
    normals = vertex_normals(vertices, faces)
    expected = torch.nn.functional.normalize(torch.tensor([0.0, 3, 1]), dim=0)
    assert torch.allclose(normals[:2], expected.expand(2, 3))
    assert torch.allclose(normals[2:], torch.tensor([[0.0, 0, 1], [0, 1, 0]]))


def test_a_vertex_of_no_face_has_no_normal():
    assert vertex_normals(torch.eye(4)[:, :3].contiguous(), TRIANGLE)[3].tolist() == [0, 0, 0]
