"""The scripts of the page as ComfyUI serves them: browsers keep no old ones, and what is only imported does nothing alone."""

from page_scripts import needs_node, run_in_page
from repository import ROOT

SCRIPTS = sorted(path for path in (ROOT / "web").rglob("*") if path.suffix in (".js", ".mjs", ".cjs", ".ts"))
EXTENSIONS = {
    *("filename-prefix", "inspector", "live-control", "model-status", "node-width", "notices", "option-labels"),
    "pointmap-info",
    "templates",
}


def test_scripts_end_in_js():
    # ComfyUI forbids browsers to keep .js and .css only, and sets the type of .js only where Windows has lost it
    assert len(SCRIPTS) >= 9 and {path.suffix for path in SCRIPTS} == {".js"}


@needs_node
def test_loaded_on_their_own_they_register_the_extensions_and_touch_nothing_else(tmp_path):
    """ComfyUI loads every .js: there is no document here, so a module that did more than define would fail."""
    found = run_in_page(tmp_path, "return app.extensions.map((extension) => extension.name)")
    assert set(found) == {f"sam3d-geometry.{name}" for name in EXTENSIONS} and len(found) == len(EXTENSIONS)
