"""The pictures of the help pages on cameras, scale and ComfyUI core."""

from __future__ import annotations

from collections.abc import Callable

import torch
from PIL import Image, ImageDraw, ImageFont
from sheet import BACKGROUND, depth_of, estimate, grey, normal_map, photos, sheet

from development.scenes.moving_room import film
from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.geometry.crop import Window, crop_pointmap, mask_pointmap, resize_pointmap
from sam3d_geometry.geometry.gravity import level_world
from sam3d_geometry.geometry.ground import find_ground
from sam3d_geometry.geometry.measure import length_between, metric_pointmap
from sam3d_geometry.geometry.normals import normals_from_pointmap
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.resize import resize_image
from sam3d_geometry.geometry.transform import mirror_pointmap, turn_pointmap, with_fov_x
from sam3d_geometry.maps.colormap import apply_colormap
from sam3d_geometry.maps.summary import describe, summarise

LINE, SHADE = (90, 220, 255), (225, 225, 225)
SAUCER_M = 0.16
RIM = ((84, 226), (470, 226))


def to_image(picture: torch.Tensor) -> Image.Image:
    return Image.fromarray((picture[0].clamp(0, 1) * 255 + 0.5).to(torch.uint8).numpy())


def from_above(pointmap: Pointmap, size: tuple[int, int], reach: float) -> torch.Tensor:
    """The points of the first frame seen from above, in their colours: the camera is in the middle of the lower edge."""
    height, width = size
    points, colours = pointmap.points[pointmap.mask], pointmap.image[pointmap.mask]
    scale = (height - 12) / reach
    columns = (points[:, 0] * scale + width / 2).long()
    rows = (height - 6 - points[:, 2] * scale).long()
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    plan = torch.zeros(height, width, 3) + torch.tensor(BACKGROUND) / 255
    plan[rows[inside], columns[inside]] = colours[inside]
    plan[height - 8 : height - 2, width // 2 - 3 : width // 2 + 3] = torch.tensor(LINE) / 255
    return plan[None]


def pointmap_info() -> Image.Image:
    photo = photos()["temple"]
    text = describe(summarise(estimate(photo)))
    page = Image.new("RGB", (900, 270), BACKGROUND)
    page.paste(to_image(photo).resize((400, 267), Image.LANCZOS), (0, 1))
    ImageDraw.Draw(page).multiline_text((424, 60), text, font=ImageFont.load_default(size=17), fill=SHADE, spacing=9)
    return page


def crop_pointmap_picture() -> Image.Image:
    photo = photos()["temple"]
    pointmap = estimate(photo)
    part, shown = crop_pointmap(pointmap, Window(90, 20, 300, 400))
    marked = to_image(photo)
    box = (shown.left, shown.top, shown.left + shown.width - 1, shown.top + shown.height - 1)
    ImageDraw.Draw(marked).rectangle(box, outline=LINE, width=4)
    cut = photo[:, shown.top : shown.top + shown.height, shown.left : shown.left + shown.width]
    pictures = {
        "the part of its photo": cut,
        "its depth": grey(depth_of(part)),
        "its normals": normal_map(part, smoothing=8),
    }
    page = Image.new("RGB", (960, 340), BACKGROUND)
    page.paste(marked.resize((430, 287), Image.LANCZOS), (0, 13))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=14)
    draw.text((215, 313), "photo and crop", font=font, fill=SHADE, anchor="mm")
    page.paste(sheet(pictures, 3, 526, aspect=shown.width / shown.height).resize((526, 258)), (434, 40))
    return page


def resize_pointmap_picture() -> Image.Image:
    photo = photos()["astronaut"]
    held = resize_pointmap(estimate(photo), (64, 64))
    low, high = 0.6, 1.9
    near = float(held.depth[held.mask].median())

    def shown(depth: torch.Tensor) -> torch.Tensor:
        return apply_colormap(((depth / near - low) / (high - low)).clamp(0, 1), "turbo")

    def close(picture: torch.Tensor) -> torch.Tensor:
        return picture[:, 20:310, 60:390]

    blurred = torch.nn.functional.interpolate(held.depth[:, None], (512, 512), mode="bilinear")[:, 0]
    points = torch.nn.functional.interpolate(held.depth[:, None], (512, 512), mode="nearest")[:, 0]
    pictures = {
        "photo": close(photo),
        "depth as held, 64 x 64": close(shown(points)),
        "plain enlargement: values between": close(shown(blurred)),
        "Resize Pointmap: edges stay": close(shown(resize_pointmap(held, (512, 512)).depth)),
    }
    return sheet(pictures, 4, 1000)


def mask_pointmap_picture() -> Image.Image:
    photo = photos()["coffee"]
    pointmap = estimate(photo)
    height, width = pointmap.size
    row, column = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    cup = (((column + 0.02) / 0.63).square() + ((row - 0.02) / 0.93).square() < 1)[None].float()
    left = mask_pointmap(pointmap, cup)
    pictures = {
        "photo": photo,
        "mask": grey(cup),
        "depth of what is left": grey(depth_of(left)),
        "its normals": normal_map(left, smoothing=8),
    }
    return sheet(pictures, 4, 1000, aspect=width / height)


def transform_pointmap() -> Image.Image:
    pointmap = estimate(photos()["coffee"])

    def pair(changed: Pointmap) -> torch.Tensor:
        normals = normal_map(changed, smoothing=8)
        return torch.cat([resize_image(changed.image, changed.source_size), normals], 2)

    pictures = {
        "as it came": pair(pointmap),
        "mirror": pair(mirror_pointmap(pointmap)),
        "rotation 180 degrees": pair(turn_pointmap(pointmap, 2)),
    }
    upper, below = sheet(pictures, 3, 960), sheet(fields_of_view(pointmap), 3, 960, aspect=2.0)
    page = Image.new("RGB", (960, upper.height + below.height), BACKGROUND)
    page.paste(upper, (0, 0))
    page.paste(below, (0, upper.height))
    return page


def fields_of_view(pointmap: Pointmap) -> dict[str, torch.Tensor]:
    """The same depths through three lenses, seen from above."""
    small = resize_pointmap(pointmap, (120, 180))
    reach = 1.05 * float(small.depth.max())
    return {
        f"fov_x_degrees {fov}: from above": from_above(with_fov_x(small, float(fov)), (156, 312), reach)
        for fov in (35, 60, 90)
    }


def field_of_view_from_lens() -> Image.Image:
    pointmap = estimate(photos()["cat"])
    return sheet({"depth": grey(depth_of(pointmap))} | fields_of_view(pointmap), 4, 960, aspect=1.6)


def known_length() -> Image.Image:
    photo = photos()["coffee"]
    pointmap = estimate(photo)
    height, width = pointmap.source_size
    shares = [((x + 0.5) / width, (y + 0.5) / height) for x, y in RIM]
    metric, scale = metric_pointmap(pointmap, length_between(pointmap, *shares), SAUCER_M)
    marked = to_image(photo)
    draw, font = ImageDraw.Draw(marked), ImageFont.load_default(size=20)
    draw.line(RIM, fill=LINE, width=3)
    for number, (x, y) in zip("12", RIM):
        draw.ellipse((x - 7, y - 7, x + 7, y + 7), outline=LINE, width=3)
        draw.text((x, y - 14), number, font=font, fill=LINE, anchor="mb")
    draw.text((275, 208), f"{SAUCER_M:.2f} m", font=font, fill=LINE, anchor="mm")
    page = Image.new("RGB", (900, 300), BACKGROUND)
    page.paste(marked.resize((444, 296), Image.LANCZOS), (0, 2))
    before, after = describe(summarise(pointmap)).splitlines(), describe(summarise(metric)).splitlines()
    lines = ["before", before[3], before[4], "", f"scale {float(scale):.4g}", "", "after", after[3], after[4]]
    ImageDraw.Draw(page).multiline_text(
        (480, 50), "\n".join(lines), font=ImageFont.load_default(size=17), fill=SHADE, spacing=9
    )
    return page


def camera_height() -> Image.Image:
    photo = photos()["coffee"]
    pointmap = estimate(photo)
    world = level_world(pointmap)
    normals, mask = normals_from_pointmap(pointmap, smoothing=4, world_from_camera=world)
    height = float(find_ground(pointmap).camera_height[0])
    points = resize_pointmap(pointmap, pointmap.source_size).points
    level = (points @ world[0].T)[..., 1]
    ground = mask & (normals[..., 1] < -0.9) & ((level / height - 1).abs() < 0.12)
    tint = torch.tensor(LINE) / 255
    overlay = torch.where(ground[..., None], 0.45 * photo + 0.55 * tint, photo)
    heights = apply_colormap((1 - level / height).clamp(0, 1), "viridis") * mask[..., None]
    return sheet({"photo": photo, "what is taken for ground": overlay, "height above it": heights}, 3, 960)


def geometry_to_pointmap() -> Image.Image:
    pointmap = estimate(photos()["temple"])
    hole = torch.tensor([0.9, 0.1, 0.7])
    depth = grey(depth_of(pointmap))
    mask = resize_image(pointmap.mask[..., None].float(), pointmap.source_size)
    pictures = {
        "photo": photos()["temple"],
        "core: inf where nothing is (pink)": torch.where(mask > 0.5, depth, hole),
        "pointmap: depth 0 there": depth,
        "pointmap: mask": mask.expand(-1, -1, -1, 3),
    }
    return sheet(pictures, 4, 1000)


def save_camera() -> Image.Image:
    """A rendered clip's first and last frame, and the way of its camera from above: as it was, and as it was found."""
    rendered = film(24, 180, 320, samples=1)
    aligned, _, done = align_sequence(rendered.pointmap(False))
    true = torch.linalg.inv(rendered.world_from_camera[0]) @ rendered.world_from_camera
    unit = float((rendered.depth[0] / aligned.depth[0])[aligned.mask[0]].median())
    plan = Image.new("RGB", (330, 330), BACKGROUND)
    draw, per_unit = ImageDraw.Draw(plan), 300 / float(true[:, 2, 3].max())
    for tenth in range(-20, 20):
        at = 95 + tenth * 0.1 * per_unit
        draw.line((at, 0, at, 330), fill=(50, 52, 62))
        draw.line((0, at + 220, 330, at + 220), fill=(50, 52, 62))
    for poses, colour, radius in ((true, (150, 150, 150), 6), (done.world_from_camera * unit, LINE, 3)):
        for x, _, z in (poses[:, :3, 3] * per_unit).tolist():
            x, y = 95 + x, 315 - z
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    page = Image.new("RGB", (293 + 6 + 330, 330), BACKGROUND)
    for frame, top in ((0, 0), (23, 165)):
        page.paste(to_image(rendered.image[frame : frame + 1]).resize((293, 165), Image.LANCZOS), (0, top))
    page.paste(plan, (299, 0))
    return page


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "pointmap_info": pointmap_info,
    "crop_pointmap": crop_pointmap_picture,
    "mask_pointmap": mask_pointmap_picture,
    "resize_pointmap": resize_pointmap_picture,
    "transform_pointmap": transform_pointmap,
    "known_length": known_length,
    "camera_height": camera_height,
    "geometry_to_pointmap": geometry_to_pointmap,
    "field_of_view_from_lens": field_of_view_from_lens,
    "save_camera": save_camera,
}
