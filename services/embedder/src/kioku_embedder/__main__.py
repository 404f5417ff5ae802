"""`python -m kioku_embedder` runs the service; its settings are the environment's."""

import os

# Read once, when torch loads OpenMP. By default its threads spin while they wait for each other;
# beside decoders or any other work on the same cores that costs a pass 10 to 20 times its time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from kioku_embedder.main import main

if __name__ == "__main__":
    main()
