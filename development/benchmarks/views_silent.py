"""Photos that mislead: how many are placed wrong without a word, which must be none, and how many good ones are lost over it.

python development/benchmarks/views_silent.py [--photos FOLDER] [--size 384] [--only WORD ...] [--list]

Rendered objects on an arc and all around, with and without masks, and the same photos with what is known to mislead: one still
mark in all of them, a still frame about them, a crop off the middle, a mirrored photo, a photo of something else, sides that look
alike and a pattern that repeats. --photos takes a folder with images/ and cameras.json (measured), whose photos are misled in
the same ways, with depth by the built-in network. A camera is wrong from 10 degrees or 20 % of the extent of the true places on,
after the best similarity of its group, and silent where the view has no reason.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from development.scenes.renderer import render
from development.scenes.repeating import Passed, books, repeating_wall, tiled_floor, turned_column, twins, windows
from development.scenes.scene import Body, Camera, Light, Material, Scene, Sky
from development.scenes.turntable import KINDS, ring_of_cameras, textured_object, views_of
from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.files.camera_sets import PhotoCamera, read_cameras
from sam3d_geometry.files.photo import read_photo
from sam3d_geometry.geometry.resize import resize_image, size_for_long_edge
from sam3d_geometry.models import load_model
from sam3d_geometry.views.camera_errors import camera_errors, silently_wrong
from sam3d_geometry.views.poses import pose_views
from sam3d_geometry.views.view import View

ARC, PHOTOS, FOCAL_ERROR, NOISE = 120.0, 8, 1.08, 0.05
LONG_EDGE = 1024  # of real photos


@dataclass(frozen=True)
class Case:
    """name, and what gives its views with the true cameras in them; views without a true camera are not judged."""

    name: str
    views: Callable[[], list[View]]


def rendered(scene: Scene, cameras: list[Camera], size: int, masks: bool, seed: int) -> list[View]:
    """Photos with true cameras, smooth errors of depth, a scale of each and a focal length 8 % off."""
    frames = render(scene, cameras, size, size, samples=2)
    return [with_focal(view, FOCAL_ERROR) for view in views_of(frames, masks=masks, noise=NOISE, scale=0.2, seed=seed)]


def with_focal(view: View, by: float) -> View:
    intrinsics = view.intrinsics.clone()
    intrinsics[[0, 1], [0, 1]] *= by
    return replace(view, intrinsics=intrinsics)


def of_object(kind: str, size: int, arc: float, masks: bool) -> list[View]:
    scene = textured_object(kind, KINDS.index(kind))
    steps = [arc * (k / (PHOTOS - 1) - 0.5) if arc < 360 else 360 * k / PHOTOS for k in range(PHOTOS)]
    return rendered(scene, ring_of_cameras(scene, steps), size, masks, KINDS.index(kind))


def alike_sides(size: int, texture: str) -> list[View]:
    """A box whose four sides have one pattern, from all around: each quarter looks like the next."""
    look = Material(texture, (0.8, 0.3, 0.2), (0.2, 0.3, 0.7), scale=3.0)
    body = Body("box", (0, -0.4, 0), (0.35, 0.4, 0.35), material=look)
    light = Light(ambient_up=(0.6, 0.62, 0.65), ambient_down=(0.4, 0.4, 0.38))
    scene = Scene((body,), Camera(), light, Sky(seed=1), "box with like sides")
    return rendered(scene, ring_of_cameras(scene, [360 * k / PHOTOS for k in range(PHOTOS)]), size, True, 1)


def passed(make: Callable[[], Passed], size: int) -> list[View]:
    """Photos of a scene with things that come more than once, without masks."""
    what = make()
    return rendered(what.scene, what.cameras, size, False, 3)


def stamp(size: tuple[int, int], seed: int = 5) -> torch.Tensor:
    """(h, w, 3) of a mark with sharp shapes of many colours, as a logo or a date has."""
    draw = numpy.random.default_rng(seed)
    cells = torch.from_numpy(draw.random((1, 3, max(size[0] // 9, 2), max(size[1] // 9, 2)))).float()
    return torch.nn.functional.interpolate(cells, size, mode="nearest")[0].movedim(0, -1)


def marked(views: list[View], share: float = 0.35) -> list[View]:
    """One still mark over a corner of each photo."""

    def one(view: View) -> View:
        height, width = view.photo.shape[:2]
        h, w = round(share * height * 0.5), round(share * width)
        photo = view.photo.clone()
        top, left = height - h - height // 30, width - w - width // 30
        photo[top : top + h, left : left + w] = stamp((h, w))
        return replace(view, photo=photo)

    return [one(view) for view in views]


def framed(views: list[View], share: float = 0.1) -> list[View]:
    """One still frame about each photo, as a dashboard or the rim of a scope."""

    def one(view: View) -> View:
        height, width = view.photo.shape[:2]
        rim = round(share * min(height, width))
        photo = stamp((height, width))
        photo[rim:-rim, rim:-rim] = view.photo[rim:-rim, rim:-rim]
        return replace(view, photo=photo)

    return [one(view) for view in views]


def cropped(views: list[View], which: tuple[int, ...] = (2, 5), keep: float = 0.6) -> list[View]:
    """Some photos cut off the middle, which are told the camera of a photo that was not cut."""
    made = list(views)
    for at in which:
        view = views[at]
        height, width = view.photo.shape[:2]
        h, w = round(keep * height), round(keep * width)
        top, left = (0, 0) if at % 2 else (height - h, width - w)
        ph, pw = view.pointmap.size
        mh, mw = round(keep * ph), round(keep * pw)
        mt, ml = round(top / height * ph), round(left / width * pw)
        part = (slice(None), slice(mt, mt + mh), slice(ml, ml + mw))
        pointmap = view.pointmap
        pointmap = replace(
            pointmap,
            points=pointmap.points[part].contiguous(),
            mask=pointmap.mask[part],
            image=pointmap.image[part],
            normals=None,
            source_size=(h, w),
        )
        mask = None if view.mask is None else view.mask[top : top + h, left : left + w]
        photo = view.photo[top : top + h, left : left + w].contiguous()
        intrinsics = view.intrinsics.clone()
        intrinsics[0, 0] /= keep
        intrinsics[1, 1] /= keep
        made[at] = replace(view, photo=photo, mask=mask, pointmap=pointmap, intrinsics=intrinsics)
    return made


def mirrored(views: list[View], at: int = 3) -> list[View]:
    """One photo flipped left and right; its camera is nobody's, so any place of it is wrong."""
    view = views[at]
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, 3] = 1e3
    mask = None if view.mask is None else view.mask.flip(1)
    return [*views[:at], replace(view, photo=view.photo.flip(1), mask=mask, world_from_camera=pose), *views[at + 1 :]]


def real(folder: Path) -> list[View]:
    """Measured photos of a folder, with depth by the built-in network and the focal length it finds."""
    model = load_model("built-in preview", device="cpu")
    files = sorted((folder / "images").iterdir())
    photos = {path.name: read_photo(path) for path in files}
    known = read_cameras(folder / "cameras.json", {n: (p.size[1], p.size[0]) for n, p in photos.items()})
    views = []
    for name, photo in photos.items():
        image = resize_image(photo.image, size_for_long_edge(photo.size, LONG_EDGE))
        pointmap = replace(infer_pointmap(model, image, resolution=320), source_size=photo.size)
        view = View(name, image[0], pointmap, None, pointmap.intrinsics[0].double())
        camera = known[name]
        pose = torch.from_numpy(camera.world_from_camera)
        views.append(replace(view, world_from_camera=pose, state="placed", group=0))
    return views


def cases(options: argparse.Namespace) -> Iterator[Case]:
    size = options.size
    for kind in KINDS:
        arc = partial(of_object, kind, size, ARC, True)
        bare = partial(of_object, kind, size, ARC, False)
        yield Case(f"{kind}, arc", arc)
        yield Case(f"{kind}, arc, no masks", bare)
        yield Case(f"{kind}, all around", partial(of_object, kind, size, 360.0, True))
        yield Case(f"{kind}, still mark", lambda bare=bare: marked(bare()))
        yield Case(f"{kind}, still frame", lambda bare=bare: framed(bare()))
        yield Case(f"{kind}, two crops", lambda bare=bare: cropped(bare()))
        yield Case(f"{kind}, one mirrored", lambda arc=arc: mirrored(arc()))
    for texture in ("tiles", "checker", "bricks", "weave", "dots"):
        yield Case(f"like sides of {texture}", partial(alike_sides, size, texture))
        yield Case(f"wall of {texture}", partial(passed, partial(repeating_wall, texture), size))
    alike: dict[str, Callable[[], Passed]] = {
        "windows": windows,
        "two twins": twins,
        "four twins": partial(twins, 4),
        "books": books,
        "tiled floor": tiled_floor,
        "column": turned_column,
        "column of dots": partial(turned_column, "dots", 8),
    }
    for name, make in alike.items():
        yield Case(f"more than one: {name}", partial(passed, make, size))
    if options.photos is not None:
        whole = partial(real, options.photos)
        name = options.photos.name
        yield Case(f"{name}", whole)
        yield Case(f"{name}, still mark", lambda: marked(whole()))
        yield Case(f"{name}, still frame", lambda: framed(whole()))
        yield Case(f"{name}, two crops", lambda: cropped(whole()))
        yield Case(f"{name}, one mirrored", lambda: mirrored(whole()))


def told(case: Case) -> tuple[int, int, list[str], int, float]:
    """Photos, placed, silently wrong, placed with a reason, median degrees between pairs."""
    views = case.views()
    truth = {
        v.name: PhotoCamera(v.intrinsics.numpy(), v.world_from_camera.numpy())
        for v in views
        if v.world_from_camera is not None
    }
    placed = [v for v in pose_views(views).placed if v.world_from_camera is not None]
    found = {
        v.name: PhotoCamera(v.intrinsics.numpy(), v.world_from_camera.numpy())
        for v in placed
        if v.world_from_camera is not None
    }
    errors = camera_errors(found, {v.name: v.group or 0 for v in placed}, truth)
    flagged = [v.name for v in placed if v.reason]
    turns = [pair.turn_degrees for pair in errors.pairs]
    return (
        len(views),
        len(placed),
        silently_wrong(errors, flagged),
        len(flagged),
        float(numpy.median(turns)) if turns else math.nan,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=None, metavar="FOLDER")
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="cases with one of these in their name")
    options = parser.parse_args()
    torch.set_num_threads(1)
    started, total, silent, placed = time.process_time(), 0, 0, 0
    print("case                                photos  placed  with a reason  silently wrong  median turn error")
    for case in cases(options):
        if options.only and not any(word in case.name for word in options.only):
            continue
        count, have, wrong, said, turn = told(case)
        total, silent, placed = total + count, silent + len(wrong), placed + have
        print(
            f"{case.name:36s} {count:4d}    {have:4d}      {said:4d}          {len(wrong):4d}          {turn:7.2f}   {' '.join(wrong)}",
            flush=True,
        )
    print(f"all: {total} photos, {placed} placed, {silent} silently wrong. {time.process_time() - started:.0f} s.")


if __name__ == "__main__":
    main()
