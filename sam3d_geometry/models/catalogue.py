"""The models the menu offers, and what each of them gives."""

from __future__ import annotations

from dataclasses import dataclass

PREVIEW = "built-in preview"
AUTO_MODEL = "auto"  # the best model that is on this machine, else the built-in one; never downloads


@dataclass(frozen=True)
class ModelCard:
    """One entry of the catalogue.

    name is the permanent id in menus and saved graphs; repository and filename are its place on the Hugging Face hub
    (empty for the built-in network); local_names are further file names it may have in a model folder.
    """

    name: str
    repository: str
    filename: str
    version: str
    parameters: str
    metric: bool
    gives_normals: bool
    licence: str
    note: str
    local_names: tuple[str, ...] = ()

    @property
    def file_stem(self) -> str:
        """Name of the file in a model folder, without its suffix."""
        return self.repository.rpartition("/")[2]

    @property
    def url(self) -> str:
        """Page of the weights, for people who download by hand."""
        return f"https://huggingface.co/{self.repository}"


CATALOGUE = [
    ModelCard(
        name="sam-3d-objects (moge-vitl)",
        repository="Ruicheng/moge-vitl",
        filename="model.pt",
        version="v1",
        parameters="314M",
        metric=False,
        gives_normals=False,
        licence="MIT",
        note="the depth model inside SAM 3D Objects (MoGe 1), not gated",
        local_names=("moge_1_vitl_fp16.safetensors",),
    ),
    ModelCard(
        name="moge-2-vitl-normal",
        repository="Ruicheng/moge-2-vitl-normal",
        filename="model.pt",
        version="v2",
        parameters="331M",
        metric=True,
        gives_normals=True,
        licence="MIT",
        note="metres and normals",
        local_names=("moge_2_vitl_normal_fp16.safetensors",),
    ),
    ModelCard(
        name="moge-2-vitb-normal",
        repository="Ruicheng/moge-2-vitb-normal",
        filename="model.pt",
        version="v2",
        parameters="104M",
        metric=True,
        gives_normals=True,
        licence="MIT",
        note="metres and normals, smaller",
    ),
    ModelCard(
        name="moge-2-vits-normal",
        repository="Ruicheng/moge-2-vits-normal",
        filename="model.pt",
        version="v2",
        parameters="35M",
        metric=True,
        gives_normals=True,
        licence="MIT",
        note="metres and normals, smallest",
    ),
    ModelCard(
        name="moge-2-vitl",
        repository="Ruicheng/moge-2-vitl",
        filename="model.pt",
        version="v2",
        parameters="326M",
        metric=True,
        gives_normals=False,
        licence="MIT",
        note="metres",
    ),
    ModelCard(
        name="moge-3-vitl",
        repository="Ruicheng/moge-3-vitl",
        filename="model.pt",
        version="v3",
        parameters="370M",
        metric=True,
        gives_normals=True,
        licence="MIT",
        note="metres and normals, refined on CUDA; needs a moge package with moge.model.v3",
        local_names=("moge_3_vitl_fp16.safetensors",),
    ),
    ModelCard(
        name="moge-3-vitg",
        repository="Ruicheng/moge-3-vitg",
        filename="model.pt",
        version="v3",
        parameters="1.25B",
        metric=True,
        gives_normals=True,
        licence="MIT",
        note="metres and normals, refined on CUDA; needs a moge package with moge.model.v3",
        local_names=("moge_3_vitg_fp16.safetensors",),
    ),
    ModelCard(
        name=PREVIEW,
        repository="",
        filename="preview.safetensors",
        version="preview",
        parameters="3.2M",
        metric=False,
        gives_normals=False,
        licence="MIT",
        note="ships with the pack: a rough first look with no download",
    ),
]


BEST_FIRST = (
    "moge-3-vitg",
    "moge-3-vitl",
    "moge-2-vitl-normal",
    "moge-2-vitl",
    "sam-3d-objects (moge-vitl)",
    "moge-2-vitb-normal",
    "moge-2-vits-normal",
)  # the order of the accuracy that their authors publish; meters and normals before none at equal size


def card_named(name: str) -> ModelCard | None:
    """The catalogue entry with this menu id or this hub repository, if there is one."""
    for card in CATALOGUE:
        if name == card.name or (card.repository and name.lower() == card.repository.lower()):
            return card
    return None
