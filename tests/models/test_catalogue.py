"""Menu ids are permanent: saved graphs hold them."""

import pytest

from sam3d_geometry.models import CATALOGUE, PREVIEW
from sam3d_geometry.models.catalogue import card_named

IDS = [
    "sam-3d-objects (moge-vitl)",
    "moge-2-vitl-normal",
    "moge-2-vitb-normal",
    "moge-2-vits-normal",
    "moge-2-vitl",
    "moge-3-vitl",
    "moge-3-vitg",
    "built-in preview",
]


def test_ids_in_menu_order():
    assert [card.name for card in CATALOGUE] == IDS
    assert PREVIEW in IDS


def test_cards_are_complete_and_distinct():
    hub = [card for card in CATALOGUE if card.name != PREVIEW]
    assert len({card.repository for card in hub}) == len(hub) == len({card.file_stem for card in hub})
    for card in hub:
        assert card.url == f"https://huggingface.co/{card.repository}" and card.note and card.licence
        assert card.gives_normals <= card.metric
        assert card.metric == (card.version != "v1")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("moge-2-vitl", "moge-2-vitl"),
        ("Ruicheng/moge-vitl", "sam-3d-objects (moge-vitl)"),
        ("ruicheng/MoGe-2-vitb-normal", "moge-2-vitb-normal"),
        ("", None),
        ("moge-2", None),
    ],
)
def test_card_by_id_or_repository(name, expected):
    card = card_named(name)
    assert (card and card.name) == expected
