-- The router. What it compares the two ways by is measured on the machine it runs on: `row_us`, one
-- more row compared exactly, and `tuple_us`, one more tuple out of the index (see measure_costs).

-- The one template of the nearest-neighbour query. All its texts take the same parameters:
--   $1 query, $2 owner, $3 wanted rows of the graph, $4 wanted assets, $5 and $6 distance and asset
--   to continue after, $7 asset to leave out, $8 kind, $9 tags, $10 from, $11 until, $12 rarest tag.
-- The space and its dimension are literals, or the partition and its index would not be chosen.
-- Grouped texts answer with the nearest frame of each asset; plain ones are for owners without
-- videos, who do not pay for the grouping. An index serves one operator only, so the texts of the
-- graph order by that one; what they give is always the cosine distance, by which vectors of length
-- one rank alike. `whole` compares all vectors of a space, `whole_index` asks the index for all owners.
DROP FUNCTION search.nearest_images_sql;
CREATE FUNCTION search.nearest_images_sql(
    p_strategy text, p_space_id text, p_dimension integer, p_filter text, p_grouped boolean DEFAULT false,
    p_operator text DEFAULT '<=>'
) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $sql$
    SELECT format(CASE CASE WHEN p_strategy IN ('hnsw', 'ivfflat') THEN 'index' ELSE p_strategy END
        -- Iterative scans hand out rows in nearly the right order, so the order is made outside.
        WHEN 'index' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.asset_id%4$s, e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s) AS distance
                FROM search.image_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 %3$s
                ORDER BY e.embedding::public.halfvec(%2$s) OPERATOR(public.%5$s) $1::public.halfvec(%2$s)
                LIMIT $3
            )$q$
        -- The sum keeps the graph out: this text compares every row that the owner index gives.
        WHEN 'exact' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.asset_id%4$s, (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
                FROM search.image_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 %3$s
            )$q$
        -- The same for the assets of a tag, looked up one by one (the offset keeps that order).
        WHEN 'tagged' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.asset_id%4$s, (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
                FROM search.asset_tags t CROSS JOIN LATERAL (
                    SELECT * FROM search.image_embeddings i
                    WHERE i.space_id = %1$L AND i.owner = $2 AND i.asset_id = t.asset_id OFFSET 0
                ) e
                WHERE t.owner = $2 AND t.tag = $12 %3$s
            )$q$
        WHEN 'count' THEN $q$
            SELECT count(*)::int FROM (
                SELECT FROM search.image_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 %3$s LIMIT $3
            ) matches$q$
        WHEN 'whole' THEN $q$
            SELECT array_agg(n.distance ORDER BY n.distance) FROM (
                SELECT (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
                FROM search.image_embeddings e WHERE e.space_id = %1$L ORDER BY 1 LIMIT $2
            ) n$q$
        WHEN 'whole_index' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s) AS distance
                FROM search.image_embeddings e WHERE e.space_id = %1$L
                ORDER BY e.embedding::public.halfvec(%2$s) OPERATOR(public.%5$s) $1::public.halfvec(%2$s)
                LIMIT $2
            )
            SELECT array_agg(n.distance ORDER BY n.distance) FROM every n$q$
    END || CASE
        WHEN p_strategy IN ('count', 'whole', 'whole_index') THEN ''
        -- An asset is as near as its nearest frame, so frames are grouped before a page begins.
        WHEN p_grouped THEN $q$, best AS (
                SELECT DISTINCT ON (n.asset_id) n.* FROM every n ORDER BY n.asset_id, n.distance, n.frame_no
            ), near AS (
                SELECT * FROM best n WHERE (n.distance, n.asset_id) > ($5, $6)
                ORDER BY n.distance, n.asset_id LIMIT $4
            )
            SELECT array_agg(n.asset_id), array_agg(n.distance), array_agg(nullif(n.frame_no, -1)),
                   array_agg(n.time_ms) FROM near n$q$
        WHEN p_strategy IN ('hnsw', 'ivfflat') THEN $q$
            SELECT array_agg(n.asset_id), array_agg(n.distance), NULL::int[], NULL::bigint[]
            FROM every n WHERE (n.distance, n.asset_id) > ($5, $6)$q$
        ELSE $q$, near AS (
                SELECT * FROM every n WHERE (n.distance, n.asset_id) > ($5, $6)
                ORDER BY n.distance, n.asset_id LIMIT $4
            )
            SELECT array_agg(n.asset_id), array_agg(n.distance), NULL::int[], NULL::bigint[] FROM near n$q$
    END, p_space_id, p_dimension, p_filter,
    CASE WHEN p_grouped THEN ', e.frame_no, e.time_ms' ELSE '' END, p_operator)
$sql$;

-- The nearest assets of one owner in one space of pictures or of tags, nearest first, ties by asset
-- id; of a video, the nearest frame.
-- Few matching rows, or a tag that few assets have: all are compared. Many: the space's index, which
-- goes on until it has enough (iterative scan) and is asked for more when many of its rows are frames of the same videos; if it
-- ends short although more rows match, all are compared after all, so an answer is never short while
-- matching assets exist. Later pages of an owner with videos are always compared in full: the graph
-- may miss the frame that put an asset on an earlier page, and would show it again with another.
-- Either p_query or p_like (an asset of the owner; of a video, the mean of its frames) is given.
-- Unknown space or unknown asset: no row.
-- Where few ends: comparing M rows costs M * row_us; the index hands out about wanted * rows / M
-- tuples until enough of them match, and at least its effort, at tuple_us each. Equal at
-- M = sqrt(tuple_us / row_us * wanted * rows). Until both are measured a ratio of 8 is assumed.
-- The assets of a tag are looked up one by one, which costs about ten times as much as a row in
-- passing, so few ends sooner with a tag; one tag alone needs no other count than its own.
-- Where what matches lies far from the query, the graph hands out nearly everything first. So it may
-- hand out four times what is to be expected, or as much as comparing everything would cost; then
-- all that match are compared.
-- `matched` was counted up to a bound: more may match when the index answered. `effort` is ef_search
-- (hnsw) or probes (ivfflat), 0 where all were compared.
DROP FUNCTION search.nearest_images;
CREATE FUNCTION search.nearest_images(
    p_owner text, p_space_id text, p_query public.halfvec, p_like uuid, p_limit integer,
    p_kind text DEFAULT NULL, p_tags text[] DEFAULT NULL,
    p_from timestamptz DEFAULT NULL, p_until timestamptz DEFAULT NULL,
    p_after_distance double precision DEFAULT NULL, p_after_asset uuid DEFAULT NULL,
    p_seen integer DEFAULT 0, p_ef integer DEFAULT 200, p_exact_limit integer DEFAULT NULL,
    p_effort integer DEFAULT NULL
) RETURNS TABLE (asset_id uuid, distance double precision, filename text, kind text, tags text[],
                 taken_at timestamptz, strategy text, frame_no integer, time_ms bigint,
                 matched integer, effort integer, estimated_recall real)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_sort = on
SET enable_hashjoin = off
SET enable_mergejoin = off
SET hnsw.iterative_scan = 'relaxed_order'
SET ivfflat.iterative_scan = 'relaxed_order'
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
    v_index search.space_indexes;
    v_total double precision;
    v_ratio double precision;
    v_effort integer;
    v_used integer := 0;
    v_matches integer;
    v_route text := 'exact';
    v_tag text;
    v_ids uuid[];
    v_distances double precision[];
    v_frames integer[];
    v_times bigint[];
BEGIN
    SELECT s.dimension, greatest(c.reltuples, 0), s.kind = 'IMAGE' AND p_kind IS DISTINCT FROM 'IMAGE'
            AND EXISTS (SELECT FROM search.videos v WHERE v.owner = v_owner)
        INTO v_dimension, v_total, v_framed
        FROM search.spaces s JOIN pg_class c
            ON c.relname = s.partition_name AND c.relnamespace = 'search'::regnamespace
        WHERE s.space_id = p_space_id AND s.kind IN ('IMAGE', 'TAG');
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO v_index FROM search.space_indexes i WHERE i.space_id = p_space_id;
    v_effort := coalesce(p_effort, v_index.effort,
        CASE v_index.method WHEN 'ivfflat' THEN ceil(sqrt(v_index.lists))::integer ELSE p_ef END);
    v_ratio := CASE WHEN v_index.tuple_us / v_index.row_us IS NOT NULL  -- greatest() passes NULL over
        THEN least(64, greatest(1, v_index.tuple_us / v_index.row_us)) END;
    v_limit := coalesce(p_exact_limit, CASE
        WHEN v_ratio IS NULL THEN greatest(4000, sqrt(160 * v_total))
        WHEN v_index.method = 'ivfflat' THEN greatest(sqrt(v_ratio * v_wanted * v_total), v_effort * v_total / v_index.lists)
        ELSE greatest(sqrt(v_ratio * v_wanted * v_total), v_ratio * greatest(v_effort, v_wanted)) END
        * CASE WHEN p_tags IS NULL THEN 1 ELSE sqrt(1.0 / 10) END)::integer;
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
    ELSIF cardinality(p_tags) > 1 OR p_tags IS NULL OR v_wanted >= v_limit
            OR coalesce(p_kind, p_from::text, p_until::text) IS NOT NULL THEN
        EXECUTE search.nearest_images_sql('count', p_space_id, v_dimension, v_filter) INTO v_matches
            USING v_query, v_owner, greatest(v_limit, v_wanted) + 1, p_limit, v_distance, v_asset,
                  v_like, p_kind, p_tags, p_from, p_until, v_tag;
    END IF;
    IF v_matches > v_limit AND v_wanted <= least(v_limit, 2000) AND NOT (v_framed AND p_seen > 0)
            AND v_index.index_name <> '' THEN
        v_strategy := v_index.method;
        v_rows := CASE WHEN v_framed THEN least(2000, 4 * v_wanted) ELSE v_wanted END;
        PERFORM set_config('enable_sort', 'off', true);
        LOOP
            IF v_strategy = 'ivfflat' THEN
                v_used := least(v_index.lists, v_effort);
                PERFORM set_config('ivfflat.probes', v_used::text, true);
            ELSE
                v_used := least(1000, greatest(v_effort, v_rows));
                PERFORM set_config('hnsw.ef_search', v_used::text, true),
                    set_config('hnsw.max_scan_tuples', least(20000, current_setting('hnsw.max_scan_tuples', true)::integer,
                        greatest(1000, 4 * v_rows * v_total / v_limit, v_total / coalesce(v_ratio, 8)))::integer::text, true);
            END IF;
            EXECUTE search.nearest_images_sql(v_strategy, p_space_id, v_dimension, v_filter, v_framed,
                                              search.index_operator(v_index.opclass))
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
        v_used := 0;
        EXECUTE search.nearest_images_sql(v_route, p_space_id, v_dimension, v_filter, v_framed)
            INTO v_ids, v_distances, v_frames, v_times
            USING v_query, v_owner, v_wanted, p_limit, v_distance, v_asset, v_like,
                  p_kind, p_tags, p_from, p_until, v_tag;
    END IF;
    RETURN QUERY  -- LIMIT 1 makes it one key look-up per result, whatever the planner believes
        SELECT n.id, n.far, a.filename, a.kind, a.tags, a.taken_at, v_strategy, n.frame, n.shown,
            v_matches, v_used, CASE WHEN v_strategy = 'exact' THEN 1::real ELSE v_index.recall_mean END
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

-- Some vectors of a space, drawn from pages all over its partition: what its index is tried with.
CREATE FUNCTION search.sample_vectors(p_space_id text, p_count integer)
RETURNS TABLE (embedding public.halfvec) LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_pages double precision := (SELECT greatest(c.relpages, 1) FROM search.spaces s JOIN pg_class c
        ON c.relname = s.partition_name AND c.relnamespace = 'search'::regnamespace WHERE s.space_id = p_space_id);
    v_found integer;
BEGIN
    RETURN QUERY EXECUTE 'SELECT e.embedding FROM search.image_embeddings e TABLESAMPLE SYSTEM ($1)
        WHERE e.space_id = $2 ORDER BY random() LIMIT $3'
        USING least(100, 100 * 3 * p_count / v_pages), p_space_id, p_count;
    GET DIAGNOSTICS v_found = ROW_COUNT;
    RETURN QUERY SELECT e.embedding FROM search.image_embeddings e
        WHERE e.space_id = p_space_id LIMIT p_count - v_found;
END
$$;

-- The distances of the p_limit nearest vectors of a whole space: by its index with an effort, or with
-- p_effort NULL by comparing all. For measuring an index, whoever the vectors belong to.
CREATE FUNCTION search.nearest_distances(
    p_space_id text, p_query public.halfvec, p_limit integer, p_effort integer
) RETURNS double precision[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET hnsw.iterative_scan = 'relaxed_order'
SET ivfflat.iterative_scan = 'relaxed_order'
AS $$
DECLARE
    v_dimension integer := (SELECT s.dimension FROM search.spaces s WHERE s.space_id = p_space_id);
    v_opclass text := (SELECT i.opclass FROM search.space_indexes i WHERE i.space_id = p_space_id);
    v_found double precision[];
BEGIN
    IF p_effort IS NOT NULL THEN
        PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
            set_config('hnsw.ef_search', least(1000, p_effort)::text, true),
            set_config('ivfflat.probes', least(32768, p_effort)::text, true);
    END IF;
    EXECUTE search.nearest_images_sql(CASE WHEN p_effort IS NULL THEN 'whole' ELSE 'whole_index' END,
            p_space_id, v_dimension, '', false, search.index_operator(v_opclass))
        INTO v_found USING p_query, p_limit;
    PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true);
    RETURN v_found;
END
$$;

-- What one more row compared exactly, and one more tuple out of the index, cost on this machine:
-- the slope between two sizes, so that what every query pays cancels out; the median of some rounds.
CREATE FUNCTION search.measure_costs(p_space_id text, p_rounds integer DEFAULT 7)
RETURNS TABLE (row_us double precision, tuple_us double precision) LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_sort = off
SET hnsw.iterative_scan = 'relaxed_order'
SET ivfflat.iterative_scan = 'relaxed_order'
SET hnsw.ef_search = 200
SET ivfflat.probes = 4
AS $$
DECLARE
    v_vectors public.halfvec[] := (SELECT coalesce(array_agg(v.embedding), '{}') FROM search.sample_vectors(p_space_id, p_rounds) v);
    v_dimension integer := (SELECT s.dimension FROM search.spaces s WHERE s.space_id = p_space_id);
    v_operator text := (SELECT search.index_operator(i.opclass) FROM search.space_indexes i WHERE i.space_id = p_space_id);
    v_query public.halfvec;
    v_rows double precision[];
    v_tuples double precision[];
    v_times double precision[4];
    v_began timestamptz;
    v_exact text := format('WITH every AS MATERIALIZED (
            SELECT e.asset_id, (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
            FROM search.image_embeddings e WHERE e.space_id = %1$L ORDER BY e.owner LIMIT $2
        ), near AS (SELECT * FROM every n WHERE (n.distance, n.asset_id) > (-1, e''00000000-0000-0000-0000-000000000000''::uuid)
            ORDER BY n.distance, n.asset_id LIMIT 20)
        SELECT array_agg(n.asset_id), array_agg(n.distance) FROM near n', p_space_id, v_dimension);
BEGIN
    FOREACH v_query IN ARRAY v_vectors LOOP
        FOR step IN 0..4 LOOP  -- the first one only warms up
            v_began := clock_timestamp();
            IF step % 2 = 0 THEN
                EXECUTE search.nearest_images_sql('whole_index', p_space_id, v_dimension, '', false, v_operator)
                    USING v_query, CASE WHEN step = 2 THEN 200 ELSE 1200 END;
            ELSE
                EXECUTE v_exact USING v_query, CASE WHEN step = 1 THEN 100 ELSE 2100 END;
            END IF;
            IF step > 0 THEN
                v_times[step] := extract(epoch FROM clock_timestamp() - v_began) * 1e6;
            END IF;
        END LOOP;
        v_rows := v_rows || (v_times[3] - v_times[1]) / 2000;
        v_tuples := v_tuples || (v_times[4] - v_times[2]) / 1000;
    END LOOP;
    RETURN QUERY SELECT
        (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY one) FROM unnest(v_rows) AS one),
        (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY one) FROM unnest(v_tuples) AS one);
END
$$;
REVOKE ALL ON FUNCTION search.sample_vectors, search.nearest_distances, search.measure_costs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.nearest_images_sql, search.sample_vectors, search.nearest_distances,
    search.measure_costs TO search_worker;
