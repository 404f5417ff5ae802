"""`python -m kioku_search` serves; its other commands prepare a database and end."""

import sys
from pathlib import Path

from kioku_search.main import serve
from kioku_search.preparing import bury, migrate, print_migrations, verify_audit

_USAGE = """usage: python -m kioku_search [COMMAND]
  (none)      serve
  migrate     bring the schema up to date
  migrations  name the migrations that this version knows
  bury FILE   delete again what a file of tombstones names
  verify-audit [NUMBER:DIGEST]
              recompute the chain of the audit; a seal that was noted must be in it"""

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            serve()
        case ["migrate"]:
            migrate()
        case ["migrations"]:
            print_migrations()
        case ["bury", path]:
            bury(Path(path))
        case ["verify-audit", *noted]:
            sys.exit(verify_audit(noted))
        case _:
            sys.exit(_USAGE)
