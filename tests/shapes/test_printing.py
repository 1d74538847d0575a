"""What is to be printed is watertight, as large as asked for, and stands on the bed."""

import closed_form
import pytest
import torch

from sam3d_geometry.shapes.mesh import Mesh, face_normals
from sam3d_geometry.shapes.printing import facet_normals, print_solid, relief_solid
from sam3d_geometry.shapes.surface import surface_from_pointmap

SIZE = (30, 40)


def solid_of(solid):
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    return trimesh.Trimesh(solid.vertices.numpy(), solid.faces.numpy(), process=False)


def ball(mask=None):
    depth, _ = closed_form.sphere(*SIZE)
    return closed_form.pointmap(depth, mask, source_size=(300, 400))


def test_a_relief_is_a_watertight_plate_of_the_size_asked_for():
    solid = relief_solid(ball(), size_mm=80, relief_mm=6, base_mm=2)
    found = solid_of(solid)
    assert found.is_watertight and found.is_winding_consistent and found.euler_number == 2
    assert solid.extent_mm == pytest.approx((80, 60, 8), abs=1e-4)
    assert solid.vertices[:, 2].min() == 0
    # a plate alone has 80 x 60 x 2, and the cap of the ball is added
    assert 80 * 60 * 2 < found.volume < 80 * 60 * 8


def test_near_is_high_and_what_has_no_geometry_lies_on_the_plate():
    mask = closed_form.sphere(*SIZE)[0] > 0
    mask[:, 12:16, 18:22] = False
    solid = relief_solid(ball(mask), size_mm=80, relief_mm=6, base_mm=2)
    heights = solid.vertices[: SIZE[0] * SIZE[1], 2].reshape(SIZE)
    assert heights[15, 15] > 6 and bool((heights[~mask[0]] == 2).all())
    assert solid_of(solid).is_watertight
    # the photo's top is away, its left is left
    places = solid.vertices[: SIZE[0] * SIZE[1]].reshape(*SIZE, 3)
    assert places[0, 0, :2].tolist() == [0, 60] and places[-1, -1, :2].tolist() == pytest.approx([80, 0])


@pytest.mark.parametrize("back", ["flat", "shell"])
@pytest.mark.parametrize("base", [0.0, 3.0])
def test_a_closed_mesh_stands_on_the_bed(back, base):
    mesh = surface_from_pointmap(ball(), back=back)
    solid = print_solid(mesh, size_mm=50, base_mm=base)
    found = solid_of(solid)
    assert found.is_watertight and found.volume > 0 and found.body_count == (2 if base else 1)
    assert solid.vertices[:, 2].min() == 0
    assert max(solid.extent_mm[:2]) == pytest.approx(50, abs=0.01)
    # a ball seen from the front: its upper half is up, and its front faces the one who looks along y
    assert solid.extent_mm[2] == pytest.approx(50 + base / 2, rel=0.05)


def test_a_mesh_inside_out_is_turned():
    mesh = surface_from_pointmap(ball(), back="shell")
    turned = Mesh(mesh.vertices, mesh.faces.flip(1))
    assert solid_of(print_solid(turned)).volume > 0


def test_an_open_mesh_is_refused():
    with pytest.raises(ValueError, match="mesh is open .* set back of Pointmap To Mesh"):
        print_solid(surface_from_pointmap(ball()))


def test_sizes_that_no_printer_takes_are_refused():
    with pytest.raises(ValueError, match="size_mm came as 0;"):
        relief_solid(ball(), size_mm=0)
    with pytest.raises(ValueError, match="base_mm and relief_mm came as 0 and 8"):
        relief_solid(ball(), base_mm=0)
    with pytest.raises(ValueError, match="one frame, and the pointmap has 2"):
        relief_solid(type(ball()).cat([ball(), ball()]))


def test_facet_normals_are_unit_vectors_outward():
    solid = relief_solid(ball())
    normals = torch.from_numpy(facet_normals(solid))
    assert torch.allclose(normals.norm(dim=-1), torch.ones(len(normals)), atol=1e-5)
    assert ((normals * face_normals(solid.vertices, solid.faces)).sum(-1) > 0).all()
    assert (normals[-10:, 2] == -1).all()
