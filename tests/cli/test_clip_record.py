"""The record of a clip says what is done; files that this command did not write are never replaced unasked."""

import json

import pytest

from sam3d_geometry.cli.clip_record import ClipRecord
from sam3d_geometry.files.output_folder import OutputError
from sam3d_geometry.video.journal import Commit, Journal
from sam3d_geometry.video.product import VideoProduct

pytest.importorskip("av", reason="PyAV is not installed")


@pytest.fixture
def products(tmp_path):
    return [
        VideoProduct("depth", "ffv1 16-bit mkv", tmp_path / "shot_depth.mkv"),
        VideoProduct("true depth", "exr 32-bit files", tmp_path / "shot_true_depth"),
    ]


@pytest.fixture
def record(tmp_path):
    return ClipRecord(tmp_path, "shot")


def job(products, **more):
    return {"products": [[p.kind, p.format_name, str(p.target)] for p in products], **more}


def finished(record, products, **more):
    record.write({"frames": 3, "job": job(products, **more)})
    for product in products:
        if product.target.suffix:
            product.target.write_bytes(b"video")
        else:
            product.target.mkdir()
            (product.target / "0.exr").write_bytes(b"frame")


def test_a_job_is_done_once_all_its_results_are_there(record, products):
    assert not record.is_done(job(products), products)
    finished(record, products, settings=(1, 2))
    assert record.is_done(job(products, settings=(1, 2)), products)
    assert not record.is_done(job(products, settings=(1, 3)), products)
    products[0].target.unlink()
    assert not record.is_done(job(products, settings=(1, 2)), products)


def test_notes_that_a_kill_left_after_the_last_result_go(record, products):
    finished(record, products)
    with Journal(record.work_folder, job(products)) as journal:
        journal.commit(Commit())
    assert record.is_done(job(products), products)
    assert record.work_folder.exists()
    record.tidy(job(products))
    assert not record.work_folder.exists()
    record.tidy(job(products))


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "",
        "{",
        "null",
        '"job"',
        "{}",
        '{"job": 1}',
        '{"job": {"products": 3}}',
        '{"job": {"products": [3]}}',
        "[" * 5000,
    ],
    ids=lambda text: repr(text)[:40],
)
def test_a_record_of_another_program_is_not_ours_and_stays(record, products, text):
    record.path.write_text(text, encoding="utf-8")
    assert record.read() is None
    assert not record.is_done(job(products), products)
    with pytest.raises(OutputError, match="shot.json was not written by this command; .* with --overwrite") as caught:
        record.require_own(products)
    assert "\n" not in str(caught.value)


def test_a_video_or_folder_of_somebody_else_is_not_ours(record, products):
    record.require_own(products)
    products[0].target.write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"shot_depth\.mkv was not written by this command"):
        record.require_own(products)
    products[0].target.unlink()
    products[1].target.mkdir()
    record.require_own(products)
    (products[1].target / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="shot_true_depth was not written by this command"):
        record.require_own(products)


def test_results_of_an_earlier_job_may_be_replaced(record, products):
    finished(record, products, settings=1)
    record.require_own(products)


def test_results_of_a_job_that_was_stopped_may_be_replaced(record, products):
    with Journal(record.work_folder, job(products)) as journal:
        journal.commit(Commit())
    products[0].target.write_bytes(b"joined before the kill")
    record.require_own(products)


def test_what_is_written_is_read_again(record, products):
    record.write({"job": job(products), "near": 0.5})
    assert record.read() == json.loads(json.dumps({"job": job(products), "near": 0.5}))
