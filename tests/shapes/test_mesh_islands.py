"""Pieces of a mesh: what hangs together by vertices has one number, and small ones go."""

import torch

from sam3d_geometry.shapes.mesh_islands import compacted, large_pieces, pieces

STRIP = torch.tensor([[0, 1, 2], [1, 2, 3], [2, 3, 4]])
TRIANGLE = torch.tensor([[5, 6, 7]])
FACES = torch.cat([STRIP, TRIANGLE])


def test_faces_that_share_vertices_are_one_piece():
    found = pieces(FACES, 8)
    assert len(found[:3].unique()) == 1
    assert found[3] != found[0]


def test_small_pieces_go_and_the_largest_always_stays():
    assert large_pieces(FACES, 8, 2).tolist() == [True, True, True, False]
    assert large_pieces(FACES, 8, 0).all()
    assert large_pieces(FACES, 8, 100).tolist() == [True, True, True, False]


def test_kept_faces_are_over_the_vertices_that_they_use():
    used, faces = compacted(FACES, torch.tensor([False, False, False, True]))
    assert used.tolist() == [5, 6, 7]
    assert faces.tolist() == [[0, 1, 2]]
