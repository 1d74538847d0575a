"""OpenCV, which only some parts need, imported when one of them is first used."""

from __future__ import annotations

from types import ModuleType


def import_opencv(use: str, otherwise: str) -> ModuleType:
    """The module cv2; without it ImportError, whose sentence says what it is used for and what can be done without it."""
    try:
        import cv2
    except ImportError as error:
        raise ImportError(
            f"{use} with OpenCV, which is not installed: run install.py with ComfyUI's Python, or "
            f"'pip install opencv-python-headless', or {otherwise}."
        ) from error
    return cv2
