"""`python -m kioku_embedder.frames` runs the worker; its settings are the environment's."""

from kioku_embedder.frames.main import main

if __name__ == "__main__":
    main()
