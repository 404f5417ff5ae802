"""Scores a pack on photographs of real people, which none of ours has ever seen."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
from faces_judge import Judge, Pixels, Tally, accepted_at, first_rank, matched
from numpy.typing import NDArray
from PIL import Image

_MARGIN, _ENLARGED = 0.5, 3


def print_photographs(judge: Judge) -> None:
    """Scores on group photographs and on ORL, or a sentence where there are none."""
    folder = Path(os.environ.get("KIOKU_EVAL_DATA", ""))
    if not os.environ.get("KIOKU_EVAL_DATA") or not folder.is_dir():
        print("\nNo photographs: KIOKU_EVAL_DATA names no folder.")
        return
    groups = score_groups(judge, folder / "groupphotos")
    print(f"\nGroup photographs: precision {groups.precision:.3f}, recall {groups.recall:.3f}")
    _print_orl(judge, folder)


def score_groups(judge: Judge, folder: Path) -> Tally:
    """Faces found against the boxes that are known."""
    tally = Tally()
    for line in (folder / "metadata.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["boxes"] is None:
            continue
        true = np.array(row["boxes"], np.float32).reshape(-1, 4)
        true[:, 2:] += true[:, :2]
        seen = judge.find(np.asarray(Image.open(folder / row["file"]).convert("RGB")))
        tally.add(len(matched(seen.boxes, true)), len(seen.boxes), len(true))
    return tally


def _print_orl(judge: Judge, folder: Path) -> None:
    """40 people, 10 pictures each: found by the pack, and known by it where YuNet finds them."""
    eyes = cv2.FaceDetectorYN.create(
        str(folder / "weights" / "yunet" / "yunet_n_dynamic.onnx"), "", (0, 0), 0.5
    )
    found, vectors, who = 0, [], []
    pictures = sorted((folder / "faces" / "orl").glob("s*/*.pgm"))
    for path in pictures:
        pixels = _roomy(path)
        found += len(judge.find(pixels).boxes) > 0
        points = _points_by(eyes, pixels)
        if points is not None:
            vectors.append(judge.know(pixels, points))
            who.append(int(path.parent.name[1:]))
    rows, people = np.stack(vectors), np.array(who)
    accepted, rank = accepted_at(rows, people, 1e-3), first_rank(rows, people)
    print(f"ORL: a face found in {found} of {len(pictures)} pictures")
    print(f"ORL, {len(rows)} cut out by YuNet: TAR at FAR 1e-3 {accepted:.3f}, rank-1 {rank:.3f}")


def _roomy(path: Path) -> Pixels:
    """The picture enlarged, with a margin: its faces fill it to the edge."""
    grey = Image.open(path).convert("RGB")
    large = grey.resize((grey.width * _ENLARGED, grey.height * _ENLARGED), Image.Resampling.BICUBIC)
    room = [round(_MARGIN * side) for side in large.size]
    ground = Image.new("RGB", (large.width + 2 * room[0], large.height + 2 * room[1]), (90, 90, 90))
    ground.paste(large, (room[0], room[1]))
    return np.asarray(ground)


def _points_by(eyes: "cv2.FaceDetectorYN", picture: Pixels) -> NDArray[np.float32] | None:
    """YuNet's five points of the surest face, the picture's left eye first; None: no face."""
    turned = np.ascontiguousarray(picture[:, :, ::-1])
    eyes.setInputSize((turned.shape[1], turned.shape[0]))
    _, rows = eyes.detect(turned)
    if rows is None:
        return None
    best = rows[rows[:, -1].argmax()]
    return np.asarray(best[4:14].reshape(5, 2), np.float32)
