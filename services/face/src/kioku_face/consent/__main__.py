"""`python -m kioku_face.consent forget FILE`: forget again what a file beside a backup names."""

import asyncio
import sys
from pathlib import Path

from kioku_face.consent.restored import RestoredDatabase, forget_again, read

_USAGE = """usage: python -m kioku_face.consent forget FILE
  forget again, in a restored database, what the file names"""

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["forget", path]:
            people = asyncio.run(forget_again(RestoredDatabase(), read(Path(path))))
            print("forgot", people)
        case _:
            sys.exit(_USAGE)
