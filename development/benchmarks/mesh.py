"""Meshing against ComfyUI core's, GLB writing against trimesh, memory of both, and what decimation costs in accuracy.

python development/benchmarks/mesh.py [--rounds 7] [--threads 2] [--height 1080] [--width 1920] [--triangles 50000]

ComfyUI is looked for where COMFYUI_PATH says; without it a plain torch version of the same method takes its place. Needs trimesh for
writing and fast-simplification and scipy for decimation.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy
import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.postprocessing import _peak_bytes, best_of_turns, landscape, print_ratios

from sam3d_geometry.files import writers_of
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.shapes.decimation import decimate
from sam3d_geometry.shapes.mesh import Mesh
from sam3d_geometry.shapes.surface import surface_from_pointmap
from sam3d_geometry.shapes.triangulation import triangulate

ISLAND = 100


def core_mesher() -> Callable[[torch.Tensor, torch.Tensor], object] | None:
    """ComfyUI core's triangulate_grid_mesh, from the one file that holds it, or None."""
    path = Path(os.environ.get("COMFYUI_PATH", "")) / "comfy" / "ldm" / "moge" / "geometry.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("core_geometry", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.triangulate_grid_mesh


def plain_mesher(points: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pixels whose 3 x 3 surroundings differ in depth by over 4 % are left out; quads of four others are split one way."""
    height, width = mask.shape
    depth = points[..., 2][None, None]
    span = F.max_pool2d(depth, 3, 1, 1) + F.max_pool2d(-depth, 3, 1, 1)
    keep = mask & (span / depth.clamp_min(1e-6) <= 0.04)[0, 0]
    number = torch.where(keep.view(-1), keep.view(-1).cumsum(0) - 1, -1).view(height, width)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    whole = (a >= 0) & (b >= 0) & (c >= 0) & (d >= 0)
    a, b, c, d = a[whole], b[whole], c[whole], d[whole]
    faces = torch.cat([torch.stack([a, d, c], -1), torch.stack([a, c, b], -1)])
    v, u = torch.meshgrid((torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / width, indexing="ij")
    return points[keep], faces, torch.stack([u, v], -1)[keep]


def photo(height: int, width: int) -> torch.Tensor:
    """Coloured noise of several sizes, which a picture format has to work for: (1, H, W, 3)."""
    picture = torch.zeros(1, 3, height, width)
    for cells in (8, 40, 200):
        noise = torch.rand(1, 3, cells, cells, generator=torch.Generator().manual_seed(cells))
        picture += F.interpolate(noise, (height, width), mode="bilinear") / 3
    return picture.movedim(1, -1).contiguous()


def our_vertices(pointmap: Pointmap) -> tuple[torch.Tensor, ...]:
    """What core's function gives: vertices, faces and UVs; islands dropped on top of it."""
    found = triangulate(pointmap.depth[0], pointmap.mask[0], pointmap.intrinsics[0], smallest_island=ISLAND)
    height, width = pointmap.size
    row = torch.div(found.pixels, width, rounding_mode="floor")
    uvs = torch.stack([((found.pixels - row * width) + 0.5) / width, (row + 0.5) / height], -1)
    return pointmap.points.view(-1, 3).index_select(0, found.pixels), found.faces, uvs


def meshing(options: argparse.Namespace) -> None:
    pointmap = landscape(options.height, options.width)
    points, mask = pointmap.points[0], pointmap.mask[0]
    works = {"ours": lambda: our_vertices(pointmap)}
    core = core_mesher()
    if core is None:
        print("COMFYUI_PATH names no ComfyUI with triangulate_grid_mesh; a plain torch version takes its place.")
        works["plain torch"] = lambda: plain_mesher(points, mask)
    else:
        works["ComfyUI core, triangulate_grid_mesh"] = lambda: core(points, mask)
    works["ours, with normals and checks"] = lambda: surface_from_pointmap(pointmap, smallest_island=ISLAND)
    print_ratios(f"Meshing {options.width} x {options.height}", best_of_turns(options.rounds, works))


def trimesh_glb(mesh: Mesh, textured: bool) -> bytes:
    """The same arrays through trimesh's own objects and exporter, the texture in the same picture format."""
    import trimesh
    from PIL import Image
    from trimesh.visual.material import PBRMaterial

    vertices = (mesh.vertices * torch.tensor([1, -1, -1])).numpy()
    normals = (mesh.normals * torch.tensor([1, -1, -1])).numpy()
    visual = None
    if textured:
        picture = Image.fromarray((mesh.texture * 255 + 0.5).to(torch.uint8).numpy())
        picture.format = "JPEG"
        uv = mesh.uvs.numpy() * [1, -1] + [0, 1]
        material = PBRMaterial(baseColorTexture=picture, metallicFactor=0.0, roughnessFactor=1.0, doubleSided=True)
        visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
    made = trimesh.Trimesh(vertices, mesh.faces.numpy(), vertex_normals=normals, visual=visual, process=False)
    return made.export(file_type="glb", include_normals=True)


def our_glb(mesh: Mesh) -> bytes:
    file = io.BytesIO()
    writers_of(mesh, "glb", "gltf", "mesh")[".glb"](file)
    return file.getvalue()


def writing(options: argparse.Namespace) -> None:
    if importlib.util.find_spec("trimesh") is None:
        print("trimesh is not installed; writing is left out.")
        return
    pointmap = landscape(options.height, options.width)
    picture = photo(options.height, options.width)
    for paint in ("none", "texture"):
        mesh = surface_from_pointmap(pointmap, picture, paint, smallest_island=ISLAND)
        works = {"ours": lambda m=mesh: our_glb(m), "trimesh": lambda m=mesh, p=paint: trimesh_glb(m, p == "texture")}
        size = len(our_glb(mesh)) / 2**20
        times = best_of_turns(max(1, options.rounds // 2), works)
        print_ratios(f"GLB of {len(mesh.faces):,} triangles, colour: {paint}, {size:.0f} MiB", times)


def hausdorff_share(first: Mesh, second: Mesh) -> tuple[float, float]:
    """Greatest and mean distance from points all over `first` to `second`'s surface, relative to each point's depth."""
    from scipy.spatial import cKDTree

    generator = numpy.random.default_rng(0)

    def spread(corners: numpy.ndarray, count: int) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Points all over triangles, even relative to their depth, and the triangle that each is on."""
        doubled = numpy.linalg.norm(numpy.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        share = doubled / corners[..., 2].mean(1) ** 2
        some = generator.choice(len(corners), count, p=share / share.sum())
        chosen = numpy.concatenate([some, numpy.arange(len(corners))])
        weights = generator.dirichlet([1, 1, 1], len(chosen))
        return numpy.einsum("nk,nkc->nc", weights, corners[chosen]), chosen

    from_corners, to_corners = (mesh.vertices[mesh.faces.long()].double().numpy() for mesh in (first, second))
    places = numpy.concatenate([spread(from_corners, 100_000)[0], first.vertices.double().numpy()])
    targets, triangle = spread(to_corners, 1_000_000)
    depth = places[:, 2:]
    _, near = cKDTree(targets).query(places, k=12)
    best = numpy.full(len(places), numpy.inf)
    for candidate in near.T:
        best = numpy.minimum(best, distance_to_triangles(places, to_corners[triangle[candidate]]))
    relative = best / depth[:, 0]
    return float(relative.max()), float(relative.mean())


def distance_to_triangles(points: numpy.ndarray, triangles: numpy.ndarray) -> numpy.ndarray:
    """Distance (N,) of each point (N, 3) to its triangle (N, 3, 3)."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    normal = numpy.cross(b - a, c - a)
    normal /= numpy.linalg.norm(normal, axis=1, keepdims=True).clip(1e-30)
    height = ((points - a) * normal).sum(1)
    foot = points - height[:, None] * normal
    inside = numpy.ones(len(points), dtype=bool)
    edges = numpy.full(len(points), numpy.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        along = end - start
        inside &= (numpy.cross(along, foot - start) * normal).sum(1) >= 0
        share = ((points - start) * along).sum(1) / (along * along).sum(1).clip(1e-30)
        edges = numpy.minimum(edges, numpy.linalg.norm(points - start - along * share.clip(0, 1)[:, None], axis=1))
    return numpy.where(inside, numpy.abs(height), edges)


def decimation(options: argparse.Namespace) -> None:
    if importlib.util.find_spec("fast_simplification") is None:
        print("fast-simplification is not installed; decimation is left out.")
        return
    pointmap = landscape(288, 512)
    whole = surface_from_pointmap(pointmap, smallest_island=ISLAND)
    for triangles in (options.triangles, options.triangles // 5):
        fewer = decimate(whole, triangles)
        away, back = hausdorff_share(whole, fewer), hausdorff_share(fewer, whole)
        print(
            f"Decimation from {len(whole.faces):,} to {len(fewer.faces):,} triangles: Hausdorff distance "
            f"{100 * max(away[0], back[0]):.3f} % of the depth, mean {100 * max(away[1], back[1]):.4f} %"
        )


MEMORY = {
    "ours": our_vertices,
    "ours, with normals": lambda pointmap: surface_from_pointmap(pointmap, smallest_island=ISLAND),
    "core": lambda pointmap: (core_mesher() or plain_mesher)(pointmap.points[0], pointmap.mask[0]),
}


def print_memory(name: str, options: argparse.Namespace) -> None:
    pointmap = landscape(options.height, options.width)
    MEMORY[name](landscape(64, 64))
    before = _peak_bytes()
    MEMORY[name](pointmap)
    print(f"  {name:24s} {(_peak_bytes() - before) / 2**20:6.0f} MiB beyond the pointmap, results included")


def memory(options: argparse.Namespace) -> None:
    """Each in a process of its own, where a peak is its own."""
    if sys.platform == "win32":
        print("Memory is left out: Windows has no resource module.")
        return
    print(f"Memory of meshing {options.width} x {options.height}:", flush=True)
    size = ["--height", str(options.height), "--width", str(options.width), "--threads", str(options.threads)]
    for name in MEMORY:
        subprocess.run([sys.executable, __file__, "--memory-of", name, *size], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--triangles", type=int, default=50_000, help="to which a 512 x 288 mesh is decimated")
    parser.add_argument("--memory-of", choices=MEMORY, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.memory_of:
        print_memory(options.memory_of, options)
        return
    memory(options)  # first: a process starts with its parent's peak
    meshing(options)
    writing(options)
    decimation(options)


if __name__ == "__main__":
    main()
