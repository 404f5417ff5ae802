-- Embedding spaces, and the vectors of pictures with one partition per space. The parent column
-- has no dimension, because a partition cannot have another type; each partition checks its own.
CREATE TABLE search.spaces (
    space_id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('IMAGE', 'FACE', 'USER', 'ITEM', 'TAG')),
    model text NOT NULL,
    revision text NOT NULL,
    dimension integer NOT NULL CHECK (dimension BETWEEN 1 AND 4000),
    metric text NOT NULL CHECK (metric IN ('COSINE', 'INNER_PRODUCT', 'L2')),
    preprocessing text NOT NULL,
    normalised boolean NOT NULL,
    precision text NOT NULL,
    state text NOT NULL DEFAULT 'registered'
        CHECK (state IN ('registered', 'backfilling', 'canary', 'active', 'retired')),
    partition_name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX spaces_one_active ON search.spaces (kind) WHERE state = 'active';
GRANT SELECT ON search.spaces TO search_api, search_worker;

CREATE FUNCTION search.notify_space() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('search_spaces', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER spaces_notify AFTER INSERT OR UPDATE OR DELETE ON search.spaces
    FOR EACH STATEMENT EXECUTE FUNCTION search.notify_space();

CREATE TABLE search.image_embeddings (
    space_id text NOT NULL,
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    generation integer NOT NULL,
    kind text NOT NULL,
    tags text[] NOT NULL,
    shown_at timestamptz NOT NULL,
    embedding public.halfvec NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, asset_id, space_id)
) PARTITION BY LIST (space_id);
COMMENT ON COLUMN search.image_embeddings.kind IS 'as on the asset, so that a filter stays inside the index scan';
COMMENT ON COLUMN search.image_embeddings.shown_at IS 'when taken, or created where that is unknown';

ALTER TABLE search.image_embeddings ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.image_embeddings FORCE ROW LEVEL SECURITY;
CREATE POLICY image_embeddings_of_owner ON search.image_embeddings TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));
GRANT SELECT, DELETE ON search.image_embeddings TO search_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON search.image_embeddings TO search_worker;

-- The readable model of each vector, `name@version`.
CREATE VIEW search.image_embedding_models WITH (security_invoker = true) AS
    SELECT e.asset_id, e.embedding, s.model || '@' || s.revision AS model, e.space_id, e.owner
    FROM search.image_embeddings e JOIN search.spaces s USING (space_id);
GRANT SELECT ON search.image_embedding_models TO search_worker;

-- Registers a space: its row, its partition with checks, indexes and row-level security. The first
-- one of a kind becomes active. Idempotent; the same id with another meaning is refused.
-- Returns the space's state. It runs as its owner because only that role may create tables.
CREATE FUNCTION search.register_space(
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
    IF p_kind <> 'IMAGE' OR p_metric <> 'COSINE' THEN
        RAISE EXCEPTION 'only image spaces compared by cosine are stored' USING ERRCODE = 'feature_not_supported';
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
REVOKE ALL ON FUNCTION search.register_space FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.register_space TO search_worker;
