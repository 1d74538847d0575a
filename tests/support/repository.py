"""Where things are in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "sam3d_geometry"
PHOTOS = ROOT / "docs" / "photos"
