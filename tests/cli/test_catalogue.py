"""Models are listed with what is on this machine, and downloaded to where the other commands look."""

import pytest
from hub_server import only_hub

from sam3d_geometry.cli import catalogue
from sam3d_geometry.models import CATALOGUE
from sam3d_geometry.models.find import find_card

CARD = next(card for card in CATALOGUE if card.name == "moge-2-vits-normal")


@pytest.fixture
def hub(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with only_hub(monkeypatch, tmp_path / "token") as server:
        yield server


def run(*arguments):
    return catalogue.main([str(argument) for argument in arguments])


def row(text, name):
    return next(line for line in text.splitlines() if line.startswith(name + " "))


def test_the_list_says_name_size_licence_and_place_of_every_model(hub, tmp_path, capsys):
    (tmp_path / "mine.safetensors").write_bytes(bytes(3 << 20))
    assert run("list", "--models-dir", tmp_path) == 0
    said = capsys.readouterr().out
    for card in CATALOGUE:
        line = row(said, card.name)
        assert card.parameters in line and card.licence in line
        assert ("metres" in line, "normals" in line.replace(card.name, "")) == (card.metric, card.gives_normals)
    assert row(said, CARD.name).endswith("  no")
    assert row(said, "built-in preview").endswith("  in the pack")
    assert row(said, "mine.safetensors").endswith(f"  3 MiB, {tmp_path / 'mine.safetensors'}")


def test_a_download_goes_where_the_other_commands_look_and_is_listed(hub, tmp_path, capsys):
    content = hub.put(f"{CARD.repository}/{CARD.filename}", 2 << 20)
    folder = tmp_path / "models"
    assert run("download", CARD.name, "--models-dir", folder) == 0
    found = find_card(CARD, [folder])
    assert found is not None and found.parent == folder and found.read_bytes() == content
    assert capsys.readouterr().out == f"{CARD.name}: 2 MiB, {found}\n"
    run("list", "--models-dir", folder)
    assert row(capsys.readouterr().out, CARD.name).endswith(f"  2 MiB, {found}")
    # nothing is fetched a second time
    asked = len(hub.requests)
    assert run("download", CARD.repository, "--models-dir", folder) == 0
    assert len(hub.requests) == asked


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["download", "gone"], "There is no model 'gone'; choose one of sam-3d-objects (moge-vitl), "),
        (["download", CARD.name], f"{CARD.repository} does not exist on the hub"),
    ],
    ids=["unknown", "not on the hub"],
)
def test_what_cannot_be_downloaded_is_said_in_one_sentence(hub, tmp_path, capsys, arguments, sentence):
    assert run(*arguments, "--models-dir", tmp_path / "models") == 2
    said = capsys.readouterr().err
    assert said.startswith(sentence) and len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["download"], "download needs the NAME"), (["list", "a"], "list takes no NAME"), (["gone"], "argument action")],
    ids=str,
)
def test_wrong_words_are_refused(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(sentence)


def test_the_preview_needs_no_download(capsys):
    assert run("download", "built-in preview") == 0
    assert capsys.readouterr().out == "built-in preview is in the pack.\n"
