"""Every figure of a GPU in one run: effects at 1080p, clips, the built-in network and MoGe with random weights, as tables.

python development/benchmarks/gpu.py [--device cuda] [--small] [--rounds 3] [--only effects clips networks]
`python dev.py bench --gpu` is the same. `--device cpu --small` tries it out where there is no GPU.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from camera_move import best_of_turns
from lens import photo_like
from network import WIDTHS, frame, networks
from postprocessing import landscape, our_depth, our_normals
from relight import clip_frame
from relight import works as light_works

from development.scenes.moving_room import film
from sam3d_geometry import models
from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.clips.smooth_geometry import smooth_along_motion
from sam3d_geometry.effects.air.fog import FogLayer, fog
from sam3d_geometry.effects.camera.camera_move import camera_move
from sam3d_geometry.effects.camera.camera_path import preset_path
from sam3d_geometry.effects.camera.stereo import stereo
from sam3d_geometry.effects.lens.depth_of_field import depth_of_field
from sam3d_geometry.estimate.edge_refinement import refine_depth_edges
from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.geometry.normals import geometric_normals
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.scene_scale import scene_depth
from sam3d_geometry.maps.ambient_occlusion import occlusion_at_photo
from sam3d_geometry.maps.curvature import curvature_at_photo
from sam3d_geometry.maps.line_art import line_art
from sam3d_geometry.models import GeometryModel

PARTS = ("effects", "clips", "networks")
NOISE = 0.005  # of the depth, for the noisy normals
BATCH = 16  # frames that go through a MoGe network at once


class Run(NamedTuple):
    """Where the figures are taken, how often, and at which sizes."""

    device: torch.device
    rounds: int
    size: tuple[int, int]  # height and width of the effects' photo
    map_edge: int  # long edge of their pointmap
    clip: tuple[int, int, int]  # frames, height and width
    photo_frames: int  # that go through the networks
    tokens: int


def run_of(device: str, small: bool, rounds: int) -> Run:
    """The sizes of the table, or small ones that a CPU does in a minute or two."""
    if small:
        return Run(torch.device(device), rounds, (180, 320), 128, (4, 72, 128), 2, 64)
    return Run(torch.device(device), rounds, (1080, 1920), 512, (24, 288, 512), 64, 1200)


def best_seconds(run: Run, work: Callable[[], object]) -> float:
    """Wall time of the fastest of some rounds, after one to warm up; the device is waited for."""
    return best_of_turns(run.rounds, {"": work}, run.device)[""] / 1e3


def first_tensor(result: object) -> torch.Tensor:
    """What a work gives: a picture, a picture with more beside it, or a surface, of which its points count."""
    if isinstance(result, Pointmap):
        return result.points
    return result if isinstance(result, torch.Tensor) else result[0]


def first(frames: Iterator[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    """The picture of the first frame of an effect that gives frame after frame."""
    return next(frames)[0]


def effects(run: Run, device: torch.device) -> dict[str, Callable[[], torch.Tensor]]:
    """Names and works of the effects, whose inputs lie on `device`; each gives its picture or map."""
    height, width = run.size
    scale = run.map_edge / width
    small = landscape(round(height * scale), run.map_edge, source_size=run.size).to(device)
    photo = torch.rand(1, height, width, 3, generator=torch.Generator().manual_seed(1)).to(device)
    large = landscape(height, width).to(device)
    noise = 1 + NOISE * torch.randn(large.depth.shape, generator=torch.Generator().manual_seed(2)).to(device)
    noisy = large.depth * noise
    lens = photo_like(height, width).to(device)
    focus = torch.tensor([3.0], device=device)
    path = preset_path("slide", 3, 0.05, scene_depth(small))
    lit = light_works(clip_frame(height, width).to(device), run.size)

    def blurred(percent: float) -> Callable[[], torch.Tensor]:
        return lambda: depth_of_field(lens, focus, torch.tensor([percent / 100], device=device))[0]

    def picture(work: Callable[[], object]) -> Callable[[], torch.Tensor]:
        return lambda: first_tensor(work())

    return {
        "depth and its colors": lambda: our_depth(large),
        "normals and their colors": lambda: our_normals(large),
        "normals of noisy depth": lambda: geometric_normals(noisy, large.mask, large.intrinsics),
        "refine edges": lambda: refine_depth_edges(small, photo)[0].points,
        "camera move": lambda: first(itertools.islice(camera_move(small, path, photo, device=device), 1, None)),
        "stereo": lambda: first(stereo(small, photo, device=device)),
        "depth of field, 1 %": blurred(1),
        "depth of field, 5 %": blurred(5),
        "fog": lambda: fog(lens, FogLayer(0.3))[0],
        **{name: picture(work) for name, work in lit.items()},
        "ambient occlusion": lambda: occlusion_at_photo(small, 0.3, smoothing=4),
        "curvature": lambda: curvature_at_photo(small, 0.1)[0],
        "line art": lambda: line_art(small),
    }


def effect_figures(run: Run) -> None:
    height, width = run.size
    print(
        f"\n| effect, {width} x {height} | {run.device.type}, ms | CPU, ms | largest difference | over 1e-3 |\n|---|---|---|---|---|"
    )
    here, there = effects(run, run.device), effects(run, torch.device("cpu"))
    for name, work in here.items():
        device_ms = 1e3 * best_seconds(run, work)
        cpu_ms = 1e3 * best_seconds(run._replace(device=torch.device("cpu"), rounds=1), there[name])
        found, expected = work(), there[name]()
        apart = (found.cpu().float() - expected.float()).abs()
        over = 100 * float((apart > 1e-3).float().mean())
        print(f"| {name} | {device_ms:.1f} | {cpu_ms:.0f} | {float(apart.max()):.1e} | {over:.3f} % |", flush=True)


def clip_figures(run: Run) -> None:
    """Align Sequence and smoothing along motion over a rendered film, by device."""
    frames, height, width = run.clip
    print(f"\n| clip, {frames} frames of {width} x {height} | ms a frame |\n|---|---|")
    with torch.no_grad():
        film_frames = film(frames, height, width).pointmap(False)
    for device in {run.device.type: run.device, "cpu": torch.device("cpu")}.values():
        held = film_frames.to(device)
        aligned = align_sequence(held)[0]
        once = run._replace(device=device, rounds=1)
        for name, work in (
            ("align sequence", lambda held=held: align_sequence(held)),
            ("smooth along motion", lambda aligned=aligned: smooth_along_motion(aligned)),
        ):
            print(f"| {name}, {device.type} | {1e3 * best_seconds(once, work) / frames:.1f} |", flush=True)


def peak_gib(device: torch.device) -> str:
    return f"{torch.cuda.max_memory_allocated(device) / 2**30:.1f} GiB" if device.type == "cuda" else "-"


def built_in_figures(run: Run) -> None:
    model = models.load_model(models.PREVIEW).to(run.device)
    photo = torch.rand(1, *run.size, 3, device=run.device)
    for refine in ("off", "auto"):
        work = functools.partial(infer_pointmap, model, photo, resolution=run.map_edge, refine_edges=refine)
        print(f"| built in, a photo, edges {refine} | {1e3 * best_seconds(run, work):.1f} ms | | |", flush=True)


def upstream_seconds(run: Run, version: str, backbone: str, images: torch.Tensor, half: bool) -> float:
    """Upstream's `infer`, image by image, as its users call it."""
    upstream, _ = networks(version, backbone, torch.float32, str(run.device))

    def image_by_image() -> None:
        for image in images:
            upstream.infer(image, num_tokens=run.tokens, use_fp16=half)

    return best_seconds(run._replace(rounds=1), image_by_image)


def our_seconds(run: Run, model: GeometryModel, images: torch.Tensor) -> tuple[float, float]:
    """All images in batches, and one alone."""
    batches = best_seconds(
        run._replace(rounds=1), lambda: [frame(model, part, run.tokens) for part in images.split(BATCH)]
    )
    return batches, best_seconds(run, lambda: frame(model, images[:1], run.tokens))


def moge_figures(run: Run, version: str, backbone: str) -> None:
    """64 frames of 720p through our network in three dtypes, beside upstream's `infer` image by image; the same weights."""
    height, width = (720, 1280) if run.size[0] > 720 else run.size
    images = torch.rand(run.photo_frames, 3, height, width, device=run.device)
    half = torch.float32 if run.device.type == "cpu" else torch.float16
    reference = upstream_seconds(run, version, backbone, images, half is torch.float16)
    rate = run.photo_frames / reference
    print(f"| MoGe {version} {backbone}, upstream image by image | {rate:.1f} frames/s | 1.00 | |", flush=True)
    for dtype in dict.fromkeys((half, torch.bfloat16, torch.float32)):
        ours = networks(version, backbone, dtype, str(run.device))[1]
        if run.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(run.device)
        repeated: list[str] = []
        ours = replace(ours, on_overflow=repeated.append)
        seconds, single = our_seconds(run, ours, images)
        overflow = "; overflowed and repeated in float32" if repeated else ""
        print(
            f"| MoGe {version} {backbone}, ours {str(dtype).removeprefix('torch.')}, batches; "
            f"one photo {1e3 * single:.1f} ms{overflow} | {run.photo_frames / seconds:.1f} frames/s | {reference / seconds:.2f} | "
            f"{peak_gib(run.device)} |",
            flush=True,
        )


def compiled_figures(run: Run) -> None:
    """The network of MoGe 2 ViT-B alone, eager and by torch.compile."""
    _, ours = networks("v2", "vitb", torch.float16 if run.device.type != "cpu" else torch.float32, str(run.device))
    image = torch.rand(1, 3, 518, 518, device=run.device, dtype=ours.dtype)
    with torch.no_grad():
        eager = best_seconds(run, lambda: ours.network(image, run.tokens))
        compiled = torch.compile(ours.network)
        start = time.perf_counter()
        compiled(image, run.tokens)
        first_call = time.perf_counter() - start
        fast = best_seconds(run, lambda: compiled(image, run.tokens))
    print(f"| MoGe v2 vitb network, eager | {1e3 * eager:.2f} ms | 1.00 | |")
    print(
        f"| MoGe v2 vitb network, torch.compile | {1e3 * fast:.2f} ms | {eager / fast:.2f} | first {first_call:.0f} s |"
    )


def network_figures(run: Run, backbones: tuple[str, ...]) -> None:
    print("\n| network | speed | times upstream | peak memory |\n|---|---|---|---|")
    built_in_figures(run)
    for version, backbone in itertools.product(("v2", "v1"), backbones):
        moge_figures(run, version, backbone)
    if run.device.type == "cuda":
        compiled_figures(run)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true", help="small pictures and networks, to try the command")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("no CUDA device was found; --device cpu --small tries the command without one")
    warnings.filterwarnings("ignore", message="In CPU autocast")
    run = run_of(options.device, options.small, options.rounds)
    start = time.perf_counter()
    name = torch.cuda.get_device_name() if run.device.type == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}, {torch.get_num_threads()} CPU threads")
    with torch.inference_mode():
        if "effects" in options.only:
            effect_figures(run)
        if "clips" in options.only:
            clip_figures(run)
        if "networks" in options.only:
            network_figures(run, ("vits",) if options.small else tuple(WIDTHS))
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
