-- The life of a space: which one serves whom, and how a change of that is made without a gap.
--
-- registered -> backfilling -> canary -> active <-> standby -> retired. `standby` is the space that
-- was active before: it is kept complete, so that a rollback can go back to it at any time.

ALTER TABLE search.spaces DROP CONSTRAINT spaces_state_check;
ALTER TABLE search.spaces
    ADD CONSTRAINT spaces_state_check CHECK (
        state IN ('registered', 'backfilling', 'canary', 'active', 'standby', 'retired')),
    ADD COLUMN canary_percent smallint NOT NULL DEFAULT 0 CHECK (canary_percent BETWEEN 0 AND 100),
    ADD COLUMN serving_changed_at timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN settled boolean NOT NULL DEFAULT true,
    ADD CONSTRAINT spaces_share_of_canary CHECK (canary_percent = 0 OR state = 'canary');
COMMENT ON COLUMN search.spaces.canary_percent IS 'percent of the owners that are served from it';
COMMENT ON COLUMN search.spaces.serving_changed_at IS 'when it gained or lost owners to serve';
COMMENT ON COLUMN search.spaces.settled IS 'every asset''s state has followed that change';
CREATE UNIQUE INDEX spaces_one_canary ON search.spaces (kind) WHERE state = 'canary';

-- The one place that says which changes are legal.
CREATE FUNCTION search.check_space_transition() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.state <> NEW.state AND NEW.state <> ALL (CASE OLD.state
        WHEN 'registered' THEN ARRAY['backfilling', 'retired']
        WHEN 'backfilling' THEN ARRAY['canary', 'active', 'retired']
        WHEN 'canary' THEN ARRAY['active', 'retired']
        WHEN 'active' THEN ARRAY['standby', 'retired']
        WHEN 'standby' THEN ARRAY['active', 'registered', 'retired']
        ELSE ARRAY[]::text[]  -- what is retired begins anew as a new row
    END) THEN
        RAISE EXCEPTION 'a space cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'space_transition';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER spaces_transition BEFORE UPDATE ON search.spaces
    FOR EACH ROW EXECUTE FUNCTION search.check_space_transition();

-- Whether an owner belongs to the share of a canary: 32 bits of SHA-256 over space and owner, so
-- that each canary tries other owners, and a share that grows keeps those it had.
CREATE FUNCTION search.in_canary(p_space_id text, p_owner text, p_percent integer) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || encode(substring(sha256(convert_to(p_space_id || '/' || p_owner, 'UTF8')) FROM 1 FOR 4), 'hex')
           )::bit(32)::bigint % 100 < p_percent
$$;

-- The space that an owner is served from now; none: NULL.
CREATE FUNCTION search.serving_space(p_kind text, p_owner text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.space_id FROM search.spaces s
    WHERE s.kind = p_kind AND (s.state = 'active'
        OR s.state = 'canary' AND search.in_canary(s.space_id, p_owner, s.canary_percent))
    ORDER BY s.state = 'canary' DESC LIMIT 1
$$;

-- Whoever writes a vector holds this until the transaction ends, whoever changes what a space is
-- used for holds it alone: no vector is judged by a state that is just being changed. It comes
-- before any lock on an asset.
CREATE FUNCTION search.space_for_write(p_space_id text, p_owner text)
RETURNS TABLE (kind text, state text, serves boolean) LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('search.spaces', 0));
    RETURN QUERY SELECT s.kind, s.state,  -- a statement of its own: it sees what the wait was for
            s.space_id IS NOT DISTINCT FROM search.serving_space(s.kind, p_owner)
        FROM search.spaces s WHERE s.space_id = p_space_id;
END
$$;
CREATE FUNCTION search.lock_spaces() RETURNS void LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('search.spaces', 0))
$$;

-- Back-fills: one row a space that is filled or kept complete. What is pending is no row: it is
-- the difference between assets and vectors.
CREATE TABLE search.backfills (
    space_id text PRIMARY KEY REFERENCES search.spaces ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'DONE' CHECK (state IN ('RUNNING', 'PAUSED', 'DONE')),
    rate_per_minute integer NOT NULL DEFAULT 600 CHECK (rate_per_minute BETWEEN 1 AND 1000000),
    window_start smallint CHECK (window_start BETWEEN 0 AND 1439),
    window_end smallint CHECK (window_end BETWEEN 0 AND 1439 AND window_end <> window_start),
    window_zone text NOT NULL DEFAULT 'UTC',
    tokens double precision NOT NULL DEFAULT 0,
    refilled_at timestamptz NOT NULL DEFAULT now(),
    cursor_owner text NOT NULL DEFAULT '',
    cursor_asset uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    look_after timestamptz NOT NULL DEFAULT '-infinity',
    total bigint NOT NULL DEFAULT 0,
    done bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    in_flight bigint NOT NULL DEFAULT 0,
    measured_per_minute double precision NOT NULL DEFAULT 0,
    counted_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((window_start IS NULL) = (window_end IS NULL))
);
COMMENT ON COLUMN search.backfills.tokens IS 'vectors that may be ordered now; below 0 after a long video';
COMMENT ON COLUMN search.backfills.cursor_owner IS 'the next look begins after this asset';
COMMENT ON COLUMN search.backfills.total IS 'with the next three: as counted at counted_at';

CREATE TABLE search.backfill_items (
    space_id text NOT NULL REFERENCES search.backfills ON DELETE CASCADE,
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    frame_no integer NOT NULL DEFAULT -1 CHECK (frame_no >= -1),
    state text NOT NULL CHECK (state IN ('ORDERED', 'FAILED')),
    units integer NOT NULL DEFAULT 1,
    orders integer NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    ordered_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (space_id, owner, asset_id, frame_no),
    FOREIGN KEY (owner, asset_id) REFERENCES search.assets ON DELETE CASCADE
);
COMMENT ON TABLE search.backfill_items IS 'what was ordered and did not come yet, and what failed for good';
COMMENT ON COLUMN search.backfill_items.units IS 'vectors that were ordered: 1, or the frames of a video';
CREATE INDEX backfill_items_of_asset ON search.backfill_items (owner, asset_id);
ALTER TABLE search.backfill_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.backfill_items FORCE ROW LEVEL SECURITY;
CREATE POLICY backfill_items_of_owner ON search.backfill_items TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));
GRANT SELECT, INSERT, UPDATE, DELETE ON search.backfills, search.backfill_items TO search_worker;

-- Assets that became READY a moment ago are looked at again while a change holds the lock.
CREATE INDEX assets_ready ON search.assets (updated_at) WHERE state = 'READY';

-- Whether an asset is found wherever a process may look for it: its vector is there, of a video
-- that of every frame which did not fail. A process hears of a change within milliseconds, but may
-- search for up to 10 s in the space from before, should it hear nothing. So for 15 s after a change
-- an asset counts as found only when both spaces hold what they should.
CREATE FUNCTION search.is_found(p_owner text, p_asset_id uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(bool_and(EXISTS (
        SELECT FROM search.image_embeddings e
        WHERE e.owner = p_owner AND e.asset_id = p_asset_id AND e.space_id = s.space_id
    ) AND NOT EXISTS (
        SELECT FROM search.frames f
        WHERE f.owner = p_owner AND f.asset_id = p_asset_id AND f.state <> 'FAILED'
            AND NOT EXISTS (SELECT FROM search.image_embeddings e WHERE e.owner = p_owner
                AND e.asset_id = p_asset_id AND e.space_id = s.space_id AND e.frame_no = f.frame_no)
            AND NOT EXISTS (SELECT FROM search.backfill_items i WHERE i.space_id = s.space_id
                AND i.owner = p_owner AND i.asset_id = p_asset_id AND i.frame_no = f.frame_no)
    )), false)
    FROM search.spaces s
    WHERE s.kind = 'IMAGE' AND s.state IN ('canary', 'active', 'standby') AND (
        s.space_id = search.serving_space('IMAGE', p_owner)
        OR s.serving_changed_at > now() - interval '15 s'
        OR s.state = 'active' AND EXISTS (SELECT FROM search.spaces c
            WHERE c.kind = 'IMAGE' AND c.serving_changed_at > now() - interval '15 s'))
$$;

-- Every vector that READY assets should have in a space, and what is known of it. A failed frame is
-- no longer wanted by anybody.
CREATE FUNCTION search.wanted_vectors(p_space_id text) RETURNS TABLE (
    owner text, asset_id uuid, frame_no integer, asset_updated_at timestamptz, stored boolean, item text
) LANGUAGE sql STABLE AS $$
    SELECT a.owner, a.asset_id, -1, a.updated_at, e.asset_id IS NOT NULL, i.state
    FROM search.assets a
    LEFT JOIN search.image_embeddings e ON e.space_id = p_space_id
        AND e.owner = a.owner AND e.asset_id = a.asset_id AND e.frame_no = -1
    LEFT JOIN search.backfill_items i ON i.space_id = p_space_id
        AND i.owner = a.owner AND i.asset_id = a.asset_id AND i.frame_no = -1
    WHERE a.state = 'READY' AND a.kind = 'IMAGE'
    UNION ALL
    SELECT a.owner, a.asset_id, f.frame_no, a.updated_at, e.asset_id IS NOT NULL,
        CASE WHEN 'FAILED' IN (i.state, w.state) THEN 'FAILED' ELSE w.state END
    FROM search.assets a
    JOIN search.videos v ON v.owner = a.owner AND v.asset_id = a.asset_id
    JOIN search.frames f ON f.owner = a.owner AND f.asset_id = a.asset_id
        AND f.generation = v.generation AND f.s3_key <> '' AND f.state <> 'FAILED'
    LEFT JOIN search.image_embeddings e ON e.space_id = p_space_id
        AND e.owner = a.owner AND e.asset_id = a.asset_id AND e.frame_no = f.frame_no
    LEFT JOIN search.backfill_items i ON i.space_id = p_space_id
        AND i.owner = a.owner AND i.asset_id = a.asset_id AND i.frame_no = f.frame_no
    LEFT JOIN search.backfill_items w ON w.space_id = p_space_id
        AND w.owner = a.owner AND w.asset_id = a.asset_id AND w.frame_no = -1
    WHERE a.state = 'READY' AND a.kind = 'VIDEO'
$$;

-- Begins, or goes on with, filling a space; the active one is kept complete from now on as well.
CREATE FUNCTION search.start_backfill(p_space_id text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM search.lock_spaces();
    UPDATE search.spaces SET state = 'backfilling', updated_at = now()
        WHERE space_id = p_space_id AND state = 'registered';
    INSERT INTO search.backfills (space_id)
        SELECT s.space_id FROM search.spaces s
        WHERE s.space_id = p_space_id AND s.state <> 'retired'
            OR s.state = 'active' AND s.kind = (SELECT kind FROM search.spaces WHERE space_id = p_space_id)
        ON CONFLICT DO NOTHING;
END
$$;

-- Makes a space the canary with a share of the owners. The caller holds lock_spaces() and has seen
-- that the space which gains owners is complete.
CREATE FUNCTION search.set_canary(p_space_id text, p_percent integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE search.spaces SET state = 'canary', canary_percent = p_percent, updated_at = now(),
            serving_changed_at = now(), settled = false
        WHERE space_id = p_space_id AND (state, canary_percent) IS DISTINCT FROM ('canary', p_percent);
END
$$;

-- Makes a space the active one of its kind; the one before stands by. As above.
CREATE FUNCTION search.make_active(p_space_id text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_kind text := (SELECT kind FROM search.spaces WHERE space_id = p_space_id);
    v_before text := (SELECT space_id FROM search.spaces WHERE kind = v_kind AND state = 'active');
BEGIN
    IF v_before = p_space_id THEN
        RETURN v_before;
    END IF;
    -- Only one space is kept for a rollback; what stood by until now is kept, but no longer complete.
    DELETE FROM search.backfills b USING search.spaces s WHERE s.space_id = b.space_id
        AND s.kind = v_kind AND s.state = 'standby' AND s.space_id <> p_space_id;
    UPDATE search.spaces SET state = 'registered', updated_at = now()
        WHERE kind = v_kind AND state = 'standby' AND space_id <> p_space_id;
    UPDATE search.spaces SET state = 'standby', updated_at = now(), serving_changed_at = now(),
        settled = false WHERE space_id = v_before;
    UPDATE search.spaces SET state = 'active', canary_percent = 0, updated_at = now(),
        serving_changed_at = now(), settled = false WHERE space_id = p_space_id;
    RETURN coalesce(v_before, '');
END
$$;

-- Every asset's state has followed all changes that were made before `p_before`.
CREATE FUNCTION search.note_settled(p_before timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE search.spaces SET settled = true WHERE NOT settled AND serving_changed_at < p_before
$$;

-- Removes the vectors of a space, all at once: its partition goes, and with it their bytes.
CREATE FUNCTION search.retire_space(p_space_id text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_space search.spaces;
BEGIN
    PERFORM search.lock_spaces();
    SELECT * INTO v_space FROM search.spaces WHERE space_id = p_space_id;
    IF v_space.state = 'retired' THEN
        RETURN;
    END IF;
    DELETE FROM search.backfills WHERE space_id = p_space_id;
    UPDATE search.spaces SET state = 'retired', canary_percent = 0, updated_at = now()
        WHERE space_id = p_space_id;
    EXECUTE format('DROP TABLE search.%I', v_space.partition_name);
END
$$;

-- A retired space begins anew, empty: its row goes, so that it can be registered again.
CREATE FUNCTION search.forget_retired(p_space_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM search.spaces WHERE space_id = p_space_id AND state = 'retired'
$$;

REVOKE ALL ON FUNCTION search.in_canary, search.serving_space, search.is_found, search.space_for_write,
    search.lock_spaces, search.wanted_vectors, search.start_backfill, search.set_canary, search.make_active,
    search.note_settled, search.retire_space, search.forget_retired FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.in_canary, search.serving_space TO search_api;
GRANT EXECUTE ON FUNCTION search.in_canary, search.serving_space, search.is_found, search.space_for_write,
    search.lock_spaces, search.wanted_vectors, search.start_backfill, search.set_canary, search.make_active,
    search.note_settled, search.retire_space, search.forget_retired TO search_worker;
