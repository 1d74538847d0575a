"""Texture: every face shows the photo that saw it best, where it is in that photo."""

import pytest
import torch
from round_views import RADIUS, ball_view, ball_views, colour_at

from sam3d_geometry.shapes.decimation import sample_picture
from sam3d_geometry.shapes.mesh import Mesh
from sam3d_geometry.shapes.surface_nets import BlockGrid, surface_net
from sam3d_geometry.views.texture import atlas_of, labels_of, sighting, textured

LONGEST = 128


@pytest.fixture(scope="module")
def ball():
    step = torch.arange(-3, 3)
    grid = BlockGrid.of(torch.stack(torch.meshgrid(step, step, step, indexing="ij"), -1).view(-1, 3))
    values = grid.voxels(torch.arange(len(grid.blocks))).float().norm(dim=-1) - 20
    net = surface_net(grid, values.view(-1, 8, 8, 8), torch.ones(len(grid.blocks), 8, 8, 8, dtype=torch.bool))
    return Mesh(vertices=torch.nn.functional.normalize(net.vertices, dim=-1) * RADIUS, faces=net.faces.int())


def test_a_face_is_worth_most_where_it_faces_the_camera_and_nothing_where_hidden(ball):
    worth = sighting(ball, ball_view(0)).worth
    middle = ball.vertices[ball.faces.long()].mean(1)
    assert (worth[middle[:, 2] > -0.2] == 0).all()
    front = middle[:, 2] < -0.95
    assert (worth[front] > 0).all()
    area = torch.linalg.cross(*(ball.vertices[ball.faces[:, i].long()] - middle for i in (0, 1))).norm(dim=-1)
    assert (worth / area)[front].mean() > 2 * (worth / area)[(middle[:, 2] < -0.4) & (middle[:, 2] > -0.6)].mean()


def test_what_stands_behind_another_surface_is_hidden(ball):
    wall = torch.tensor([[-9.0, -9, 2], [9, -9, 2], [0, 9, 2]])
    behind = Mesh(
        vertices=torch.cat([ball.vertices, wall]),
        faces=torch.cat([ball.faces, torch.tensor([[0, 2, 1]], dtype=torch.int32) + len(ball.vertices)]),
    )
    assert sighting(behind, ball_view(0, masked=False)).worth[-1] == 0


def test_the_atlas_shows_the_balls_own_colours(ball):
    painted, old = textured(ball, ball_views(4), "texture", LONGEST)
    torch.testing.assert_close(painted.vertices, ball.vertices[old])
    shown = sample_picture(painted.texture, painted.uvs)
    side = painted.vertices[:, 1].abs() < 0.8
    assert (shown - colour_at(painted.vertices))[side].abs().mean() < 0.02


def test_vertex_colors_show_the_same(ball):
    painted, _ = textured(ball, ball_views(4), "vertex colors", LONGEST)
    side = painted.vertices[:, 1].abs() < 0.8
    assert (painted.colours - colour_at(painted.vertices))[side].abs().mean() < 0.03
    assert textured(ball, ball_views(2), "none", LONGEST)[0] is ball
    with pytest.raises(ValueError, match="Paint 'oil'"):
        textured(ball, ball_views(2), "oil", LONGEST)


def test_exposures_are_levelled(ball):
    views = [ball_view(angle, gain=gain) for angle, gain in ((0, 1.0), (45, 0.7), (90, 1.0), (135, 0.7))]
    painted, _ = textured(ball, views, "texture", LONGEST)
    shown = sample_picture(painted.texture, painted.uvs)
    seen = (painted.vertices[:, 1].abs() < 0.7) & (painted.vertices[:, 2] < -0.1) & (painted.vertices[:, 0] < 0)
    ratio = shown[seen].mean(1) / colour_at(painted.vertices[seen]).mean(1)
    assert ratio.std() / ratio.mean() < 0.06


def test_faces_that_no_photo_sees_have_the_mean_colour(ball):
    painted, _ = textured(ball, [ball_view(0)], "texture", LONGEST)
    shown = sample_picture(painted.texture, painted.uvs)
    back = painted.vertices[:, 2] > 0.5
    assert shown[back].std(0).max() < 1e-3
    assert 0.1 < shown[back].mean() < 0.9


def test_a_lonely_label_gives_way_to_its_neighbours():
    faces = torch.tensor([[i, i + 1, i + 2] for i in range(9)])
    worth = torch.tensor([[1.0] * 9, [0.9] * 9])
    worth[0, 4], worth[1, 4] = 0.9, 1.0
    assert labels_of(worth, faces).tolist() == [0] * 9
    worth[0, 4] = 0.0
    assert labels_of(worth, faces).tolist() == [0] * 4 + [1] + [0] * 4
    assert labels_of(torch.zeros(2, 9), faces).tolist() == [-1] * 9


def test_photos_of_different_sizes_find_their_places_in_the_atlas():
    photos = [torch.full((20, 30, 3), 0.2), torch.full((40, 10, 3), 0.6), torch.full((30, 30, 3), 0.9)]
    atlas = atlas_of(photos, 64, torch.tensor([0.1, 0.2, 0.3]))
    label = torch.tensor([0, 1, 2, -1])
    shown = sample_picture(atlas.picture, atlas.places(label, torch.full((4, 2), 0.5)))
    torch.testing.assert_close(shown[:, 0], torch.tensor([0.2, 0.6, 0.9, 0.1]))
