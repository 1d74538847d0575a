"""Triangles never span a depth edge, planes stay one piece at any tilt, and faces face the camera."""

import closed_form
import pytest
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sam3d_geometry.shapes.mesh import face_normals
from sam3d_geometry.shapes.triangulation import triangulate

SIZES = [(48, 64), (240, 320), (301, 97)]


def triangles_of(depth, mask=None, **options):
    depth = depth.float()
    mask = depth > 0 if mask is None else mask
    return triangulate(depth[0], mask[0], closed_form.intrinsics(*depth.shape[1:])[0], **options)


def pieces(found):
    """Number of the piece that each vertex belongs to, and how many pieces there are."""
    faces, count = found.faces.numpy(), len(found.pixels)
    pairs = (faces.ravel(), faces[:, [1, 2, 0]].ravel())
    graph = coo_array(([True] * faces.size, pairs), shape=(count, count))
    return connected_components(graph, directed=False)[::-1]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("tilt", [0, 30, 60, 75, 80])
@pytest.mark.parametrize("azimuth", [0, 90, 135, 200])
def test_a_plane_is_one_whole_piece_at_any_tilt(size, tilt, azimuth):
    depth, _ = closed_form.plane(*size, tilt, azimuth)
    depth = torch.where(
        depth < 100, depth, 0
    )  # nearer than the horizon, where a pixel is many times as far as the next
    found = triangles_of(depth)
    valid = (depth > 0)[0]
    quads = valid[:-1, :-1] & valid[:-1, 1:] & valid[1:, 1:] & valid[1:, :-1]
    assert pieces(found)[1] == 1
    assert len(found.faces) >= 2 * quads.sum()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("tilt", [0, 30, 60])
@pytest.mark.parametrize("near", [3.0, 4.5])
def test_no_triangle_spans_the_edge_of_a_box_before_a_wall(size, tilt, near):
    depth, _, box = closed_form.box_before_wall(*size, near=near, tilt_degrees=tilt)
    jump = (depth[box].max() - 5).abs() / 5
    assert jump > 0.0  # the scene has an edge
    clear = torch.nn.functional.max_pool2d(box[:, None].float(), 3, 1, 1)[:, 0] != box.float()
    relative = ((5 - depth) / 5).abs()
    found = triangles_of(torch.where(clear & (relative < 0.1), 0, depth)) if tilt else triangles_of(depth)
    on_box = box[0].reshape(-1)[found.pixels][found.faces.long()]
    assert (on_box.all(1) | ~on_box.any(1)).all()
    assert on_box.all(1).any() and (~on_box).all(1).any()


def test_without_the_cut_triangles_do_span_the_edge():
    depth, _, box = closed_form.box_before_wall(48, 64)
    found = triangles_of(depth, depth_edge=0.9, grazing_degrees=90)
    on_box = box[0].reshape(-1)[found.pixels][found.faces.long()]
    assert (on_box.any(1) & ~on_box.all(1)).any()


@pytest.mark.parametrize("width", [2, 3, 5])
def test_an_edge_blurred_over_a_few_pixels_leaves_no_skirt(width):
    depth, _, _box = closed_form.box_before_wall(240, 320)
    blurred = torch.nn.functional.avg_pool2d(1 / depth, (1, width), 1, (0, width // 2), count_include_pad=False)
    blurred = 1 / blurred[..., :320]
    found = triangles_of(blurred)
    z = blurred[0].reshape(-1)[found.pixels][found.faces.long()]
    assert ((z.amax(1) < 3.3) | (z.amin(1) > 4.5)).all()


def test_a_box_room_is_one_piece():
    depth, *_ = closed_form.box_room(240, 320)
    assert pieces(triangles_of(depth))[1] == 1


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_all_triangles_face_the_camera(size):
    torch.manual_seed(0)
    depth, _ = closed_form.sphere(*size)
    mask = (depth > 0) & (torch.rand(depth.shape) > 0.1)
    found = triangles_of(depth, mask)
    points = (closed_form.rays(*size) * depth[..., None]).reshape(-1, 3)[found.pixels]
    facing = (face_normals(points, found.faces) * points[found.faces[:, 0].long()]).sum(1)
    assert (facing < 0).all()


def test_only_pixels_in_triangles_are_vertices_and_none_is_outside_the_mask():
    torch.manual_seed(1)
    depth, _ = closed_form.plane(48, 64, 30)
    mask = torch.rand(depth.shape) > 0.4
    found = triangles_of(depth, mask)
    assert torch.equal(found.faces.unique(), torch.arange(len(found.pixels), dtype=torch.int32))
    assert mask.reshape(-1)[found.pixels].all()
    assert (found.pixels.diff() > 0).all()
    # three valid pixels of a quad are a triangle, four are two, and nothing lies over another
    valid = mask[0].int()
    corners = valid[:-1, :-1] + valid[:-1, 1:] + valid[1:, 1:] + valid[1:, :-1]
    assert len(found.faces) == 2 * (corners == 4).sum() + (corners == 3).sum()


@pytest.mark.parametrize("smallest", [2, 10, 40, 300])
def test_islands_are_dropped_by_their_number_of_triangles(smallest):
    torch.manual_seed(2)
    depth, _ = closed_form.plane(60, 80, 20)
    mask = torch.nn.functional.avg_pool2d(torch.rand(1, 1, 60, 80), 3, 1, 1)[0] > 0.5
    every = triangles_of(depth, mask)
    piece, count = pieces(every)
    size = torch.bincount(torch.from_numpy(piece)[every.faces[:, 0].long()].long(), minlength=count)
    assert (size < smallest).any() and (size >= smallest).any()
    kept = triangles_of(depth, mask, smallest_island=smallest)
    stays = size[torch.from_numpy(piece).long()] >= smallest
    assert torch.equal(kept.pixels, every.pixels[stays])
    wanted = every.pixels[every.faces.long()][stays[every.faces[:, 0].long()]]
    assert torch.equal(kept.pixels[kept.faces.long()], wanted)


def test_the_diagonal_follows_a_ridge():
    # a diagonal valley: a quad's split along it keeps both sides flat
    row, column = torch.meshgrid(torch.arange(40), torch.arange(40), indexing="ij")
    for across in (row - column, row + column - 39):
        depth = 1 / (0.5 - 0.002 * across.abs())[None]
        found = triangles_of(depth)
        offset = across.reshape(-1)[found.pixels][found.faces.long()]
        inside = ((row > 0) & (row < 39) & (column > 0) & (column < 39)).reshape(-1)  # the border has nothing to go by
        offset = offset[inside[found.pixels][found.faces.long()].all(1)]
        assert len(offset) > 2000 and ((offset >= 0).all(1) | (offset <= 0).all(1)).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2)], ids=str)
def test_tiny_maps(shape):
    found = triangles_of(torch.full((1, *shape), 2.0), smallest_island=1 if shape == (2, 2) else 2)
    assert len(found.faces) == (2 if shape == (2, 2) else 0)


def test_nothing_valid_gives_nothing():
    depth = torch.ones(1, 9, 9)
    assert len(triangles_of(depth, torch.zeros_like(depth, dtype=torch.bool)).faces) == 0
