"""Makes the pictures of README.md, of docs/ and of the help pages in web/docs/img/, with the library's public functions only.

python docs/pictures                 all of them
python docs/pictures header depth    some of them
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import balloon
import camera_move
import cameras
import clips
import completion
import detail
import edges
import effects
import exact
import lens
import light
import maps
import panoramas
import people
import shapes
import view_sets
from sheet import MAX_BYTES, TARGET, save

MODULES = (
    balloon,
    maps,
    cameras,
    clips,
    shapes,
    panoramas,
    completion,
    exact,
    camera_move,
    lens,
    light,
    detail,
    edges,
    effects,
    people,
    view_sets,
)
PICTURES = {name: make for module in MODULES for name, make in module.PICTURES.items()}
# bytes: fifteen pictures in one, and small plain things
LIMITS = {
    "effects": 300_000,
    "complete_object": 4_000,
    "save_print": 22_000,
    "panorama_view": 26_000,
    "panorama_to_mesh": 22_000,
    "pointmap_to_splat": 38_000,
    "pose_views": 11_000,
    "fuse_views": 9_000,
    "novel_views": 9_500,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all when none is named; {', '.join(PICTURES)}")
    names = parser.parse_args().names or list(PICTURES)
    if unknown := [name for name in names if name not in PICTURES]:
        parser.error(f"there is no picture {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = TARGET / f"{name}.jpg"
        size = save(PICTURES[name](), path, LIMITS.get(name, MAX_BYTES))
        print(f"{path.relative_to(ROOT).as_posix()}  {size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
