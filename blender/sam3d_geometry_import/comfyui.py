# SPDX-License-Identifier: GPL-3.0-or-later
"""A running ComfyUI that has the pack, asked over HTTP; one sentence for whatever it does not do."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .job import JobError, Run
from .settings import Geometry

SECONDS_TO_ANSWER = 30.0
BLOCK = 1 << 18  # bytes that are read between two looks at whether to end
UPLOADS = "sam3d_geometry_import"  # folder in ComfyUI's input folder
NODE = "SAM3DGeometry_PointmapInference"  # which only the pack has


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """No other host is ever asked than the one that the preferences name."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return None


@dataclass(frozen=True)
class Server:
    """A ComfyUI by its address, such as http://127.0.0.1:8188, and the token that it asks for, if any."""

    address: str
    token: str = ""

    def run(self, photos: Sequence[Path], folder: Path, geometry: Geometry, extras: Sequence[str]) -> Run:
        """Starts with the photos, whose results go to the folder."""
        from .server_run import ServerRun

        return ServerRun(self, photos, folder, geometry, extras)

    def require_pack(self) -> None:
        """JobError where the server does not answer, or has not the pack."""
        if NODE not in self.get_json(f"/object_info/{NODE}"):
            raise JobError(
                f"SAM3D Geometry is not installed in the ComfyUI at {self.address}; put it into its custom_nodes."
            )

    def version(self) -> str:
        """The ComfyUI's version, where it has the pack; JobError where it has not, or does not answer."""
        self.require_pack()
        system = self.get_json("/system_stats").get("system")
        return f"in ComfyUI {system.get('comfyui_version', '')}".strip() if isinstance(system, dict) else "in ComfyUI"

    def get_json(self, path: str) -> dict[str, Any]:
        """What the server says at a path; JobError where that is no JSON object."""
        return self._json(self._open("GET", path))

    def post_json(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """The answer to a JSON object; an empty one where it answers nothing."""
        body = json.dumps(content).encode()
        return self._json(self._open("POST", path, body, {"Content-Type": "application/json"}))

    def upload(self, photo: bytes, name: str) -> str:
        """Puts a photo's file into the server's input folder under a name; what Load Image is to be given."""
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in (("type", "input"), ("subfolder", UPLOADS), ("overwrite", "true"))
        ]
        head = f'--{mark}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
        head += "Content-Type: application/octet-stream\r\n\r\n"
        body = b"".join([*parts, head.encode(), photo, f"\r\n--{mark}--\r\n".encode()])
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        said = self._json(self._open("POST", "/upload/image", body, kind))
        kept = [said.get("subfolder"), said.get("name")]
        if not all(isinstance(part, str) for part in kept):
            raise self._strange()
        return "/".join(part for part in kept if part)

    def download(self, file: dict[str, Any], target: Path, ended: Callable[[], bool]) -> None:
        """Writes a file of the output folder (filename, subfolder, type) to a place, whole or not at all."""
        names = {key: str(file.get(key, "")) for key in ("filename", "subfolder", "type")}
        part = target.with_name(target.name + ".part")
        answer = self._open("GET", "/view?" + urllib.parse.urlencode(names))
        with answer, part.open("wb") as written:
            for block in self._blocks(answer):
                if ended():
                    break
                written.write(block)
        part.unlink() if ended() else part.replace(target)

    def _blocks(self, answer: Any) -> Iterator[bytes]:
        """What an answer holds, bit by bit; JobError where it ends before its end."""
        read, announced = 0, answer.headers.get("Content-Length", "")
        try:
            while block := answer.read(BLOCK):
                read += len(block)
                yield block
        except (OSError, http.client.HTTPException) as error:
            raise self._gone(error) from error
        if announced.isdecimal() and read < int(announced):
            raise self._gone(EOFError(f"it sent {read} of {announced} bytes"))

    def _open(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        request = urllib.request.Request(self._base() + path, body, headers or {}, method=method)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
        try:
            return opener.open(request, timeout=SECONDS_TO_ANSWER)
        except urllib.error.HTTPError as error:
            raise self._refused(error) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._gone(error) from error

    def _base(self) -> str:
        try:
            parts = urllib.parse.urlsplit(self.address.strip())
            port = parts.port
        except ValueError:
            parts, port = urllib.parse.urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            raise JobError(
                f"The address came as {self.address!r}; one such as http://127.0.0.1:8188 is needed in the preferences."
            )
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"

    def _json(self, answer: Any) -> dict[str, Any]:
        with answer:
            text = b"".join(self._blocks(answer))
        try:
            said = json.loads(text) if text.strip() else {}
        except (ValueError, RecursionError) as error:
            raise self._strange() from error
        if not isinstance(said, dict):
            raise self._strange()
        return said

    def _refused(self, error: urllib.error.HTTPError) -> JobError:
        if error.code in (401, 403):
            how = "refuses the token" if self.token else "asks for a token"
            return JobError(f"The ComfyUI at {self.address} {how}; enter the right one in the preferences.")
        if error.code == 400:
            return JobError(_complaint(error.read(BLOCK)))
        if 300 <= error.code < 400:
            place = error.headers.get("Location", "elsewhere")
            return JobError(f"{self.address} sends its visitors to {place}; name that address in the preferences.")
        return JobError(f"The ComfyUI at {self.address} answered with error {error.code} ({error.reason}).")

    def _gone(self, error: Exception) -> JobError:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return JobError(f"The ComfyUI at {self.address} does not answer ({said}); start it, or name its address.")

    def _strange(self) -> JobError:
        return JobError(f"{self.address} does not answer as ComfyUI does; name ComfyUI's address in the preferences.")


def _complaint(body: bytes) -> str:
    """One sentence from what ComfyUI says about a graph that it does not take."""
    try:
        said = json.loads(body)
        nodes = [errors for node in said["node_errors"].values() for errors in node["errors"]]
        first = nodes[0] if nodes else said["error"]
        text = ": ".join(part for part in (first["message"], first.get("details", "")) if part)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        text = "it gave no reason"
    return f"ComfyUI does not take the job: {one_line(text)}"


def one_line(text: str) -> str:
    """The first line of a message, at most 300 signs of it."""
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    return (lines or ["it gave no reason."])[0][:300]
