-- Vectors of tags beside those of pictures: in the same table, in spaces of a kind of their own.

-- Registers a space: its row, its partition with checks, indexes and row-level security. The first
-- one of a kind becomes active. Idempotent; the same id with another meaning is refused.
-- Returns the space's state. It runs as its owner because only that role may create tables.
CREATE OR REPLACE FUNCTION search.register_space(
    p_space_id text, p_kind text, p_model text, p_revision text, p_dimension integer,
    p_metric text, p_preprocessing text, p_normalised boolean, p_precision text
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_partition text := 'image_embeddings_' || left(encode(sha256(convert_to(p_space_id, 'UTF8')), 'hex'), 16);
    v_known search.spaces;
    v_state text;
BEGIN
    IF p_space_id !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}@[0-9a-f]{12}$' THEN
        RAISE EXCEPTION 'the space id is not of the form model@digest' USING ERRCODE = 'check_violation';
    END IF;
    IF p_kind NOT IN ('IMAGE', 'TAG') OR p_metric <> 'COSINE' THEN
        RAISE EXCEPTION 'only spaces of pictures and of tags, compared by cosine, are stored' USING ERRCODE = 'feature_not_supported';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('search.register_space'));
    SELECT * INTO v_known FROM search.spaces WHERE space_id = p_space_id;
    IF FOUND THEN
        IF (v_known.kind, v_known.model, v_known.revision, v_known.dimension, v_known.metric,
            v_known.preprocessing, v_known.normalised, v_known.precision)
           IS DISTINCT FROM (p_kind, p_model, p_revision, p_dimension, p_metric, p_preprocessing,
                             p_normalised, p_precision) THEN
            RAISE EXCEPTION 'the space is known with another meaning' USING ERRCODE = 'unique_violation';
        END IF;
        RETURN v_known.state;
    END IF;
    v_state := CASE WHEN EXISTS (SELECT FROM search.spaces WHERE kind = p_kind AND state = 'active')
        THEN 'registered' ELSE 'active' END;
    INSERT INTO search.spaces (space_id, kind, model, revision, dimension, metric, preprocessing,
                               normalised, precision, state, partition_name)
    VALUES (p_space_id, p_kind, p_model, p_revision, p_dimension, p_metric, p_preprocessing,
            p_normalised, p_precision, v_state, v_partition);
    -- Built apart and attached, so that searches in other spaces are not locked out meanwhile.
    EXECUTE format('CREATE TABLE search.%I (LIKE search.image_embeddings INCLUDING ALL)', v_partition);
    EXECUTE format('ALTER TABLE search.%I ALTER COLUMN embedding SET STORAGE %s', v_partition,
                   CASE WHEN p_dimension <= 3500 THEN 'PLAIN' ELSE 'EXTERNAL' END);
    EXECUTE format('ALTER TABLE search.%I ADD CONSTRAINT space CHECK (space_id = %L), '
                   'ADD CONSTRAINT dimension CHECK (vector_dims(embedding) = %s)',
                   v_partition, p_space_id, p_dimension);
    IF p_normalised THEN  -- half precision rounds, hence the tolerance
        EXECUTE format('ALTER TABLE search.%I ADD CONSTRAINT unit_norm '
                       'CHECK (abs(l2_norm(embedding) - 1) < 0.01)', v_partition);
    END IF;
    EXECUTE format('CREATE INDEX %I ON search.%I (owner)', v_partition || '_owner', v_partition);
    EXECUTE format('CREATE INDEX %I ON search.%I (owner, shown_at)', v_partition || '_shown', v_partition);
    EXECUTE format('CREATE INDEX %I ON search.%I USING hnsw ((embedding::halfvec(%s)) halfvec_cosine_ops) '
                   'WITH (m = 16, ef_construction = 128)', v_partition || '_hnsw', v_partition, p_dimension);
    EXECUTE format('ALTER TABLE search.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_partition);
    EXECUTE format('CREATE POLICY owner_only ON search.%I TO search_api '
                   'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
                   'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', v_partition);
    EXECUTE format('ALTER TABLE search.image_embeddings ATTACH PARTITION search.%I FOR VALUES IN (%L)',
                   v_partition, p_space_id);
    RETURN v_state;
END
$$;

-- Whether some of an owner's assets can be found by their tags and not yet by what they show. It is
-- asked before each search that may use either, so it looks at a bounded number of assets, and only
-- at those whose work is not finished.
CREATE INDEX assets_processing ON search.assets (owner) WHERE state = 'PROCESSING';
CREATE FUNCTION search.some_by_tags_only(p_owner text, p_tags_space text, p_visual_space text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner text := set_config('kioku.owner', coalesce(p_owner, ''), true);
BEGIN
    RETURN EXISTS (
        SELECT FROM (
            SELECT a.asset_id FROM search.assets a
            WHERE a.owner = v_owner AND a.state = 'PROCESSING' LIMIT 1000
        ) unfinished
        WHERE EXISTS (SELECT FROM search.image_embeddings t WHERE t.owner = v_owner
                AND t.asset_id = unfinished.asset_id AND t.space_id = p_tags_space)
            AND NOT EXISTS (SELECT FROM search.image_embeddings e WHERE e.owner = v_owner
                AND e.asset_id = unfinished.asset_id AND e.space_id = p_visual_space));
END
$$;
REVOKE ALL ON FUNCTION search.some_by_tags_only FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.some_by_tags_only TO search_api;
