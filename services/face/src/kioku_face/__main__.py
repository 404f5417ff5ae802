"""`python -m kioku_face` serves; its other commands prepare a database and end."""

import sys

from kioku_rt.db.verify_command import verify_command

from kioku_face.database import SCHEMA
from kioku_face.main import opened, sealer_dsn, serve
from kioku_face.matching.calibrate_command import calibrate_command
from kioku_face.preparing import migrate, print_migrations

_USAGE = """usage: python -m kioku_face [COMMAND]
  (none)      serve
  migrate     bring the schema up to date
  migrations  name the migrations that this version knows
  calibrate   find the threshold of matches from labelled pictures
  verify-audit [NUMBER:DIGEST]
              compute the chain over the audit anew"""

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            serve()
        case ["migrate"]:
            migrate()
        case ["migrations"]:
            print_migrations()
        case ["calibrate", *rest]:
            sys.exit(calibrate_command(rest, opened))
        case ["verify-audit", *noted]:
            sys.exit(verify_command(sealer_dsn(), SCHEMA, noted))
        case _:
            sys.exit(_USAGE)
