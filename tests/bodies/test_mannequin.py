"""The mannequin has the format of a real person: axes, sides, sizes, a closed surface, rotations that carry what they move."""

import pytest
import torch
from people import FOCAL, SIZE, two_people

from sam3d_geometry.bodies.mannequin import mannequins, posed
from sam3d_geometry.bodies.skeleton import JOINT_NAMES, joints, keypoints
from sam3d_geometry.shapes.mesh import face_normals


def test_it_stands_up_right_in_camera_axes_facing_the_camera():
    body = posed({})
    nose, heel, left, right = body["pred_keypoints_3d"][
        keypoints(["nose", "left-heel", "left-shoulder", "right-shoulder"])
    ]
    assert nose[1] < -1.5 < heel[1] < 0.02 and nose[2] < 0
    assert left[0] > 0.1 and right[0] < -0.1
    assert torch.allclose(body["pred_joint_coords"][1], torch.tensor([0, -0.924, 0]))
    assert float(body["pred_vertices"][:, 1].min()) == pytest.approx(-1.72, abs=0.01)


def test_its_surface_is_closed_and_faces_outward():
    people = two_people()
    a, b, c = people.faces.T
    edges = torch.cat([torch.stack(pair, 1) for pair in ((a, b), (b, c), (c, a))])
    assert {tuple(edge) for edge in edges.tolist()} == {tuple(edge[::-1]) for edge in edges.tolist()}
    vertices = people.points(0, 0).double()
    vertices = vertices - vertices.mean(0)
    volume = (vertices[people.faces].mean(1) * face_normals(vertices, people.faces)).sum() / 6
    assert 0.03 < float(volume) < 0.12


def test_global_rot_is_the_root_rotation_in_the_order_that_the_rig_takes():
    body = posed({"root": (25.0, 10.0, -5.0)})
    x, y, z = body["global_rot"].double()
    turns = []
    for axis, angle in ((2, z), (1, y), (0, x)):
        vector = torch.zeros(3, dtype=torch.float64)
        vector[axis] = angle
        skew = torch.linalg.cross(vector.expand(3, 3), torch.eye(3, dtype=torch.float64)).T
        turns.append(torch.linalg.matrix_exp(skew))
    expected = turns[0] @ turns[1] @ turns[2]
    assert torch.allclose(body["pred_global_rots"][1].double(), expected, atol=1e-6)


def test_a_joints_rotation_moves_what_hangs_from_it_and_nothing_else():
    rest, bent = posed({}), posed({"l_lowleg": (0.0, 60.0, 0.0)})
    moved = (rest["pred_joint_coords"] - bent["pred_joint_coords"]).norm(dim=-1) > 1e-4
    assert {JOINT_NAMES[i] for i in moved.nonzero()[:, 0].tolist()} == {
        "l_foot", "l_talocrural", "l_subtalar", "l_transversetarsal", "l_ball",
        *(f"l_lowleg_twist{i}_proc" for i in range(1, 5)),
    }  # fmt: skip
    foot, knee = joints(["l_foot", "l_lowleg"])
    assert bent["pred_joint_coords"][foot, 2] > bent["pred_joint_coords"][knee, 2] + 0.2  # the lower leg goes back


def test_sizes_and_pictures_belong_together():
    half = mannequins([[({}, (0.2, 0.5, 2.0), 0.5)]], focal=FOCAL, image_size=SIZE)
    whole = mannequins([[({}, (0.4, 1.0, 4.0), 1.0)]], focal=FOCAL, image_size=SIZE)
    assert torch.allclose(half.keypoints_2d, whole.keypoints_2d, atol=1e-3)
    assert torch.allclose(half.projected(half.keypoints), half.keypoints_2d, atol=1e-3)
