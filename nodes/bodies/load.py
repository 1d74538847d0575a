from __future__ import annotations

from pathlib import Path

from comfy_api.latest import io

from ...sam3d_geometry.bodies.bodies import Bodies
from ...sam3d_geometry.bodies.check import describe_bodies
from ...sam3d_geometry.bodies.example import example_people, walking_person
from ...sam3d_geometry.files.body_file import BODY_SUFFIXES, persons_of, read_bodies
from .. import host_folders
from ..body_payload import payload_from_bodies
from ..fields import field, result
from ..sockets import CATEGORY, schema

BY_PATH, EXAMPLE, WALK = "path", "example mannequins", "example walk"
EXAMPLES = {EXAMPLE: example_people, WALK: walking_person}


def _files(file_name: str, path: str) -> list[Path]:
    """The files to read: the one chosen, with the other persons of its picture, and those that are named one a line."""
    named = [host_folders.readable_path(line.strip()) for line in path.splitlines() if line.strip()]
    if file_name == BY_PATH:
        return named
    return [*persons_of(host_folders.readable_path(file_name, "input")), *named]


class LoadBodies(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_LoadBodies",
            display_name="Load Bodies",
            category=f"{CATEGORY}/bodies",
            description="Reads people that SAM 3D Body has found, from .npz and .json files of its own package or of Save Bodies; or "
            "gives mannequins to try things out with.",
            search_aliases=["sam 3d body", "mhr", "load npz", "import pose", "mannequin", "pose data"],
            inputs=[
                field(
                    "file_name",
                    "A file of people in ComfyUI's input folder (npz or json), with the other persons of its picture "
                    "(..._subj00, ..._subj01); path for the input below; or one of two examples: the "
                    "mannequins of Load Example's picture of that name, and one who walks for two seconds.",
                    default=EXAMPLE,
                    options=[*EXAMPLES, BY_PATH, *host_folders.input_files(BODY_SUFFIXES)],
                ),
                field(
                    "path",
                    "One file a line: a name in the output folder, followed by [input] or [temp] for those, or a whole path inside "
                    "one of these folders. Files are frames in this order; a file with the faces alone may be among them.",
                    multiline=True,
                ),
                field(
                    "image",
                    "The photo or clip that they are of, where the files do not say its size.",
                    optional=True,
                ),
            ],
            outputs=[
                result("pose_data", "The people, for ComfyUI's nodes and ours."),
                result("report", "How many people are in how many frames, how tall they are, and the camera."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, file_name, path, image=None):
        if file_name in EXAMPLES:
            return file_name
        if path is None:  # a wired path is not known yet, so the files are read on every run
            return float("nan")
        return [(str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in _files(file_name, path)]

    @classmethod
    def execute(cls, file_name, path, image=None) -> io.NodeOutput:
        size = None if image is None else tuple(image.shape[1:3])
        example = EXAMPLES.get(file_name)
        people: Bodies = example() if example else read_bodies(_files(file_name, path), image_size=size)
        return io.NodeOutput(payload_from_bodies(people), describe_bodies(people))
