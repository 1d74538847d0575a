"""Estimators: what there is (`CATALOGUE`, `menu`), how to get one (`load_model`), what it does (`predict`)."""

from .catalogue import AUTO_MODEL, CATALOGUE, PREVIEW, ModelCard
from .find import best_on_disk, menu
from .geometry_model import GeometryModel
from .load import load_model
from .model_error import ModelError
from .precision import PRECISIONS
from .prediction import Prediction

__all__ = [
    "AUTO_MODEL",
    "CATALOGUE",
    "PRECISIONS",
    "PREVIEW",
    "GeometryModel",
    "ModelCard",
    "ModelError",
    "Prediction",
    "best_on_disk",
    "load_model",
    "menu",
]
