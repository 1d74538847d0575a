"""The mesh of a surface: its place in the photo, its normals, masks and bad input."""

import closed_form
import pytest
import torch
from surfaces import pixels_apart, sphere

from sam3d_geometry.geometry.crop import mask_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.shapes.closing import close_back
from sam3d_geometry.shapes.decimation import sample_picture
from sam3d_geometry.shapes.mesh import vertex_normals
from sam3d_geometry.shapes.surface import surface_from_pointmap

SIZES = [(48, 64), (240, 320), (301, 97)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("back", ["open", "flat", "shell"])
def test_every_uv_is_where_the_camera_sees_the_vertex(size, back):
    mesh = surface_from_pointmap(closed_form.pointmap(closed_form.box_room(*size)[0]), back=back)
    assert pixels_apart(mesh, size) < 0.01


def test_uvs_are_pixel_centres_and_fetch_their_pixels_colour():
    torch.manual_seed(0)
    depth, _ = closed_form.plane(48, 64, 20)
    image = torch.rand(1, 48, 64, 3)
    mesh = surface_from_pointmap(closed_form.pointmap(depth, image=image))
    assert torch.allclose(sample_picture(mesh.texture, mesh.uvs), image.view(-1, 3), atol=1e-4)
    painted = surface_from_pointmap(closed_form.pointmap(depth, image=image), paint="vertex colors")
    assert torch.equal(painted.colours, image.view(-1, 3)) and painted.texture is None
    plain = surface_from_pointmap(closed_form.pointmap(depth, image=image), paint="none")
    assert plain.colours is None and plain.texture is None and plain.uvs is None


def test_the_full_size_photo_is_the_texture():
    photo = torch.rand(1, 96, 128, 3)
    mesh = surface_from_pointmap(sphere((48, 64)), photo)
    assert torch.equal(mesh.texture, photo[0])


def test_normals_are_the_surfaces():
    depth, _normals = closed_form.sphere(240, 320)
    mesh = surface_from_pointmap(closed_form.pointmap(depth))
    centre = torch.tensor([0, 0, 4.0])
    assert closed_form.angles(mesh.normals, mesh.vertices - centre).median() < 0.5
    given = torch.nn.functional.normalize(torch.rand(1, 240, 320, 3), dim=-1) * (depth > 0)[..., None]
    network = closed_form.pointmap(depth, normals=given)
    assert torch.isin(surface_from_pointmap(network).normals, network.normals).all()
    assert closed_form.angles(vertex_normals(mesh.vertices, mesh.faces), mesh.normals).median() < 1


def test_a_masked_object_comes_out_alone():
    depth, _, box = closed_form.box_before_wall(60, 80)
    pointmap = mask_pointmap(closed_form.pointmap(depth), box.repeat_interleave(2, 1).repeat_interleave(2, 2).float())
    mesh = surface_from_pointmap(pointmap)
    assert len(mesh.vertices) == box.sum() and mesh.vertices[:, 2].max() < 3.1
    with pytest.raises(ValueError, match="Input mask has 3 frames and the pointmap 1"):
        mask_pointmap(closed_form.pointmap(depth), torch.ones(3, 60, 80))


def test_bad_input_is_named():
    pointmap = sphere()
    with pytest.raises(ValueError, match="Paint 'oil'"):
        surface_from_pointmap(pointmap, paint="oil")
    with pytest.raises(ValueError, match="Back 'side'"):
        surface_from_pointmap(pointmap, back="side")
    with pytest.raises(ValueError, match="thickness came as 0"):
        close_back(surface_from_pointmap(pointmap), "flat", 0)
    with pytest.raises(ValueError, match="at least 4"):
        surface_from_pointmap(pointmap, triangles=1)
    with pytest.raises(ValueError, match="the pointmap has 2"):
        surface_from_pointmap(Pointmap.cat([pointmap, pointmap]))
    with pytest.raises(ValueError, match="The mesh is empty"):
        surface_from_pointmap(closed_form.pointmap(torch.zeros(1, 8, 8)))
