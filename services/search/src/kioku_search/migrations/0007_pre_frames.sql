-- Frames of videos: which there are, how far each is, and their vectors beside those of pictures.
-- Searches answer with assets, so of a video with its nearest frame.

-- What is known of a video as a whole. The counts are of the frames of `generation`, the newest
-- cutting, and are counted anew in each transaction that changes one, so they never drift.
CREATE TABLE search.videos (
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    generation integer NOT NULL,
    total_frames integer CHECK (total_frames >= 0),
    frames_cut integer NOT NULL DEFAULT 0,
    frames_embedded integer NOT NULL DEFAULT 0,
    frames_failed integer NOT NULL DEFAULT 0,
    duration_ms bigint,
    width integer NOT NULL DEFAULT 0,
    height integer NOT NULL DEFAULT 0,
    codec text NOT NULL DEFAULT '',
    hdr boolean NOT NULL DEFAULT false,
    incomplete text NOT NULL DEFAULT '',
    told_at timestamptz NOT NULL DEFAULT '-infinity',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, asset_id),
    FOREIGN KEY (owner, asset_id) REFERENCES search.assets ON DELETE CASCADE
);
COMMENT ON COLUMN search.videos.duration_ms IS 'set with the other facts, when the last frame is cut';
COMMENT ON COLUMN search.videos.told_at IS 'watchers were told of progress; at most twice a second';

CREATE TABLE search.frames (
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    frame_no integer NOT NULL CHECK (frame_no >= 0),
    frame_id uuid NOT NULL,
    generation integer NOT NULL,
    time_ms bigint NOT NULL,
    s3_key text NOT NULL DEFAULT '',
    sha256 text NOT NULL DEFAULT '',
    width integer NOT NULL DEFAULT 0,
    height integer NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DONE', 'FAILED')),
    reason text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, asset_id, frame_no),
    FOREIGN KEY (owner, asset_id) REFERENCES search.assets ON DELETE CASCADE
);
COMMENT ON COLUMN search.frames.s3_key IS 'empty while only its vector has come';
COMMENT ON COLUMN search.frames.state IS 'DONE: it has a vector in the active space';

CREATE FUNCTION search.notify_video() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('search_assets', json_build_object(
        'asset_id', NEW.asset_id, 'state', 'PROCESSING', 'sha256', '')::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER videos_notify AFTER UPDATE ON search.videos FOR EACH ROW
    WHEN (NEW.told_at IS DISTINCT FROM OLD.told_at) EXECUTE FUNCTION search.notify_video();

ALTER TABLE search.videos ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.videos FORCE ROW LEVEL SECURITY;
CREATE POLICY videos_of_owner ON search.videos TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));
ALTER TABLE search.frames ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.frames FORCE ROW LEVEL SECURITY;
CREATE POLICY frames_of_owner ON search.frames TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));
GRANT SELECT, DELETE ON search.videos, search.frames TO search_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON search.videos, search.frames TO search_worker;

-- Vectors are kept by frame as well; -1 is the asset itself. A constant default rewrites no row;
-- the key of every partition is built anew, so writers of the version before must be stopped.
ALTER TABLE search.image_embeddings
    ADD COLUMN frame_no integer NOT NULL DEFAULT -1 CHECK (frame_no >= -1),
    ADD COLUMN time_ms bigint;
ALTER TABLE search.image_embeddings DROP CONSTRAINT image_embeddings_pkey;
ALTER TABLE search.image_embeddings ADD PRIMARY KEY (owner, asset_id, frame_no, space_id);
COMMENT ON COLUMN search.image_embeddings.frame_no IS 'the frame of a video; -1: the asset itself';
COMMENT ON COLUMN search.image_embeddings.time_ms IS 'when the frame is shown; NULL for assets';

CREATE OR REPLACE VIEW search.image_embedding_models WITH (security_invoker = true) AS
    SELECT e.asset_id, e.embedding, s.model || '@' || s.revision AS model, e.space_id, e.owner,
           e.frame_no, e.time_ms
    FROM search.image_embeddings e JOIN search.spaces s USING (space_id);

-- The one template of the nearest-neighbour query. All its texts take the same parameters:
--   $1 query, $2 owner, $3 wanted rows of the graph, $4 wanted assets, $5 and $6 distance and asset
--   to continue after, $7 asset to leave out, $8 kind, $9 tags, $10 from, $11 until, $12 rarest tag.
-- The space and its dimension are literals, or the partition and its index would not be chosen.
-- Grouped texts answer with the nearest frame of each asset; plain ones are for owners without
-- videos, who do not pay for the grouping.
DROP FUNCTION search.nearest_images_sql;
CREATE FUNCTION search.nearest_images_sql(
    p_strategy text, p_space_id text, p_dimension integer, p_filter text, p_grouped boolean DEFAULT false
) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $sql$
    SELECT format(CASE p_strategy
        -- Iterative scans hand out rows in nearly the right order, so the order is made outside.
        WHEN 'hnsw' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.asset_id%4$s, e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s) AS distance
                FROM search.image_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 %3$s
                ORDER BY e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)
                LIMIT $3
            )$q$
        -- The sum keeps the graph out: this text compares every row that the owner index gives.
        WHEN 'exact' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.asset_id%4$s, (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
                FROM search.image_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 %3$s
            )$q$
        -- The same for the assets of a tag, looked up one by one.
        WHEN 'tagged' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.asset_id%4$s, (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
                FROM search.asset_tags t JOIN search.image_embeddings e
                    ON e.owner = t.owner AND e.asset_id = t.asset_id
                WHERE t.owner = $2 AND t.tag = $12 AND e.space_id = %1$L AND e.owner = $2 %3$s
            )$q$
        WHEN 'count' THEN $q$
            SELECT count(*)::int FROM (
                SELECT FROM search.image_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 %3$s LIMIT $3
            ) matches$q$
    END || CASE
        WHEN p_strategy = 'count' THEN ''
        -- An asset is as near as its nearest frame, so frames are grouped before a page begins.
        WHEN p_grouped THEN $q$, best AS (
                SELECT DISTINCT ON (n.asset_id) n.* FROM every n ORDER BY n.asset_id, n.distance, n.frame_no
            ), near AS (
                SELECT * FROM best n WHERE (n.distance, n.asset_id) > ($5, $6)
                ORDER BY n.distance, n.asset_id LIMIT $4
            )
            SELECT array_agg(n.asset_id), array_agg(n.distance), array_agg(nullif(n.frame_no, -1)),
                   array_agg(n.time_ms) FROM near n$q$
        WHEN p_strategy = 'hnsw' THEN $q$
            SELECT array_agg(n.asset_id), array_agg(n.distance), NULL::int[], NULL::bigint[]
            FROM every n WHERE (n.distance, n.asset_id) > ($5, $6)$q$
        ELSE $q$, near AS (
                SELECT * FROM every n WHERE (n.distance, n.asset_id) > ($5, $6)
                ORDER BY n.distance, n.asset_id LIMIT $4
            )
            SELECT array_agg(n.asset_id), array_agg(n.distance), NULL::int[], NULL::bigint[] FROM near n$q$
    END, p_space_id, p_dimension, p_filter,
    CASE WHEN p_grouped THEN ', e.frame_no, e.time_ms' ELSE '' END)
$sql$;

-- The nearest assets of one owner in one space of pictures or of tags, nearest first, ties by asset
-- id; of a video, the nearest frame.
-- Few matching rows, or a tag that few assets have: all are compared. Many: the graph, which goes on until it has enough
-- (iterative scan) and is asked for more when many of its rows are frames of the same videos; if it
-- ends short although more rows match, all are compared after all, so an answer is never short while
-- matching assets exist. Later pages of an owner with videos are always compared in full: the graph
-- may miss the frame that put an asset on an earlier page, and would show it again with another.
-- Either p_query or p_like (an asset of the owner; of a video, the mean of its frames) is given.
-- Unknown space or unknown asset: no row.
DROP FUNCTION search.nearest_images;
CREATE FUNCTION search.nearest_images(
    p_owner text, p_space_id text, p_query public.halfvec, p_like uuid, p_limit integer,
    p_kind text DEFAULT NULL, p_tags text[] DEFAULT NULL,
    p_from timestamptz DEFAULT NULL, p_until timestamptz DEFAULT NULL,
    p_after_distance double precision DEFAULT NULL, p_after_asset uuid DEFAULT NULL,
    p_seen integer DEFAULT 0, p_ef integer DEFAULT 200, p_exact_limit integer DEFAULT NULL
) RETURNS TABLE (asset_id uuid, distance double precision, filename text, kind text, tags text[],
                 taken_at timestamptz, strategy text, frame_no integer, time_ms bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_sort = on
SET enable_hashjoin = off
SET enable_mergejoin = off
SET hnsw.iterative_scan = 'relaxed_order'
AS $$
DECLARE
    v_owner text := set_config('kioku.owner', coalesce(p_owner, ''), true);
    v_none uuid := '00000000-0000-0000-0000-000000000000';
    v_like uuid := coalesce(p_like, v_none);
    v_distance double precision := coalesce(p_after_distance, '-infinity');
    v_asset uuid := coalesce(p_after_asset, v_none);
    v_wanted integer := p_seen + p_limit;
    v_query public.halfvec := p_query;
    v_strategy text := 'exact';
    v_filter text := '';
    v_limit integer;
    v_rows integer;
    v_framed boolean;
    v_dimension integer;
    v_matches integer;
    v_route text := 'exact';
    v_tag text;
    v_ids uuid[];
    v_distances double precision[];
    v_frames integer[];
    v_times bigint[];
BEGIN
    SELECT s.dimension, coalesce(p_exact_limit, greatest(4000, sqrt(160 * greatest(c.reltuples, 0))::integer)),
           s.kind = 'IMAGE' AND p_kind IS DISTINCT FROM 'IMAGE'
               AND EXISTS (SELECT FROM search.videos v WHERE v.owner = v_owner)
        INTO v_dimension, v_limit, v_framed
        FROM search.spaces s JOIN pg_class c
            ON c.relname = s.partition_name AND c.relnamespace = 'search'::regnamespace
        WHERE s.space_id = p_space_id AND s.kind IN ('IMAGE', 'TAG');
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF p_like IS NOT NULL THEN
        SELECT public.avg(e.embedding) INTO v_query FROM search.image_embeddings e
            WHERE e.owner = p_owner AND e.asset_id = p_like AND e.space_id = p_space_id;
        IF public.l2_norm(v_query) = 0 THEN  -- frames that cancel each other out: the first one
            SELECT e.embedding INTO v_query FROM search.image_embeddings e
                WHERE e.owner = p_owner AND e.asset_id = p_like AND e.space_id = p_space_id
                ORDER BY e.frame_no LIMIT 1;
        END IF;
        IF v_query IS NULL THEN
            RETURN;
        END IF;
        v_filter := ' AND e.asset_id <> $7';
    END IF;
    v_filter := v_filter || concat(
        CASE WHEN p_kind IS NOT NULL THEN ' AND e.kind = $8' END,
        CASE WHEN p_tags IS NOT NULL THEN ' AND e.tags @> $9' END,
        CASE WHEN p_from IS NOT NULL THEN ' AND e.shown_at >= $10' END,
        CASE WHEN p_until IS NOT NULL THEN ' AND e.shown_at < $11' END);
    SELECT c.tag, c.assets INTO v_tag, v_matches FROM unnest(p_tags) AS one(tag) CROSS JOIN LATERAL (
        SELECT one.tag, count(*) AS assets FROM (
            SELECT FROM search.asset_tags t WHERE t.owner = v_owner AND t.tag = one.tag LIMIT v_limit + 1
        ) tagged) c ORDER BY c.assets LIMIT 1;
    IF v_matches <= v_limit THEN
        v_route := 'tagged';
    ELSE
        EXECUTE search.nearest_images_sql('count', p_space_id, v_dimension, v_filter) INTO v_matches
            USING v_query, v_owner, greatest(v_limit, v_wanted) + 1, p_limit, v_distance, v_asset,
                  v_like, p_kind, p_tags, p_from, p_until, v_tag;
    END IF;
    IF v_matches > v_limit AND v_wanted <= least(v_limit, 2000) AND NOT (v_framed AND p_seen > 0) THEN
        v_strategy := 'hnsw';
        v_rows := CASE WHEN v_framed THEN least(2000, 4 * v_wanted) ELSE v_wanted END;
        PERFORM set_config('enable_sort', 'off', true);
        LOOP
            PERFORM set_config('hnsw.ef_search', least(1000, greatest(p_ef, v_rows))::text, true);
            EXECUTE search.nearest_images_sql('hnsw', p_space_id, v_dimension, v_filter, v_framed)
                INTO v_ids, v_distances, v_frames, v_times
                USING v_query, v_owner, v_rows, p_limit, v_distance, v_asset, v_like,
                      p_kind, p_tags, p_from, p_until, v_tag;
            EXIT WHEN NOT v_framed OR v_rows >= 2000 OR cardinality(v_ids) >= p_limit;
            v_rows := least(2000, 8 * v_rows);
        END LOOP;
        PERFORM set_config('enable_sort', 'on', true);
    END IF;
    IF v_strategy = 'exact' OR coalesce(cardinality(v_ids), 0) < p_limit THEN
        v_strategy := 'exact';
        EXECUTE search.nearest_images_sql(v_route, p_space_id, v_dimension, v_filter, v_framed)
            INTO v_ids, v_distances, v_frames, v_times
            USING v_query, v_owner, v_wanted, p_limit, v_distance, v_asset, v_like,
                  p_kind, p_tags, p_from, p_until, v_tag;
    END IF;
    RETURN QUERY  -- LIMIT 1 makes it one key look-up per result, whatever the planner believes
        SELECT n.id, n.far, a.filename, a.kind, a.tags, a.taken_at, v_strategy, n.frame, n.shown
        FROM unnest(v_ids, v_distances, v_frames, v_times) AS n(id, far, frame, shown)
        CROSS JOIN LATERAL (
            SELECT * FROM search.assets s WHERE s.owner = v_owner AND s.asset_id = n.id LIMIT 1
        ) a
        ORDER BY n.far, n.id LIMIT p_limit;
END
$$;
REVOKE ALL ON FUNCTION search.nearest_images FROM PUBLIC;
REVOKE ALL ON FUNCTION search.nearest_images_sql FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.nearest_images, search.nearest_images_sql TO search_api;
