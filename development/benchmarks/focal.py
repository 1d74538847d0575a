"""Field of view found of walls in closed form: frontal to turned, flat to bumpy, exact and noisy, beside plain least squares.

python development/benchmarks/focal.py [--noise 0.005]
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from walls import SIZE, affine_points, wall

from sam3d_geometry.estimate.focal import recover_focal_and_shift

FOVS, TILTS, RELIEFS = (20.0, 60.0, 90.0), (0.0, 2.0, 10.0, 30.0), (0.0, 0.001, 0.01, 0.1, 0.5)


def fov_of(focal: float) -> float:
    """Horizontal field of view in degrees of a focal length in half diagonals."""
    return 2 * math.degrees(math.atan(SIZE[1] / math.hypot(*SIZE) / focal))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noise", type=float, default=0.005, help="relative, of every coordinate (default: 0.005)")
    noises = (0.0, parser.parse_args().noise)
    print("| fov | turned by | relief | noise | least squares | found | stated spread |\n|---|---|---|---|---|---|---|")
    mask = torch.ones(1, *SIZE, dtype=torch.bool)
    for fov in FOVS:
        for tilt in TILTS:
            for relief in RELIEFS:
                for noise in noises:
                    points = affine_points(*wall(fov, tilt, relief), noise)
                    plain = recover_focal_and_shift(points, mask, least_squares_only=True)
                    found = recover_focal_and_shift(points, mask)
                    fovs = f"{fov_of(float(plain.focal)):.4g} | {fov_of(float(found.focal)):.4g}"
                    print(f"| {fov:g} | {tilt:g} | {relief:g} | {noise:g} | {fovs} | {float(found.spread):.1g} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
