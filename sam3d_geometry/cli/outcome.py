"""What a command has come to: counts, failures and the exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .progress import Progress

DONE, SOME_FAILED, NOT_STARTED, INTERRUPTED = 0, 1, 2, 130


@dataclass
class Outcome:
    """Photos or clips that were done now, that were done before, and a line for each that failed; results are in `out`."""

    out: Path
    done: int = 0
    skipped: int = 0
    failed: list[str] = field(default_factory=list)

    def report(self) -> int:
        """Prints the outcome and returns the exit status."""
        print(f"{self.done} done, {self.skipped} were done before, {len(self.failed)} failed; results in {self.out}")
        if self.failed:
            print("Failed:", *(f"  {line}" for line in self.failed), sep="\n", file=sys.stderr)
            return SOME_FAILED
        return DONE


def exit_status(work: Callable[[Progress], Outcome | None], refusals: tuple[type[Exception], ...]) -> int:
    """Does the work of a command and returns its exit status: NOT_STARTED where it returns None or raises one of `refusals`."""
    progress = Progress(sys.stderr)
    try:
        outcome = work(progress)
    except KeyboardInterrupt:
        progress.say("Interrupted; run the same command again to resume.")
        return INTERRUPTED
    except refusals as error:
        progress.say(str(error))
        return NOT_STARTED
    finally:
        progress.close()
    return NOT_STARTED if outcome is None else outcome.report()


def reason(error: Exception) -> str:
    """One line that says why a photo or clip failed. Raises KeyboardInterrupt where the error only hides one."""
    hidden: BaseException | None = error
    while hidden is not None:  # torch.save, when it is interrupted, raises an error of its own
        if isinstance(hidden, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        hidden = hidden.__context__
    lines = str(error).splitlines()  # what torch raises has its reason in the first line
    return lines[0] if lines else type(error).__name__
