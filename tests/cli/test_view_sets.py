"""Which photos are one thing: files, a folder, a folder of folders, several folders, and folders as data sets have them."""

from pathlib import Path

import pytest
from PIL import Image

from sam3d_geometry.cli.view_sets import PhotoSet, masks_of, photo_sets, truth_of
from sam3d_geometry.files.photo import PhotoError


@pytest.fixture
def tree(tmp_path):
    for name in ("chair/a.png", "chair/b.png", "table/images/a.png", "table/images/b.png", "empty/readme.txt"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".png":
            Image.new("RGB", (4, 4)).save(path)
        else:
            path.write_text("")
    return tmp_path / "in"


def sets_of(tree, *inputs):
    found, problems = photo_sets([tree / name for name in inputs], tree.parent / "out")
    return {photos.name: list(photos.photos) for photos in found}, problems


def test_photos_and_a_folder_are_one_set(tree):
    assert sets_of(tree, "chair") == ({"": ["a.png", "b.png"]}, [])
    assert sets_of(tree, "chair/b.png", "chair/a.png") == ({"": ["b.png", "a.png"]}, [])
    assert sets_of(tree, "table") == ({"": ["a.png", "b.png"]}, [])


def test_a_folder_of_folders_and_several_folders_are_batches(tree):
    batch, problems = sets_of(tree, "")
    assert batch == {"chair": ["a.png", "b.png"], "table": ["a.png", "b.png"]}
    assert len(problems) == 1 and "empty: there is no photo" in problems[0]
    assert sets_of(tree, "chair", "table") == (batch, [])


def test_results_are_no_objects_and_names_that_come_twice_get_their_folder(tree):
    found, _ = photo_sets([tree], tree / "chair")
    assert [photos.name for photos in found] == ["table"]
    assert sets_of(tree, "chair/a.png", "table/images/a.png")[0] == {"": ["chair/a.png", "images/a.png"]}


def test_what_is_missing_or_mixed_is_told(tree):
    assert sets_of(tree, "empty")[0] == {} and "no photo" in sets_of(tree, "empty")[1][0]
    assert "no such file" in sets_of(tree, "none.jpg")[1][0]
    with pytest.raises(PhotoError, match="Folders and photos are both named"):
        sets_of(tree, "chair", "table", "chair/a.png")


def test_masks_and_truth_go_by_names(tree):
    photos = PhotoSet("chair", {"a.png": Path("a.png"), "b.png": Path("b.png"), "c.jpg": Path("c.jpg")})
    masks = tree.parent / "masks" / "chair"
    masks.mkdir(parents=True)
    for name in ("a.png", "b_mask.png", "c.jpg.png"):
        Image.new("L", (4, 4)).save(masks / name)
    found = {name: path.name for name, path in masks_of(photos, tree.parent / "masks").items()}
    assert found == {"a.png": "a.png", "b.png": "b_mask.png", "c.jpg": "c.jpg.png"}
    truth = tree.parent / "truth"
    (truth / "table").mkdir(parents=True)
    (truth / "chair.json").write_text("{}")
    (truth / "table" / "cameras.json").write_text("{}")
    assert truth_of(photos, truth) == truth / "chair.json" == truth_of(photos, truth / "chair.json")
    assert truth_of(PhotoSet("table", {}), truth) == truth / "table" / "cameras.json"


def test_each_clip_is_a_set_and_photos_beside_it_are_refused(tree):
    for name in ("a.mp4", "chair/a.mov"):
        (tree / name).write_bytes(b"")
    found, problems = photo_sets([tree / "a.mp4"], tree.parent / "out")
    assert found == [PhotoSet("", {}, tree / "a.mp4")] and problems == []
    found, problems = photo_sets([tree / "a.mp4", tree / "chair/a.mov", tree / "none.mp4"], tree.parent / "out")
    assert [(s.name, s.clip) for s in found] == [("a.mp4", tree / "a.mp4"), ("a.mov", tree / "chair/a.mov")]
    assert len(problems) == 1 and "none.mp4: there is no such file" in problems[0]
    with pytest.raises(PhotoError, match="Clips and photos are both named"):
        photo_sets([tree / "a.mp4", tree / "chair"], tree.parent / "out")
