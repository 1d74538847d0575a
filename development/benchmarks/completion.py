"""How well the unseen side of an object is completed from one photo of it, against plain ways, and whether mirrors are refused.

F is of the unseen side alone: of the true surface and of what was made, both farther than 3 % of the object from any seen
point, which counts as right within the same 3 %. "Planes" counts those that hold; "mirror always" takes the best, right or not.
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

from scenes import objects, street_objects
from scenes.builder import SceneBuilder
from scenes.renderer import render
from scenes.scene import Camera, Light, Scene, Sky
from scenes.turntable import KINDS, TEXTURES, ring_of_cameras, surface_points, textured_object

from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.shapes.closing import FLAT_BACK, close_back
from sam3d_geometry.shapes.mesh import Mesh
from sam3d_geometry.shapes.surface import surface_from_pointmap
from sam3d_geometry.views import completion
from sam3d_geometry.views.completion import complete_object
from sam3d_geometry.views.mirror_plane import MirrorPlane
from sam3d_geometry.views.similarity import sampled

SYMMETRIC, NEARLY, NOT = "symmetric", "nearly symmetric", "not symmetric"
OBJECTS = {
    **dict.fromkeys(("bottle", "chair", "block", "cabinet", "car", "aeroplane"), SYMMETRIC),
    **dict.fromkeys(("cup", "animal", "table", "teapot"), NEARLY),
    **dict.fromkeys(("stack", "lump", "balls", "arm"), NOT),
}
AZIMUTHS = (35.0, 100.0)
SIZE, RESOLUTION, SAMPLES = 160, 64, 12_000
NEAR = 0.03  # of the object's extent


class Believed(MirrorPlane):
    """A plane that holds whatever speaks against it."""

    @property
    def holds(self) -> bool:
        return True


@contextmanager
def believing_the_best_plane() -> Iterator[None]:
    """The best mirror plane is always taken, and no other."""
    kept = completion.mirror_planes
    completion.mirror_planes = lambda side: (Believed(**vars(kept(side)[0])),)
    yield
    completion.mirror_planes = kept


def thing(name: str, seed: int) -> Scene:
    """One of OBJECTS, about a metre large, on the world's origin: those of the turntable, and more."""
    if name in KINDS:
        return textured_object(name, seed)
    b = SceneBuilder(seed)
    group, look = b.place((0, 0, 0), 0.6), b.material(*TEXTURES, size=0.25, photo_weight=0.0, colour=b.colour(0.6, 0.9))
    if name == "block":
        group.box((0, 0, 0.3), (0.4, 0.25, 0.3), look)
    elif name == "cabinet":
        objects.cabinet(b, (0, 0, 0), 0.6)
    elif name == "car":
        street_objects.car(b, (0, 0, 0), 0.6)
    elif name == "table":
        objects.table(b, (0, 0, 0), 0.6)
    elif name == "aeroplane":
        group.capsule((-0.6, 0, 0.4), (0.6, 0, 0.4), 0.1, look)
        for middle, half in (((0.05, 0, 0.4), (0.12, 0.6, 0.02)), ((-0.55, 0, 0.55), (0.07, 0.015, 0.15))):
            group.box(middle, half, look)
    elif name == "teapot":
        group.ellipsoid((0, 0, 0.3), (0.35, 0.35, 0.28), look)
        for start, end in (
            ((0.3, 0, 0.25), (0.6, 0, 0.45)),
            ((-0.3, 0, 0.45), (-0.55, 0, 0.3)),
            ((-0.55, 0, 0.3), (-0.3, 0, 0.12)),
        ):
            group.capsule(start, end, 0.045, look)
    elif name == "balls":
        for _ in range(6):
            middle = b.random.uniform((-0.35, -0.35, 0.1), (0.35, 0.35, 0.8))
            group.ellipsoid(middle, b.random.uniform(0.1, 0.25, 3), look)
    else:
        group.box((0, 0, 0.15), (0.5, 0.15, 0.15), look)
        group.box((0.4, 0, 0.6), (0.1, 0.15, 0.35), look)
        group.capsule((0.4, 0.1, 0.8), (0.2, 0.6, 0.5), 0.08, look)
    light = Light(ambient_up=(0.6, 0.62, 0.65), ambient_down=(0.4, 0.4, 0.38))
    return Scene(tuple(b.bodies), Camera(), light, Sky(seed=seed), name)


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
    return close_back(surface_from_pointmap(alone), FLAT_BACK)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(
        f"{'object':9s} {'kind':17s} {'from':>4s} {'planes':>8s} {'ours':>6s} {'mirror always':>14s} {'flat back':>10s} {'nothing':>8s} {'s':>5s}"
    )
    table: dict[str, list[tuple[float, float, float]]] = {}
    for name, kind in OBJECTS.items():
        for seed in range(options.seeds):
            scene = thing(name, seed + 3)
            truth_world = surface_points(scene, 20, 96).numpy()
            for azimuth in AZIMUTHS:
                frame = render(scene, ring_of_cameras(scene, [azimuth]), SIZE, SIZE, samples=1)
                pointmap, pose = frame.pointmap(with_normals=False), frame.world_from_camera[0].double().numpy()
                truth = (truth_world - pose[:3, 3]) @ pose[:3, :3]
                seen = pointmap.points[0][frame.mask[0]].double().numpy()
                start = time.process_time()
                ours = complete_object(pointmap, frame.mask.float(), RESOLUTION)
                seconds = time.process_time() - start
                with believing_the_best_plane():
                    always = complete_object(pointmap, frame.mask.float(), RESOLUTION)
                meshes = (ours.mesh, always.mesh, flat_back(pointmap, frame.mask))
                scores = tuple(unseen_f(sampled(mesh, SAMPLES).points, truth, seen) for mesh in meshes)
                table.setdefault(kind, []).append((scores[0], scores[1], scores[2]))
                held = str(sum(plane.holds for plane in ours.planes))
                print(
                    f"{name:9s} {kind:17s} {azimuth:4.0f} {held:>8s} {scores[0]:6.2f} {scores[1]:14.2f} {scores[2]:10.2f} {0:8.2f} {seconds:5.1f}",
                    flush=True,
                )
    for kind, rows in table.items():
        means = numpy.mean(rows, 0)
        print(
            f"mean, {kind:17s}: ours {means[0]:.2f}, mirror always {means[1]:.2f}, flat back {means[2]:.2f}, nothing 0.00"
        )


if __name__ == "__main__":
    main()
