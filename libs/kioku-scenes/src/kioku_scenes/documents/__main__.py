"""Command line: python -m kioku_scenes.documents FOLDER --set development [--view photo]."""

import argparse
from pathlib import Path

from kioku_scenes.documents.degrade import Degrade
from kioku_scenes.documents.design import Half, documents
from kioku_scenes.documents.folder import write_documents


def main() -> None:
    """Write the documents of a half to a folder and say how many pictures there are."""
    parser = argparse.ArgumentParser(
        prog="kioku_scenes.documents", description="Draw documents that announce something."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", choices=[*Half], default=Half.DEVELOPMENT)
    parser.add_argument("--view", choices=[*Degrade], default=Degrade.CLEAN)
    options = parser.parse_args()
    paths = write_documents(options.folder, documents(Half(options.set)), Degrade(options.view))
    print(f"wrote {len(paths)} pictures with their truth to {options.folder}")


if __name__ == "__main__":
    main()
