"""Layers: a flat card or a mesh put into a scene, seen from its camera with its own colour, coverage and depth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from ...geometry.axes import convert_points
from ...geometry.camera import intrinsics_of_part, project, view_plane_axes
from ...geometry.colour import linear_from_srgb
from ...geometry.gravity import level_world
from ...geometry.picking import pick
from ...geometry.picture_forms import plain_image
from ...geometry.pointmap import Pointmap
from ...geometry.rotations import rotation_from_degrees
from ...geometry.scene_scale import SCENE_DEPTH, UNITS, scene_depth, unit_length
from ...shapes.mesh import vertex_normals
from .lights import ON_SURFACE, PlacedLight
from .rasterize import NEAR_CUT, rasterize
from .shading import dot, ggx, lambert, light_at, unit

DISTANCE, AS_IS = "distance", "as is"
WHERE = (ON_SURFACE, DISTANCE, AS_IS)
SUPERSAMPLES = 2  # rays a side of a pixel of a mesh
RAYS_AT_ONCE = 1 << 16  # of a mesh that are shaded: what they need stays near the cache
UNLIT_AMBIENT = 0.35  # of a mesh without lights, the rest comes from the camera
GREY = 0.6  # linear albedo of a mesh without colours: light enough to show its shading, dark enough for its highlights
MESH_ROUGHNESS = 0.5  # half way from polished to matt, as glTF's viewers show a mesh without a material
MESH_SPECULAR = 0.3  # strength of a mesh's highlights, as of the photo's own surfaces in `relight.Relighting`
POSE_TENSORS = ("rotation", "origin", "size", "scale", "up")  # fields of a placed layer with one row for each frame


@dataclass(frozen=True, kw_only=True)
class LayerPlacement:
    """Where a layer goes; lengths count in `unit`, one of UNITS.

    where     "surface": its foot on the surface at `pixel`; "distance": its middle over `pixel`, that far along
              the view axis; "as is": a mesh whose coordinates are the camera's already
    pixel     (x, y) in shares of the picture
    size      height of a card; largest side of a mesh
    yaw, pitch, roll   degrees about its own up, right and forward axis; all 0 faces the camera's image plane
    upright   its up is the scene's, found by the ground, instead of the camera's
    """

    where: str = ON_SURFACE
    pixel: tuple[float, float] = (0.5, 0.8)
    distance: float = 1.0
    size: float = 0.4
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    upright: bool = False
    unit: str = SCENE_DEPTH

    def __post_init__(self) -> None:
        for name, value, known in (("placement", self.where, WHERE), ("unit", self.unit, UNITS)):
            if value not in known:
                raise ValueError(f"Layer {name} came as {value!r}; choose one of {', '.join(known)}.")
        if not (self.size > 0 and self.distance > 0):
            raise ValueError(
                f"layer_size {self.size} and layer_distance {self.distance} came; both must be greater than 0."
            )


@dataclass(frozen=True, kw_only=True)
class PlacedLayer:
    """The pose of a layer in each frame: camera_from_layer rotation (B, 3, 3), its foot or middle (B, 3), its size (B,).

    Layer axes: x right, y down, z away from the viewer. `scale` (B,) is the length of one asked unit, `up` (B, 3) the
    scene's up in camera axes.
    """

    rotation: torch.Tensor
    origin: torch.Tensor
    size: torch.Tensor
    scale: torch.Tensor
    up: torch.Tensor
    stands: bool
    as_it_is: bool

    def __getitem__(self, part: slice) -> PlacedLayer:
        """The poses of the chosen frames."""
        tensors = (getattr(self, name)[part] for name in POSE_TENSORS)
        return replace(self, **dict(zip(POSE_TENSORS, tensors)))

    def to(self, device: torch.device | str) -> PlacedLayer:
        """The same poses on another device."""
        tensors = (getattr(self, name).to(device) for name in POSE_TENSORS)
        return replace(self, **dict(zip(POSE_TENSORS, tensors)))


@dataclass(frozen=True)
class Layer:
    """A layer as the camera sees it: linear colour (B, H, W, 3) times alpha, alpha (B, H, W), depth (B, H, W), 0 where none."""

    colour: torch.Tensor
    alpha: torch.Tensor
    depth: torch.Tensor


def place_layer(placement: LayerPlacement, pointmap: Pointmap, each_frame: bool = False) -> PlacedLayer:
    """The pose of a layer in every frame of a pointmap (whole clip: place first, then work chunk by chunk).

    It stays where the first frame's surface put it; with `each_frame` it follows the surface at its pixel.
    Where a frame shows none there, it goes by a surface at the scene depth.
    """
    scale = pointmap.points.new_full((len(pointmap),), unit_length(pointmap, placement.unit))
    level = level_world(pointmap).to(pointmap.points).mT
    turn = rotation_from_degrees(placement.yaw, placement.pitch, placement.roll).to(pointmap.points)
    rotation = (level @ turn) if placement.upright else turn.expand(len(pointmap), 3, 3)
    origin = pick(pointmap, placement.pixel).points_or(scene_depth(pointmap))
    if placement.where != ON_SURFACE:
        origin = origin / origin[:, 2:] * (placement.distance * scale)[:, None]
    elif not each_frame:
        origin = origin[:1].expand_as(origin)
    return PlacedLayer(
        rotation=rotation,
        origin=origin,
        size=placement.size * scale,
        scale=scale,
        up=-level[:, :, 1],
        stands=placement.where == ON_SURFACE,
        as_it_is=placement.where == AS_IS,
    )


def card_layer(rgba: torch.Tensor, placed: PlacedLayer, pointmap: Pointmap) -> Layer:
    """A picture (1 or B, h, w, 4), sRGB with straight alpha, as a flat card in each frame of a pointmap, at its size."""
    height, width = pointmap.size
    rgba = plain_image("rgba", rgba)
    linear = linear_from_srgb(rgba[..., :3]) * rgba[..., 3:]
    texture = torch.cat([linear, rgba[..., 3:]], -1).movedim(-1, 1).to(pointmap.points)
    layer = Layer(*(pointmap.points.new_zeros(*pointmap.depth.shape, *more) for more in ((3,), (), ())))
    a, b = view_plane_axes(pointmap.intrinsics, height, width)
    aspect = rgba.shape[2] / rgba.shape[1]
    for i in range(len(pointmap)):
        picture = texture[min(i, len(texture) - 1)][None]
        size, rotation = placed.size[i], placed.rotation[i]
        right, down, ahead = rotation.unbind(-1)
        middle = placed.origin[i] - down * (size / 2 if placed.stands else 0)
        on_screen = float(pointmap.intrinsics[i, 1, 1] * height * size / middle[2].clamp_min(1e-6))
        shrink = on_screen / picture.shape[2]
        if shrink < 1:
            smaller = [max(1, round(n * shrink)) for n in picture.shape[2:]]
            picture = F.interpolate(picture, smaller, mode="bilinear", align_corners=False, antialias=True)
        extents = ((right, size * aspect), (down, size))
        # what is enlarged fades out within half a pixel beside the card
        reach = [axis * extent * (0.5 + 1 / n) for (axis, extent), n in zip(extents, picture.shape[:1:-1])]
        corners = torch.stack([middle + x * reach[0] + y * reach[1] for x in (-1, 1) for y in (-1, 1)])
        rows, columns = _rows_and_columns(corners, pointmap.intrinsics[i], pointmap.size)
        x, y = a[i][:, columns], b[i][rows]
        # the card's plane ahead . P = ahead . middle, met by the ray (x, y, 1)
        slope = x * ahead[0] + y * ahead[1] + ahead[2]
        depth = (ahead @ middle) / torch.where(slope.abs() < 1e-9, 1e-9, slope)
        across, along = (
            2 * (depth * (x * axis[0] + y * axis[1] + axis[2]) - axis @ middle) / extent for axis, extent in extents
        )
        grid = torch.stack([across, along], -1).clamp_(-3, 3)[None]
        seen = F.grid_sample(picture, grid, mode="bilinear", padding_mode="zeros", align_corners=False)[0]
        seen *= depth > 1e-6
        layer.colour[i, rows, columns] = seen[:3].movedim(0, -1)
        layer.alpha[i, rows, columns] = seen[3]
        layer.depth[i, rows, columns] = torch.where(seen[3] > 1e-4, depth, 0)
    return layer


def _mesh_colour(
    albedo: torch.Tensor,
    normals: torch.Tensor,
    points: torch.Tensor,
    *,
    lights: Sequence[PlacedLight],
    frame: int,
    ambient: float,
) -> torch.Tensor:
    """Linear albedo, unit normals and points (3, N) -> linear colour (3, N) under the lights, or one at the camera."""
    to_camera = unit(-points)
    facing = dot(normals, to_camera)
    if not lights:
        return albedo * (UNLIT_AMBIENT + (1 - UNLIT_AMBIENT) * facing.abs())
    normals = torch.where(facing < 0, -normals, normals)
    colour = albedo * ambient
    for light in lights:
        to_light, strength, sine = light_at(points, light, frame)
        cosine = dot(normals, to_light)
        shine = ggx(cosine, facing.abs(), dot(to_light, to_camera), MESH_ROUGHNESS, sine) * MESH_SPECULAR
        colour = colour + (albedo * lambert(cosine, sine) + shine) * strength * light.radiance[:, None]
    return colour


def _posed(points: torch.Tensor, triangles: torch.Tensor, placed: PlacedLayer, frame: int) -> torch.Tensor:
    """Vertices (N, 3) of a mesh in its own OpenCV axes -> camera axes of a frame, scaled to the layer's size."""
    if placed.as_it_is or not len(triangles):
        return points
    used = points[triangles.reshape(-1)]
    low, high = used.amin(0), used.amax(0)
    middle = (low + high) / 2
    if placed.stands:
        middle = torch.stack([middle[0], high[1], middle[2]])
    points = (points - middle) * (placed.size[frame] / (high - low).max().clamp_min(1e-12))
    return points @ placed.rotation[frame].T + placed.origin[frame]


def _pixels_of_rays(colour: torch.Tensor, covered: torch.Tensor, depth: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Colour (H, W, 3), coverage and depth (H, W) of the rays -> the same of the pixels that have SUPERSAMPLES of them a side.

    Colour comes out times alpha; depth is averaged as 1 / depth over the rays that meet the mesh, 0 where none does.
    """
    inverse = torch.where(depth > 0, 1 / depth.clamp_min(1e-12), 0)
    planes = F.avg_pool2d(torch.cat([colour.movedim(-1, 0), covered[None], inverse[None]])[None], SUPERSAMPLES)[0]
    alpha = planes[3]
    return planes[:3].movedim(0, -1), alpha, torch.where(alpha > 0, alpha / planes[4].clamp_min(1e-12), 0)


def _rows_and_columns(points: torch.Tensor, intrinsics: torch.Tensor, size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a picture (height, width) that points (N, 3) in camera axes can show in, one of each at least.

    All of them where a point is behind the camera: what is cut off there can reach any border.
    """
    places = project(points[None], intrinsics[None])[0]
    if not len(points) or not bool((points[:, 2] >= NEAR_CUT).all() & places.isfinite().all()):
        return slice(0, size[0]), slice(0, size[1])
    (left, top), (right, bottom) = places.amin(0).tolist(), places.amax(0).tolist()
    return _pixels_between(top, bottom, size[0]), _pixels_between(left, right, size[1])


def _pixels_between(low: float, high: float, length: int) -> slice:
    """Those of `length` pixels in a row that two shares of it lie in and between, one at least."""
    first = min(max(math.floor(low * length), 0), length - 1)
    return slice(first, min(max(math.ceil(high * length), first + 1), length))


def mesh_layer(
    vertices: torch.Tensor,
    faces: torch.Tensor,
    placed: PlacedLayer,
    pointmap: Pointmap,
    *,
    colours: torch.Tensor | None = None,
    lights: Sequence[PlacedLight] = (),
    ambient: float = 0.4,
) -> Layer:
    """A mesh (1 or B, N, 3) in glTF axes with faces (1 or B, M, 3), rasterised into each frame of a pointmap at its size.

    `colours` (1 or B, N, 3 or 4) are linear ones at the vertices, as in glTF; GREY when not given. Without lights it is lit
    from the camera, otherwise by them and `ambient`.
    """
    layer = Layer(*(pointmap.points.new_zeros(*pointmap.depth.shape, *more) for more in ((3,), (), ())))
    for i in range(len(pointmap)):
        triangles = faces[min(i, len(faces) - 1)].to(pointmap.device).long()
        # batches of meshes are filled up with faces that have no area
        triangles = triangles[(triangles[:, 0] != triangles[:, 1]) & (triangles[:, 1] != triangles[:, 2])]
        points = convert_points(vertices[min(i, len(vertices) - 1)].to(pointmap.points), "opencv", "opengl")
        points = _posed(points, triangles, placed, i)
        albedo = torch.full_like(points, GREY)
        if colours is not None:
            albedo = colours[min(i, len(colours) - 1), :, :3].to(points)
        values = torch.cat([albedo, vertex_normals(points, triangles), points], -1)
        rows, columns = _rows_and_columns(points[triangles.flatten()], pointmap.intrinsics[i], pointmap.size)
        size = (rows.stop - rows.start, columns.stop - columns.start)
        part = intrinsics_of_part(pointmap.intrinsics[i], pointmap.size, size, corner=(rows.start, columns.start))
        raster = rasterize(points, triangles, part, *(SUPERSAMPLES * side for side in size), near=NEAR_CUT)
        colour = points.new_zeros(*raster.depth.shape, 3)
        seen = (raster.face.view(-1) >= 0).nonzero()[:, 0]
        for part in seen.split(RAYS_AT_ONCE):
            albedo, normals, met = raster.interpolate_at(part, values, triangles).T.contiguous().split(3)
            shown = _mesh_colour(albedo, unit(normals), met, lights=lights, frame=i, ambient=ambient)
            colour.view(-1, 3).index_copy_(0, part, shown.T)
        averaged = _pixels_of_rays(colour, (raster.face >= 0).float(), raster.depth)
        for whole, values in zip((layer.colour, layer.alpha, layer.depth), averaged):
            whole[i, rows, columns] = values
    return layer
