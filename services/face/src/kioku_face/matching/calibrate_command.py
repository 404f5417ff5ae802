"""`python -m kioku_face calibrate`: from labelled pictures to the threshold of the pack's space."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path

from kioku_rt.errors import KiokuError

from kioku_face.matching.calibrating import Calibrated, Calibrating
from kioku_face.matching.labelled import labelled_pairs

Opened = Callable[[], AbstractAsyncContextManager[Calibrating]]
_THREE = 3.0  # where none of n pairs matched, the rate is below 3 / n with a chance of 95 %


def calibrate_command(arguments: Sequence[str], opened: Opened) -> int:
    """Run the command; its exit code.

    Args:
        arguments: after the word `calibrate`.
        opened: gives what calibrates, with the engine and the database of the service's settings.
    """
    options = _parser().parse_args(arguments)
    try:
        found = asyncio.run(_run(options, opened))
    except KiokuError as error:
        print(error.message, file=sys.stderr)
        return 1
    print(
        json.dumps(_as_json(found)) if options.json else _as_text(found, kept=not options.dry_run)
    )
    return 0


async def _run(options: argparse.Namespace, opened: Opened) -> Calibrated:
    pairs = await asyncio.to_thread(labelled_pairs, options.source)
    async with opened() as calibrating:
        return await calibrating.calibrate(
            pairs,
            asked_rate=options.fmr,
            actor=f"operator:{getpass.getuser()}",
            keep=not options.dry_run,
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kioku_face calibrate", description=__doc__)
    parser.add_argument(
        "source",
        type=Path,
        help="a folder with one sub-folder of pictures for each person, or a CSV file with left,"
        " right, same",
    )
    parser.add_argument("--fmr", type=float, default=1e-4, help="false-match rate to keep")
    parser.add_argument("--dry-run", action="store_true", help="only say what would hold")
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser


def _as_json(found: Calibrated) -> dict[str, object]:
    unused = {str(file): why for file, why in sorted(found.unused.items())}
    return {**asdict(found.calibration), "unused": unused}


def _as_text(found: Calibrated, *, kept: bool) -> str:
    one = found.calibration
    false_matches = (
        f"{one.false_match_rate:.2e} of {one.different_pairs} pairs; {one.asked_rate:g} were asked"
    )
    if one.false_match_rate == 0:
        false_matches += f"; below {_THREE / one.different_pairs:.1e} with a chance of 95 %"
    lines = [
        f"space            {one.space_id}",
        f"threshold        {one.threshold:.4f}",
        f"false matches    {false_matches}",
        f"true matches     {one.true_match_rate:.4f} of {one.same_pairs} pairs",
        f"confidence       1 / (1 + exp(-({one.slope:.3f} * score + {one.intercept:.3f})))",
        *(f"left out         {file}: {why}" for file, why in sorted(found.unused.items())),
        "It holds from now on." if kept else "Nothing was changed.",
    ]
    return "\n".join(lines)
