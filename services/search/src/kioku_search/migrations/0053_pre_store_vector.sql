-- What `embedding.ready` of a whole asset does, in one round trip: a dozen statements, one after
-- another, took longer than the vector's way into its graph. The effect's name is that of `Effect`.
CREATE FUNCTION search.store_vector(
    p_event_id text, p_space_id text, p_owner text, p_asset_id uuid, p_generation integer,
    p_attempts integer, p_actor text, p_embedding public.halfvec
) RETURNS text LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_kind text;
    v_state text;
    v_asset search.assets;
BEGIN
    -- The space first, then the asset: the order of all who write vectors.
    SELECT s.kind, s.state INTO v_kind, v_state FROM search.space_for_write(p_space_id, p_owner) s;
    IF v_state IS NULL OR v_state = 'retired' THEN
        RETURN 'retired';
    END IF;
    INSERT INTO search.processed (consumer, event_id) VALUES ('search-embeddings', p_event_id)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'again';
    END IF;
    SELECT * INTO v_asset FROM search.assets a
        WHERE a.owner = p_owner AND a.asset_id = p_asset_id AND a.state <> 'DELETING' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN CASE WHEN EXISTS (SELECT FROM search.deletions d
            WHERE d.owner = p_owner AND d.asset_id = p_asset_id) THEN 'dead_asset' ELSE 'unknown' END;
    END IF;
    IF v_kind = 'TAG' AND v_asset.labels_generation > p_generation THEN
        RETURN 'overtaken';  -- ordered before the tags were changed, and made of them
    END IF;
    INSERT INTO search.image_embeddings (space_id, owner, asset_id, generation, kind, tags, shown_at,
        frame_no, time_ms, embedding)
    VALUES (p_space_id, p_owner, p_asset_id, p_generation, v_asset.kind,
        search.labels(v_asset.tags, v_asset.albums, v_asset.people),
        coalesce(v_asset.taken_at, v_asset.created_at), -1, NULL, p_embedding)
    ON CONFLICT (owner, asset_id, frame_no, space_id) DO UPDATE SET
        generation = EXCLUDED.generation, time_ms = EXCLUDED.time_ms,
        embedding = EXCLUDED.embedding, updated_at = now()
    WHERE image_embeddings.generation <= EXCLUDED.generation;
    IF v_asset.kind = 'IMAGE' AND v_kind = 'IMAGE' AND search.is_found(p_owner, p_asset_id) THEN
        UPDATE search.asset_stages s SET state = 'DONE', attempts = p_attempts, reason = '',
            message = '', updated_at = now()
        WHERE s.owner = p_owner AND s.asset_id = p_asset_id AND s.stage = 'embedding'
            AND s.state <> 'DONE';
        IF v_asset.state <> 'READY' THEN
            UPDATE search.assets a SET state = 'READY', reason = '', message = '', updated_at = now()
            WHERE a.owner = p_owner AND a.asset_id = p_asset_id
                AND a.state IN ('PROCESSING', 'FAILED') AND NOT EXISTS (
                    SELECT FROM search.asset_stages s WHERE s.owner = p_owner
                        AND s.asset_id = p_asset_id AND s.state <> 'DONE');
        END IF;
    END IF;
    INSERT INTO search.audit_logs (actor, action, subject, outcome, reason, details)
    VALUES (p_actor, 'embedding.store', p_asset_id::text, 'ok', '', json_build_object(
        'generation', p_generation, 'attempts', p_attempts, 'space_id', p_space_id)::jsonb);
    RETURN 'done';
END
$$;
REVOKE ALL ON FUNCTION search.store_vector FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.store_vector TO search_worker;
