"""The pack's extensions of ComfyUI's page, run by Node beside a stand-in for what they import of the page."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from repository import ROOT

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")
APP = "export const app = { graph: {}, extensions: [], registerExtension(e) { this.extensions.push(e) } }\n"
API = "export const api = { addEventListener() {} }\n"


def serve(folder: Path) -> Path:
    """Puts the pack's scripts below `folder` as ComfyUI serves them; where they are."""
    served = folder / "extensions" / "pack" / "js"
    shutil.copytree(ROOT / "web" / "js", served, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return served


def run_in_page(folder: Path, script: str) -> object:
    """What `script` returns: the body of an async function, with `app` of the stand-in after all extensions were loaded."""
    served = serve(folder)
    (folder / "scripts").mkdir()
    (folder / "scripts" / "app.js").write_text(APP, encoding="utf-8")
    (folder / "scripts" / "api.js").write_text(API, encoding="utf-8")
    loads = "\n".join(f'await import("./extensions/pack/js/{path.name}")' for path in sorted(served.glob("*.js")))
    (folder / "main.js").write_text(
        f"""globalThis.window = globalThis
const {{ app }} = await import("./scripts/app.js")
{loads}
const answer = await (async () => {{ {script} }})()
console.log(JSON.stringify(answer))
""",
        encoding="utf-8",
    )
    done = subprocess.run([NODE, "main.js"], cwd=folder, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
