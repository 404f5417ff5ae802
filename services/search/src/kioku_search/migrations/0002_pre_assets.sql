-- Assets and their stages. Every key begins with the owner, so that neither a unique nor a foreign
-- key can tell one owner anything about another's ids.
CREATE TABLE search.assets (
    owner text NOT NULL CHECK (owner <> ''),
    asset_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('IMAGE', 'VIDEO')),
    state text NOT NULL CHECK (state IN ('UPLOADING', 'PROCESSING', 'READY', 'FAILED', 'DELETING')),
    filename text NOT NULL,
    content_type text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    announced_sha256 text NOT NULL DEFAULT '',
    sha256 text NOT NULL DEFAULT '',
    object_key text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    taken_at timestamptz,
    generation integer NOT NULL DEFAULT 1,
    request_id uuid,
    request_digest bytea,
    reason text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    incoming_cleared boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    upload_until timestamptz NOT NULL,
    PRIMARY KEY (owner, asset_id),
    UNIQUE (owner, request_id)
);
COMMENT ON COLUMN search.assets.incoming_cleared IS 'the bytes under incoming/ are gone';
COMMENT ON COLUMN search.assets.upload_until IS 'an upload not completed by then is given up';

CREATE INDEX assets_newest ON search.assets (owner, created_at DESC, asset_id DESC);
CREATE INDEX assets_unfinished ON search.assets (updated_at) WHERE state = 'PROCESSING';
CREATE INDEX assets_uploading ON search.assets (upload_until) WHERE state = 'UPLOADING';
CREATE INDEX assets_incoming ON search.assets (updated_at)
    WHERE state <> 'UPLOADING' AND NOT incoming_cleared;

CREATE TABLE search.asset_stages (
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    stage text NOT NULL,
    state text NOT NULL CHECK (state IN ('PENDING', 'DONE', 'FAILED')),
    attempts integer NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    repairs integer NOT NULL DEFAULT 0,
    repair_after timestamptz NOT NULL DEFAULT '-infinity',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, asset_id, stage),
    FOREIGN KEY (owner, asset_id) REFERENCES search.assets ON DELETE CASCADE
);

-- Which assets have a tag. An array's operators are not leakproof, so under row-level security no
-- index on the array could be used; equality of text is.
CREATE TABLE search.asset_tags (
    owner text NOT NULL,
    tag text NOT NULL,
    asset_id uuid NOT NULL,
    PRIMARY KEY (owner, tag, asset_id)
);

CREATE FUNCTION search.keep_tags() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM search.asset_tags t
            WHERE t.owner = OLD.owner AND t.tag = ANY (OLD.tags) AND t.asset_id = OLD.asset_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO search.asset_tags (owner, tag, asset_id)
            SELECT NEW.owner, tag, NEW.asset_id FROM unnest(NEW.tags) AS tag
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_tags AFTER INSERT OR DELETE OR UPDATE OF tags ON search.assets
    FOR EACH ROW EXECUTE FUNCTION search.keep_tags();

-- Tells watchers, and the caches of every process, what changed.
CREATE FUNCTION search.notify_asset() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('search_assets', json_build_object(
        'asset_id', NEW.asset_id, 'state', NEW.state,
        'sha256', CASE WHEN NEW.state = 'DELETING' THEN NEW.sha256 ELSE '' END)::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_notify AFTER UPDATE ON search.assets
    FOR EACH ROW EXECUTE FUNCTION search.notify_asset();

ALTER TABLE search.assets ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.assets FORCE ROW LEVEL SECURITY;
CREATE POLICY assets_of_owner ON search.assets TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));
ALTER TABLE search.asset_stages ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.asset_stages FORCE ROW LEVEL SECURITY;
CREATE POLICY asset_stages_of_owner ON search.asset_stages TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));

ALTER TABLE search.asset_tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.asset_tags FORCE ROW LEVEL SECURITY;
CREATE POLICY asset_tags_of_owner ON search.asset_tags TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));

GRANT SELECT, INSERT, UPDATE ON search.assets TO search_api;
GRANT SELECT, INSERT, DELETE ON search.asset_tags TO search_api, search_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON search.asset_stages TO search_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON search.assets, search.asset_stages TO search_worker;
