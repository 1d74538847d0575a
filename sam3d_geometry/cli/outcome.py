"""What a command has come to: counts, failures and the exit status."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from .progress import TEXT, Progress, Saying

DONE, SOME_FAILED, NOT_STARTED, INTERRUPTED = 0, 1, 2, 130


class Report(Protocol):
    """What a command has come to."""

    def report(self, progress: Progress) -> int:
        """Tells it and returns the exit status."""
        ...


@dataclass(frozen=True)
class Answer:
    """What was asked for, as lines."""

    lines: list[str]

    def report(self, progress: Progress) -> int:
        """Prints the lines."""
        print(*self.lines, sep="\n")
        return DONE


@dataclass
class Outcome:
    """Photos or clips that were done now, that were done before, and a line for each that failed; results are in `out`.

    `planned` are the files that a dry run would write, None in a run that writes them.
    """

    out: Path
    done: int = 0
    skipped: int = 0
    failed: list[str] = field(default_factory=list)
    planned: list[Path] | None = None

    def report(self, progress: Progress) -> int:
        """Tells the outcome and returns the exit status."""
        status = SOME_FAILED if self.failed else DONE
        planned = None if self.planned is None else [str(path) for path in self.planned]
        if progress.is_json:
            counts = {"done": self.done, "done_before": self.skipped, "failed": self.failed, "out": str(self.out)}
            progress.end(status=status, **counts, **({} if planned is None else {"planned": planned}))
            return status
        if planned is not None:
            print(*planned, sep="\n", end="\n" if planned else "")
        elif progress.is_text:
            print(
                f"{self.done} done, {self.skipped} were done before, {len(self.failed)} failed; results in {self.out}"
            )
        if self.failed and progress.is_text:
            progress.complain("\n".join(["Failed:", *(f"  {line}" for line in self.failed)]))
        return status


def exit_status(
    work: Callable[[Progress], Report | None], refusals: tuple[type[Exception], ...], mode: str = TEXT
) -> int:
    """Does the work of a command and returns its exit status: NOT_STARTED where it returns None or raises one of `refusals`.

    `mode` is how it tells of its progress, one of progress.MODES.
    """
    progress = Progress(sys.stderr, mode)
    _print_any_name()
    log = logging.getLogger(__name__.partition(".")[0])
    saying, log.propagate = Saying(progress), mode == TEXT
    if mode != TEXT:
        log.addHandler(saying)
    try:
        outcome = work(progress)
    except KeyboardInterrupt:
        progress.complain("Interrupted; run the same command again to resume.")
        status = INTERRUPTED
    except refusals as error:
        progress.complain(str(error))
        status = NOT_STARTED
    else:
        progress.close()
        return _not_started(progress) if outcome is None else _told(outcome, progress)
    finally:
        log.removeHandler(saying)
        log.propagate = True
        progress.close()
    progress.end(status=status)
    return status


def _print_any_name() -> None:
    """Makes names printable that the console or the file behind it has no letters for, and prints those that are no text as they are."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        utf_8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
        sys.stdout.reconfigure(errors="surrogateescape" if utf_8 else "backslashreplace")


def _told(outcome: Report, progress: Progress) -> int:
    """Its exit status, also where nobody reads on, as behind `| head -1`."""
    try:
        status = outcome.report(progress)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python's own flush at the end would say it once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return status


def _not_started(progress: Progress) -> int:
    progress.end(status=NOT_STARTED)
    return NOT_STARTED


def reason(error: Exception) -> str:
    """One line that says why a photo or clip failed. Raises KeyboardInterrupt where the error only hides one."""
    hidden: BaseException | None = error
    while hidden is not None:  # torch.save, when it is interrupted, raises an error of its own
        if isinstance(hidden, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        hidden = hidden.__context__
    lines = str(error).splitlines()  # what torch raises has its reason in the first line
    return lines[0] if lines else type(error).__name__
