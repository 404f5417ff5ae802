-- What pictures and files announce. The same bytes are one observation of an owner, whatever assets
-- hold them, and it keeps its id for as long as one of them is there.
CREATE TABLE vlm.vlm_observations (
    owner text NOT NULL CHECK (owner <> ''),
    observation_id uuid NOT NULL,
    observation_hash text NOT NULL CHECK (observation_hash ~ '^[0-9a-f]{64}$'),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'READY', 'FAILED')),
    version bigint NOT NULL DEFAULT 0,
    -- Under what it is read.
    today date NOT NULL,
    taken date,
    zone text NOT NULL DEFAULT '',
    locale text NOT NULL DEFAULT '',
    -- Whose turn it is.
    interactive boolean NOT NULL DEFAULT false,
    claim uuid,
    try_after timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    -- What came of the last reading.
    model_version text NOT NULL DEFAULT '',
    prompt_version text NOT NULL DEFAULT '',
    schema_version text NOT NULL DEFAULT '',
    reader_version text NOT NULL DEFAULT '',
    fetch_ms real NOT NULL DEFAULT 0,
    read_ms real NOT NULL DEFAULT 0,
    extract_ms real NOT NULL DEFAULT 0,
    language text NOT NULL DEFAULT '',
    abstained text NOT NULL DEFAULT '',
    suspicions jsonb NOT NULL DEFAULT '[]',
    reason text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    picture_hash bit(256),
    near_of uuid,
    kept_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, observation_id),
    UNIQUE (owner, observation_hash),
    FOREIGN KEY (owner, near_of) REFERENCES vlm.vlm_observations (owner, observation_id)
        ON DELETE SET NULL (near_of),
    CHECK (near_of <> observation_id),
    CHECK ((state = 'FAILED') = (reason <> ''))
);
COMMENT ON COLUMN vlm.vlm_observations.observation_hash IS 'SHA-256 over the task and the bytes';
COMMENT ON COLUMN vlm.vlm_observations.version IS 'counts up with every finished reading';
COMMENT ON COLUMN vlm.vlm_observations.today IS 'the day it was heard of: relative words are anchored on it, also when it is read again later';
COMMENT ON COLUMN vlm.vlm_observations.zone IS 'IANA zone that a caller named';
COMMENT ON COLUMN vlm.vlm_observations.interactive IS 'somebody waits for it';
COMMENT ON COLUMN vlm.vlm_observations.claim IS 'who reads it now, for as long as try_after is not over';
COMMENT ON COLUMN vlm.vlm_observations.attempts IS 'since it was ordered last';
COMMENT ON COLUMN vlm.vlm_observations.picture_hash IS 'difference hash of 16 x 16; NULL: no picture, or one without structure';
COMMENT ON COLUMN vlm.vlm_observations.near_of IS 'an older observation whose picture looks almost the same';
COMMENT ON COLUMN vlm.vlm_observations.kept_until IS 'of bytes that came with a request and are no asset; NULL: as long as its assets';
CREATE INDEX vlm_observations_by_time ON vlm.vlm_observations (owner, created_at DESC, observation_id DESC);
CREATE INDEX vlm_observations_pending ON vlm.vlm_observations (interactive DESC, try_after) WHERE state = 'PENDING';
CREATE INDEX vlm_observations_ending ON vlm.vlm_observations (kept_until) WHERE kept_until IS NOT NULL;

-- Which of the owner's assets hold the bytes.
CREATE TABLE vlm.vlm_observation_assets (
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    observation_id uuid NOT NULL,
    generation integer NOT NULL,
    object_key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, asset_id),
    FOREIGN KEY (owner, observation_id) REFERENCES vlm.vlm_observations (owner, observation_id) ON DELETE CASCADE
);
CREATE INDEX vlm_observation_assets_of ON vlm.vlm_observation_assets (owner, observation_id, created_at);

-- Bytes that came with a request, until they were read.
CREATE TABLE vlm.sent_pictures (
    owner text NOT NULL,
    observation_id uuid NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (owner, observation_id),
    FOREIGN KEY (owner, observation_id) REFERENCES vlm.vlm_observations (owner, observation_id) ON DELETE CASCADE
);

-- Every reading that was finished: which model said it, and how long it took.
CREATE TABLE vlm.vlm_readings (
    owner text NOT NULL,
    observation_id uuid NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('READY', 'FAILED', 'SUPERSEDED')),
    model_version text NOT NULL,
    prompt_version text NOT NULL,
    schema_version text NOT NULL,
    reader_version text NOT NULL,
    fetch_ms real NOT NULL,
    read_ms real NOT NULL,
    extract_ms real NOT NULL,
    reason text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, observation_id, version),
    FOREIGN KEY (owner, observation_id) REFERENCES vlm.vlm_observations (owner, observation_id) ON DELETE CASCADE
);

-- Assets that are deleted: no event brings anything of them back.
CREATE TABLE vlm.asset_tombstones (
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, asset_id)
);

-- Whoever watches an observation hears of every change that can be seen; of claims nobody does.
CREATE FUNCTION vlm.tell_of_observation() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('vlm_observations', coalesce(NEW.observation_id, OLD.observation_id)::text);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION vlm.tell_of_observation FROM PUBLIC;
CREATE TRIGGER vlm_observations_tell AFTER INSERT OR DELETE ON vlm.vlm_observations
    FOR EACH ROW EXECUTE FUNCTION vlm.tell_of_observation();
CREATE TRIGGER vlm_observations_tell_change AFTER UPDATE ON vlm.vlm_observations
    FOR EACH ROW WHEN (OLD.updated_at <> NEW.updated_at) EXECUTE FUNCTION vlm.tell_of_observation();

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['vlm_observations', 'vlm_observation_assets', 'sent_pictures', 'vlm_readings',
                             'asset_tombstones'] LOOP
        EXECUTE format('ALTER TABLE vlm.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE vlm.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON vlm.%I TO vlm_api '
            'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
            'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', t || '_of_owner', t);
    END LOOP;
END
$$;
-- A caller may order a reading; what a reading says is the worker's to write.
GRANT SELECT, INSERT ON vlm.vlm_observations TO vlm_api;
GRANT UPDATE (state, reason, message, attempts, try_after, claim, interactive, zone, locale, kept_until, updated_at)
    ON vlm.vlm_observations TO vlm_api;
GRANT SELECT, INSERT ON vlm.vlm_observation_assets TO vlm_api;
GRANT UPDATE (generation) ON vlm.vlm_observation_assets TO vlm_api;
GRANT SELECT (owner, observation_id), INSERT ON vlm.sent_pictures TO vlm_api;
GRANT SELECT ON vlm.vlm_readings, vlm.asset_tombstones TO vlm_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON vlm.vlm_observations, vlm.vlm_observation_assets, vlm.sent_pictures,
    vlm.vlm_readings TO vlm_worker;
GRANT SELECT, INSERT ON vlm.asset_tombstones TO vlm_worker;
