"""`python -m kioku_face` serves; its other commands prepare a database and end."""

import sys

from kioku_face.main import serve
from kioku_face.preparing import migrate, print_migrations

_USAGE = """usage: python -m kioku_face [COMMAND]
  (none)      serve
  migrate     bring the schema up to date
  migrations  name the migrations that this version knows"""

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            serve()
        case ["migrate"]:
            migrate()
        case ["migrations"]:
            print_migrations()
        case _:
            sys.exit(_USAGE)
