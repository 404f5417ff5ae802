-- The words of file names and tags, for full text search that needs no extension: lexemes are made
-- by the service (`lexemes.py`), because no parser of PostgreSQL cuts Japanese.
CREATE TABLE search.asset_words (
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    search_text text NOT NULL DEFAULT '',
    words tsvector NOT NULL DEFAULT '',
    version integer NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, asset_id),
    FOREIGN KEY (owner, asset_id) REFERENCES search.assets ON DELETE CASCADE
);
COMMENT ON COLUMN search.asset_words.search_text IS 'what is searched: file name and tags, one a line';
COMMENT ON COLUMN search.asset_words.words IS 'lexemes that begin with a digest of the owner';
COMMENT ON COLUMN search.asset_words.version IS 'of the rules that made the lexemes; 0: to be made';
CREATE INDEX asset_words_words ON search.asset_words USING gin (words);
CREATE INDEX asset_words_version ON search.asset_words (version);

ALTER TABLE search.asset_words ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.asset_words FORCE ROW LEVEL SECURITY;
CREATE POLICY asset_words_of_owner ON search.asset_words TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));
-- For search.words_of_owner alone, which runs as the owner of the schema.
CREATE POLICY asset_words_of_function ON search.asset_words FOR SELECT TO CURRENT_USER USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON search.asset_words TO search_api, search_worker;

-- An asset whose name or tags change has words to be made, one that is deleted has none any more, in
-- the same transaction. Whoever knows the rules writes the words at once; the job writes the rest.
CREATE FUNCTION search.keep_words() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state = 'DELETING' THEN
        DELETE FROM search.asset_words w WHERE w.owner = NEW.owner AND w.asset_id = NEW.asset_id;
    ELSE
        INSERT INTO search.asset_words (owner, asset_id) VALUES (NEW.owner, NEW.asset_id)
            ON CONFLICT (owner, asset_id) DO UPDATE SET version = 0, updated_at = now();
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER assets_new_words AFTER INSERT ON search.assets
    FOR EACH ROW EXECUTE FUNCTION search.keep_words();
CREATE TRIGGER assets_words AFTER UPDATE ON search.assets FOR EACH ROW
    WHEN (NEW.state = 'DELETING' OR (NEW.filename, NEW.tags) IS DISTINCT FROM (OLD.filename, OLD.tags))
    EXECUTE FUNCTION search.keep_words();

-- Which assets of the owner that row-level security would check have the words, and how well: the
-- mean over the units of a query of 1 (in a tag), 0.9 (in the file name), 0.8 (elsewhere, or in
-- both together), 0 (missing). A unit that no asset has is asked for in its forgiving form, which is
-- worth 0.5. An asset must have the share p_least of them; so of n units of which m are needed, one
-- of the n - m + 1 rarest is there in any case, and common ones are only counted, and only so far.
-- It runs as its owner because the operators of full text are not leakproof: under row-level
-- security they would be evaluated row by row, after the policy, and never by the index. The owner
-- is not a parameter; it is the setting that the policies read, so this shows nobody more than they
-- do. The lexemes name the owner, so the index is read in that owner's range only.
CREATE FUNCTION search.words_of_owner(p_exact text[], p_loose text[], p_least double precision)
RETURNS TABLE (asset_id uuid, score double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    v_owner text := nullif(current_setting('kioku.owner', true), '');
    v_units tsquery[] := '{}';
    v_forgiving boolean[] := '{}';
    v_counts integer[] := '{}';
    v_any tsquery;
    v_unit tsquery;
    v_count integer;
    v_needed integer := greatest(1, ceil(p_least * cardinality(p_exact) - 1e-9));
BEGIN
    IF v_owner IS NULL OR coalesce(cardinality(p_exact), 0) = 0 THEN
        RETURN;
    END IF;
    FOR unit IN 1 .. cardinality(p_exact) LOOP
        FOREACH v_unit IN ARRAY ARRAY[p_exact[unit], nullif(p_loose[unit], '')]::tsquery[] LOOP
            CONTINUE WHEN v_unit IS NULL;
            SELECT count(*) INTO v_count FROM (SELECT FROM search.asset_words c
                WHERE c.words @@ v_unit AND c.owner || '' = v_owner LIMIT 500) few;
            EXIT WHEN v_count > 0;
        END LOOP;
        v_forgiving := v_forgiving || (p_loose[unit] <> '' AND v_unit <> p_exact[unit]::tsquery);
        v_units := v_units || coalesce(v_unit, p_exact[unit]::tsquery);
        v_counts := v_counts || v_count;
    END LOOP;
    FOREACH v_unit IN ARRAY ARRAY(SELECT v_units[u] FROM generate_subscripts(v_units, 1) u
            ORDER BY v_counts[u], u LIMIT cardinality(v_units) - v_needed + 1) LOOP
        v_any := CASE WHEN v_any IS NULL THEN v_unit ELSE v_any || v_unit END;
    END LOOP;
    RETURN QUERY EXECUTE search.words_sql(cardinality(v_units))
        USING v_any, v_owner, v_units, v_forgiving, v_needed;
END
$$;

-- The one text of the query: $1 the rarest units, $2 owner, $3 units, $4 which are forgiving, $5 how
-- many are needed; for so many units. It names no owner where the index is asked, or the planner might take the key.
CREATE FUNCTION search.words_sql(p_units integer) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $sql$
    SELECT format($q$
        SELECT w.asset_id, (%s) / %s::double precision AS score
        FROM (SELECT c.asset_id, %s FROM search.asset_words c
              WHERE c.words @@ $1 AND c.owner || '' = $2 OFFSET 0) w
        WHERE (%s) >= $5$q$,
        string_agg(format('w.u%s', unit), ' + '), p_units,
        string_agg(format($q$
            CASE WHEN NOT c.words @@ $3[%1$s] THEN 0.0 WHEN $4[%1$s] THEN 0.5
                 WHEN ts_filter(c.words, '{b}') @@ $3[%1$s] THEN 1.0
                 WHEN ts_filter(c.words, '{a}') @@ $3[%1$s] THEN 0.9
                 ELSE 0.8 END::double precision AS u%1$s$q$, unit), ', '),
        string_agg(format('(w.u%s > 0)::integer', unit), ' + '))
    FROM generate_series(1, p_units) AS unit
$sql$;

-- The best of one owner's assets by words, in the shape of search.nearest_images; the distance is
-- 1 - score. The assets are read under row-level security.
CREATE FUNCTION search.nearest_words(
    p_owner text, p_exact text[], p_loose text[], p_limit integer, p_least double precision DEFAULT 0.5,
    p_kind text DEFAULT NULL, p_tags text[] DEFAULT NULL,
    p_from timestamptz DEFAULT NULL, p_until timestamptz DEFAULT NULL,
    p_after_distance double precision DEFAULT NULL, p_after_asset uuid DEFAULT NULL
) RETURNS TABLE (asset_id uuid, distance double precision, filename text, kind text, tags text[],
                 taken_at timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
    v_owner text := set_config('kioku.owner', coalesce(p_owner, ''), true);
BEGIN
    -- Ordered first, so that assets are looked up, each by its key, until there are enough.
    RETURN QUERY
        SELECT a.asset_id, f.distance, a.filename, a.kind, a.tags, a.taken_at
        FROM (SELECT w.asset_id, 1 - w.score AS distance FROM search.words_of_owner(p_exact, p_loose, p_least) w
              WHERE p_after_distance IS NULL
                  OR (1 - w.score, w.asset_id) > (p_after_distance, p_after_asset)
              ORDER BY 1 - w.score, w.asset_id OFFSET 0) f
        CROSS JOIN LATERAL (
            SELECT * FROM search.assets s WHERE s.owner = v_owner AND s.asset_id = f.asset_id LIMIT 1
        ) a
        WHERE a.object_key <> '' AND a.state <> 'DELETING'
            AND (p_kind IS NULL OR a.kind = p_kind)
            AND (p_tags IS NULL OR a.tags @> p_tags)
            AND (p_from IS NULL OR coalesce(a.taken_at, a.created_at) >= p_from)
            AND (p_until IS NULL OR coalesce(a.taken_at, a.created_at) < p_until)
        ORDER BY f.distance, f.asset_id LIMIT p_limit;
END
$$;
REVOKE ALL ON FUNCTION search.words_of_owner, search.words_sql, search.nearest_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.words_of_owner, search.nearest_words TO search_api;
