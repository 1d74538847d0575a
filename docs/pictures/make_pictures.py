"""Makes the pictures of README.md and of the help pages in web/docs/img/, with the library's public functions only.

python docs/pictures/make_pictures.py                 all of them
python docs/pictures/make_pictures.py header depth    some of them
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy
import torch
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sam3d_geometry import models
from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.geometry.axes import NORMAL_MAP_SIGNS, encode_normals
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees, unproject, view_plane_axes
from sam3d_geometry.geometry.gravity import level_world, world_from_pitch_roll
from sam3d_geometry.geometry.normals import normals_from_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.blend import MODES, blend
from sam3d_geometry.maps.colormap import COLORMAPS, apply_colormap, legend
from sam3d_geometry.maps.depth import CURVES, depth_picture, depth_range
from sam3d_geometry.maps.side_by_side import side_by_side

PHOTOS = ROOT / "docs" / "photos"
TARGET = ROOT / "web" / "docs" / "img"
MAIN_PHOTO = "temple"
MAX_BYTES = 80_000
TEXT_HEIGHT = 26
BACKGROUND = (24, 24, 28)


def read_photo(path: Path) -> torch.Tensor:
    """Photo file -> (1, H, W, 3) float32 in [0, 1]."""
    pixels = numpy.asarray(Image.open(path).convert("RGB"), dtype=numpy.float32) / 255
    return torch.from_numpy(pixels)[None]


@cache
def photos() -> dict[str, torch.Tensor]:
    """The photos beside this script by name."""
    found = sorted(p for p in PHOTOS.iterdir() if p.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not found:
        raise SystemExit(f"{PHOTOS} holds no photo (.jpg, .png); add one to make the pictures from.")
    return {path.stem: read_photo(path) for path in found}


def main_photo() -> torch.Tensor:
    """The photo that most pictures show."""
    return next((photo for name, photo in photos().items() if MAIN_PHOTO in name), next(iter(photos().values())))


@cache
def preview() -> models.GeometryModel:
    """The built-in network, so that the pictures can be made again without a download."""
    return models.load_model(models.PREVIEW)


def estimate(photo: torch.Tensor, **options) -> Pointmap:
    """Pointmap of a photo (1, H, W, 3) by the built-in network."""
    return infer_pointmap(preview(), photo, **options)


def depth_of(pointmap: Pointmap, curve: str = "disparity") -> torch.Tensor:
    """Depth picture (B, H, W), near white, range over the whole clip."""
    return depth_picture(pointmap, depth_range(pointmap), curve)[0]


def grey(values: torch.Tensor) -> torch.Tensor:
    """(B, H, W) -> (B, H, W, 3)."""
    return values[..., None].expand(-1, -1, -1, 3)


def normal_map(pointmap: Pointmap, convention: str = "opengl", smoothing: int = 0, world=None) -> torch.Tensor:
    """Normal map (B, H, W, 3) of a pointmap."""
    normals, mask = normals_from_pointmap(pointmap, smoothing=smoothing, world_from_camera=world)
    return encode_normals(normals, convention, mask)


def sphere_on_floor(
    height: int = 240, width: int = 320, sphere_x: float = 0.0, pitch_degrees: float = -16.0, roll_degrees: float = 9.0
) -> Pointmap:
    """A ball of radius 1 on a chequered floor under open sky, by ray casting: exact in every pixel."""
    intrinsics = intrinsics_from_fov_x_degrees(50.0, height, width)
    x, y = view_plane_axes(intrinsics, height, width)
    rays = torch.stack([x.expand(1, height, width), y.expand(1, height, width), torch.ones(1, height, width)], -1)
    to_world = world_from_pitch_roll(pitch_degrees, roll_degrees)[0]
    world_rays = rays @ to_world.T
    floor_y = 2.2
    floor = floor_y / world_rays[..., 1]
    centre = torch.tensor([sphere_x, floor_y - 1.0, 5.5])
    along = (world_rays * centre).sum(-1)
    squared = world_rays.square().sum(-1)
    inside = along.square() - squared * (centre.square().sum() - 1.0)
    ball = (along - inside.clamp_min(0).sqrt()) / squared
    on_ball, on_floor = inside > 0, (world_rays[..., 1] > 0) & (floor < 40)
    depth = torch.where(on_ball, ball, torch.where(on_floor, floor, 0))
    points = unproject(depth, intrinsics)
    world = points @ to_world.T
    chequers = ((world[..., 0].floor() + world[..., 2].floor()) % 2) * 0.25 + 0.45
    light = torch.nn.functional.normalize(torch.tensor([-0.6, -1.0, -0.7]), dim=0)
    lit = ((world - centre) * light).sum(-1).clamp(0, 1) * 0.8 + 0.15
    image = torch.where(on_ball[..., None], lit[..., None] * torch.tensor([1.0, 0.55, 0.3]), chequers[..., None])
    image = torch.where((depth > 0)[..., None], image, torch.tensor([0.55, 0.7, 0.9]))
    return Pointmap(points, depth > 0, intrinsics, image, None, True, (height, width))


def flickering_clip(frames: int = 96, cut: int = 60) -> Pointmap:
    """The ball rolling past, the scale of depth jumping by some per cent each frame; another view after `cut`."""
    scales = 1 + 0.08 * torch.randn(frames, generator=torch.Generator().manual_seed(3))
    clip = []
    for i in range(frames):
        roll, pitch = (9.0, -16.0) if i < cut else (-12.0, -34.0)
        frame = sphere_on_floor(120, 240, -1.6 + 3.2 * (i % cut) / cut, pitch, roll)
        image = frame.image if i < cut else 1 - frame.image
        clip.append(replace(frame, points=frame.points * scales[i], image=image))
    return Pointmap.cat(clip)


def panel(picture: torch.Tensor, width: int, height: int) -> Image.Image:
    """(1, H, W, 3) in [0, 1] -> a picture of that size, cropped at the centre to its aspect ratio."""
    pixels = (picture[0].clamp(0, 1) * 255 + 0.5).to(torch.uint8).numpy()
    image = Image.fromarray(numpy.ascontiguousarray(pixels))
    scale = max(width / image.width, height / image.height)
    image = image.resize(
        (max(width, round(image.width * scale)), max(height, round(image.height * scale))), Image.LANCZOS
    )
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def sheet(
    pictures: dict[str, torch.Tensor], columns: int, width: int = 840, aspect: float | None = None, gap: int = 4
) -> Image.Image:
    """Pictures (1, H, W, 3) in a grid with their names below them."""
    first = next(iter(pictures.values()))
    aspect = aspect or first.shape[2] / first.shape[1]
    cell_width = (width - gap * (columns - 1)) // columns
    cell_height = round(cell_width / aspect)
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (width, rows * (cell_height + TEXT_HEIGHT)), BACKGROUND)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=14)
    for i, (name, picture) in enumerate(pictures.items()):
        left, top = (i % columns) * (cell_width + gap), i // columns * (cell_height + TEXT_HEIGHT)
        page.paste(panel(picture, cell_width, cell_height), (left, top))
        centre = (left + cell_width // 2, top + cell_height + TEXT_HEIGHT // 2)
        draw.text(centre, name, font=font, fill=(225, 225, 225), anchor="mm")
    return page


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
    for mode in MODES:
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


def save(picture: Image.Image, path: Path) -> int:
    """Writes a JPEG of at most MAX_BYTES, at the best quality that fits; returns its size."""
    for quality in range(90, 40, -5):
        picture.save(path, quality=quality, optimize=True, progressive=True)
        if path.stat().st_size <= MAX_BYTES:
            break
    return path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the pictures of README.md and the help pages.")
    parser.add_argument("names", nargs="*", choices=[[], *PICTURES], help="pictures to make; all when none is named")
    chosen = parser.parse_args().names or list(PICTURES)
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        path = TARGET / f"{name}.jpg"
        size = save(PICTURES[name](), path)
        print(f"{path.relative_to(ROOT).as_posix()}  {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
