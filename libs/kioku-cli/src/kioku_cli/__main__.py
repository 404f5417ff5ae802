"""`python -m kioku_cli` is the `kioku` command."""

from kioku_cli.main import run

if __name__ == "__main__":
    run()
