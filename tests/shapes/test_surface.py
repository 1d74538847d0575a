"""The mesh of a surface: its place in the photo, its normals, masks, closing and decimation."""

import builtins

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.camera import project
from sam3d_geometry.geometry.crop import mask_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.shapes.closing import close_back
from sam3d_geometry.shapes.decimation import decimate, sample_picture
from sam3d_geometry.shapes.mesh import Mesh, face_normals, vertex_normals
from sam3d_geometry.shapes.surface import surface_from_pointmap

SIZES = [(48, 64), (240, 320), (301, 97)]


def sphere(size=(120, 160), **options):
    return closed_form.pointmap(closed_form.sphere(*size)[0], **options)


def pixels_apart(mesh, size):
    """Pixels of a photo of `size` between each vertex's UV and where the camera sees the vertex."""
    seen = project(mesh.vertices.double()[None], mesh.intrinsics[None])[0]
    return ((mesh.uvs - seen) * torch.tensor([size[1], size[0]])).abs().max()


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


def noisy(seed):
    """A scene with ragged holes, cuts and triangles that meet in one corner."""
    torch.manual_seed(seed)
    depth, *_ = closed_form.box_before_wall(60, 80, tilt_degrees=30)
    return closed_form.pointmap(depth * (1 + 0.03 * torch.rand(depth.shape)), torch.rand(depth.shape) > 0.15)


@pytest.mark.parametrize("back", ["flat", "shell"])
@pytest.mark.parametrize("scene", ["box", "sphere", "noise", "more noise"])
def test_a_closed_mesh_is_watertight(back, scene):
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    pointmap = {
        "box": lambda: closed_form.pointmap(closed_form.box_before_wall(60, 80, tilt_degrees=30)[0]),
        "sphere": sphere,
        "noise": lambda: noisy(0),
        "more noise": lambda: noisy(1),
    }[scene]()
    mesh = surface_from_pointmap(pointmap, back=back)
    solid = trimesh.Trimesh(mesh.vertices.double().numpy(), mesh.faces.numpy())
    assert solid.is_watertight and solid.is_winding_consistent and solid.volume > 0
    flat = surface_from_pointmap(pointmap)
    assert not trimesh.Trimesh(flat.vertices.numpy(), flat.faces.numpy()).is_watertight
    assert torch.equal(mesh.faces.unique(), torch.arange(len(mesh.vertices), dtype=torch.int32))


def test_the_flat_back_is_flat_and_behind_everything():
    mesh = surface_from_pointmap(sphere(), back="flat", thickness=0.1)
    front = surface_from_pointmap(sphere())
    back = mesh.vertices[len(front.vertices) :, 2]
    assert torch.allclose(back, front.vertices[:, 2].max() * 1.1, rtol=1e-5)


def test_decimation_keeps_the_shape_and_the_photos_place():
    pytest.importorskip("fast_simplification", reason="fast-simplification is not installed")
    image = torch.rand(1, 120, 160, 3)
    mesh = surface_from_pointmap(sphere(image=image), triangles=2000)
    whole = surface_from_pointmap(sphere(image=image))
    assert 1800 <= len(mesh.faces) <= 2020 < len(whole.faces)
    assert ((mesh.vertices - torch.tensor([0, 0, 4.0])).norm(dim=1) - 1).abs().max() < 0.005 * 4
    assert pixels_apart(mesh, (120, 160)) < 0.01
    facing = (face_normals(mesh.vertices, mesh.faces) * mesh.vertices[mesh.faces[:, 0].long()]).sum(1)
    assert (facing < 0).float().mean() > 0.99
    painted = surface_from_pointmap(sphere(image=image), triangles=2000, paint="vertex colors")
    assert torch.allclose(painted.colours, sample_picture(image[0], mesh.uvs))
    assert decimate(whole, 10**6) is whole


def test_decimation_leaves_a_flat_picture_its_corners():
    pytest.importorskip("fast_simplification", reason="fast-simplification is not installed")
    pointmap = closed_form.pointmap(closed_form.plane(60, 80, 40)[0])
    whole, mesh = surface_from_pointmap(pointmap), surface_from_pointmap(pointmap, triangles=200)
    assert len(mesh.faces) < 1000
    corners = whole.vertices[[0, 79, -80, -1]]
    assert (torch.cdist(corners, mesh.vertices).amin(1) / corners[:, 2]).max() < 0.002


@pytest.mark.parametrize("back", ["flat", "shell"])
def test_a_decimated_mesh_can_be_closed(back):
    pytest.importorskip("fast_simplification", reason="fast-simplification is not installed")
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    mesh = surface_from_pointmap(noisy(3), triangles=1500, back=back)
    assert trimesh.Trimesh(mesh.vertices.double().numpy(), mesh.faces.numpy()).is_watertight


def test_a_missing_package_is_named_in_one_sentence(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "fast_simplification":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match="pip install fast-simplification"):
        surface_from_pointmap(sphere(), triangles=100)


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
    with pytest.raises(ValueError, match="name vertices 0 to 5; there are 3"):
        Mesh(torch.zeros(3, 3), torch.tensor([[0, 1, 5]], dtype=torch.int32))
    with pytest.raises(ValueError, match="Mesh uvs came as"):
        Mesh(torch.zeros(3, 3), torch.tensor([[0, 1, 2]], dtype=torch.int32), torch.zeros(2, 2))
