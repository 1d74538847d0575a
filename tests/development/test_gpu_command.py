"""The command that makes the weights on a GPU machine, tried on the CPU: ImageNet encoder, rendering meanwhile, going on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from repository import ROOT

from development.training import train as training
from sam3d_geometry.models.preview import load_preview
from sam3d_geometry.models.preview_encoder import PreviewEncoder

SHARDS_OF = (sys.executable, "-m", "development.training.dataset")
SMALL = "--count 2 --height 48 --width 64 --first-seed 5"


@pytest.fixture
def few_steps(monkeypatch):
    """Two steps of two small pictures a run, and a stand-in for the encoder's ImageNet weights."""
    plan = training.Plan.__init__

    def small(self, minutes=60.0, **given):
        seconds = iter(range(0, 1000, 30))
        sizes = [(32, 64)]
        given.update(batch_size=2, sizes=sizes, late_sizes=sizes, clock=lambda: next(seconds))
        plan(self, minutes, **given)

    monkeypatch.setattr(training.Plan, "__init__", small)
    monkeypatch.setattr(training, "imagenet_encoder", lambda size: PreviewEncoder(size).state_dict())
    monkeypatch.setattr(training.os, "nice", lambda by: 0)


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["train", *map(str, words)])
    training.main()


@pytest.mark.parametrize("encoder", ["lite0", "lite2"])
def test_one_command_makes_a_file_that_the_pack_reads(tmp_path, monkeypatch, few_steps, encoder):
    threads = torch.get_num_threads()
    rendered = subprocess.run(
        [*SHARDS_OF, str(tmp_path / "pool"), *SMALL.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert rendered.returncode == 0, rendered.stderr
    output = tmp_path / "new.safetensors"
    words = (tmp_path / "pool", "--output", output, "--minutes", 1, "--encoder", encoder, "--device", "cpu")
    run(monkeypatch, *words, "--loaders", 2)
    network = load_preview(output)
    assert network.layout.encoder == encoder and network.detail is not None
    assert output.stat().st_size < 20_000_000
    kept = torch.load(tmp_path / "new.checkpoint.pt", weights_only=True)
    assert kept["progress"]["step"] >= 2
    run(monkeypatch, *words)  # its time is over: nothing more is done
    assert torch.load(tmp_path / "new.checkpoint.pt", weights_only=True)["progress"] == kept["progress"]
    torch.set_num_threads(threads)


def test_pictures_are_rendered_meanwhile_and_no_longer(tmp_path):
    from development.training.render_workers import rendering_meanwhile

    with rendering_meanwhile(tmp_path, 1, (24, 32)) as running:
        assert [process.poll() for process in running] == [None]
    assert all(process.poll() is not None for process in running)


def test_the_command_of_the_readme_is_known(monkeypatch):
    text = (Path(ROOT) / "development/training/README.md").read_text(encoding="utf-8")
    command = next(line for line in text.splitlines() if "--encoder lite2" in line)
    words = command.split("development.training.train")[1].split()
    monkeypatch.setattr(sys, "argv", ["train", *words])
    arguments = training.command_line().parse_args()
    assert (arguments.encoder, arguments.device, arguments.render) == ("lite2", "cuda", 14)
