-- A deletion is its own receipt and the tombstone that outlives the asset's row.
CREATE TABLE search.deletions (
    owner text NOT NULL CHECK (owner <> ''),
    asset_id uuid NOT NULL,
    removed jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    sweep_after timestamptz NOT NULL,
    swept_at timestamptz,
    PRIMARY KEY (owner, asset_id)
);
COMMENT ON COLUMN search.deletions.removed IS 'what went in the deleting transaction, by kind';
COMMENT ON COLUMN search.deletions.sweep_after IS 'no signed URL and no handler outlives this';
CREATE INDEX deletions_open ON search.deletions (created_at) WHERE completed_at IS NULL;
CREATE INDEX deletions_unswept ON search.deletions (sweep_after) WHERE swept_at IS NULL;

CREATE TABLE search.deletion_purges (
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    participant text NOT NULL,
    removed jsonb NOT NULL DEFAULT '{}',
    confirmed_at timestamptz,
    PRIMARY KEY (owner, asset_id, participant),
    FOREIGN KEY (owner, asset_id) REFERENCES search.deletions ON DELETE CASCADE
);

ALTER TABLE search.deletions ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.deletions FORCE ROW LEVEL SECURITY;
CREATE POLICY deletions_of_owner ON search.deletions TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));
ALTER TABLE search.deletion_purges ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.deletion_purges FORCE ROW LEVEL SECURITY;
CREATE POLICY deletion_purges_of_owner ON search.deletion_purges TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));

GRANT SELECT, INSERT ON search.deletions, search.deletion_purges TO search_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON search.deletions, search.deletion_purges TO search_worker;
