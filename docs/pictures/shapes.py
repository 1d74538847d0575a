"""The pictures of the 3D nodes' help pages: meshes and point clouds seen from the side."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from PIL import Image, ImageDraw, ImageFont
from sheet import estimate, main_photo, photos, sheet

from sam3d_geometry.files import AXES
from sam3d_geometry.geometry.axes import AXIS_FRAMES
from sam3d_geometry.geometry.crop import mask_pointmap
from sam3d_geometry.geometry.scene_scale import scene_depth
from sam3d_geometry.maps.depth import depth_range
from sam3d_geometry.shapes.decimation import sample_picture
from sam3d_geometry.shapes.displaced_plane import displaced_plane
from sam3d_geometry.shapes.mesh import Mesh, face_normals
from sam3d_geometry.shapes.point_cloud import point_cloud_from_pointmap
from sam3d_geometry.shapes.printing import relief_solid
from sam3d_geometry.shapes.splats import Splats, splats_from_pointmap
from sam3d_geometry.shapes.surface import surface_from_pointmap

PAGE = torch.tensor([0.11, 0.11, 0.13])
LIGHT = torch.nn.functional.normalize(torch.tensor([-0.5, -0.8, -0.9]), dim=0)
SAMPLES = 12_000_000  # points that a mesh is drawn with, all over its triangles
ARROWS = {"x": (235, 90, 80), "y": (120, 210, 90), "z": (90, 150, 255)}


def seen_from(points: torch.Tensor, pivot: torch.Tensor, yaw: float, pitch: float, back: float = 0.0) -> torch.Tensor:
    """Points (N, 3) as a camera sees them that is turned about `pivot` by degrees, and stands `back` further away."""
    y, p = math.radians(yaw), math.radians(pitch)
    about_y = torch.tensor([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    about_x = torch.tensor([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    return (points - pivot) @ about_y.T @ about_x.T + pivot + torch.tensor([0, 0, back])


def splatted(
    points: torch.Tensor, colours: torch.Tensor, size: tuple[int, int], focal: float, dot: int
) -> torch.Tensor:
    """Points (N, 3) before a camera, nearest first, each `dot` pixels wide -> picture (1, H, W, 3)."""
    height, width = size
    place = points[:, :2] / points[:, 2:] * focal + torch.tensor([width / 2, height / 2])
    column, row = place.floor().long().unbind(1)
    nearest = torch.full((height * width,), math.inf)
    steps = [(i, j) for i in range(dot) for j in range(dot)]
    cells = []
    for i, j in steps:
        inside = (row + i >= 0) & (row + i < height) & (column + j >= 0) & (column + j < width) & (points[:, 2] > 0.01)
        cells.append(torch.where(inside, (row + i) * width + column + j, -1))
        nearest.scatter_reduce_(0, cells[-1][inside], points[inside, 2], "amin")
    picture = PAGE.expand(height * width, 3).clone()
    for cell in cells:
        front = (cell >= 0) & (points[:, 2] <= nearest[cell.clamp_min(0)] * 1.0005)
        picture[cell[front]] = colours[front]
    return picture.view(1, height, width, 3)


def on_triangles(mesh: Mesh, shaded: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Points all over the triangles of a mesh and their colours: the photo's, or of lit clay."""
    corners = mesh.vertices[mesh.faces.long()]
    uvs = mesh.uvs[mesh.faces.long()]
    light = (torch.nn.functional.normalize(face_normals(mesh.vertices, mesh.faces), dim=-1) @ LIGHT).clamp_min(0)
    places, colours = [], []
    side = max(2, math.ceil(math.sqrt(2 * SAMPLES / len(mesh.faces))))
    for i in range(side):
        for j in range(side - i):
            weight = torch.tensor([i, j, side - 1 - i - j]).float() / (side - 1)
            places.append(torch.einsum("fkc,k->fc", corners, weight))
            if shaded:
                colours.append((0.25 + 0.7 * light)[:, None].expand(-1, 3))
            else:
                colours.append(sample_picture(mesh.texture, torch.einsum("fkc,k->fc", uvs, weight)))
    return torch.cat(places), torch.cat(colours)


def picture_of(
    mesh: Mesh, yaw: float, pitch: float, size: tuple[int, int], focal: float, back: float, shaded: bool = False
) -> torch.Tensor:
    """A mesh from the side, about its middle."""
    points, colours = on_triangles(mesh, shaded)
    return splatted(seen_from(points, middle_of(mesh), yaw, pitch, back), colours, size, focal, 1)


def middle_of(mesh: Mesh) -> torch.Tensor:
    return torch.tensor([0, 0, float(mesh.vertices[:, 2].median())])


def pointmap_to_mesh() -> Image.Image:
    photo = main_photo()
    pointmap = estimate(photo)
    size, focal = (340, 480), 430.0
    cut = surface_from_pointmap(pointmap, photo, smallest_island=100)
    whole = surface_from_pointmap(pointmap, photo, depth_edge=1.0, grazing_degrees=90)
    depth = float(cut.vertices[:, 2].median())
    view = (18, 6, size, focal, 0.1 * depth)
    pictures = {
        "photo": photo,
        "depth_edge 1, grazing 90: nothing cut": picture_of(whole, *view),
        "defaults": picture_of(cut, *view),
        "defaults, plain": picture_of(cut, *view, shaded=True),
    }
    return sheet(pictures, 2, aspect=size[1] / size[0])


def plane_picture(mesh: Mesh, yaw: float, pitch: float) -> torch.Tensor:
    points, colours = on_triangles(mesh, False)
    return splatted(seen_from(points, torch.zeros(3), yaw, pitch, 1.6), colours, (300, 420), 520.0, 1)


def displaced() -> Image.Image:
    photo = photos().get("coffee", main_photo())
    pointmap = estimate(photo)
    shown = depth_range(pointmap)
    pictures = {"photo": photo}
    for subdivisions, height in ((16, 0.4), (128, 0.4)):
        mesh = displaced_plane(pointmap, shown, photo, subdivisions, height)
        pictures[f"{subdivisions} subdivisions, height {height}"] = plane_picture(mesh, 28, -24)
    return sheet(pictures, 3, aspect=1.4)


def pointmap_to_point_cloud() -> Image.Image:
    photo = photos().get("coffee", main_photo())
    pointmap = estimate(photo)
    size, focal = (300, 420), 560.0
    pictures = {}
    for name, dot, options in (
        ("every pixel", 1, {}),
        ("outlier_deviations 2", 1, {"outlier_deviations": 2.0}),
        ("voxel_size 0.012", 3, {"voxel_size": 0.012 * scene_depth(pointmap), "outlier_deviations": 2.0}),
    ):
        cloud = point_cloud_from_pointmap(pointmap, **options)
        pivot = torch.tensor([0, 0, float(cloud.points[:, 2].median())])
        turned = seen_from(cloud.points, pivot, 25, -22, 0.1 * float(pivot[2]))
        picture = splatted(turned, cloud.colours, size, focal, dot)
        pictures[f"{name}: {len(cloud.points):,} points"] = picture
    return sheet(pictures, 3, aspect=size[1] / size[0])


def inside_splats(splats: Splats, deviations: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Points all over the discs of `deviations` standard deviations that splats are, and their colours."""
    w, x, y, z = splats.rotations.unbind(1)
    across = torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)], 1) * splats.scales[:, :1]
    down = torch.stack([2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)], 1) * splats.scales[:, 1:2]
    ring = [(0.0, 0.0)] + [(r, 2 * math.pi * k / (8 * r)) for r in (1, 2, 3) for k in range(8 * r)]
    spots = [deviations * r / 3 * (across * math.cos(turn) + down * math.sin(turn)) for r, turn in ring]
    return torch.cat([splats.centres + spot for spot in spots]), splats.colours.repeat(len(ring), 1)


def pointmap_to_splat() -> Image.Image:
    photo = photos().get("coffee", main_photo())
    pointmap = estimate(photo)
    size, focal = (300, 420), 900.0
    pictures = {"photo": photo}
    for name, size_pixels in (("the points alone", 0.01), ("splat_size_pixels 0.5", 0.5)):
        splats = splats_from_pointmap(pointmap, size=size_pixels)
        points, colours = inside_splats(splats, 1.5)
        pivot = torch.tensor([0, 0, float(splats.centres[:, 2].median())])
        turned = seen_from(points, pivot, 12, -12, 0.0)
        pictures[name] = splatted(turned, colours, size, focal, 1)
    return sheet(pictures, 3, aspect=size[1] / size[0])


def save_print() -> Image.Image:
    photo = photos().get("coffee", main_photo())
    solid = relief_solid(estimate(photo), size_mm=100, relief_mm=14, base_mm=3, curve="disparity")
    corners = solid.vertices[solid.faces.long()]
    corners = corners[corners[..., 2].amin(1) >= 3] - solid.vertices.mean(0)  # without walls and bottom
    lit = torch.nn.functional.normalize(
        face_normals(corners.reshape(-1, 3), torch.arange(corners[..., 0].numel()).view(-1, 3)), dim=-1
    )
    shade = (0.2 + 0.75 * (lit @ torch.tensor([-0.4, 0.5, 0.77])).clamp_min(0))[:, None].expand(-1, 3)
    # from bed axes to those of a camera that looks down on it
    seen = corners @ torch.tensor([[1.0, 0, 0], [0, -0.64, 0.77], [0, -0.77, -0.64]]) + torch.tensor([0, 0, 260.0])
    weights = torch.tensor([(i, j, 3 - i - j) for i in range(4) for j in range(4 - i)]).float() / 3
    points = torch.einsum("fkc,sk->sfc", seen, weights).reshape(-1, 3)
    picture = splatted(points, shade.repeat(len(weights), 1), (300, 420), 900.0, 1)
    return sheet({"photo": photo, "relief of 100 mm": picture}, 2, aspect=1.4)


def save_3d() -> Image.Image:
    photo = photos().get("coffee", main_photo())
    pointmap = estimate(photo)
    height, width = pointmap.size
    row, column = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    cup = (((column + 0.02) / 0.63).square() + ((row - 0.02) / 0.93).square() < 1)[None].float()
    mesh = surface_from_pointmap(mask_pointmap(pointmap, cup), photo, smallest_island=500)
    size, focal, view = (240, 260), 460.0, (20, -16)
    middle = middle_of(mesh)
    length = 0.26 * float(middle[2])
    drawn = picture_of(mesh, *view, size, focal, 0.35 * float(middle[2]))
    pictures = {}
    for name, frame in AXES.items():
        picture = Image.fromarray((drawn[0] * 255).to(torch.uint8).numpy())
        draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=15)
        axes = torch.tensor(AXIS_FRAMES[frame].axes).float()
        tips = torch.cat([torch.zeros(1, 3), axes * length]) + middle
        seen = seen_from(tips, middle, *view, 0.35 * float(middle[2]))
        places = (seen[:, :2] / seen[:, 2:] * focal + torch.tensor([size[1] / 2, size[0] / 2])).tolist()
        for (letter, shade), tip in zip(ARROWS.items(), places[1:]):
            draw.line([tuple(places[0]), tuple(tip)], fill=shade, width=3)
            draw.text(tuple(tip), letter, font=font, fill=shade, anchor="mm", stroke_width=2, stroke_fill=(0, 0, 0))
        pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(1, *size, 3)
        unit = ", cm" if AXIS_FRAMES[frame].units_per_metre == 100 else ""
        pictures[f"{name}: {AXIS_FRAMES[frame].handedness}-handed{unit}"] = pixels.float() / 255
    return sheet(pictures, 4)


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "pointmap_to_mesh": pointmap_to_mesh,
    "displaced_plane": displaced,
    "pointmap_to_point_cloud": pointmap_to_point_cloud,
    "pointmap_to_splat": pointmap_to_splat,
    "save_print": save_print,
    "save_3d": save_3d,
}
