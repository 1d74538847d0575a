"""Laws of all effects and maps: none needs what Apple's GPU lacks, and each can be cancelled between any two operations."""

import traceback

import pytest
import torch
from effect_runs import EFFECTS, uneven_scene
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from sam3d_geometry.geometry import sampling
from sam3d_geometry.geometry.interruption import Interruptible

BILINEAR, NEAREST, ZEROS = 0, 1, 0  # torch's numbers of interpolation and padding
SIZE = (36, 48)
FEW = 64  # numbers: poses, paths and what surrounds a point are worked out on the processor
# what has no kernel there, in the versions of torch that ComfyUI runs on
MISSING = {
    "cummax",
    "cummin",
    "_linalg_eigh",
    "linalg_eig",
    "linalg_lstsq",
    "geqrf",
    "nanmedian",
    "kthvalue",
    "grid_sampler_3d",
}


# functions that take their input to the processor where the device is Apple's, and work there
ON_THE_PROCESSOR = {("geometry/gravity.py", None), ("geometry/normals.py", "_fitted_normals")}


def on_the_processor() -> bool:
    """Whether the operation is one of a function that has gone to the processor for it."""
    codes = (frame.f_code for frame, _ in traceback.walk_stack(None))
    return any(
        code.co_filename.endswith(path) and name in (None, code.co_name)
        for code in codes
        for path, name in ON_THE_PROCESSOR
    )


def missing_on_apples_gpu(name: str, arguments: tuple, tensors: list[torch.Tensor]) -> str | None:
    """Why an operation could not run there, None where it could."""
    if name.split(".")[0] in MISSING and any(t.numel() > FEW for t in tensors):
        return f"{name} is missing"
    if name.startswith("grid_sampler_2d") and (arguments[2] not in (BILINEAR, NEAREST) or arguments[3] != ZEROS):
        return f"{name} with interpolation {arguments[2]} and padding {arguments[3]} is missing"
    if not on_the_processor() and any(
        t.dtype in (torch.float64, torch.complex128) and t.numel() > FEW for t in tensors
    ):
        return f"{name} is asked for float64"
    return None


class ApplesGpu(TorchDispatchMode):
    """Refuses what Apple's GPU lacks; what goes through .cpu() first is allowed to."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves((args, result)) if isinstance(leaf, torch.Tensor)]
        reason = missing_on_apples_gpu(str(func).removeprefix("aten."), args, tensors)
        if reason is not None:
            raise NotImplementedError(reason)
        return result


@pytest.mark.parametrize("name", EFFECTS)
def test_no_effect_needs_what_apples_gpu_lacks(name, monkeypatch):
    monkeypatch.setattr(sampling, "WITHOUT_CUBIC", ("cpu",))
    with ApplesGpu():
        EFFECTS[name](uneven_scene(size=SIZE))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: torch.nn.functional.grid_sample(
            x[None, None], torch.zeros(1, 1, 1, 2), "bicubic", align_corners=False
        ),
        lambda x: torch.nn.functional.grid_sample(
            x[None, None], torch.zeros(1, 1, 1, 2), padding_mode="border", align_corners=False
        ),
        lambda x: x.double().sum(),
        lambda x: x.cummax(0),
        lambda x: torch.linalg.eigh(x),
    ],
)
def test_what_apples_gpu_lacks_would_be_found(wrong):
    with ApplesGpu(), pytest.raises(NotImplementedError):
        wrong(torch.eye(9))


class Work(TorchDispatchMode):
    """Counts the numbers that operations give, since the last question whether to end."""

    def __init__(self):
        super().__init__()
        self.since, self.most, self.total, self.questions = 0, 0, 0, 0

    def ask(self):
        self.questions += 1
        self.most, self.since = max(self.most, self.since), 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        done = sum(leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor))
        self.since += done
        self.total += done
        return result


@pytest.mark.parametrize("name", EFFECTS)
def test_between_two_questions_lies_a_small_part_of_the_work(name):
    """At 8K the whole is up to minutes."""
    work, scene = Work(), uneven_scene(size=SIZE)
    with Interruptible(work.ask, seconds_between=0), work:
        EFFECTS[name](scene)
    work.ask()
    pixels = scene.mask.numel()
    assert work.total == 0 or work.questions > 20
    # a Fourier transform of whole tiles is the largest single step
    assert work.most <= max(0.1 * work.total, 8 * pixels)


class Cancelled(Exception):
    pass


@pytest.mark.parametrize("share", [0.0, 0.6])
@pytest.mark.parametrize("name", EFFECTS)
def test_cancelling_ends_an_effect_at_once(name, share):
    work = Work()
    with Interruptible(work.ask, seconds_between=0):
        EFFECTS[name](uneven_scene(size=SIZE))
    last, asked = int(share * work.questions), 0

    def cancel_at_last():
        nonlocal asked
        if asked >= last:
            asked += 1
            raise Cancelled
        asked += 1

    with pytest.raises(Cancelled), Interruptible(cancel_at_last, seconds_between=0):
        EFFECTS[name](uneven_scene(size=SIZE))  # another one: of the first some is kept
    assert asked == last + 1


class Questions(TorchDispatchMode):
    """Counts how often the processor must wait for a GPU: for a number, or for how many pixels a mask holds."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = str(func).removeprefix("aten.").split(".")[0]
        by_mask = name == "index" and any(t is not None and t.dtype == torch.bool for t in args[1])
        self.count += by_mask or name in {"_local_scalar_dense", "nonzero", "masked_select"}
        return func(*args, **(kwargs or {}))


def questions(name: str, size: tuple[int, int]) -> int:
    with Questions() as asked:
        EFFECTS[name](uneven_scene(size=size))
    return asked.count


@pytest.mark.parametrize("name", EFFECTS)
def test_how_often_the_gpu_is_waited_for_does_not_grow_with_the_picture(name):
    """Levels of a pyramid add a few; a loop over pixels, rows or strips would double them and more."""
    assert questions(name, (72, 96)) <= 1.25 * questions(name, SIZE) + 8


def test_waiting_for_the_gpu_would_be_found():
    with Questions() as asked:
        values = torch.arange(6.0)
        float(values.sum())
        values[values > 2]
        values.nonzero()
        values[torch.tensor([1, 2])]
    assert asked.count == 3


class Moved:
    """Counts the numbers that go to the processor by `.cpu()`, beside the functions that are known to work there."""

    def __init__(self, monkeypatch):
        self.numbers = 0
        plain = torch.Tensor.cpu

        def counted(tensor: torch.Tensor, *args, **kwargs) -> torch.Tensor:
            self.numbers += 0 if on_the_processor() else tensor.numel()
            return plain(tensor, *args, **kwargs)

        monkeypatch.setattr(torch.Tensor, "cpu", counted)


@pytest.mark.parametrize("name", EFFECTS)
def test_no_picture_leaves_the_gpu(name, monkeypatch):
    moved, scene = Moved(monkeypatch), uneven_scene(size=(72, 96))
    EFFECTS[name](scene)
    assert moved.numbers <= 0.05 * scene.mask.numel()
