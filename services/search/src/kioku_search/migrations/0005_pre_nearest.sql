-- The one template of the nearest-neighbour query. All its texts take the same parameters:
--   $1 query, $2 owner, $3 wanted rows of the graph, $4 wanted rows, $5 and $6 distance and asset to
--   continue after, $7 asset to leave out, $8 kind, $9 tags, $10 from, $11 until, $12 rarest tag.
-- The space and its dimension are literals, or the partition and its index would not be chosen.
CREATE FUNCTION search.nearest_images_sql(
    p_strategy text, p_space_id text, p_dimension integer, p_filter text
) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $sql$
    SELECT CASE p_strategy
        -- Iterative scans hand out rows in nearly the right order, so the order is made outside.
        WHEN 'hnsw' THEN format($q$
            WITH near AS MATERIALIZED (
                SELECT e.asset_id, e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s) AS distance
                FROM search.image_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 %3$s
                ORDER BY e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)
                LIMIT $3
            )
            SELECT array_agg(n.asset_id), array_agg(n.distance) FROM near n
            WHERE (n.distance, n.asset_id) > ($5, $6)
        $q$, p_space_id, p_dimension, p_filter)
        -- The sum keeps the graph out: this text compares every row that the owner index gives.
        WHEN 'exact' THEN format($q$
            WITH every AS MATERIALIZED (
                SELECT e.asset_id, (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
                FROM search.image_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 %3$s
            ), near AS (
                SELECT * FROM every n WHERE (n.distance, n.asset_id) > ($5, $6)
                ORDER BY n.distance, n.asset_id LIMIT $4
            )
            SELECT array_agg(n.asset_id), array_agg(n.distance) FROM near n
        $q$, p_space_id, p_dimension, p_filter)
        -- The same for the assets of a tag, looked up one by one.
        WHEN 'tagged' THEN format($q$
            WITH every AS MATERIALIZED (
                SELECT e.asset_id, (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
                FROM search.asset_tags t JOIN search.image_embeddings e
                    ON e.owner = t.owner AND e.asset_id = t.asset_id
                WHERE t.owner = $2 AND t.tag = $12 AND e.space_id = %1$L AND e.owner = $2 %3$s
            ), near AS (
                SELECT * FROM every n WHERE (n.distance, n.asset_id) > ($5, $6)
                ORDER BY n.distance, n.asset_id LIMIT $4
            )
            SELECT array_agg(n.asset_id), array_agg(n.distance) FROM near n
        $q$, p_space_id, p_dimension, p_filter)
        WHEN 'count' THEN format($q$
            SELECT count(*)::int FROM (
                SELECT FROM search.image_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 %3$s LIMIT $3
            ) matches
        $q$, p_space_id, p_dimension, p_filter)
    END
$sql$;

-- The nearest pictures of one owner in one space, nearest first, ties by asset id.
-- Few matching rows, or a tag that few assets have: all are compared. Many: the graph, which goes on until it has enough
-- (iterative scan); if it ends short although more rows match, all are compared after all, so an
-- answer is never short while matching rows exist.
-- Either p_query or p_like (an asset of the owner) is given. Unknown space or unknown asset: no row.
CREATE FUNCTION search.nearest_images(
    p_owner text, p_space_id text, p_query public.halfvec, p_like uuid, p_limit integer,
    p_kind text DEFAULT NULL, p_tags text[] DEFAULT NULL,
    p_from timestamptz DEFAULT NULL, p_until timestamptz DEFAULT NULL,
    p_after_distance double precision DEFAULT NULL, p_after_asset uuid DEFAULT NULL,
    p_seen integer DEFAULT 0, p_ef integer DEFAULT 200, p_exact_limit integer DEFAULT NULL
) RETURNS TABLE (asset_id uuid, distance double precision, filename text, kind text, tags text[],
                 taken_at timestamptz, strategy text)
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
    v_dimension integer;
    v_matches integer;
    v_route text := 'exact';
    v_tag text;
    v_ids uuid[];
    v_distances double precision[];
BEGIN
    SELECT s.dimension, coalesce(p_exact_limit, greatest(4000, sqrt(160 * greatest(c.reltuples, 0))::integer))
        INTO v_dimension, v_limit
        FROM search.spaces s JOIN pg_class c
            ON c.relname = s.partition_name AND c.relnamespace = 'search'::regnamespace
        WHERE s.space_id = p_space_id AND s.kind = 'IMAGE';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF p_like IS NOT NULL THEN
        SELECT e.embedding INTO v_query FROM search.image_embeddings e
            WHERE e.owner = p_owner AND e.asset_id = p_like AND e.space_id = p_space_id;
        IF NOT FOUND THEN
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
    IF v_matches > v_limit AND v_wanted <= least(v_limit, 2000) THEN
        v_strategy := 'hnsw';
        PERFORM set_config('enable_sort', 'off', true),
                set_config('hnsw.ef_search', least(1000, greatest(p_ef, v_wanted))::text, true);
        EXECUTE search.nearest_images_sql('hnsw', p_space_id, v_dimension, v_filter) INTO v_ids, v_distances
            USING v_query, v_owner, v_wanted, p_limit, v_distance, v_asset, v_like,
                  p_kind, p_tags, p_from, p_until, v_tag;
        PERFORM set_config('enable_sort', 'on', true);
    END IF;
    IF v_strategy = 'exact' OR coalesce(cardinality(v_ids), 0) < p_limit THEN
        v_strategy := 'exact';
        EXECUTE search.nearest_images_sql(v_route, p_space_id, v_dimension, v_filter) INTO v_ids, v_distances
            USING v_query, v_owner, v_wanted, p_limit, v_distance, v_asset, v_like,
                  p_kind, p_tags, p_from, p_until, v_tag;
    END IF;
    RETURN QUERY  -- LIMIT 1 makes it one key look-up per result, whatever the planner believes
        SELECT n.id, n.far, a.filename, a.kind, a.tags, a.taken_at, v_strategy
        FROM unnest(v_ids, v_distances) AS n(id, far)
        CROSS JOIN LATERAL (
            SELECT * FROM search.assets s WHERE s.owner = v_owner AND s.asset_id = n.id LIMIT 1
        ) a
        ORDER BY n.far, n.id LIMIT p_limit;
END
$$;
REVOKE ALL ON FUNCTION search.nearest_images FROM PUBLIC;
REVOKE ALL ON FUNCTION search.nearest_images_sql FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.nearest_images, search.nearest_images_sql TO search_api;
