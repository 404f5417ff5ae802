-- Spaces of faces: their partitions and indexes, and what they need to be promoted; see 0004, 0010 and
-- 0020. Only what is said of faces is new in the functions that are replaced here.

-- The table that the vectors of a kind of space lie in.
CREATE FUNCTION search.vectors_table(p_kind text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE p_kind WHEN 'FACE' THEN 'face_embeddings' ELSE 'image_embeddings' END
$$;

DROP FUNCTION search.make_partition;
CREATE FUNCTION search.make_partition(
    p_table text, p_partition text, p_space_id text, p_dimension integer, p_normalised boolean
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE search.%I (LIKE search.%I INCLUDING ALL) WITH (fillfactor = %s, '
                   'autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)',
                   p_partition, p_table, search.vectors_fillfactor(p_dimension));
    EXECUTE format('ALTER TABLE search.%I ALTER COLUMN embedding SET STORAGE %s', p_partition,
                   CASE WHEN p_dimension <= 3500 THEN 'PLAIN' ELSE 'EXTERNAL' END);
    EXECUTE format('ALTER TABLE search.%I ADD CONSTRAINT space CHECK (space_id = %L), '
                   'ADD CONSTRAINT dimension CHECK (vector_dims(embedding) = %s)',
                   p_partition, p_space_id, p_dimension);
    IF p_normalised THEN  -- half precision rounds, hence the tolerance
        EXECUTE format('ALTER TABLE search.%I ADD CONSTRAINT unit_norm '
                       'CHECK (abs(l2_norm(embedding) - 1) < 0.01)', p_partition);
    END IF;
    EXECUTE format('CREATE INDEX %I ON search.%I (owner)', p_partition || '_owner', p_partition);
    IF p_table = 'face_embeddings' THEN
        EXECUTE format('ALTER TABLE search.%I ALTER COLUMN embedding SET STATISTICS 0', p_partition);
        EXECUTE format('CREATE INDEX %I ON search.%I (owner, asset_id)', p_partition || '_asset', p_partition);
    ELSE
        EXECUTE format('CREATE INDEX %I ON search.%I (owner, shown_at)', p_partition || '_shown', p_partition);
        EXECUTE format('CREATE INDEX %I ON search.%I (owner, kind)', p_partition || '_kind', p_partition);
    END IF;
    EXECUTE format('ALTER TABLE search.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', p_partition);
    EXECUTE format('CREATE POLICY owner_only ON search.%I TO search_api '
                   'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
                   'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', p_partition);
END
$$;
REVOKE ALL ON FUNCTION search.make_partition FROM PUBLIC;

CREATE OR REPLACE FUNCTION search.register_indexed_space(
    p_space_id text, p_kind text, p_model text, p_revision text, p_dimension integer,
    p_metric text, p_preprocessing text, p_normalised boolean, p_precision text,
    p_method text, p_opclass text, p_m integer, p_ef_construction integer, p_lists integer
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_table text := search.vectors_table(p_kind);
    v_partition text := v_table || '_' || left(encode(sha256(convert_to(p_space_id, 'UTF8')), 'hex'), 16);
    v_index text := CASE p_method WHEN 'none' THEN '' ELSE v_partition || '_' || p_method END;
    v_known search.spaces;
    v_state text;
BEGIN
    IF p_space_id !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}@[0-9a-f]{12}$' THEN
        RAISE EXCEPTION 'the space id is not of the form model@digest' USING ERRCODE = 'check_violation';
    END IF;
    IF p_kind NOT IN ('IMAGE', 'TAG', 'FACE') OR p_metric <> 'COSINE' THEN
        RAISE EXCEPTION 'only spaces of pictures, of tags and of faces, compared by cosine, are stored' USING ERRCODE = 'feature_not_supported';
    END IF;
    IF p_kind = 'FACE' AND NOT p_normalised THEN
        RAISE EXCEPTION 'vectors of faces are of length one' USING ERRCODE = 'feature_not_supported';
    END IF;
    IF p_opclass <> 'halfvec_cosine_ops' AND NOT p_normalised THEN
        RAISE EXCEPTION 'only vectors of length one rank alike by %', p_opclass USING ERRCODE = 'feature_not_supported';
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
    INSERT INTO search.space_indexes (space_id, method, opclass, m, ef_construction, lists, index_name)
    VALUES (p_space_id, p_method, p_opclass, p_m, p_ef_construction, p_lists, v_index);
    -- Built apart and attached, so that searches in other spaces are not locked out meanwhile.
    PERFORM search.make_partition(v_table, v_partition, p_space_id, p_dimension, p_normalised);
    IF v_index <> '' THEN
        EXECUTE search.index_sql('', v_index, v_partition, p_dimension, p_method, p_opclass, p_m, p_ef_construction, p_lists);
        IF p_kind = 'FACE' THEN
            EXECUTE format('ALTER INDEX search.%I ALTER COLUMN 1 SET STATISTICS 0', v_index);
        END IF;
    END IF;
    EXECUTE format('ALTER TABLE search.%I ATTACH PARTITION search.%I FOR VALUES IN (%L)',
                   v_table, v_partition, p_space_id);
    RETURN v_state;
END
$$;

-- The texts that compare or ask for all vectors of a space, whatever kind it is of; see
-- nearest_images_sql, `whole` and `whole_index`.
CREATE FUNCTION search.whole_space_sql(p_strategy text, p_space_id text, p_opclass text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT replace(search.nearest_images_sql(p_strategy, p_space_id, s.dimension, '', false, search.index_operator(p_opclass)),
                   'search.image_embeddings', 'search.' || search.vectors_table(s.kind))
    FROM search.spaces s WHERE s.space_id = p_space_id
$$;

CREATE OR REPLACE FUNCTION search.sample_vectors(p_space_id text, p_count integer)
RETURNS TABLE (embedding public.halfvec) LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_table text := (SELECT search.vectors_table(s.kind) FROM search.spaces s WHERE s.space_id = p_space_id);
    v_pages double precision := (SELECT greatest(c.relpages, 1) FROM search.spaces s JOIN pg_class c
        ON c.relname = s.partition_name AND c.relnamespace = 'search'::regnamespace WHERE s.space_id = p_space_id);
    v_found integer;
BEGIN
    IF v_table IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format('SELECT e.embedding FROM search.%I e TABLESAMPLE SYSTEM ($1)
        WHERE e.space_id = $2 ORDER BY random() LIMIT $3', v_table)
        USING least(100, 100 * 3 * p_count / v_pages), p_space_id, p_count;
    GET DIAGNOSTICS v_found = ROW_COUNT;
    RETURN QUERY EXECUTE format('SELECT e.embedding FROM search.%I e
        WHERE e.space_id = $1 LIMIT $2', v_table) USING p_space_id, p_count - v_found;
END
$$;

CREATE OR REPLACE FUNCTION search.nearest_distances(
    p_space_id text, p_query public.halfvec, p_limit integer, p_effort integer
) RETURNS double precision[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET hnsw.iterative_scan = 'relaxed_order'
SET ivfflat.iterative_scan = 'relaxed_order'
AS $$
DECLARE
    v_opclass text := (SELECT i.opclass FROM search.space_indexes i WHERE i.space_id = p_space_id);
    v_found double precision[];
BEGIN
    IF p_effort IS NOT NULL THEN
        PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
            set_config('hnsw.ef_search', least(1000, p_effort)::text, true),
            set_config('ivfflat.probes', least(32768, p_effort)::text, true);
    END IF;
    EXECUTE search.whole_space_sql(CASE WHEN p_effort IS NULL THEN 'whole' ELSE 'whole_index' END, p_space_id, v_opclass)
        INTO v_found USING p_query, p_limit;
    PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true);
    RETURN v_found;
END
$$;

-- Vectors of faces that another space of faces lacks: those that the active one has.
CREATE FUNCTION search.wanted_faces(p_space_id text) RETURNS TABLE (
    owner text, asset_id uuid, frame_no integer, asset_updated_at timestamptz, stored boolean, item text
) LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.owner, e.asset_id, e.frame_no, e.updated_at, n.face_id IS NOT NULL, NULL::text
    FROM search.spaces s JOIN search.face_embeddings e ON e.space_id = s.space_id
    LEFT JOIN search.face_embeddings n ON n.space_id = p_space_id AND n.owner = e.owner AND n.face_id = e.face_id
    WHERE s.kind = 'FACE' AND s.state = 'active'
$$;

-- A space of faces is filled by `face`, which looks at its pictures again; nothing is ordered for it.
-- So what it lacks is all that stands before its promotion, which makes one step of two states.
CREATE FUNCTION search.promote_space(p_space_id text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE search.spaces SET state = 'backfilling', updated_at = now()
        WHERE space_id = p_space_id AND kind = 'FACE' AND state = 'registered';
    RETURN search.make_active(p_space_id);
END
$$;

REVOKE ALL ON FUNCTION search.vectors_table, search.whole_space_sql, search.wanted_faces, search.promote_space FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.vectors_table, search.whole_space_sql, search.wanted_faces, search.promote_space TO search_worker;
