"""`python -m kioku_vlm`: commands that need no server."""

import sys

from kioku_vlm.local.tools import open_tools
from kioku_vlm.read_command import read_command

_USAGE = """usage: python -m kioku_vlm COMMAND
  read FILE…  say what pictures announce; `read --help` names its options"""

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["read", *rest]:
            sys.exit(read_command(rest, open_tools))
        case _:
            sys.exit(_USAGE)
