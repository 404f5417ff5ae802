-- The two questions about faces. MATCH joins those who agreed, so that a face whose person did not, or
-- took it back, cannot be returned; CLUSTER is for one owner and gives ids of faces only.

-- All texts take the same parameters: $1 query, $2 owner, $3 rows of the index, $4 people or faces that
-- are wanted, $5 greatest distance, $6 face to leave out, $7 people among whom (NULL: all).
-- The space and its dimension are literals, or the partition and its index would not be chosen; an
-- index serves one operator only, but what is given is always the cosine distance.
CREATE FUNCTION search.faces_sql(
    p_strategy text, p_space_id text, p_dimension integer, p_operator text DEFAULT '<=>'
) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $sql$
    SELECT format(CASE p_strategy
        -- Iterative scans hand out rows in nearly the right order, so the order is made outside.
        WHEN 'match_index' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.face_id, e.person_id, p.user_id,
                    e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s) AS distance
                FROM search.face_embeddings e
                JOIN search.matchable_people p ON p.owner = e.owner AND p.person_id = e.person_id
                WHERE e.space_id = %1$L AND e.owner = $2 AND e.reference AND p.owner = $2
                    AND %4$s
                    AND ($7::uuid[] IS NULL OR e.person_id = ANY ($7))
                ORDER BY e.embedding::public.halfvec(%2$s) OPERATOR(public.%3$s) $1::public.halfvec(%2$s)
                LIMIT $3
            )$q$
        -- Few references: each is looked up by its key (the offset keeps that order).
        WHEN 'match_linked' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT l.face_id, p.person_id, p.user_id, d.distance
                FROM search.matchable_people p
                JOIN search.face_links l ON l.owner = p.owner AND l.person_id = p.person_id
                CROSS JOIN LATERAL (
                    SELECT (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
                    FROM search.face_embeddings e
                    WHERE e.space_id = %1$L AND e.owner = $2 AND e.face_id = l.face_id OFFSET 0
                ) d
                WHERE p.owner = $2 AND l.owner = $2 AND l.reference
                    AND %4$s
                    AND ($7::uuid[] IS NULL OR p.person_id = ANY ($7))
            )$q$
        -- Many: every face of the owner is passed. The sum keeps the index of vectors out.
        WHEN 'match_scan' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.face_id, e.person_id, p.user_id,
                    (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
                FROM search.face_embeddings e
                JOIN search.matchable_people p ON p.owner = e.owner AND p.person_id = e.person_id
                WHERE e.space_id = %1$L AND e.owner = $2 AND e.reference AND p.owner = $2
                    AND %4$s
                    AND ($7::uuid[] IS NULL OR e.person_id = ANY ($7))
            )$q$
        WHEN 'match_count' THEN $q$
            WITH agreed AS (
                SELECT p.person_id FROM search.matchable_people p
                WHERE p.owner = $1 AND %4$s
                    AND ($4::uuid[] IS NULL OR p.person_id = ANY ($4))
            )
            SELECT (SELECT count(*)::int FROM (
                    SELECT FROM agreed p JOIN search.face_links l ON l.owner = $1 AND l.person_id = p.person_id
                    WHERE l.reference LIMIT $2) m),
                (SELECT count(*)::int FROM (
                    SELECT FROM agreed p WHERE EXISTS (SELECT FROM search.face_links l
                        WHERE l.owner = $1 AND l.person_id = p.person_id AND l.reference) LIMIT $3) m)$q$
        WHEN 'near_index' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.face_id,
                    e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s) AS distance
                FROM search.face_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 AND e.face_id <> $6
                ORDER BY e.embedding::public.halfvec(%2$s) OPERATOR(public.%3$s) $1::public.halfvec(%2$s)
                LIMIT $3
            )$q$
        WHEN 'near_scan' THEN $q$
            WITH every AS MATERIALIZED (
                SELECT e.face_id,
                    (e.embedding::public.halfvec(%2$s) OPERATOR(public.<=>) $1::public.halfvec(%2$s)) + 0 AS distance
                FROM search.face_embeddings e
                WHERE e.space_id = %1$L AND e.owner = $2 AND e.face_id <> $6
            )$q$
    END || CASE
        WHEN p_strategy = 'match_count' THEN ''
        -- A person is as near as their nearest face.
        WHEN p_strategy LIKE 'match%' THEN $q$, best AS (
                SELECT DISTINCT ON (n.person_id) n.* FROM every n ORDER BY n.person_id, n.distance, n.face_id
            ), near AS (
                SELECT * FROM best n WHERE n.distance <= $5 ORDER BY n.distance, n.person_id LIMIT $4
            )
            SELECT array_agg(n.person_id), array_agg(n.user_id), array_agg(n.face_id), array_agg(n.distance),
                (SELECT count(*) FROM every), (SELECT max(m.distance) FROM every m) FROM near n$q$
        ELSE $q$, near AS (
                SELECT * FROM every n WHERE n.distance <= $5 ORDER BY n.distance, n.face_id LIMIT $4
            )
            SELECT NULL::uuid[], NULL::text[], array_agg(n.face_id), array_agg(n.distance),
                (SELECT count(*) FROM every), (SELECT max(m.distance) FROM every m) FROM near n$q$
    END, p_space_id, p_dimension, p_operator,
    'p.consented AND (p.expires_at IS NULL OR p.expires_at > clock_timestamp())')
$sql$;

-- The people, or the faces, that some faces of one owner look like, for each query the most similar
-- first, ties by id. A query is a vector, or the id of a face whose vector is stored in the space. One
-- row with `known` false for a query whose face is not; one with everything else NULL for a query that
-- nothing is like. Unknown space: no row.
--
-- Few: all are compared. Many: the index of the space, which goes on until it has enough rows that
-- match (iterative scan), is asked for more while several of its rows are of the same person, and is
-- left when its rows are farther than what is wanted. If it ends short, all are compared after all: an
-- answer is never short while matching faces exist. Where few ends: as in nearest_images, with a ratio
-- of 8 between one tuple out of the index and one more row, and 10 between a look-up by key and a row
-- in passing; those are of machines that were measured, not of this one.
CREATE FUNCTION search.near_faces(
    p_match boolean, p_owner text, p_space_id text, p_vectors public.halfvec[], p_faces uuid[],
    p_limit integer, p_distance double precision, p_people uuid[] DEFAULT NULL,
    p_ef integer DEFAULT 200, p_exact_limit integer DEFAULT NULL
) RETURNS TABLE (query integer, known boolean, person_id uuid, user_id text, face_id uuid,
                 distance double precision, strategy text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_sort = on
SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_custom_plan
SET hnsw.iterative_scan = 'relaxed_order'
SET ivfflat.iterative_scan = 'relaxed_order'
AS $$
DECLARE
    v_owner text := set_config('kioku.owner', coalesce(p_owner, ''), true);
    v_none uuid := '00000000-0000-0000-0000-000000000000';
    v_kind text := CASE WHEN p_match THEN 'match' ELSE 'near' END;
    v_query public.halfvec;
    v_dimension integer;
    v_total double precision;
    v_index search.space_indexes;
    v_effort integer;
    v_limit integer;
    v_matches integer;
    v_wanted integer := p_limit;
    v_exact text := v_kind || '_scan';
    v_strategy text;
    v_rows integer;
    v_people uuid[];
    v_users text[];
    v_ids uuid[];
    v_distances double precision[];
    v_seen bigint;
    v_farthest double precision;
BEGIN
    SELECT s.dimension, greatest(c.reltuples, 0) INTO v_dimension, v_total
        FROM search.spaces s JOIN pg_class c
            ON c.relname = s.partition_name AND c.relnamespace = 'search'::regnamespace
        WHERE s.space_id = p_space_id AND s.kind = 'FACE';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO v_index FROM search.space_indexes i WHERE i.space_id = p_space_id;
    v_effort := coalesce(v_index.effort,
        CASE v_index.method WHEN 'ivfflat' THEN ceil(sqrt(v_index.lists))::integer ELSE p_ef END);
    v_limit := coalesce(p_exact_limit, CASE WHEN p_match THEN greatest(1200, sqrt(16 * v_total))
        ELSE greatest(4000, sqrt(160 * v_total)) END::integer);
    IF p_match THEN
        EXECUTE search.faces_sql('match_count', p_space_id, v_dimension)
            INTO v_matches, v_wanted USING v_owner, v_limit + 1, p_limit, p_people;
        IF v_matches <= v_limit THEN
            v_exact := 'match_linked';
        END IF;
    ELSE
        v_matches := (SELECT count(*) FROM (SELECT FROM search.face_embeddings e
            WHERE e.space_id = p_space_id AND e.owner = v_owner LIMIT v_limit + 1) counted);
    END IF;
    FOR i IN 1 .. cardinality(p_faces) LOOP
        v_query := p_vectors[i];
        IF v_query IS NULL THEN
            SELECT e.embedding INTO v_query FROM search.face_embeddings e
                WHERE e.space_id = p_space_id AND e.owner = v_owner AND e.face_id = p_faces[i];
        END IF;
        IF v_query IS NULL THEN
            RETURN QUERY SELECT i, false, NULL::uuid, NULL::text, NULL::uuid, NULL::double precision, '';
            CONTINUE;
        END IF;
        v_strategy := v_exact;
        v_ids := NULL;
        IF v_matches > v_limit AND v_index.index_name <> '' THEN
            v_rows := CASE WHEN p_match THEN greatest(20, 4 * v_wanted) ELSE v_wanted END;
            PERFORM set_config('enable_sort', 'off', true);
            LOOP
                PERFORM set_config('ivfflat.probes', least(v_index.lists, v_effort)::text, true),
                    set_config('hnsw.ef_search', least(1000, greatest(v_effort, v_rows))::text, true),
                    set_config('hnsw.max_scan_tuples', least(20000, greatest(1000, 4 * v_rows * v_total / v_limit))::integer::text, true);
                EXECUTE search.faces_sql(v_kind || '_index', p_space_id, v_dimension, search.index_operator(v_index.opclass))
                    INTO v_people, v_users, v_ids, v_distances, v_seen, v_farthest
                    USING v_query, v_owner, v_rows, p_limit, p_distance, coalesce(p_faces[i], v_none), p_people;
                IF cardinality(v_ids) >= v_wanted OR v_farthest > p_distance THEN
                    v_strategy := v_index.method;
                END IF;
                EXIT WHEN v_strategy <> v_exact OR v_rows >= 2000 OR v_seen < v_rows;
                v_rows := least(2000, 8 * v_rows);
            END LOOP;
            PERFORM set_config('enable_sort', 'on', true);
        END IF;
        IF v_strategy = v_exact THEN
            EXECUTE search.faces_sql(v_exact, p_space_id, v_dimension)
                INTO v_people, v_users, v_ids, v_distances, v_seen, v_farthest
                USING v_query, v_owner, 0, p_limit, p_distance, coalesce(p_faces[i], v_none), p_people;
        END IF;
        IF v_ids IS NULL THEN
            RETURN QUERY SELECT i, true, NULL::uuid, NULL::text, NULL::uuid, NULL::double precision, v_strategy;
        END IF;
        RETURN QUERY SELECT i, true, v_people[n.place], v_users[n.place], v_ids[n.place], v_distances[n.place], v_strategy
            FROM generate_subscripts(v_ids, 1) AS n(place) ORDER BY n.place;
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION search.faces_sql, search.near_faces FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.faces_sql, search.near_faces TO search_api, search_worker;
