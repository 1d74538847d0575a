"""The pictures of the help pages on depth files; needs OpenEXR."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy
import torch
from PIL import Image, ImageDraw
from sheet import BACKGROUND, depth_of, estimate, grey, main_photo, photos, sheet

from sam3d_geometry.estimate.depth_to_pointmap import NEAR_WHITE, pointmap_from_depth
from sam3d_geometry.files.depth_file import read_depth
from sam3d_geometry.files.depth_frame import DepthFrame
from sam3d_geometry.files.depth_series import POINTMAP, RANGE, DepthSeries
from sam3d_geometry.files.rerun_recording import write_recording
from sam3d_geometry.geometry.axes import encode_normals
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees
from sam3d_geometry.geometry.normals import geometric_normals
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.colormap import apply_colormap
from sam3d_geometry.maps.depth import depth_range, normalise_depth

DATA_PORT, PAGE_PORT = 19876, 19090
SERVER_SECONDS, DRAWING_SECONDS = 6, 45  # the viewer is drawn without a GPU


def written_and_read(pointmap: Pointmap, series: DepthSeries, image: torch.Tensor | None = None) -> DepthFrame:
    """The first frame of a pointmap through a file of this kind and back."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"frame{series.suffix}"
        frame = next(series.frames(pointmap, image))
        with path.open("wb") as file:
            series.writer(frame)(file)
        return read_depth(path)


def shape_of(frame: DepthFrame, intrinsics: torch.Tensor) -> torch.Tensor:
    """Normal map (1, H, W, 3) of the depth alone, in which steps of depth show as terraces."""
    depth, mask = frame.depth[None], frame.mask[None]
    return encode_normals(geometric_normals(depth, mask, intrinsics), mask=mask)


def in_256_steps(pointmap: Pointmap) -> DepthFrame:
    """The depth as an 8-bit picture over its whole range would keep it."""
    shown = depth_range(pointmap, clip_percent=0)
    levels = (normalise_depth(pointmap.depth, shown, "linear") * 255).round() / 255
    intrinsics = pointmap.intrinsics
    near, far = shown.limits
    coarse = pointmap_from_depth(levels, intrinsics, NEAR_WHITE, near, far, "linear", mask=pointmap.mask.float())
    return DepthFrame(
        coarse.depth[0], coarse.mask[0], next(DepthSeries(depth_format="tiff 32-bit").frames(coarse)).record
    )


def save_depth() -> Image.Image:
    photo = photos().get("coffee", main_photo())
    pointmap = estimate(photo)
    kept = {
        "8-bit picture": in_256_steps(pointmap),
        "png 16-bit": written_and_read(
            pointmap, DepthSeries(depth_format="png 16-bit", output_size=POINTMAP, steps_of=RANGE)
        ),
        "exr 32-bit": written_and_read(pointmap, DepthSeries(output_size=POINTMAP)),
    }
    views = {f"shape from {name}": shape_of(frame, pointmap.intrinsics) for name, frame in kept.items()}
    return sheet({"photo": photo} | views, 4)


def load_depth() -> Image.Image:
    photo = main_photo()
    pointmap = estimate(photo)
    frame = written_and_read(pointmap, DepthSeries(), photo)
    depth, mask = frame.depth[None], frame.mask[None]
    shown = depth_range(pointmap)
    pictures = {
        "R, G, B (here as sRGB)": frame.image[None],
        "Z": apply_colormap(normalise_depth(depth, shown), "turbo") * mask[..., None],
        "N.X, N.Y, N.Z": encode_normals(frame.normals[None], mask=mask),
        "mask": grey(mask.float()),
    }
    return sheet(pictures, 4)


def from_above(pointmap: Pointmap, far: float, size: tuple[int, int] = (200, 260)) -> torch.Tensor:
    """Picture (1, *size, 3) of the points seen from above, with the camera's view from the middle of the lower border."""
    points, colours = pointmap.points[pointmap.mask], pointmap.image[pointmap.mask]
    scale = size[0] / far
    order = points[:, 1].argsort(descending=True)  # what is highest is drawn last
    row = (size[0] - points[order, 2] * scale).long()
    column = (size[1] / 2 + points[order, 0] * scale).long()
    page = Image.new("RGB", (size[1], size[0]), BACKGROUND)
    lens = float(pointmap.intrinsics[0, 0, 0])
    for side in (-0.5, 0.5):
        end = (size[1] / 2 + side / lens * size[0], 0)
        ImageDraw.Draw(page).line([(size[1] / 2, size[0]), end], fill=(110, 110, 120), width=1)
    drawn = torch.from_numpy(numpy.asarray(page).copy()).float() / 255
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        inside = (row + down >= 0) & (row + down < size[0]) & (column + right >= 0) & (column + right < size[1])
        drawn[row[inside] + down, column[inside] + right] = colours[order][inside]
    return drawn[None]


def depth_to_pointmap() -> Image.Image:
    photo = photos().get("coffee", main_photo())
    pointmap = estimate(photo)
    picture = depth_of(pointmap)
    near, far = depth_range(pointmap).limits
    pictures = {"image": photo, "depth, a picture": grey(picture)}
    for degrees in (35.0, 60.0):
        intrinsics = intrinsics_from_fov_x_degrees(degrees, *picture.shape[1:])
        made = pointmap_from_depth(picture, intrinsics, NEAR_WHITE, near, far, image=photo, mask=pointmap.mask.float())
        pictures[f"from above, {degrees:g} degrees"] = from_above(made, 1.05 * far)
    return sheet(pictures, 4, aspect=1.3)


def save_rerun_recording() -> Image.Image:
    """The rerun viewer in a browser with a recording of a photo; needs rerun-sdk, playwright and Chromium."""
    import rerun_cli
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        path, shown = Path(folder) / "photo.rrd", Path(folder) / "shown.png"
        with path.open("wb") as file:
            write_recording(estimate(photos().get("coffee", main_photo())), file)
        viewer = Path(rerun_cli.__file__).parent / "rerun"
        ports = ["--bind", "127.0.0.1", "--port", str(DATA_PORT), "--web-viewer-port", str(PAGE_PORT)]
        server = subprocess.Popen(
            [viewer, "--serve-web", *ports, path], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        try:
            time.sleep(SERVER_SECONDS)
            with sync_playwright() as play:
                software = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
                browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=software)
                page = browser.new_page(viewport={"width": 1280, "height": 720})
                page.goto(f"http://127.0.0.1:{PAGE_PORT}/?url=rerun%2Bhttp://127.0.0.1:{DATA_PORT}/proxy")
                page.wait_for_timeout(1000 * DRAWING_SECONDS)
                page.screenshot(path=shown, timeout=120_000)
        finally:
            server.terminate()
            server.wait()
        return Image.open(shown).convert("RGB").crop((0, 36, 1280, 690)).resize((960, 490), Image.LANCZOS)


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "save_depth": save_depth,
    "load_depth": load_depth,
    "depth_to_pointmap": depth_to_pointmap,
    "save_rerun_recording": save_rerun_recording,
}
