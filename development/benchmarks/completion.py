"""How well the unseen side of an object is completed from one photo of it, against plain ways, and whether mirrors are refused.

F is of the unseen side alone: of the true surface and of what was made, both farther than 3 % of the object from any seen
point, which counts as right within the same 3 %. Balls of three sizes beside one another stand for things without a mirror plane.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy
import torch
from scipy.spatial import KDTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scenes.renderer import render
from scenes.turntable import ring_of_cameras, surface_points, textured_object

from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.shapes.closing import FLAT, close_back
from sam3d_geometry.shapes.mesh import Mesh
from sam3d_geometry.shapes.surface import surface_from_pointmap
from sam3d_geometry.views import mirror_plane
from sam3d_geometry.views.completion import complete_object
from sam3d_geometry.views.similarity import sampled

SYMMETRIC, NEARLY, NOT = "symmetric", "nearly symmetric", "not symmetric"
OBJECTS = {"bottle": SYMMETRIC, "chair": SYMMETRIC, "cup": NEARLY, "animal": NEARLY, "stack": NOT, "lump": NOT}
AZIMUTHS = (35.0, 100.0)
SIZE, RESOLUTION, SAMPLES = 160, 64, 12_000
NEAR = 0.03  # of the object's extent


@contextmanager
def believing_every_plane() -> Iterator[None]:
    """The best mirror plane is always taken."""
    kept = mirror_plane.MOST_VIOLATION, mirror_plane.LEAST_AGREEMENT, mirror_plane.LEAST_COLOUR
    mirror_plane.MOST_VIOLATION, mirror_plane.LEAST_AGREEMENT, mirror_plane.LEAST_COLOUR = 1.0, -1.0, -2.0
    yield
    mirror_plane.MOST_VIOLATION, mirror_plane.LEAST_AGREEMENT, mirror_plane.LEAST_COLOUR = kept


def unseen_f(made: numpy.ndarray, truth: numpy.ndarray, seen: numpy.ndarray) -> float:
    """F of points made (M, 3) against true ones (N, 3), both where no seen point (P, 3) is near."""
    near = NEAR * float((truth.max(0) - truth.min(0)).max())
    tree = KDTree(seen)
    hidden, new = (points[tree.query(points)[0] > near] for points in (truth, made))
    if not len(new) or not len(hidden):
        return 0.0
    precision = float((KDTree(truth).query(new)[0] < near).mean())
    recall = float((KDTree(new).query(hidden)[0] < near).mean())
    return 2 * precision * recall / max(precision + recall, 1e-9)


def flat_back(pointmap: Pointmap, mask: torch.Tensor) -> Mesh:
    from dataclasses import replace

    alone = replace(
        pointmap, mask=pointmap.mask & mask, points=torch.where(mask[..., None], pointmap.points, 0), normals=None
    )
    return close_back(surface_from_pointmap(alone), FLAT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(
        f"{'object':8s} {'kind':17s} {'from':>4s} {'plane':>8s} {'ours':>6s} {'mirror always':>14s} {'flat back':>10s} {'nothing':>8s} {'s':>5s}"
    )
    table: dict[str, list[tuple[float, float, float]]] = {}
    for name, kind in OBJECTS.items():
        for seed in range(options.seeds):
            scene = textured_object(name, seed + 3)
            truth_world = surface_points(scene, 20, 96).numpy()
            for azimuth in AZIMUTHS:
                frame = render(scene, ring_of_cameras(scene, [azimuth]), SIZE, SIZE, samples=1)
                pointmap, pose = frame.pointmap(with_normals=False), frame.world_from_camera[0].double().numpy()
                truth = (truth_world - pose[:3, 3]) @ pose[:3, :3]
                seen = pointmap.points[0][frame.mask[0]].double().numpy()
                start = time.process_time()
                ours = complete_object(pointmap, frame.mask.float(), RESOLUTION)
                seconds = time.process_time() - start
                with believing_every_plane():
                    always = complete_object(pointmap, frame.mask.float(), RESOLUTION)
                meshes = (ours.mesh, always.mesh, flat_back(pointmap, frame.mask))
                scores = tuple(unseen_f(sampled(mesh, SAMPLES).points, truth, seen) for mesh in meshes)
                table.setdefault(kind, []).append((scores[0], scores[1], scores[2]))
                held = "holds" if ours.plane.holds else "refused"
                print(
                    f"{name:8s} {kind:17s} {azimuth:4.0f} {held:>8s} {scores[0]:6.2f} {scores[1]:14.2f} {scores[2]:10.2f} {0:8.2f} {seconds:5.1f}",
                    flush=True,
                )
    for kind, rows in table.items():
        means = numpy.mean(rows, 0)
        print(
            f"mean, {kind:17s}: ours {means[0]:.2f}, mirror always {means[1]:.2f}, flat back {means[2]:.2f}, nothing 0.00"
        )


if __name__ == "__main__":
    main()
