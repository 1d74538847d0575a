"""People in files, read by other programs: how far joints, vertices and statures are from the people that were written.

python development/benchmarks/body_files.py [--files FILE ...]

BVH is read by bvhio, GLB by Blender where BLENDER_PYTHON names Pythons that can `import bpy`. Without --files (real outputs of
SAM 3D Body) two mannequins walk for six frames.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

import numpy
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from blender_pythons import blender_pythons, found_by
from posed_people import walkers

from sam3d_geometry.bodies.bodies import Bodies
from sam3d_geometry.bodies.perform import Facts, Settings, perform
from sam3d_geometry.bodies.performance import Performance
from sam3d_geometry.bodies.rest import stature
from sam3d_geometry.bodies.size import statures
from sam3d_geometry.bodies.targets import TARGETS
from sam3d_geometry.files.animated_glb import write_animated_glb
from sam3d_geometry.files.body_file import read_bodies
from sam3d_geometry.files.bvh import write_bvh
from sam3d_geometry.geometry.axes import convert_points

Made = list[tuple[Performance, Facts]]


def bvh_off(made: Made, folder: Path) -> float:
    """Largest distance in millimetres of a joint in any frame from where it was, as bvhio reads the files."""
    import bvhio

    worst = 0.0
    for person, _ in made:
        path = folder / f"{person.name}.bvh"
        with path.open("wb") as file:
            write_bvh(person, file)
        root = bvhio.readAsHierarchy(str(path))
        for frame in range(len(person.frames)):
            root.loadPose(frame)
            for joint, _, _ in root.layout():
                wanted = person.places[frame, person.bones.index(joint.Name)].numpy()
                worst = max(worst, float(numpy.linalg.norm(numpy.array(list(joint.PositionWorld)) / 100 - wanted)))
    return 1000 * worst


def blender_off(python: str, people: Bodies, made: Made, folder: Path) -> tuple[float, float, float]:
    """Millimetres by which vertices are off in the exact frame (worst) and in others (median and 99th of 100), by Blender."""
    path = folder / "people.glb"
    with path.open("wb") as file:
        write_animated_glb([person for person, _ in made], file, note={"generator": "benchmark"})
    found = found_by(python, "blender_people.py", path, folder / "found.npz", 30, *range(len(people)))
    exact, others = [], []
    for number, (person, facts) in enumerate(made):
        for frame in person.frames.tolist():
            wanted = convert_points(people.points(frame, number).double(), "blender").numpy()
            off = 1000 * numpy.linalg.norm(found[f"person{number}_frame{frame}"] - wanted, axis=1)
            (exact if frame == facts.exact_frame else others).append(off)
    rest = numpy.concatenate(others) if others else numpy.zeros(1)
    return float(numpy.concatenate(exact).max()), float(numpy.median(rest)), float(numpy.percentile(rest, 99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, nargs="*", default=[])
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    people = read_bodies(args.files) if args.files else walkers()
    for target in TARGETS:
        made = [perform(people, person, Settings(names=target)) for person in range(people.persons)]
        with tempfile.TemporaryDirectory() as name:
            line = f"{target:15} BVH by bvhio: joints off by {bvh_off(made, Path(name)):.4f} mm at most"
            for python in blender_pythons():
                exact, median, high = blender_off(python, people, made, Path(name))
                line += (
                    f"; GLB by Blender: exact frame {exact:.3f} mm at most, others {median:.1f} mm (99 %: {high:.1f})"
                )
            print(line)
        if target == "mhr":
            skinned = torch.tensor([stature(p.vertices) for p, _ in made if p.vertices is not None])
            bones = statures(people)[people.present.any(1)].amax(0)
            print("statures by inverse skinning, m:", " ".join(f"{value:.3f}" for value in skinned.tolist()))
            print("statures by bones, m:           ", " ".join(f"{value:.3f}" for value in bones.tolist()))


if __name__ == "__main__":
    main()
