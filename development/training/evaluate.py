"""How good weight files are on one real photo with measured depth, and how their answers look on others.

    python -m development.training.evaluate FILE.safetensors ... --sheet predictions.png --held-out SHARDS

The photo is Middlebury 2014 Motorcycle (skimage.data.stereo_motorcycle), which no training picture shows. A predicted
disparity (1 / depth) is fitted to the measured one by a robust affine map, for scale and shift are unknown.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.maps.colormap import apply_colormap
from sam3d_geometry.models import PREVIEW, load_model
from sam3d_geometry.models.preview import SIDE_MULTIPLE, PreviewNetwork, load_preview

from .dataset import SKY
from .losses import training_loss

SHIPPED_RESOLUTION = 512
LONG_EDGES = (160, 192, 224, 256, 288, 320)
SHEET_SKIMAGE = ("astronaut", "chelsea", "coffee", "rocket", "camera", "brick", "gravel", "clock")
SHEET_SKLEARN = ("china.jpg", "flower.jpg")
TILE = (240, 320)


def motorcycle() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The photo (H, W, 3) uint8, its measured disparity (H, W) in pixels, and where that is known (H, W)."""
    import skimage.data

    photo, _, disparity = skimage.data.stereo_motorcycle()
    return photo, disparity, np.isfinite(disparity) & (disparity > 0)


def working_size(height: int, width: int, long_edge: int) -> tuple[int, int]:
    """Height and width, multiples of 32, of a photo brought to about `long_edge`."""
    scale = long_edge / max(height, width) / SIDE_MULTIPLE
    return tuple(max(1, round(side * scale)) * SIDE_MULTIPLE for side in (height, width))


@torch.inference_mode()
def predict(
    network: PreviewNetwork, photo: np.ndarray, long_edge: int, flip: bool
) -> tuple[np.ndarray, np.ndarray, float]:
    """Disparity (H, W) up to scale, validity (H, W) in [0, 1] and the relative focal length of a photo (H, W, 3)."""
    height, width = photo.shape[:2]
    image = torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None].float() / 255
    image = F.interpolate(image, working_size(height, width, long_edge), mode="bilinear", antialias=True)
    log_depth, logit, log_focal = network.estimate(image, width / height)
    if flip:
        mirrored = network.estimate(image.flip(-1), width / height)
        log_depth, logit = (log_depth + mirrored[0].flip(-1)) / 2, (logit + mirrored[1].flip(-1)) / 2
        log_focal = (log_focal + mirrored[2]) / 2
    maps = F.interpolate(torch.stack([log_depth, logit], 1), (height, width), mode="bilinear", align_corners=False)[0]
    return torch.exp(-maps[0]).numpy(), maps[1].sigmoid().numpy(), float(log_focal.exp())


def shipped_disparity(photo: np.ndarray) -> np.ndarray:
    """Disparity (H, W) of a photo (H, W, 3) uint8 by the pack with its own network at the default resolution."""
    image = torch.from_numpy(photo)[None].float() / 255
    pointmap = infer_pointmap(load_model(PREVIEW), image, resolution=SHIPPED_RESOLUTION)
    disparity = torch.where(pointmap.mask, 1 / pointmap.depth.clamp_min(1e-6), 0)
    return F.interpolate(disparity[None], photo.shape[:2], mode="bilinear")[0, 0].numpy()


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation; equal values share their mean rank."""

    def ranks(values):
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        ends = np.cumsum(counts)
        return (ends - (counts + 1) / 2)[inverse.reshape(-1)]

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def score(disparity: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> tuple[float, float, float]:
    """Rank correlation, share of pixels within a factor of 1.25 (delta1), and mean relative error (AbsRel)."""
    predicted, true = disparity[valid].astype(np.float64), truth[valid].astype(np.float64)
    design, weights = np.stack([predicted, np.ones_like(predicted)], 1), np.ones_like(predicted)
    for _ in range(12):  # iteratively reweighted least squares towards the least absolute error
        root = np.sqrt(weights)
        fit = np.linalg.lstsq(design * root[:, None], true * root, rcond=None)[0]
        weights = 1 / np.maximum(np.abs(design @ fit - true), 1e-3)
    fitted = np.maximum(design @ fit, 1e-3)
    within = np.maximum(fitted / true, true / fitted) < 1.25
    return (
        rank_correlation(predicted[::37], true[::37]),
        float(within.mean()),
        float(np.mean(np.abs(fitted - true) / true)),
    )


def print_scores(files: list[Path]) -> None:
    """Print the table of all files, working sizes and both baselines on the motorcycle photo."""
    photo, truth, valid = motorcycle()
    height, width = photo.shape[:2]

    def line(name, disparity):
        print("{:34s} {:6.3f} {:6.3f} {:6.3f}".format(name, *score(disparity, truth, valid)), flush=True)

    print(f"{'':34s}   rank delta1 AbsRel")
    line("row number as depth", np.repeat(np.linspace(0, 1, height)[:, None], width, 1))
    torch.manual_seed(0)
    line("untrained network", predict(PreviewNetwork().eval(), photo, 224, False)[0])
    line(f"the pack's network, resolution {SHIPPED_RESOLUTION}", shipped_disparity(photo))
    for file in files:
        network = load_preview(file).float()
        for long_edge in LONG_EDGES:
            size = "x".join(str(side) for side in reversed(working_size(height, width, long_edge)))
            for flip in (False, True):
                line(f"{file.stem} {size}{' flip' if flip else ''}", predict(network, photo, long_edge, flip)[0])


@torch.inference_mode()
def print_held_out(files: list[Path], folder: Path) -> None:
    """Print the parts of the training loss on shards whose seeds were not trained on, at 224x160."""
    for file in files:
        network, parts = load_preview(file).float(), []
        for path in sorted(folder.glob("*.npz")):
            with np.load(path) as shard:
                images, log_depths, focals = shard["images"], shard["log_depths"], shard["focals"]
            images = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
            images = F.interpolate(images, (160, 224), mode="bilinear", antialias=True)
            log_depths = torch.from_numpy(log_depths).float()[:, None]
            log_depths = F.interpolate(log_depths, (80, 112), mode="nearest-exact")[:, 0]
            answer = network.estimate(images)
            parts.append(training_loss(*answer, log_depths, log_depths > SKY / 2, torch.from_numpy(focals).log())[1])
        means = "  ".join(f"{name} {np.mean([part[name] for part in parts]):.3f}" for name in parts[0])
        print(f"{file.stem} on held-out pictures: {means}", flush=True)


def sheet_photos() -> dict[str, np.ndarray]:
    """Varied photos that ship in scikit-image and, where it is installed, scikit-learn."""
    import skimage.data

    photos = {name: getattr(skimage.data, name)() for name in SHEET_SKIMAGE}
    photos["motorcycle"] = motorcycle()[0]
    if importlib.util.find_spec("sklearn"):
        from sklearn.datasets import load_sample_image

        photos.update({name: load_sample_image(name) for name in SHEET_SKLEARN})
    return {name: np.repeat(p[..., None], 3, -1) if p.ndim == 2 else p[..., :3] for name, p in photos.items()}


def write_sheet(files: list[Path], path: Path, long_edge: int, flip: bool) -> None:
    """A picture of photos (left) and the disparity of each file (columns), black where it says sky."""
    networks = [load_preview(file).float() for file in files]
    rows = []
    for photo in sheet_photos().values():
        tiles = [photo]
        for network in networks:
            disparity, validity, _ = predict(network, photo, long_edge, flip)
            low, high = np.percentile(disparity[validity > 0.5], [1, 99]) if (validity > 0.5).any() else (0, 1)
            value = torch.from_numpy(((disparity - low) / max(high - low, 1e-9)).clip(0, 1))[None].float()
            picture = apply_colormap(value, "inferno")[0].numpy() * (validity > 0.5)[..., None]
            tiles.append((picture * 255).astype(np.uint8))
        rows.append(np.concatenate([np.asarray(Image.fromarray(tile).resize(TILE[::-1])) for tile in tiles], 1))
    half = (len(rows) + 1) // 2
    rows += [np.zeros_like(rows[0])] * (2 * half - len(rows))
    Image.fromarray(np.concatenate([np.concatenate(rows[:half]), np.concatenate(rows[half:])], 1)).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Score weight files of the preview network.")
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--sheet", type=Path, help="write a picture of predictions here")
    parser.add_argument("--held-out", type=Path, help="shards of pictures that were not trained on")
    parser.add_argument("--long-edge", type=int, default=224, help="working size of the sheet")
    parser.add_argument("--flip", action="store_true", help="average with the mirrored photo in the sheet")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print_scores(arguments.files)
    if arguments.held_out:
        print_held_out(arguments.files, arguments.held_out)
    if arguments.sheet:
        write_sheet(arguments.files, arguments.sheet, arguments.long_edge, arguments.flip)


if __name__ == "__main__":
    main()
