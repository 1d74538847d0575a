"""What all pictures are made of: photos, the built-in network, maps as colours, pictures side by side with their names."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy
import torch
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[2]
from sam3d_geometry import models
from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.geometry.axes import encode_normals
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees, unproject, view_plane_axes
from sam3d_geometry.geometry.gravity import world_from_pitch_roll
from sam3d_geometry.geometry.normals import normals_from_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.depth import depth_picture, depth_range

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
    return Pointmap(points, depth > 0, intrinsics, image, normals=None, metric=True, source_size=(height, width))


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


def save(picture: Image.Image, path: Path, most_bytes: int = MAX_BYTES) -> int:
    """Writes a JPEG of at most that many bytes, at the best quality that fits; returns its size."""
    for quality in range(90, 40, -5):
        picture.save(path, quality=quality, optimize=True, progressive=True)
        if path.stat().st_size <= most_bytes:
            break
    return path.stat().st_size
