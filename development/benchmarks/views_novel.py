"""New views on held-out cameras: PSNR and SSIM of blended photos against the nearest photo warped back and all points splatted.

python development/benchmarks/views_novel.py [--objects lump animal stack cup] [--size 320] [--noise 0.02]

Every second of nine photos on an arc of 120 degrees is held out; the others have true cameras, and depth with a smooth error
(--noise, the standard deviation of its logarithm) and a scale of each. A surface is fused from them, and the held-out photos
are made anew: `blended` by Novel Views; `warped`, the nearest photo looked up by that surface's depth; `splatted`, the photos'
points as single pixels. Inside: over the object's pixels; frame: over the whole picture.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from held_out_views import splatted, warped_back

from development.scenes.renderer import render
from development.scenes.turntable import KINDS, ring_of_cameras, textured_object, views_of
from sam3d_geometry.views.fuse import FusionSettings, fuse_views
from sam3d_geometry.views.novel_cameras import NovelCamera
from sam3d_geometry.views.novel_views import novel_views
from sam3d_geometry.views.picture_errors import psnr, ssim

ARC, PHOTOS = 120.0, 9
WAYS = ("blended", "warped", "splatted")


def figures(kind: str, size: int, noise: float) -> dict[str, list[tuple[float, float, float, float]]]:
    """For each way and held-out photo PSNR and SSIM inside the object, and over the frame."""
    scene = textured_object(kind, KINDS.index(kind))
    frames = render(scene, ring_of_cameras(scene, [ARC * (k / (PHOTOS - 1) - 0.5) for k in range(PHOTOS)]), size, size)
    views = views_of(frames, masks=True, noise=noise, scale=0.1 if noise else 0.0, seed=KINDS.index(kind))
    kept, held = views[::2], views[1::2]
    mesh = fuse_views(kept, FusionSettings(resolution=192, triangles=0)).mesh
    found: dict[str, list[tuple[float, float, float, float]]] = {way: [] for way in WAYS}
    for view in held:
        pose, mask = view.world_from_camera, view.mask
        assert pose is not None and mask is not None
        camera = NovelCamera(view.name, pose, view.intrinsics)
        made = next(novel_views(mesh, kept, [camera], (size, size)))
        centres = torch.stack([v.world_from_camera[:3, 3] for v in kept if v.world_from_camera is not None])
        nearest = kept[int((centres - pose[:3, 3]).norm(dim=1).argmin())]
        pictures = (made.image, warped_back(nearest, made.depth, camera), splatted(kept, camera, (size, size)))
        truth = torch.where(mask[..., None], view.photo, 0)
        for way, picture in zip(WAYS, pictures):
            inside = psnr(picture, truth, mask), ssim(picture, truth, mask)
            found[way].append((*inside, psnr(picture, truth), ssim(picture, truth)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", nargs="+", default=["lump", "animal", "stack", "cup"], choices=KINDS)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--noise", type=float, default=0.02)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("object    way         inside: PSNR  SSIM    frame: PSNR  SSIM   (means of the held-out photos)")
    for kind in options.objects:
        for way, rows in figures(kind, options.size, options.noise).items():
            a, b, c, d = numpy.mean(rows, 0)
            print(f"{kind:9s} {way:10s}        {a:6.2f}  {b:.3f}         {c:6.2f}  {d:.3f}", flush=True)


if __name__ == "__main__":
    main()
