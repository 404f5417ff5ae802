-- The plain question, planned once. `nearest_images` puts its query together for each call, so each
-- call plans three statements; that takes longer than walking the graph. Here each space has a
-- function of its own with the same templates as static SQL, for a first page without any filter, of an
-- owner without videos. Whatever else is asked goes to `nearest_images`, which stays the truth.

-- Where few ends, as `nearest_images` says it for a question without tags.
CREATE FUNCTION search.exact_limit(p_index search.space_indexes, p_wanted integer, p_total double precision,
    p_effort integer) RETURNS integer LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (CASE
        WHEN r.ratio IS NULL THEN greatest(4000, sqrt(160 * p_total))
        WHEN p_index.method = 'ivfflat' THEN greatest(sqrt(r.ratio * p_wanted * p_total), p_effort * p_total / p_index.lists)
        ELSE greatest(sqrt(r.ratio * p_wanted * p_total), r.ratio * greatest(p_effort, p_wanted)) END)::integer
    FROM (SELECT CASE WHEN p_index.tuple_us / p_index.row_us IS NOT NULL
        THEN least(64, greatest(1, p_index.tuple_us / p_index.row_us)) END AS ratio) r
$$;

-- A template with names in place of its parameters.
CREATE FUNCTION search.with_names(p_sql text) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT replace(replace(replace(replace(replace(replace(p_sql, '$1::', 'v_query::'), '$2 ', 'v_owner '),
        '$3', 'v_rows'), '$4', 'p_limit'), '($5, $6)', '(v_distance, v_none)'), '$7', 'v_like')
$$;

-- Makes, or makes anew, the function of one space: `<partition>_quick`. It answers nothing for an
-- owner with videos. p_large says that the owner was found to have many rows a moment ago, so that
-- they need not be counted; if they do not any more, the answer is short and nearest_images is asked.
CREATE FUNCTION search.make_quick(p_space_id text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $make$
DECLARE
    v_space search.spaces;
    v_operator text;
BEGIN
    SELECT * INTO v_space FROM search.spaces s WHERE s.space_id = p_space_id;
    v_operator := coalesce((SELECT search.index_operator(i.opclass) FROM search.space_indexes i
        WHERE i.space_id = p_space_id), '<=>');
    EXECUTE format($quick$
CREATE OR REPLACE FUNCTION search.%1$I(
    p_owner text, p_query public.halfvec, p_like uuid, p_limit integer, p_ef integer, p_large boolean
) RETURNS TABLE (asset_id uuid, distance double precision, filename text, kind text, tags text[],
                 taken_at timestamptz, strategy text, frame_no integer, time_ms bigint,
                 matched integer, effort integer, estimated_recall real)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_sort = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET hnsw.iterative_scan = 'relaxed_order'
SET ivfflat.iterative_scan = 'relaxed_order'
AS $body$
DECLARE
    v_owner text := set_config('kioku.owner', coalesce(p_owner, ''), true);
    v_none uuid := '00000000-0000-0000-0000-000000000000';
    v_distance double precision := '-infinity';
    v_like uuid := coalesce(p_like, v_none);
    v_query public.halfvec := p_query;
    v_rows integer := p_limit;
    v_index search.space_indexes;
    v_total double precision;
    v_effort integer;
    v_limit integer;
    v_matches integer;
    v_strategy text := 'exact';
    v_ids uuid[];
    v_distances double precision[];
    v_frames integer[];
    v_times bigint[];
BEGIN
    IF EXISTS (SELECT FROM search.videos v WHERE v.owner = v_owner) THEN
        RETURN;
    END IF;
    SELECT * INTO v_index FROM search.space_indexes i WHERE i.space_id = %2$L;
    SELECT greatest(c.reltuples, 0) INTO v_total FROM pg_class c
        WHERE c.relname = %3$L AND c.relnamespace = 'search'::regnamespace;
    IF v_total IS NULL THEN
        RETURN;
    END IF;
    IF p_like IS NOT NULL THEN
        SELECT e.embedding INTO v_query FROM search.image_embeddings e
            WHERE e.owner = v_owner AND e.asset_id = p_like AND e.space_id = %2$L AND e.frame_no = -1;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END IF;
    v_effort := coalesce(v_index.effort,
        CASE v_index.method WHEN 'ivfflat' THEN ceil(sqrt(v_index.lists))::integer ELSE p_ef END);
    v_limit := search.exact_limit(v_index, p_limit, v_total, v_effort);
    IF p_large THEN
        v_matches := v_limit + 1;
    ELSE
        SELECT count(*) INTO v_matches FROM (
            SELECT FROM search.image_embeddings e
            WHERE e.space_id = %2$L AND e.owner = v_owner
            LIMIT greatest(v_limit, p_limit) + 1) counted;
    END IF;
    IF v_matches > v_limit AND p_limit <= least(v_limit, 2000) AND v_index.index_name <> '' THEN
        v_strategy := v_index.method;
        IF v_strategy = 'ivfflat' THEN
            v_effort := least(v_index.lists, v_effort);
            PERFORM set_config('ivfflat.probes', v_effort::text, true);
        ELSE
            v_effort := least(1000, greatest(v_effort, v_rows));
            PERFORM set_config('hnsw.ef_search', v_effort::text, true),
                set_config('hnsw.max_scan_tuples', least(20000, current_setting('hnsw.max_scan_tuples', true)::integer,
                    greatest(1000, 4 * v_rows * v_total / v_limit, v_total / CASE
                        WHEN v_index.tuple_us / v_index.row_us IS NULL THEN 8
                        ELSE least(64, greatest(1, v_index.tuple_us / v_index.row_us)) END))::integer::text, true);
        END IF;
        %4$s INTO v_ids, v_distances, v_frames, v_times;
        IF coalesce(cardinality(v_ids), 0) < p_limit THEN
            RETURN;  -- nearest_images knows what to do
        END IF;
    ELSE
        v_effort := 0;
        %5$s INTO v_ids, v_distances, v_frames, v_times;
    END IF;
    RETURN QUERY  -- LIMIT 1 makes it one key look-up per result, whatever the planner believes
        SELECT n.id, n.far, a.filename, a.kind, a.tags, a.taken_at, v_strategy, n.frame, n.shown,
            v_matches, v_effort, CASE WHEN v_strategy = 'exact' THEN 1::real ELSE v_index.recall_mean END
        FROM unnest(v_ids, v_distances, v_frames, v_times) AS n(id, far, frame, shown)
        CROSS JOIN LATERAL (
            SELECT * FROM search.assets s WHERE s.owner = v_owner AND s.asset_id = n.id LIMIT 1
        ) a
        ORDER BY n.far, n.id LIMIT p_limit;
END
$body$;
REVOKE ALL ON FUNCTION search.%1$I FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.%1$I TO search_api;
$quick$, v_space.partition_name || '_quick', p_space_id, v_space.partition_name,
        search.with_names(search.nearest_images_sql('hnsw', p_space_id, v_space.dimension, ' AND e.asset_id <> $7', false, v_operator)),
        search.with_names(search.nearest_images_sql('exact', p_space_id, v_space.dimension, ' AND e.asset_id <> $7')));
END
$make$;

-- Made with the space, made anew when its index compares in another way, and gone with it.
CREATE FUNCTION search.keep_quick() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'space_indexes' THEN
        PERFORM search.make_quick(NEW.space_id);
    ELSIF NEW.state <> 'retired' THEN
        PERFORM search.make_quick(NEW.space_id);
    ELSE
        EXECUTE format('DROP FUNCTION IF EXISTS search.%I', NEW.partition_name || '_quick');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER spaces_quick_made AFTER INSERT ON search.spaces
    FOR EACH ROW WHEN (NEW.kind IN ('IMAGE', 'TAG')) EXECUTE FUNCTION search.keep_quick();
CREATE TRIGGER spaces_quick_kept AFTER UPDATE OF state ON search.spaces FOR EACH ROW
    WHEN (NEW.kind IN ('IMAGE', 'TAG') AND (OLD.state = 'retired') <> (NEW.state = 'retired'))
    EXECUTE FUNCTION search.keep_quick();
CREATE TRIGGER space_indexes_quick AFTER UPDATE OF opclass ON search.space_indexes FOR EACH ROW
    WHEN (OLD.opclass <> NEW.opclass) EXECUTE FUNCTION search.keep_quick();
CREATE TRIGGER space_indexes_quick_made AFTER INSERT ON search.space_indexes FOR EACH ROW
    WHEN (NEW.opclass <> 'halfvec_cosine_ops') EXECUTE FUNCTION search.keep_quick();
SELECT search.make_quick(s.space_id) FROM search.spaces s WHERE s.kind IN ('IMAGE', 'TAG') AND s.state <> 'retired';

REVOKE ALL ON FUNCTION search.exact_limit, search.with_names, search.make_quick, search.keep_quick FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.exact_limit TO search_api;
