"""Measured photos: cameras found against given ones, and the fused surface against each frame's measured depth.

python development/benchmarks/views_measured.py [--rgbd FOLDER] [--photos FOLDER] [--castle FOLDER] [--counts 2 3 4 8]

--rgbd    five colour pictures with depth and poses (color_N.png, depth_N.png in millimetres, pose.txt: x y z qx qy qz qw of each):
          the median difference of depth, each frame's brought into each other by given and by found poses, and the distance of the
          fused surface from each frame's depth.
--photos  a folder with images/ and cameras.json: errors of cameras from subsets of the photos, by our own engine, without focal length.
--castle  a folder with images/ and no truth: how many are placed in how many groups.
Depth of photos is the built-in network's.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy
import torch
from PIL import Image
from scipy.spatial.transform import Rotation

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.files.camera_sets import PhotoCamera, read_cameras
from sam3d_geometry.files.photo import read_photo
from sam3d_geometry.geometry.pointmap_maker import pointmap_of_depth
from sam3d_geometry.geometry.resize import resize_image, size_for_long_edge
from sam3d_geometry.models import load_model
from sam3d_geometry.views.camera_errors import camera_errors, silently_wrong
from sam3d_geometry.views.consistency import differences
from sam3d_geometry.views.fuse import FusionSettings, fuse_views
from sam3d_geometry.views.posed_depth import posed_depths
from sam3d_geometry.views.poses import PoseSettings, pose_views
from sam3d_geometry.views.view import View

KINECT = (518.0, 519.0, 325.5, 253.5)  # focal lengths and middle in pixels, as the set's own program has them
NEAREST, FARTHEST = 0.3, 7.0  # metres that the sensor measures
SAME_WITHIN = 0.1  # of ln depth: beyond it two depths are of two surfaces
LONG_EDGE = 1600  # of photos


def rgbd_views(folder: Path) -> list[View]:
    """The frames with their given poses."""
    poses = numpy.loadtxt(folder / "pose.txt")
    fx, fy, cx, cy = KINECT
    views = []
    for number, row in enumerate(poses, 1):
        colours = torch.from_numpy(
            numpy.asarray(Image.open(folder / f"color_{number}.png").convert("RGB")) / 255.0
        ).float()
        depth = torch.from_numpy(numpy.asarray(Image.open(folder / f"depth_{number}.png")).astype(numpy.float32) / 1000)
        height, width = depth.shape
        matrix = torch.tensor([[fx / width, 0, (cx + 0.5) / width], [0, fy / height, (cy + 0.5) / height], [0, 0, 1.0]])
        mask = (depth > NEAREST) & (depth < FARTHEST)
        pointmap = pointmap_of_depth(depth[None], mask[None], matrix[None], colours[None], source_size=(height, width))
        pose = torch.eye(4, dtype=torch.float64)
        pose[:3, :3] = torch.from_numpy(Rotation.from_quat(row[3:]).as_matrix())
        pose[:3, 3] = torch.from_numpy(row[:3])
        view = View(f"frame {number}", colours, replace(pointmap, metric=True), None, matrix.double(), focal_spread=0.0)
        views.append(replace(view, world_from_camera=pose, state="placed", group=0))
    return views


def reprojected(views: Sequence[View]) -> tuple[float, float]:
    """Median |difference| of ln depth over all ordered pairs where both see one surface, and the share of pixels that do."""
    frames = posed_depths(views)
    off, seen = [], []
    for one, other in permutations(frames, 2):
        value, there = differences(one, other)
        near = there & (value.abs() < SAME_WITHIN)
        off.append(value[near].abs())
        seen.append(float(near.sum()) / max(int(there.sum()), 1))
    return float(torch.cat(off).median()), float(numpy.mean(seen))


def rgbd(folder: Path) -> None:
    given = rgbd_views(folder)
    posed = pose_views(given)
    kept = [replace(v, log_scale=0.0) for v in posed.placed]
    print(
        f"RGB-D: {len(posed.placed)} of {len(given)} placed; "
        + "; ".join(f"{v.name}: {v.reason}" for v in posed.views if v.reason)
    )
    for name, views in (
        ("given poses", given),
        ("our poses", posed.placed),
        ("our poses, the sensor's own scale", kept),
    ):
        off, share = reprojected(views)
        print(f"  {name:34s} reprojected depth off by {100 * off:.2f} % (median), {100 * share:.0f} % within 10 %")
    for name, views in (("given poses", given), ("our poses", posed.placed)):
        fused = fuse_views(views, FusionSettings(resolution=320, paint="none", triangles=0))
        fits = ", ".join(f"{100 * fit.residual:.2f}" for fit in fused.fits)
        print(f"  {name:34s} surface off each frame's depth by {fits} cm (median)")


def photo_views(folder: Path) -> list[View]:
    model = load_model("built-in preview", device="cpu")
    views = []
    for path in sorted((folder / "images").iterdir()):
        photo = read_photo(path)
        size = (photo.image.shape[1], photo.image.shape[2])
        image = resize_image(photo.image, size_for_long_edge(size, min(max(size), LONG_EDGE)))
        pointmap = replace(infer_pointmap(model, image, resolution=512), source_size=photo.size)
        views.append(View(path.name, image[0], pointmap, None, pointmap.intrinsics[0].double()))
    return views


def photos(folder: Path, counts: Sequence[int]) -> None:
    views = photo_views(folder)
    known = read_cameras(
        folder / "cameras.json", {v.name: (v.pointmap.source_size[1], v.pointmap.source_size[0]) for v in views}
    )
    print("photos  placed  silent   rotation  direction (degrees, median)  places (% of path)  focal length (%)  s")
    for count in counts:
        chosen = [views[round(k)] for k in numpy.linspace(0, len(views) - 1, count)] if count == len(views) else None
        sets = [chosen] if chosen else [views[k : k + count] for k in range(0, len(views) - count + 1, 2)]
        for some in sets:
            started = time.process_time()
            posed = pose_views(some, PoseSettings())
            spent = time.process_time() - started
            placed = [v for v in posed.placed if v.world_from_camera is not None]
            found = {
                v.name: PhotoCamera(v.intrinsics.numpy(), v.world_from_camera.numpy())
                for v in placed
                if v.world_from_camera is not None
            }
            errors = camera_errors(found, {v.name: v.group or 0 for v in placed}, {v.name: known[v.name] for v in some})
            silent = silently_wrong(errors, [v.name for v in placed if v.reason])
            turns = [p.turn_degrees for p in errors.pairs] or [numpy.nan]
            ways = [p.direction_degrees for p in errors.pairs] or [numpy.nan]
            places = [100 * c.place / errors.path for c in errors.cameras.values()] or [numpy.nan]
            focals = [100 * abs(c.focal_share) for c in errors.cameras.values()] or [numpy.nan]
            said = f"{numpy.median(turns):8.3f}   {numpy.median(ways):8.3f}                       {numpy.median(places):8.3f}"
            print(
                f"{count:4d}    {len(placed):4d}    {len(silent):4d}    {said}            {numpy.median(focals):8.2f}       {spent:.0f}",
                flush=True,
            )


def castle(folder: Path) -> None:
    posed = pose_views(photo_views(folder))
    groups = ", ".join(str(len(group.members)) for group in posed.groups)
    print(f"{folder.name}: {len(posed.placed)} of {len(posed.views)} placed, groups of {groups}")
    for view in posed.views:
        if view.reason:
            print(f"  {view.name}: {view.reason}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rgbd", type=Path, metavar="FOLDER")
    parser.add_argument("--photos", type=Path, metavar="FOLDER")
    parser.add_argument("--castle", type=Path, metavar="FOLDER")
    parser.add_argument("--counts", type=int, nargs="+", default=[2, 3, 4, 8])
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.rgbd:
        rgbd(options.rgbd)
    if options.photos:
        photos(options.photos, options.counts)
    if options.castle:
        castle(options.castle)


if __name__ == "__main__":
    main()
