"""People of an owner: who they are, which faces are theirs, and how every change is taken back."""
