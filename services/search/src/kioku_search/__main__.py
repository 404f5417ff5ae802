"""`python -m kioku_search` serves; with `migrate` it brings the schema up to date."""

import sys

from kioku_search.main import migrate, serve

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            serve()
        case ["migrate"]:
            migrate()
        case _:
            sys.exit("usage: python -m kioku_search [migrate]")
