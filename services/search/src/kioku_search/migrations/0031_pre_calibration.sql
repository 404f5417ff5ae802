-- How unrelated things score in a space, so that a score can be told from chance. No row is about
-- anybody: three numbers over a sample of at least 30 assets of all owners.
CREATE TABLE search.space_backgrounds (
    space_id text NOT NULL REFERENCES search.spaces ON DELETE CASCADE,
    query text NOT NULL CHECK (query IN ('IMAGE', 'TEXT')),
    mean double precision NOT NULL,
    deviation double precision NOT NULL CHECK (deviation > 0),
    assets integer NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (space_id, query)
);
COMMENT ON COLUMN search.space_backgrounds.query IS 'what was compared with stored vectors: others of them, or words';
COMMENT ON COLUMN search.space_backgrounds.mean IS 'median of the scores';
COMMENT ON COLUMN search.space_backgrounds.deviation IS 'their 95th percentile above the median, over 1.645';
COMMENT ON COLUMN search.space_backgrounds.assets IS 'in the sample';
GRANT SELECT ON search.space_backgrounds TO search_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON search.space_backgrounds TO search_worker;
