"""The schema, as numbered SQL files; see `kioku_rt.db.migrations`."""
