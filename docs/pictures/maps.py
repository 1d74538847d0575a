"""The pictures of README.md, of the conventions and of the help pages on depth, normals and colors."""

from __future__ import annotations

from collections.abc import Callable

import numpy
import torch
from PIL import Image
from sheet import depth_of, estimate, grey, main_photo, normal_map, photos, sheet, sphere_on_floor

from sam3d_geometry.geometry.axes import NORMAL_MAP_SIGNS
from sam3d_geometry.geometry.gravity import level_world
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.blend import BLEND_MODES, blend
from sam3d_geometry.maps.colormap import COLORMAPS, apply_colormap, legend
from sam3d_geometry.maps.depth import CURVES
from sam3d_geometry.maps.side_by_side import side_by_side


def header() -> Image.Image:
    photo = main_photo()
    pointmap = estimate(photo)
    depth = depth_of(pointmap)
    pictures = {
        "photo": photo,
        "depth": grey(depth),
        "normals": normal_map(pointmap, smoothing=16),
        "colormap (magma)": apply_colormap(depth, "magma"),
    }
    return sheet(pictures, 4, 1280)


def conventions() -> Image.Image:
    scene = sphere_on_floor(330, 380)
    pictures = {"scene": scene.image}
    for name in NORMAL_MAP_SIGNS:
        pictures[f"{name}, camera"] = normal_map(scene, name)
    pictures["opengl, world"] = normal_map(scene, world=level_world(scene))
    return sheet(pictures, 5, 1100)


def load() -> Image.Image:
    some = dict(list(photos().items())[:4])
    pictures = dict(some) | {f"{name}, depth": grey(depth_of(estimate(photo))) for name, photo in some.items()}
    return sheet(pictures, len(some), aspect=4 / 3)


def pointmap_inference() -> Image.Image:
    photo = photos().get("coffee", main_photo())
    pointmap = estimate(photo)
    pictures = {"image": photo}
    for i, name in enumerate(("x: right", "y: down", "z: forward")):
        values = pointmap.points[..., i]
        low, high = numpy.percentile(values[pointmap.mask].numpy(), (1, 99))
        coloured = apply_colormap((values - low) / (high - low), "turbo")
        pictures[name] = coloured * pointmap.mask[..., None]
    return sheet(pictures, 4)


def depth() -> Image.Image:
    scene = sphere_on_floor(330, 440)
    return sheet({"scene": scene.image} | {curve: grey(depth_of(scene, curve)) for curve in CURVES}, 4)


def normals() -> Image.Image:
    pointmap = estimate(main_photo())
    return sheet({f"smoothing {radius}": normal_map(pointmap, smoothing=radius) for radius in (0, 4, 16)}, 3)


def colormap() -> Image.Image:
    depth = depth_of(estimate(main_photo()))
    pictures = {}
    for name in COLORMAPS:
        coloured = apply_colormap(depth, name)
        bar = legend(name, coloured.shape[1], ("near", "", "far"), width=coloured.shape[2] // 6)
        pictures[name] = torch.cat([coloured, bar], 2)
    return sheet(pictures, 4)


def blending() -> Image.Image:
    photo = main_photo()
    layer = apply_colormap(depth_of(estimate(photo)), "magma")
    pictures = {"base": photo}
    for mode in BLEND_MODES:
        pictures[f"{mode}, opacity 0.6"] = blend(photo, layer, 0.6, mode)
    return sheet(pictures, 3)


def beside() -> Image.Image:
    photo = main_photo()
    pointmap = estimate(photo)
    joined = side_by_side(grey(depth_of(pointmap)), normal_map(pointmap, smoothing=16), gap=8)
    return sheet({"depth and normals, horizontal, gap 8": joined}, 1, 640)


def video_to_depth() -> Image.Image:
    photo = main_photo()
    height, width = (round(side * 0.62) for side in photo.shape[1:3])
    room = photo.shape[2] - width
    frames = [photo[:, -height:, left : left + width] for left in (0, room // 3, 2 * room // 3, room)]
    clip = Pointmap.cat([estimate(frame) for frame in frames])
    depths = grey(depth_of(clip))
    pictures = {f"frame {60 * i}": frame for i, frame in enumerate(frames)}
    return sheet(pictures | {f"depth {60 * i}": depths[i : i + 1] for i in range(len(frames))}, 4)


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "header": header,
    "conventions": conventions,
    "load": load,
    "pointmap_inference": pointmap_inference,
    "depth": depth,
    "normals": normals,
    "colormap": colormap,
    "blend": blending,
    "side_by_side": beside,
    "video_to_depth": video_to_depth,
}
