"""`python -m kioku_embedder` runs the service; its settings are the environment's."""

from kioku_embedder.main import main

if __name__ == "__main__":
    main()
