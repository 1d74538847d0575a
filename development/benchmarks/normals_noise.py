"""Normals of noisy depth against closed forms: ours, before and with the estimate of noise, against Sobel and plane fits.

python development/benchmarks/normals_noise.py [--threads 1] [--height 180]    (exits 1 where ours is not the best)

Every method is also shown at the smoothing (radius 0 to 16 pixels) that serves it best in that row.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import closed_form
import noisy_scenes

from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.normals import geometric_normals, sharp_normals, smooth_normals

RADII = (0, 2, 4, 8, 16)
Method = Callable[[torch.Tensor], torch.Tensor]


def facing(normals: torch.Tensor, rays: torch.Tensor) -> torch.Tensor:
    normals = F.normalize(normals, dim=-1)
    return torch.where((normals * rays).sum(-1, keepdim=True) > 0, -normals, normals)


def sobel(depth: torch.Tensor) -> torch.Tensor:
    """Cross product of the points' Sobel derivatives."""
    points = unproject(depth.double(), closed_form.intrinsics(*depth.shape[1:]).double())
    planes = F.pad(points.movedim(-1, 1), (1, 1, 1, 1), mode="replicate")
    smooth, slope = torch.tensor([1.0, 2, 1]).double(), torch.tensor([-1.0, 0, 1]).double()
    kernel = torch.stack((smooth[:, None] * slope, slope[:, None] * smooth))[:, None]
    u, v = F.conv2d(planes.flatten(0, 1)[:, None], kernel).unflatten(0, planes.shape[:2]).unbind(2)
    return facing(torch.linalg.cross(u.movedim(1, -1), v.movedim(1, -1)), points)


def plane_fit(side: int) -> Method:
    """Least squares plane through the points of a window of `side` pixels: eigenvector of their covariance."""

    def fit(depth: torch.Tensor) -> torch.Tensor:
        points = unproject(depth.double(), closed_form.intrinsics(*depth.shape[1:]).double())
        products = (points[..., :, None] * points[..., None, :]).flatten(-2)
        planes = F.pad(torch.cat((points, products), -1).movedim(-1, 1), (side // 2,) * 4, mode="replicate")
        means = F.avg_pool2d(planes, side, 1).movedim(1, -1)
        mean, second = means[..., :3], means[..., 3:].unflatten(-1, (3, 3))
        covariance = second - mean[..., :, None] * mean[..., None, :]
        return facing(torch.linalg.eigh(covariance).eigenvectors[..., 0], points)

    return fit


def ours(function: Callable) -> Method:
    return lambda depth: function(depth.float(), depth > 0, closed_form.intrinsics(*depth.shape[1:]))


def blurred(normals: torch.Tensor, depth: torch.Tensor, radius: int) -> list[torch.Tensor]:
    """Both ways of smoothing: a plain mean of the window, and the pack's own."""
    if radius == 0:
        return [normals]
    planes = F.pad(normals.movedim(-1, 1), (radius,) * 4, mode="replicate")
    plain = F.normalize(F.avg_pool2d(planes, 2 * radius + 1, 1).movedim(1, -1), dim=-1)
    return [plain, smooth_normals(normals.float(), depth.float(), depth > 0, radius)]


METHODS: dict[str, Method] = {
    "sobel": sobel,
    "5 x 5": plane_fit(5),
    "9 x 9": plane_fit(9),
    "before": ours(sharp_normals),
    "now": ours(geometric_normals),
}


def measure(noise: str, scenes: list[noisy_scenes.Scene]) -> dict[str, list[torch.Tensor]]:
    """Errors in degrees of every method at every smoothing: lists of (radius and way, edge or not) sums."""
    table: dict[str, list] = {}
    for number, scene in enumerate(scenes):
        depth = noisy_scenes.with_noise(scene.depth, noise, number)
        for name, method in METHODS.items():
            normals = method(depth)
            results = [result for radius in RADII for result in blurred(normals, depth, radius)]
            errors = [closed_form.angles(result, scene.normals)[scene.depth > 0] for result in results]
            edge = scene.edges[scene.depth > 0]
            rows = [
                torch.stack(
                    (
                        e.mean(),
                        e[edge].mean() if edge.any() else e.new_tensor(torch.nan),
                        (e[edge] > 20).double().mean() if edge.any() else e.new_tensor(torch.nan),
                    )
                )
                for e in errors
            ]
            table.setdefault(name, []).append(torch.stack(rows))
    return {name: torch.stack(values) for name, values in table.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--height", type=int, default=180)
    parser.add_argument("--by-scene", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    scenes = noisy_scenes.scenes(options.height, options.height * 4 // 3)
    print("Mean error in degrees as estimated, then at the smoothing that serves each best")
    print(f"{'':18s}" + "".join(f"{name:>16s}" for name in METHODS) + "    within 3 px of edges: mean, share over 20")
    good = True
    for noise in noisy_scenes.NOISES:
        table = measure(noise, scenes)
        means = {name: values[..., 0].mean(0) for name, values in table.items()}
        cells = "".join(f"{m[0]:8.2f}{m.min():8.2f}" for m in means.values())
        edges = {name: values[:, :, 1:].nanmean(0)[0] for name, values in table.items()}
        tail = "   ".join(f"{edges[name][0]:5.1f} {100 * edges[name][1]:3.0f}%" for name in METHODS)
        rivals = min(float(means[name].min()) for name in ("sobel", "5 x 5", "9 x 9"))
        held = float(means["now"].min()) <= rivals
        good &= held
        print(f"{noise:18s}{cells}    {tail} {'' if held else 'WORSE'}", flush=True)
        if options.by_scene:
            for number, scene in enumerate(scenes):
                row = "".join(f"{v[number, 0, 0]:8.2f}{v[number, :, 0].min():8.2f}" for v in table.values())
                print(f"   {scene.name:15s}{row}", flush=True)
    return 0 if good and math.isfinite(rivals) else 1


if __name__ == "__main__":
    sys.exit(main())
