"""How good weight files are where the geometry is known, and how their answers look on other photos.

    python -m development.training.evaluate FILE.safetensors ... --held-out SHARDS --rgbd FOLDER --sheet predictions.png

Known are Middlebury 2014 Motorcycle (in scikit-image's wheel), rendered pictures not trained on (`--held-out`) and the
frames of a dining room with measured depth (`--rgbd`). Each file's network runs through the pack at its default
resolution, without and with refined edges; `--sizes` runs it at other working sizes on the motorcycle.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from sam3d_geometry.estimate.inference import AS_GIVEN, WHERE_SOFT, infer_pointmap
from sam3d_geometry.models import PREVIEW
from sam3d_geometry.models.geometry_model import GeometryModel
from sam3d_geometry.models.precision import prepare_weights
from sam3d_geometry.models.preview import SIDE_MULTIPLE, TOKEN_RANGE, WEIGHTS, PreviewNetwork, load_preview

from .known_pictures import dining_room, held_out, motorcycle
from .scores import HEADING, Known, Scores, scores_of
from .sheet import write_sheet

SHIPPED_RESOLUTION = 512
LONG_EDGES = (160, 192, 224, 256, 288, 320)


def model_of(network: PreviewNetwork) -> GeometryModel:
    """A network of any layout as the pack runs its own."""
    prepare_weights(network, torch.float32)
    return GeometryModel(
        PREVIEW, network.eval(), torch.float32, metric=False, gives_normals=False, token_range=TOKEN_RANGE, preview=True
    )


def disparity_by_pack(model: GeometryModel, photo: np.ndarray, refine_edges: str = WHERE_SOFT) -> np.ndarray:
    """Disparity (H, W) of a photo (H, W, 3) uint8 by the pack at the default resolution, where it sees sky too."""
    image = torch.from_numpy(np.array(photo))[None].float() / 255
    pointmap = infer_pointmap(
        model, image, resolution=SHIPPED_RESOLUTION, validity="all finite", refine_edges=refine_edges
    )
    disparity = torch.where(pointmap.mask, 1 / pointmap.depth.clamp_min(1e-6), 0)
    return F.interpolate(disparity[None], photo.shape[:2], mode="nearest-exact")[0, 0].numpy()


def working_size(height: int, width: int, long_edge: int) -> tuple[int, int]:
    """Height and width, multiples of 32, of a photo brought to about `long_edge`."""
    scale = long_edge / max(height, width) / SIDE_MULTIPLE
    return max(1, round(height * scale)) * SIDE_MULTIPLE, max(1, round(width * scale)) * SIDE_MULTIPLE


@torch.inference_mode()
def predict(
    network: PreviewNetwork, photo: np.ndarray, long_edge: int, flip: bool
) -> tuple[np.ndarray, np.ndarray, float]:
    """Disparity (H, W) up to scale, validity (H, W) in [0, 1] and the relative focal length of a photo (H, W, 3)."""
    height, width = photo.shape[:2]
    image = torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None].float() / 255
    pictures = network.pictures(image, working_size(height, width, long_edge))
    answer = network.estimate(*pictures, width / height)
    if flip:
        coarse, fine = (picture.flip(-1) for picture in pictures)
        answer = answer.averaged(network.estimate(coarse, fine, width / height))
    log_depth, logit = answer.maps((height, width))
    return torch.exp(-log_depth[0]).numpy(), logit[0].sigmoid().numpy(), float(answer.log_focal.exp())


def rows_as_depth(known: Known) -> np.ndarray:
    """The answer of one who knows only that what is lower in a photo is nearer: disparity (H, W)."""
    height, width = known.photo.shape[:2]
    return np.repeat(np.linspace(0, 1, height)[:, None], width, 1)


def print_table(title: str, pictures: list[Known], networks: dict[str, PreviewNetwork]) -> None:
    """Print the mean scores over pictures of row number and of every network through the pack."""
    print(f"{title:36s} {HEADING}")
    rows = Scores.mean([scores_of(rows_as_depth(known), known) for known in pictures])
    print(f"{'  row number as depth':36s} {rows}", flush=True)
    for name, network in networks.items():
        model = model_of(network)
        for refine_edges, said in ((AS_GIVEN, ""), (WHERE_SOFT, ", refined edges")):
            found = [scores_of(disparity_by_pack(model, known.photo, refine_edges), known) for known in pictures]
            print(f"  {name + said:34s} {Scores.mean(found)}", flush=True)


def print_sizes(networks: dict[str, PreviewNetwork]) -> None:
    """Print the scores of the motorcycle at other working sizes, without and with the mirrored photo."""
    known = motorcycle()
    height, width = known.photo.shape[:2]
    print(f"{'motorcycle at working sizes':36s} {HEADING}")
    for name, network in networks.items():
        for long_edge in LONG_EDGES:
            size = "x".join(str(side) for side in reversed(working_size(height, width, long_edge)))
            for flip in (False, True):
                scores = scores_of(predict(network, known.photo, long_edge, flip)[0], known)
                print(f"  {f'{name} {size}' + ' flip' * flip:34s} {scores}", flush=True)


def focal_error(network: PreviewNetwork, pictures: list[Known]) -> float:
    """Mean of how far the network's focal length is off, as a share of the true one."""
    errors = []
    for known in pictures:
        height, width = known.photo.shape[:2]
        true = known.intrinsics[0, 0] * width / (0.5 * float(np.hypot(height, width)))
        errors.append(abs(np.log(predict(network, known.photo, 192, True)[2] / true)))
    return float(np.expm1(np.mean(errors)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Score weight files of the preview network.")
    parser.add_argument("files", type=Path, nargs="*", default=[WEIGHTS])
    parser.add_argument("--held-out", type=Path, help="shards of pictures that were not trained on")
    parser.add_argument("--rgbd", type=Path, help="folder with color_N.png and depth_N.png of the dining room")
    parser.add_argument("--sizes", action="store_true", help="other working sizes on the motorcycle")
    parser.add_argument("--sheet", type=Path, help="write a picture of predictions here")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    networks = {file.stem: load_preview(file).float() for file in arguments.files}
    torch.manual_seed(0)
    print_table("motorcycle", [motorcycle()], {"untrained": PreviewNetwork(), **networks})
    if arguments.held_out:
        pictures = held_out(arguments.held_out)
        print_table(f"{len(pictures)} rendered pictures", pictures, networks)
        for name, network in networks.items():
            print(f"  {name}: focal length off by {100 * focal_error(network, pictures):.1f} %", flush=True)
    if arguments.rgbd:
        print_table("dining room", dining_room(arguments.rgbd), networks)
    else:
        print("dining room: not measured (--rgbd FOLDER)")
    if arguments.sizes:
        print_sizes(networks)
    if arguments.sheet:
        write_sheet([model_of(network) for network in networks.values()], arguments.sheet)


if __name__ == "__main__":
    main()
