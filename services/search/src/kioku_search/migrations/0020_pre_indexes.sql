-- Which approximate index each space has, and what was measured of it. One row for a space, read by
-- every search, so that all processes agree.
CREATE TABLE search.space_indexes (
    space_id text PRIMARY KEY REFERENCES search.spaces ON DELETE CASCADE,
    method text NOT NULL DEFAULT 'hnsw' CHECK (method IN ('none', 'hnsw', 'ivfflat')),
    opclass text NOT NULL DEFAULT 'halfvec_cosine_ops'
        CHECK (opclass IN ('halfvec_cosine_ops', 'halfvec_l2_ops', 'halfvec_ip_ops')),
    m integer NOT NULL DEFAULT 16 CHECK (m BETWEEN 2 AND 100),
    ef_construction integer NOT NULL DEFAULT 128
        CHECK (ef_construction BETWEEN 4 AND 1000 AND ef_construction >= 2 * m),
    lists integer NOT NULL DEFAULT 100 CHECK (lists BETWEEN 1 AND 32768),
    index_name text NOT NULL DEFAULT '',
    effort integer CHECK (effort >= 1),
    missed_effort integer NOT NULL DEFAULT 0,
    effort_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    recall_mean real,
    row_us real CHECK (row_us > 0),
    tuple_us real CHECK (tuple_us > 0),
    measured_rows bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN search.space_indexes.index_name IS 'serves searches; empty: none, all are compared';
COMMENT ON COLUMN search.space_indexes.effort IS 'ef_search or probes; NULL: as the process is set';
COMMENT ON COLUMN search.space_indexes.missed_effort IS 'the largest one that was too small';
COMMENT ON COLUMN search.space_indexes.recall_mean IS 'of late, sampled from searches';
COMMENT ON COLUMN search.space_indexes.row_us IS 'of comparing one more row, here';
COMMENT ON COLUMN search.space_indexes.tuple_us IS 'of one more tuple out of the index, here';
GRANT SELECT ON search.space_indexes TO search_api;
GRANT SELECT, UPDATE ON search.space_indexes TO search_worker;

-- One row for a search that was run a second time, exactly. Numbers only: neither whose nor what.
CREATE TABLE search.recall_samples (
    sample_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    space_id text NOT NULL REFERENCES search.spaces ON DELETE CASCADE,
    answered_at timestamptz NOT NULL,
    effort integer NOT NULL,
    k integer NOT NULL CHECK (k >= 1),
    filtered boolean NOT NULL,
    recall real NOT NULL CHECK (recall BETWEEN 0 AND 1)
);
CREATE INDEX recall_samples_newest ON search.recall_samples (space_id, answered_at DESC);
GRANT SELECT, INSERT, DELETE ON search.recall_samples TO search_worker;

-- What is to be done to a space's index. Whoever holds the lock of the jobs does the oldest open one,
-- so that what a process left half done is taken up by the next.
CREATE TABLE search.index_jobs (
    job_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    space_id text NOT NULL REFERENCES search.spaces ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('BUILD', 'REBUILD')),
    method text NOT NULL DEFAULT '',
    opclass text NOT NULL DEFAULT '',
    m integer NOT NULL DEFAULT 0,
    ef_construction integer NOT NULL DEFAULT 0,
    lists integer NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'RUNNING', 'DONE', 'FAILED')),
    index_name text NOT NULL DEFAULT '',
    phase text NOT NULL DEFAULT '',
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX index_jobs_one_open ON search.index_jobs (space_id)
    WHERE state IN ('PENDING', 'RUNNING');
GRANT SELECT, INSERT, UPDATE ON search.index_jobs TO search_worker;

-- The operator that an index of this class serves; no other one does.
CREATE FUNCTION search.index_operator(p_opclass text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE p_opclass WHEN 'halfvec_l2_ops' THEN '<->' WHEN 'halfvec_ip_ops' THEN '<#>' ELSE '<=>' END
$$;

-- The one text of CREATE INDEX for vectors; p_how is '' or 'CONCURRENTLY'.
CREATE FUNCTION search.index_sql(
    p_how text, p_index text, p_partition text, p_dimension integer, p_method text, p_opclass text,
    p_m integer, p_ef_construction integer, p_lists integer
) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('CREATE INDEX %s %I ON search.%I USING %s ((embedding::public.halfvec(%s)) public.%I) WITH (%s)',
        p_how, p_index, p_partition, p_method, p_dimension, p_opclass,
        CASE p_method WHEN 'hnsw' THEN format('m = %s, ef_construction = %s', p_m, p_ef_construction)
            ELSE format('lists = %s', p_lists) END)
$$;

-- How full a page of vectors may be filled: room for one more row, so that a change of tags stays on
-- its page (a HOT update) and touches no index, the graph least of all.
CREATE FUNCTION search.vectors_fillfactor(p_dimension integer) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN n < 2 THEN 100 ELSE greatest(50, 100 * (n - 1) / n) END
        FROM (SELECT 8100 / (2 * p_dimension + 180)) AS page(n)
$$;

-- A space's partition: checks, btrees for every filter, row-level security, and how soon it is vacuumed.
-- Its index of vectors is built by whoever asks for one; p_index is its name, or '' for none.
CREATE FUNCTION search.make_partition(
    p_partition text, p_space_id text, p_dimension integer, p_normalised boolean
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE search.%I (LIKE search.image_embeddings INCLUDING ALL) WITH (fillfactor = %s, '
                   'autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)',
                   p_partition, search.vectors_fillfactor(p_dimension));
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
    EXECUTE format('CREATE INDEX %I ON search.%I (owner, shown_at)', p_partition || '_shown', p_partition);
    EXECUTE format('CREATE INDEX %I ON search.%I (owner, kind)', p_partition || '_kind', p_partition);
    EXECUTE format('ALTER TABLE search.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', p_partition);
    EXECUTE format('CREATE POLICY owner_only ON search.%I TO search_api '
                   'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
                   'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', p_partition);
END
$$;

-- Registers a space with an index of its own choice: its row, its partition, its index. The first one
-- of a kind becomes active. Idempotent; the same id with another meaning is refused, and an index
-- that is there stays as it is. Returns the space's state. It runs as its owner because only that
-- role may create tables.
CREATE FUNCTION search.register_indexed_space(
    p_space_id text, p_kind text, p_model text, p_revision text, p_dimension integer,
    p_metric text, p_preprocessing text, p_normalised boolean, p_precision text,
    p_method text, p_opclass text, p_m integer, p_ef_construction integer, p_lists integer
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_partition text := 'image_embeddings_' || left(encode(sha256(convert_to(p_space_id, 'UTF8')), 'hex'), 16);
    v_index text := CASE p_method WHEN 'none' THEN '' ELSE v_partition || '_' || p_method END;
    v_known search.spaces;
    v_state text;
BEGIN
    IF p_space_id !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}@[0-9a-f]{12}$' THEN
        RAISE EXCEPTION 'the space id is not of the form model@digest' USING ERRCODE = 'check_violation';
    END IF;
    IF p_kind NOT IN ('IMAGE', 'TAG') OR p_metric <> 'COSINE' THEN
        RAISE EXCEPTION 'only spaces of pictures and of tags, compared by cosine, are stored' USING ERRCODE = 'feature_not_supported';
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
    PERFORM search.make_partition(v_partition, p_space_id, p_dimension, p_normalised);
    IF v_index <> '' THEN
        EXECUTE search.index_sql('', v_index, v_partition, p_dimension, p_method, p_opclass, p_m, p_ef_construction, p_lists);
    END IF;
    EXECUTE format('ALTER TABLE search.image_embeddings ATTACH PARTITION search.%I FOR VALUES IN (%L)',
                   v_partition, p_space_id);
    RETURN v_state;
END
$$;

-- The same with the usual index.
CREATE OR REPLACE FUNCTION search.register_space(
    p_space_id text, p_kind text, p_model text, p_revision text, p_dimension integer,
    p_metric text, p_preprocessing text, p_normalised boolean, p_precision text
) RETURNS text LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT search.register_indexed_space(p_space_id, p_kind, p_model, p_revision, p_dimension,
        p_metric, p_preprocessing, p_normalised, p_precision, 'hnsw', 'halfvec_cosine_ops', 16, 128, 100)
$$;
REVOKE ALL ON FUNCTION search.register_indexed_space, search.make_partition, search.index_sql FROM PUBLIC;
REVOKE ALL ON FUNCTION search.index_operator, search.vectors_fillfactor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.register_indexed_space TO search_worker;
GRANT EXECUTE ON FUNCTION search.index_operator TO search_api, search_worker;

-- Spaces from before have the index they have; their new pages keep room, and kinds get a btree.
INSERT INTO search.space_indexes (space_id, index_name)
    SELECT space_id, partition_name || '_hnsw' FROM search.spaces;
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT s.partition_name, s.dimension FROM search.spaces s
            WHERE to_regclass('search.' || s.partition_name) IS NOT NULL LOOP
        EXECUTE format('ALTER TABLE search.%I SET (fillfactor = %s, autovacuum_vacuum_scale_factor = 0.05, '
                       'autovacuum_analyze_scale_factor = 0.05)',
                       one.partition_name, search.vectors_fillfactor(one.dimension));
        EXECUTE format('CREATE INDEX %I ON search.%I (owner, kind)',
                       one.partition_name || '_kind', one.partition_name);
    END LOOP;
END
$$;
