"""`python -m kioku_vlm` serves; its other commands prepare a database, or read files, and end."""

import sys

from kioku_rt.db.verify_command import verify_command

from kioku_vlm.database import SCHEMA
from kioku_vlm.local.tools import open_tools
from kioku_vlm.main import sealer_dsn, serve
from kioku_vlm.preparing import migrate, print_migrations
from kioku_vlm.read_command import read_command

_USAGE = """usage: python -m kioku_vlm [COMMAND]
  (none)      serve
  migrate     bring the schema up to date
  migrations  name the migrations that this version knows
  read FILE…  say what pictures announce, without any server; `read --help` names its options
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
        case ["read", *rest]:
            sys.exit(read_command(rest, open_tools))
        case ["verify-audit", *noted]:
            sys.exit(verify_command(sealer_dsn(), SCHEMA, noted))
        case _:
            sys.exit(_USAGE)
