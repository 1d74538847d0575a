"""COLMAP's engine: which engine is asked, what it is given, and how its answer becomes views; a stand-in answers where
pycolmap is not installed."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy
import posed_scenes
import pytest
import torch
from PIL import Image

pytest.importorskip("cv2")

from sam3d_geometry.geometry.turns import degrees_between
from sam3d_geometry.views import colmap_engine
from sam3d_geometry.views.colmap_engine import colmap_views, import_pycolmap, posed_by_engine
from sam3d_geometry.views.posed import Group, PosedViews
from sam3d_geometry.views.poses import PoseSettings

ROOM = posed_scenes.room(4)
UNIT = 0.37  # of the stand-in's world


class Pose:
    def __init__(self, matrix):
        self._matrix = matrix

    def inverse(self):
        return Pose(numpy.linalg.inv(self._matrix))

    def matrix(self):
        return self._matrix[:3]


class StandIn(SimpleNamespace):
    """Answers with the true cameras, in a world of its own, of all photos but the last, which it does not register."""

    def __init__(self):
        bitmap = SimpleNamespace(from_array=lambda pixels: SimpleNamespace(write=Image.fromarray(pixels).save))
        self.given = {}
        super().__init__(
            logging=SimpleNamespace(minloglevel=0),
            Bitmap=bitmap,
            Device=SimpleNamespace(cpu="cpu"),
            CameraMode=SimpleNamespace(PER_FOLDER="per folder"),
            ImageReaderOptions=SimpleNamespace,
            FeatureExtractionOptions=SimpleNamespace,
            match_exhaustive=lambda database, device: None,
        )

    def extract_features(self, database, pictures, **options):
        self.given = {p.relative_to(pictures).as_posix(): Image.open(p).size for p in sorted(pictures.rglob("*.png"))}
        masks = Path(getattr(options["reader_options"], "mask_path", pictures / "none"))
        self.masks = sorted(p.relative_to(masks).as_posix() for p in masks.rglob("*.png"))

    def incremental_mapping(self, database, pictures, folder):
        focal = float(ROOM.intrinsics[0, 0, 0]) * 320
        matrix = numpy.array([[focal, 0, 160.0], [0, focal, 120.0], [0, 0, 1]])
        camera = SimpleNamespace(
            width=320, height=240, calibration_matrix=lambda: matrix, params=[focal, 160, 120, 0.01]
        )
        images = {}
        for name in self.given:
            at = int(Path(name).stem)
            pose = ROOM.world_from_camera[at].double().numpy().copy()
            pose[:3, 3] = UNIT * pose[:3, 3] + 5
            registered = at < 3
            images[at] = SimpleNamespace(
                name=name,
                has_pose=registered,
                camera_id=1,
                num_points3D=200 - 90 * at,
                cam_from_world=lambda pose=pose: Pose(numpy.linalg.inv(pose)),
            )
        return {0: SimpleNamespace(images=images, cameras={1: camera})}


@pytest.fixture
def stand_in(monkeypatch):
    made = StandIn()
    monkeypatch.setitem(sys.modules, "pycolmap", made)
    return made


def test_its_cameras_come_back_in_the_first_ones_axes_and_the_pointmaps_unit(stand_in):
    views = posed_scenes.views(ROOM, smooth=0.0)
    masks = [torch.ones(240, 320, dtype=torch.bool)] * 4
    posed = colmap_views([replace(v, mask=m) for v, m in zip(views, masks)], PoseSettings())
    assert list(stand_in.given.values()) == [(320, 240)] * 4 and len(stand_in.masks) == 4
    assert [v.state for v in posed.views] == ["placed"] * 3 + ["not placed"]
    assert posed.views[3].reason == "pycolmap could not place it"
    assert posed.views[2].reason == "weak: only 20 points hold it" and posed.views[0].radial == 0.01
    first, second = (posed.views[k].world_from_camera for k in (0, 1))
    truth = torch.linalg.inv(ROOM.world_from_camera[0]) @ ROOM.world_from_camera[1]
    assert (first - torch.eye(4)).abs().max() < 1e-9
    assert degrees_between(second[:3, :3].numpy(), truth[:3, :3].double().numpy()) < 1e-3
    torch.testing.assert_close(second[:3, 3], truth[:3, 3].double(), rtol=0.03, atol=0.01)


def test_without_it_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycolmap", None)
    with pytest.raises(ImportError, match=r"^The engine pycolmap needs the Python package pycolmap; install it with"):
        import_pycolmap()
    with pytest.raises(ValueError, match="engine came as 'odm'; choose one of auto, own, pycolmap"):
        posed_by_engine([], "odm", PoseSettings())


@pytest.mark.parametrize(("placed", "wanted"), [(5, "theirs"), (2, "ours")])
def test_auto_takes_what_places_more(monkeypatch, placed, wanted):
    views = [posed_scenes.views(ROOM)[0]] * 5
    names = [replace(v, name=f"{k}.png") for k, v in enumerate(views)]

    def answer(count, source):
        made = [
            replace(v, world_from_camera=torch.eye(4).double(), state="placed", group=0) if k < count else v
            for k, v in enumerate(names)
        ]
        return PosedViews(tuple(made), (Group.without_points(tuple(range(count))),), source=source)

    monkeypatch.setattr(colmap_engine, "find_spec", lambda name: name)
    monkeypatch.setattr(colmap_engine, "colmap_views", lambda *rest: answer(placed, "theirs"))
    monkeypatch.setattr(colmap_engine, "pose_views", lambda *rest: answer(4, "ours"))
    assert posed_by_engine(names, "auto", PoseSettings()).source == wanted
    assert posed_by_engine(names[:4], "auto", PoseSettings()).source == "ours"
    assert posed_by_engine(names, "own", PoseSettings()).source == "ours"
