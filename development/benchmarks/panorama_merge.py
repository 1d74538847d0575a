"""How true and how fast the merge of a panorama's views is, beside ComfyUI core's, against a scene in closed form.

python development/benchmarks/panorama_merge.py [--core comfy/ldm/moge/panorama.py] [--edge 256] [--bend 0.03] [--shift 0.1]

Both merge twelve views of one fake network, which knows the scene and errs by a scale of its own for every view, a shift along its
axis and a slow bend. Printed are the mean relative error over all directions and near the poles, after one scale; the share of pixels
that lie between two surfaces; and seconds.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from pathlib import Path

import numpy
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
from round_scene import distance_of

from sam3d_geometry.estimate.panorama_inference import VIEW_DIRECTIONS
from sam3d_geometry.estimate.panorama_merge import SphereView, merge_views
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees
from sam3d_geometry.geometry.panorama import panorama_rays, view_rays
from sam3d_geometry.geometry.rotations import rotation_from_degrees

VIEWS = 12


class FakeNetwork:
    """Depth of the scene along a view's axis with the errors of the n-th view."""

    def __init__(self, edge: int, bend: float, shift: float):
        random = torch.Generator().manual_seed(1)
        draw = lambda *shape: torch.rand(*shape, generator=random)  # noqa: E731
        self.scales, self.shifts = (draw(VIEWS) - 0.5).exp(), (draw(VIEWS) * 2 - 1) * shift
        line = torch.linspace(-1, 1, edge)
        phases = draw(VIEWS, 2, 1, 1) * 6
        self.bends = bend * torch.sin(2 * line + phases[:, 0]) * torch.cos(2 * line[:, None] + phases[:, 1])

    def depth(self, rays: torch.Tensor, n: int) -> torch.Tensor:
        """(H, W) for rays (H, W, 3) that are 1 long along the axis; inf where there is only sky."""
        depth = (distance_of(rays) / rays.double().norm(dim=-1)).float()
        return ((depth * (1 + self.bends[n]) + self.shifts[n]) * self.scales[n]).clamp_min(1e-3)


def ours(network: FakeNetwork, edge: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, float]:
    """Distance, mask, truth and seconds."""
    intrinsics, size = intrinsics_from_fov_x_degrees(90.0, edge, edge), (3 * edge // 2, 3 * edge)
    views = []
    for n, angles in enumerate(VIEW_DIRECTIONS):
        rotation = rotation_from_degrees(*angles, 0.0)
        views.append(
            SphereView(1 / network.depth(view_rays((edge, edge), intrinsics, rotation), n), None, rotation, 0.5)
        )
    start = time.perf_counter()
    distance, mask, _ = merge_views(views, size)
    return distance, mask, distance_of(panorama_rays(size)).float(), time.perf_counter() - start


def cores(network: FakeNetwork, edge: int, path: Path) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, float]:
    """The same by core's file."""
    spec = importlib.util.spec_from_file_location("core_panorama", path)
    assert spec is not None and spec.loader is not None
    core = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(core)
    poses, cameras = core.get_panorama_cameras()
    ones, distances, masks = numpy.ones((edge, edge), numpy.float32), [], []
    for n in range(VIEWS):
        rays = _from_core(core._unproject_cv(core._uv_grid(edge, edge), ones, poses[n], cameras[n]))
        depth = network.depth(rays, n)
        distances.append(torch.where(depth.isfinite(), depth * rays.norm(dim=-1), 1).numpy())
        masks.append(depth.isfinite().numpy())
    width, height = 3 * edge, 3 * edge // 2
    start = time.perf_counter()
    distance, mask = core.merge_panorama_depth(width, height, distances, masks, list(poses), cameras)
    seconds = time.perf_counter() - start
    truth = distance_of(_from_core(core.spherical_uv_to_directions(core._uv_grid(height, width)))).float()
    return torch.from_numpy(distance), torch.from_numpy(mask), truth, seconds


def _from_core(directions: numpy.ndarray) -> torch.Tensor:
    """Core's axes (x forward, z up) -> ours."""
    x, y, z = torch.from_numpy(directions).unbind(-1)
    return torch.stack([-y, -z, x], -1)


def report(name: str, distance: torch.Tensor, mask: torch.Tensor, truth: torch.Tensor, seconds: float) -> None:
    """One line of figures."""
    valid = mask & truth.isfinite()
    scaled = distance * ((truth / distance).log()[valid].median()).exp()
    error = (scaled / truth - 1).abs()
    rows = len(truth) // 12
    polar = valid.clone()
    polar[rows:-rows] = False
    around = torch.stack([truth.roll((i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    low, high = around.amin(0), around.amax(0)
    between = valid & high.isfinite() & (scaled > low * 1.1) & (scaled < high / 1.1)
    print(
        f"{name:5} error {error[valid].mean():.4f}, 99 % below {error[valid].quantile(0.99):.4f}, poles {error[polar].mean():.4f}, "
        f"between surfaces {100 * between.double().mean():.3f} %, {seconds:.2f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--core", type=Path, help="comfy/ldm/moge/panorama.py of a ComfyUI")
    parser.add_argument("--edge", type=int, default=256, help="pixels of a view's edge")
    parser.add_argument("--bend", type=float, default=0.03)
    parser.add_argument("--shift", type=float, default=0.1)
    args = parser.parse_args()
    network = FakeNetwork(args.edge, args.bend, args.shift)
    report("ours", *ours(network, args.edge))
    if args.core:
        report("core", *cores(network, args.edge, args.core))


if __name__ == "__main__":
    main()
