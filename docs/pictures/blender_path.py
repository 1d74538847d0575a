"""Files for the picture of a clip's camera in docs/blender.md: the camera's path through a film, and its first frame as a mesh.

python docs/pictures/blender_path.py FOLDER        writes camera.glb and scene.glb, which blender_scene.py PATH shows
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import torch

from development.scenes.moving_room import film
from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.effects.camera.camera_path import CameraPath
from sam3d_geometry.files import save_files, writers_of
from sam3d_geometry.files.camera_formats import camera_writer
from sam3d_geometry.files.camera_track import camera_track
from sam3d_geometry.shapes.surface import surface_from_pointmap
from sam3d_geometry.views.clip_path import adjusted_path

folder = Path(sys.argv[1])
aligned, _, done = align_sequence(film(48, 144, 256).pointmap(False), measure=False)
path = CameraPath(adjusted_path(aligned, done), torch.ones(len(aligned), dtype=torch.float64))
_, camera = camera_writer(camera_track(aligned, path.to_json(), 24.0), "glb")
surface = surface_from_pointmap(aligned[0])
save_files(folder / "camera", {".glb": camera})
save_files(folder / "scene", writers_of(surface, "glb", "gltf", "scene"))
