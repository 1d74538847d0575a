"""What is made for a panorama: pictures of its distances and normals, its arrays, what surrounds it as mesh and points."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from ..files import writers_of
from ..files.geometry_arrays import write_arrays
from ..files.whole_files import Writer
from ..geometry.axes import encode_normals
from ..geometry.colour import eight_bit
from ..geometry.panorama import Panorama
from ..maps.colormap import apply_colormap
from ..maps.depth import WHOLE_CLIP, DepthRange, normalise_depth
from ..maps.panorama_maps import panorama_depth_picture, panorama_range, resize_panorama
from ..shapes.panorama_surface import panorama_point_cloud, panorama_surface
from .outcome import reason
from .photo_products import (
    CAMERA,
    PRODUCT_FAILURES,
    SMALLEST_ISLAND,
    MadePhoto,
    Products,
    named_writer,
    sixteen_bit,
    write_picture,
)

# options that say something of one camera's picture, and what each is when it is not given
OF_ONE_CAMERA = {
    "exr": False,
    "rrd": False,
    "plane": False,
    "camera": None,
    "mask_from_alpha": False,
    "fov": None,
    "focal_mm": None,
    "focal_px": None,
}


def check_panorama(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Ends with the parser's error where an option is of a common photo and --panorama is given."""
    if not args.panorama:
        return
    for name, usual in OF_ONE_CAMERA.items():
        if getattr(args, name) != usual:
            parser.error(f"--{name.replace('_', '-')} is of common photos; leave it out with --panorama.")
    if args.range == WHOLE_CLIP:
        parser.error("--range whole-clip is of common photos; give --range fixed with --panorama.")
    if args.normal_space != CAMERA or args.refine == "photo":
        parser.error("--normal-space world and --refine photo are of common photos; leave them out with --panorama.")


class _Surroundings:
    """One panorama at its photo's size, and as it is held, for the writers."""

    def __init__(self, products: Products, panorama: Panorama, photo: torch.Tensor, shown: DepthRange):
        self.products, self.panorama, self.photo, self.shown = products, panorama, photo, shown
        self.whole = resize_panorama(panorama, panorama.source_size)


def _picture(of: _Surroundings) -> Writer:
    look = of.products
    picture = panorama_depth_picture(of.whole, of.shown, look.curve, look.invert, look.invalid)
    if look.colormap is not None:
        picture = apply_colormap(picture, look.colormap)
    return partial(write_picture, eight_bit(picture[0]).numpy())


def _normals(of: _Surroundings) -> Writer:
    colours = encode_normals(of.whole.normals[None], of.products.normal_convention, of.whole.mask[None])
    return partial(write_picture, eight_bit(colours[0]).numpy())


def _distance16(of: _Surroundings) -> Writer:
    nearness = normalise_depth(of.whole.distance[None], of.shown, of.products.curve)
    return partial(write_picture, sixteen_bit(nearness, of.whole.mask[None], of.products.invert))


def _arrays(of: _Surroundings) -> Writer:
    whole = of.whole
    arrays = {"points": whole.points, "distance": whole.distance, "mask": whole.mask, "normals": whole.normals}
    return partial(write_arrays, {name: values.numpy() for name, values in arrays.items()})


def _mesh(of: _Surroundings) -> Writer:
    mesh = panorama_surface(of.panorama, of.photo, smallest_island=SMALLEST_ISLAND)
    return writers_of(mesh, "glb", "gltf", "mesh")[".glb"]


def _points(of: _Surroundings) -> Writer:
    return writers_of(panorama_point_cloud(of.panorama), "ply", "gltf", "points")[".ply"]


WRITERS: dict[str, Callable[[_Surroundings], Writer]] = {
    "depth": _picture,
    "normals": _normals,
    "depth16": _distance16,
    "arrays": _arrays,
    "mesh": _mesh,
    "points": _points,
}


def make_panorama(
    products: Products, panorama: Panorama, photo: torch.Tensor, shown: DepthRange | None, clip_percent: float
) -> MadePhoto:
    """A panorama and its photo (1, H, W, 3) -> what is to be written of each kind; `shown` None finds the range."""
    shown = shown or panorama_range(panorama, clip_percent)
    of = _Surroundings(products, panorama, photo, shown)
    height, width = panorama.source_size
    camera: dict[str, Any] = {
        "projection": "equirectangular",
        "width": width,
        "height": height,
        "source": "all directions",
    }
    depth = products.describe_depth(panorama, shown) | {"measured": "along each pixel's ray"}
    made = MadePhoto(record={"camera": camera, "depth": depth})
    for kind in products.kinds:
        try:
            made.writers[kind] = named_writer(kind, WRITERS[kind](of))
        except PRODUCT_FAILURES as error:
            made.failed[kind] = reason(error)
    if "normals" in made.writers:
        made.record["normals"] = {"convention": products.normal_convention, "space": "of the panorama's middle"}
    return made
