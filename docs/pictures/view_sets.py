"""The pictures of the nodes for many photos: a rendered thing photographed from an arc, its cameras, and its fused surface."""

from __future__ import annotations

from functools import cache

import torch
from shapes import PAGE
from sheet import sheet

from development.scenes.turntable import photographed, ring_of_cameras, textured_object, views_of
from sam3d_geometry.effects.light.rasterize import rasterize
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees
from sam3d_geometry.geometry.resize import resize_image
from sam3d_geometry.shapes.decimation import sample_picture
from sam3d_geometry.shapes.mesh import Mesh, vertex_normals
from sam3d_geometry.views.camera_poses import looking_at
from sam3d_geometry.views.fuse import FusionSettings, fuse_views
from sam3d_geometry.views.novel_cameras import RigSettings, cameras_about
from sam3d_geometry.views.novel_views import novel_views
from sam3d_geometry.views.posed import PosedViews
from sam3d_geometry.views.posed_depth import moved
from sam3d_geometry.views.poses import pose_views
from sam3d_geometry.views.upright import upright

SIZE = (420, 420)
FOV_X_DEGREES = 35.0
FRAME_COLOUR = torch.tensor([0.95, 0.65, 0.2])
AZIMUTHS = (0, 22, 44, 66, 88, 110, 132)


@cache
def posed_object() -> PosedViews:
    """A stack of boxes photographed from an arc, with pointmaps that err as a network's do."""
    scene = textured_object("stack", 3)
    frames = photographed(scene, ring_of_cameras(scene, AZIMUTHS, 22), 448, 448)
    return upright(pose_views(views_of(frames, noise=0.01, scale=0.2)))


@cache
def fused_object() -> Mesh:
    """Its surface."""
    return fuse_views(posed_object().views, FusionSettings(resolution=200, smallest_island=1000)).mesh


def painted(mesh: Mesh, pose: torch.Tensor, bare: bool = False) -> torch.Tensor:
    """A mesh as a camera at `pose` (4, 4) sees it, with its texture or as clay -> (1, H, W, 3)."""
    seen, faces = moved(mesh.vertices, torch.linalg.inv(pose)), mesh.faces.long()
    intrinsics = intrinsics_from_fov_x_degrees(FOV_X_DEGREES, *SIZE)[0]
    raster = rasterize(seen, faces, intrinsics, SIZE[0] * 2, SIZE[1] * 2)
    hit = raster.face >= 0
    if bare or mesh.texture is None or mesh.uvs is None:
        normals = raster.interpolate(vertex_normals(mesh.vertices, mesh.faces), faces)[hit]
        light = torch.nn.functional.normalize(torch.tensor([-0.5, -0.8, -0.4]), dim=0)
        colours = (0.45 + 0.45 * (normals @ light).clamp(-1, 1))[:, None].expand(-1, 3)
    else:
        colours = sample_picture(mesh.texture, raster.interpolate(mesh.uvs, faces)[hit])
    picture = PAGE.expand(*hit.shape, 3).clone()
    picture[hit] = colours
    return resize_image(picture[None], SIZE)


def frustum(pose: torch.Tensor, size: float) -> Mesh:
    """A camera as a thin pyramid of two-sided strips."""
    corners = torch.tensor([[0, 0, 0], [-0.5, -0.5, 1], [0.5, -0.5, 1], [0.5, 0.5, 1], [-0.5, 0.5, 1]]) * size
    edges = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (2, 3), (3, 4), (4, 1)]
    vertices, faces = [], []
    for a, b in edges:
        along = corners[b] - corners[a]
        for other in torch.linalg.qr(
            torch.stack([along, torch.tensor([0.3, 1.0, 0.2]), torch.tensor([1.0, 0, 0.1])], 1)
        )[0].T[1:]:
            width = other * size * 0.03
            start = len(vertices)
            vertices += [corners[a] - width, corners[a] + width, corners[b] + width, corners[b] - width]
            faces += [[start, start + 1, start + 2], [start, start + 2, start + 3]]
    return Mesh(moved(torch.stack(vertices), pose), torch.tensor(faces).int())


def _about(azimuth: float, elevation: float, distance: float) -> torch.Tensor:
    """A pose about the fused object, 0 in front of the first photo."""
    vertices = fused_object().vertices
    middle = (vertices.amin(0) + vertices.amax(0)) / 2
    reach = float((vertices.amax(0) - vertices.amin(0)).norm())
    a, e = torch.deg2rad(torch.tensor([azimuth, elevation]))
    away = torch.stack([a.sin() * e.cos(), -e.sin(), -a.cos() * e.cos()])
    return looking_at(middle + away * reach * distance, middle)


def _with_cameras() -> torch.Tensor:
    """The surface and the cameras about it, from above."""
    mesh, pose = fused_object(), _about(60, 75, 7.5)
    picture = painted(mesh, pose)
    intrinsics = intrinsics_from_fov_x_degrees(FOV_X_DEGREES, *SIZE)[0]
    size = float((mesh.vertices.amax(0) - mesh.vertices.amin(0)).norm()) * 0.35
    for view in posed_object().placed:
        if view.world_from_camera is None:
            continue
        drawn = frustum(view.world_from_camera, size)
        raster = rasterize(
            moved(drawn.vertices, torch.linalg.inv(pose)), drawn.faces.long(), intrinsics, SIZE[0] * 2, SIZE[1] * 2
        )
        cover = resize_image((raster.face >= 0).float()[None, ..., None].expand(-1, -1, -1, 3), SIZE)
        picture = picture * (1 - cover) + FRAME_COLOUR * cover
    return picture


def pose_picture():
    """Three of the photos, and the cameras that were found."""
    photos = [resize_image(posed_object().views[at].photo[None], SIZE) for at in (0, 3, 6)]
    named = dict(zip(("photo 1", "photo 4", "photo 7"), photos))
    return sheet({**named, "cameras": _with_cameras()}, columns=4, width=600)


def fuse_picture():
    """The fused surface from two sides, with its texture and bare."""
    mesh = fused_object()
    pictures = {
        "a photo": resize_image(posed_object().views[3].photo[None], SIZE),
        "fused": painted(mesh, _about(30, 10, 1.9)),
        "from above": painted(mesh, _about(90, 45, 1.9)),
        "surface": painted(mesh, _about(90, 45, 1.9), bare=True),
    }
    return sheet(pictures, columns=4, width=600)


def novel_picture():
    """The four views of the rig."""
    views, mesh = posed_object().placed, fused_object()
    pose = views[0].world_from_camera
    assert pose is not None
    cameras = cameras_about(mesh.vertices, pose, RigSettings("four views", size=SIZE))
    made = novel_views(mesh, views, cameras, SIZE)
    return sheet({camera.name: view.image[None] for camera, view in zip(cameras, made)}, columns=4, width=600)


PICTURES = {"pose_views": pose_picture, "fuse_views": fuse_picture, "novel_views": novel_picture}
