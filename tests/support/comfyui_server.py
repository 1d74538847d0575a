"""A real ComfyUI, found by where it usually is, started with a folder of its own so that nothing of the user's is touched."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from repository import PHOTOS, ROOT

PACK = "sam3d-geometry"
START_SECONDS = 300
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "__pycache__", "tests", "development", ".*cache")


CLIP = """
import av, numpy, sys
from PIL import Image
photo = numpy.asarray(Image.open(sys.argv[1]).convert("RGB"))
# cards cut out of the photo before it, which move on by more pixels a frame the nearer they are
CARDS = ((50, 90, 110, 6), (170, 30, 80, 9), (230, 130, 90, 12))  # left, top, size, pixels a frame
with av.open(sys.argv[2], "w") as clip:
    stream = clip.add_stream("libx264", rate=12)
    stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
    for i in range(8):
        frame = photo[50:290, 4 * i : 4 * i + 320].copy()
        for left, top, size, speed in CARDS:
            left -= speed * i
            card = photo[-size:, 2 * size : 3 * size]
            shown = slice(max(left, 0), min(left + size, 320))
            frame[top : top + size, shown] = card[:, shown.start - left : shown.stop - left]
        for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
            clip.mux(packet)
    for packet in stream.encode():
        clip.mux(packet)
"""


def find_comfyui() -> list[tuple[Path, str]]:
    """(folder, Python) of every ComfyUI there is to test with.

    COMFYUI_PATH and COMFYUI_PYTHON may each name several, separated as in PATH. Without them: the ComfyUI in whose
    custom_nodes the pack lies, ~/comfy/ComfyUI and ~/ComfyUI, with the virtual environment in it or this Python.
    """
    named = [Path(p) for p in os.environ.get("COMFYUI_PATH", "").split(os.pathsep) if p]
    usual = [ROOT.parents[1], Path.home() / "comfy" / "ComfyUI", Path.home() / "ComfyUI"]
    folders = named or [p for p in usual if (p / "comfy" / "model_management.py").is_file()][:1]
    pythons = [p for p in os.environ.get("COMFYUI_PYTHON", "").split(os.pathsep) if p]
    return [
        (folder, pythons[min(i, len(pythons) - 1)] if pythons else _python_of(folder))
        for i, folder in enumerate(folders)
    ]


def _python_of(folder: Path) -> str:
    for candidate in (".venv/bin/python", "venv/bin/python", ".venv/Scripts/python.exe", "venv/Scripts/python.exe"):
        if (folder / candidate).is_file():
            return str(folder / candidate)
    return sys.executable


class Server:
    """One running ComfyUI with the pack copied into its custom_nodes."""

    def __init__(self, folder: Path, python: str, base: Path, *arguments: str):
        self.folder, self.python, self.base = folder, python, base
        shutil.copytree(ROOT, base / "custom_nodes" / PACK, ignore=NOT_COPIED)
        (base / "input").mkdir()
        shutil.copy(PHOTOS / "temple.jpg", base / "input" / "example.png")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_file = base / "server.log"
        self.start_log = ""
        command = [
            python,
            "main.py",
            "--cpu",
            "--listen",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--base-directory",
            str(base),
            *arguments,
        ]
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUTF8": "1"},
            )

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def wait(self) -> None:
        """Returns when the server answers; RuntimeError with its log's end when it does not."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                self.get("/system_stats")
                self.start_log = self.log
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.5)
        raise RuntimeError(f"ComfyUI at {self.folder} did not start:\n{self.log[-3000:]}")

    def make_clip(self) -> None:
        """Puts clip.mp4, a camera that moves along a photo and cards before it, into the input folder; made by ComfyUI's own PyAV."""
        target = self.base / "input" / "clip.mp4"
        if not target.exists():
            photo = PHOTOS / "temple.jpg"
            subprocess.run([self.python, "-c", CLIP, str(photo), str(target)], check=True, stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def fetch(self, path: str) -> tuple[int, bytes]:
        """Status and body of a GET."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def get(self, path: str):
        """The JSON that a GET gives."""
        status, body = self.fetch(path)
        if status != 200:
            raise urllib.error.URLError(f"{path} gave {status}")
        return json.loads(body)

    def queue(self, graph: dict) -> str:
        """Queues a graph in API format; its id."""
        request = urllib.request.Request(
            self.url + "/prompt", json.dumps({"prompt": graph}).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["prompt_id"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"ComfyUI refused the graph: {error.read().decode()[:2000]}") from error

    def result(self, prompt_id: str, seconds: float = 300) -> dict:
        """The history entry of a queued graph once it has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            history = self.get(f"/history/{prompt_id}")
            if prompt_id in history:
                return history[prompt_id]
            time.sleep(0.3)
        raise TimeoutError(f"The graph did not end within {seconds:.0f} s:\n{self.log[-3000:]}")


def graph():
    """Photo to depth and normals beside each other, in API format."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
        "2": {"class_type": "SAM3DGeometry_Load", "inputs": {"model_name": "built-in preview", "precision": "auto", "keep_loaded": True, "compile": False}},
        "3": {
            "class_type": "SAM3DGeometry_PointmapInference",
            "inputs": {
                "model": ["2", 0], "image": ["1", 0], "resolution": 512, "batch_size": 4, "fov_x_degrees": 0.0,
                "validity": "mask", "refine_edges": "auto",
            },
        },
        "4": {
            "class_type": "SAM3DGeometry_DepthFromPointmap",
            "inputs": {
                "pointmap": ["3", 0], "curve": "disparity", "range": "whole clip", "near": 0.5, "far": 20.0, "invert": False,
                "clip_percent": 0.5, "invalid": "black",
            },
        },
        "5": {
            "class_type": "SAM3DGeometry_NormalsFromPointmap",
            "inputs": {
                "pointmap": ["3", 0], "convention": "controlnet", "space": "camera", "smoothing": 2, "source": "auto",
                "up": "ground whole clip", "camera_pitch_degrees": 0.0, "camera_roll_degrees": 0.0,
            },
        },
        "6": {"class_type": "SAM3DGeometry_SideBySide", "inputs": {"first": ["4", 0], "second": ["5", 0], "direction": "horizontal", "gap": 0}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "test"}},
    }  # fmt: skip
