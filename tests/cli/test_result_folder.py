"""A folder of results is done while it is made of the same; what another command or a person has put there is never overwritten."""

import argparse
import json

import pytest

from sam3d_geometry.cli.result_folder import (
    REPORT,
    FolderRun,
    is_made_of,
    json_writer,
    made_of,
    require_free,
)
from sam3d_geometry.files.whole_files import write_files


@pytest.fixture
def results(tmp_path):
    """A photo, and a folder with a result of it."""
    photo, out = tmp_path / "photo.jpg", tmp_path / "out"
    photo.write_bytes(b"photo")
    out.mkdir()
    facts = made_of("complete", options(), ["masks"], [photo])
    write_files(
        {out / REPORT: json_writer({**facts, "outputs": ["thing", REPORT]}), out / "thing": lambda f: f.write(b"1")}
    )
    return photo, out


def options(**given):
    return argparse.Namespace(**{"model": "built-in preview", "voxels": 96, "masks": None, "quiet": True, **given})


def test_done_is_what_is_made_of_the_same(results, tmp_path):
    photo, out = results
    for given, same in (
        ({}, True),
        ({"masks": tmp_path / "m"}, True),
        ({"out": tmp_path}, True),
        ({"voxels": 97}, False),
    ):
        assert is_made_of(out, made_of("complete", options(**given), ["masks"], [photo])) is same, given
    assert not is_made_of(out, made_of("views", options(), ["masks"], [photo]))
    (out / "thing").unlink()
    assert not is_made_of(out, made_of("complete", options(), ["masks"], [photo]))


def test_a_changed_photo_or_model_is_not_the_same(results, tmp_path):
    photo, out = results
    photo.write_bytes(b"another photo")
    assert not is_made_of(out, made_of("complete", options(), ["masks"], [photo]))
    model = tmp_path / "m.pt"
    model.write_bytes(b"1")
    facts = made_of("complete", options(model=str(model)), [], [])
    assert facts["options"]["model_changed_ns"] == model.stat().st_mtime_ns


def test_only_files_of_the_command_are_replaced(results):
    _, out = results
    require_free(out, ["thing", REPORT, "new"], "complete")
    (out / "mine").write_bytes(b"by hand")
    for names, command in ((["mine"], "complete"), ([REPORT], "views"), (["thing"], "views")):
        with pytest.raises(ValueError, match=f"{names[0]} is there already and is not of this command"):
            require_free(out, names, command)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"command": "complete", "made_by": "x"}', json.dumps({"outputs": 3})]
)
def test_a_report_that_is_none_is_nobodys(results, text):
    _, out = results
    (out / REPORT).write_text(text)
    with pytest.raises(ValueError, match="is not of this command"):
        require_free(out, [REPORT], "complete")


def test_a_record_with_a_number_that_is_none_is_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        json_writer({"size": float("nan")})


class NoteRun(FolderRun):
    """A command that writes a note."""

    command, not_results = "note", ()

    @property
    def names(self):
        return ["note", REPORT]


def test_a_folder_is_filled_whole_or_not_at_all_and_what_fails_is_noted(tmp_path):
    said, photo = [], tmp_path / "photo.jpg"
    photo.write_bytes(b"photo")
    run = NoteRun(options(overwrite=False), argparse.Namespace(complain=said.append))
    facts, out = run.made_of([photo]), tmp_path / "out"

    def files():
        return {"note": lambda file: file.write(b"1"), REPORT: json_writer({**facts, "outputs": run.names})}

    def broken(file):
        raise RuntimeError("The note is empty.")

    assert not run.fill(out, "photo.jpg: ", lambda: {**files(), "note": broken}) and not list(out.iterdir())
    assert not run.is_made(out, facts)
    assert run.fill(out, "photo.jpg: ", files) and run.is_made(out, facts) and run.fill(out, "photo.jpg: ", files)
    assert not run.fill(photo, "photo.jpg: ", files)
    assert run.failed == said and said[0] == "photo.jpg: The note is empty."
    assert len(said) == 2 and said[1].startswith("photo.jpg: the results cannot be written (")
    run.args.overwrite = True
    assert not run.is_made(out, facts)
