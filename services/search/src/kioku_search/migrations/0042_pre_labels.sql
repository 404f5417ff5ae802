-- Labels that an owner can change. A vector's row has the tags, albums and people of its asset in one
-- array, so that a filter on any of them stays inside the index scan; a control character, which no
-- tag can hold, keeps the three apart.
ALTER TABLE search.assets
    ADD COLUMN albums text[] NOT NULL DEFAULT '{}',
    ADD COLUMN people text[] NOT NULL DEFAULT '{}',
    ADD COLUMN labels_generation integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN search.assets.people IS 'ids of the people it shows';
COMMENT ON COLUMN search.assets.labels_generation IS 'of the newest order for a vector of the tags; 0: that of the upload';

CREATE FUNCTION search.labels(p_tags text[], p_albums text[], p_people text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p_tags || ARRAY(SELECT E'\x01album:' || album FROM unnest(p_albums) album)
        || ARRAY(SELECT E'\x01person:' || person FROM unnest(p_people) person)
$$;
REVOKE ALL ON FUNCTION search.labels FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.labels TO search_api, search_worker;

-- Only what changed is written.
CREATE OR REPLACE FUNCTION search.keep_tags() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_before text[] := '{}';
    v_after text[] := '{}';
BEGIN
    IF TG_OP <> 'INSERT' THEN
        v_before := search.labels(OLD.tags, OLD.albums, OLD.people);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        v_after := search.labels(NEW.tags, NEW.albums, NEW.people);
    END IF;
    DELETE FROM search.asset_tags t
        WHERE t.owner = OLD.owner AND t.asset_id = OLD.asset_id AND t.tag = ANY (v_before)
            AND NOT t.tag = ANY (v_after);
    INSERT INTO search.asset_tags (owner, tag, asset_id)
        SELECT NEW.owner, label, NEW.asset_id FROM unnest(v_after) AS label
        WHERE NOT label = ANY (v_before)
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
DROP TRIGGER assets_tags ON search.assets;
CREATE TRIGGER assets_tags AFTER INSERT OR DELETE OR UPDATE OF tags, albums, people ON search.assets
    FOR EACH ROW EXECUTE FUNCTION search.keep_tags();

DROP TRIGGER assets_epoch_update ON search.assets;
CREATE TRIGGER assets_epoch_update AFTER UPDATE ON search.assets FOR EACH ROW
    WHEN (OLD.state <> 'UPLOADING' AND (OLD.state, OLD.kind, OLD.filename, OLD.tags, OLD.taken_at, OLD.albums, OLD.people)
          IS DISTINCT FROM (NEW.state, NEW.kind, NEW.filename, NEW.tags, NEW.taken_at, NEW.albums, NEW.people))
    EXECUTE FUNCTION search.owner_changed();

-- No index holds the labels, so changing them leaves the graph alone as long as the new version of
-- the row fits into its page (a heap-only update); see vectors_fillfactor.
GRANT UPDATE (tags, shown_at) ON search.image_embeddings TO search_api;
