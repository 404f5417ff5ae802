-- A back-fill gives way to searches: it goes at a share of its rate while they are slow. One share
-- for all processes, for any of them may order next.

ALTER TABLE search.backfills
    ADD COLUMN pace double precision NOT NULL DEFAULT 1 CHECK (pace > 0 AND pace <= 1),
    ADD COLUMN strained_at timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN search.backfills.pace IS 'share of the rate that it goes at, less while searches are slow';
COMMENT ON COLUMN search.backfills.strained_at IS 'when a process last said that its searches were slow';
