-- A question about faces in one round trip: whether a change of consent that the caller knows of has
-- come here, the answer, and its row of the audit, which counts what was found. They are one statement,
-- so there is no answer without the row.

-- The columns of near_faces; of a face also its asset, frame and person. `heard` is set in a row of its
-- own where the caller knows more than is known here: then nothing else is given or recorded.
CREATE FUNCTION search.ask_faces(
    p_match boolean, p_owner text, p_space_id text, p_vectors public.halfvec[], p_faces uuid[],
    p_limit integer, p_distance double precision, p_people uuid[], p_ef integer, p_exact_limit integer,
    p_sequence bigint, p_actor text, p_action text, p_details jsonb
) RETURNS TABLE (query integer, known boolean, person_id uuid, user_id text, face_id uuid,
                 distance double precision, strategy text, asset_id uuid, frame_no integer, linked uuid,
                 heard bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_owner text := set_config('kioku.owner', coalesce(p_owner, ''), true);
    v_heard bigint := coalesce(
        (SELECT c.sequence FROM search.consent_sequences c WHERE c.owner = v_owner), 0);
BEGIN
    IF p_sequence > v_heard THEN
        heard := v_heard;
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY
        WITH found AS MATERIALIZED (
            SELECT * FROM search.near_faces(p_match, v_owner, p_space_id, p_vectors, p_faces, p_limit,
                p_distance, p_people, p_ef, p_exact_limit)
        ), told AS (
            INSERT INTO search.audit_logs (actor, action, subject, outcome, reason, details)
            SELECT p_actor, p_action, p_space_id, 'ok', '', p_details || jsonb_build_object(
                'queries', cardinality(p_faces), 'hits', count(*) FILTER (WHERE f.face_id IS NOT NULL))
            FROM found f
        )
        SELECT f.query, f.known, f.person_id, f.user_id, f.face_id, f.distance, f.strategy,
            e.asset_id, e.frame_no, e.person_id, NULL::bigint
        FROM found f LEFT JOIN search.face_embeddings e ON NOT p_match AND e.space_id = p_space_id
            AND e.owner = v_owner AND e.face_id = f.face_id
        ORDER BY f.query, f.distance, coalesce(f.person_id, f.face_id);
END
$$;

REVOKE ALL ON FUNCTION search.ask_faces FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.ask_faces TO search_api, search_worker;
