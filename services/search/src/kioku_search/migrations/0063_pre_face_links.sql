-- What `face` says of faces and people, each by version, and the labels of assets that follow from it.
-- The caller is bound to one owner (search_api) or serves events (search_worker).

-- Who is on some assets, as labels: people who agreed and have a face there. The assets are locked.
CREATE FUNCTION search.label_people(p_owner text, p_assets uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_changed uuid[];
BEGIN
    WITH shown AS (
        SELECT one.asset_id, ARRAY(
            SELECT DISTINCT l.person_id::text FROM search.face_links l
            JOIN search.matchable_people p ON p.owner = l.owner AND p.person_id = l.person_id
            WHERE l.owner = p_owner AND l.asset_id = one.asset_id AND p.consented ORDER BY 1) AS people
        FROM unnest(p_assets) AS one(asset_id)
    ), changed AS (
        UPDATE search.assets a SET people = s.people, updated_at = now() FROM shown s
        WHERE a.owner = p_owner AND a.asset_id = s.asset_id AND a.state <> 'DELETING'
            AND a.people IS DISTINCT FROM s.people
        RETURNING a.asset_id
    )
    SELECT array_agg(c.asset_id) INTO v_changed FROM changed c;
    UPDATE search.image_embeddings e SET tags = search.labels(a.tags, a.albums, a.people)
        FROM search.assets a WHERE a.owner = p_owner AND a.asset_id = ANY (v_changed)
            AND e.owner = p_owner AND e.asset_id = a.asset_id;
END
$$;

-- Locks what a change of an owner's faces touches, in the order that everybody keeps: spaces, the
-- owner's faces, the assets.
CREATE FUNCTION search.hold_faced_assets(p_owner text, p_faces uuid[], p_people uuid[], p_assets uuid[])
RETURNS uuid[] LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM search.space_for_write('', p_owner);
    PERFORM search.hold_faces(p_owner, true);
    RETURN ARRAY(
        SELECT a.asset_id FROM search.assets a WHERE a.owner = p_owner AND a.state <> 'DELETING' AND a.asset_id IN (
            SELECT unnest(p_assets)
            UNION SELECT l.asset_id FROM search.face_links l WHERE l.owner = p_owner AND l.face_id = ANY (p_faces)
            UNION SELECT l.asset_id FROM search.face_links l WHERE l.owner = p_owner AND l.person_id = ANY (p_people)
            UNION SELECT e.asset_id FROM search.face_embeddings e WHERE e.owner = p_owner AND e.face_id = ANY (p_faces))
        ORDER BY a.asset_id FOR UPDATE);
END
$$;

-- Says whose faces these are; how many were news. Of a face that was erased, and of one in an asset that
-- is not there any more, nothing is kept.
CREATE FUNCTION search.link_faces(
    p_owner text, p_faces uuid[], p_assets uuid[], p_people uuid[], p_references boolean[], p_versions bigint[]
) RETURNS integer LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_held uuid[] := search.hold_faced_assets(p_owner, p_faces, NULL, p_assets);
    v_changed uuid[];
BEGIN
    WITH said AS (
        SELECT DISTINCT ON (l.face_id) l.* FROM unnest(p_faces, p_assets, p_people, p_references, p_versions)
            AS l(face_id, asset_id, person_id, reference, version)
        WHERE (l.asset_id IS NULL OR l.asset_id = ANY (v_held)) AND NOT EXISTS (
            SELECT FROM search.face_tombstones t WHERE t.owner = p_owner AND t.face_id = l.face_id)
        ORDER BY l.face_id, l.version DESC
    ), kept AS (
        INSERT INTO search.face_links AS k (owner, face_id, asset_id, person_id, reference, version)
            SELECT p_owner, s.face_id, s.asset_id, s.person_id, s.reference AND s.person_id IS NOT NULL, s.version FROM said s
        ON CONFLICT (owner, face_id) DO UPDATE SET asset_id = EXCLUDED.asset_id, person_id = EXCLUDED.person_id,
            reference = EXCLUDED.reference, version = EXCLUDED.version, updated_at = now()
        WHERE k.version < EXCLUDED.version
        RETURNING k.face_id
    )
    SELECT array_agg(k.face_id) INTO v_changed FROM kept k;
    UPDATE search.face_embeddings e SET person_id = l.person_id, reference = l.reference, link_version = l.version
        FROM search.face_links l
        WHERE l.owner = p_owner AND l.face_id = ANY (v_changed) AND e.owner = p_owner AND e.face_id = l.face_id;
    PERFORM search.label_people(p_owner, v_held);
    RETURN coalesce(cardinality(v_changed), 0);
END
$$;

-- Says who may be matched, and that a change of consent was heard of (p_sequence; 0: none); how many
-- people it was news of.
CREATE FUNCTION search.set_people(
    p_owner text, p_people uuid[], p_users text[], p_consented boolean[], p_expires timestamptz[],
    p_versions bigint[], p_sequence bigint
) RETURNS integer LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_held uuid[] := search.hold_faced_assets(p_owner, NULL, p_people, NULL);
    v_changed integer;
BEGIN
    INSERT INTO search.matchable_people AS k (owner, person_id, user_id, consented, expires_at, version)
        SELECT DISTINCT ON (p.person_id) p_owner, p.* FROM unnest(p_people, p_users, p_consented, p_expires, p_versions)
            AS p(person_id, user_id, consented, expires_at, version)
        ORDER BY p.person_id, p.version DESC
    ON CONFLICT (owner, person_id) DO UPDATE SET user_id = EXCLUDED.user_id, consented = EXCLUDED.consented,
        expires_at = EXCLUDED.expires_at, version = EXCLUDED.version, updated_at = now()
    WHERE k.version < EXCLUDED.version;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM search.label_people(p_owner, v_held);
    PERFORM search.hear_consent(p_owner, p_sequence);
    RETURN v_changed;
END
$$;

-- Notes one change of consent, and closes the gap before those that came early.
CREATE FUNCTION search.hear_consent(p_owner text, p_sequence bigint) RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_heard search.consent_sequences;
BEGIN
    INSERT INTO search.consent_sequences (owner) VALUES (p_owner) ON CONFLICT DO NOTHING;
    SELECT * INTO v_heard FROM search.consent_sequences c WHERE c.owner = p_owner FOR UPDATE;
    IF p_sequence <= v_heard.sequence THEN
        RETURN;
    END IF;
    v_heard.ahead := ARRAY(SELECT DISTINCT n FROM unnest(v_heard.ahead || p_sequence) AS n ORDER BY 1);
    WHILE v_heard.ahead[1] = v_heard.sequence + 1 LOOP
        v_heard.sequence := v_heard.ahead[1];
        v_heard.ahead := v_heard.ahead[2:];
    END LOOP;
    UPDATE search.consent_sequences c SET sequence = v_heard.sequence, ahead = v_heard.ahead
        WHERE c.owner = p_owner;
END
$$;

-- Removes the vectors of some faces, and of all faces of a person, with their links and labels; each face
-- leaves a tombstone. Gives how many vectors went, and the ticket by which it is known when their bytes
-- are gone from the files too.
CREATE FUNCTION search.erase_faces(p_owner text, p_person uuid, p_faces uuid[], OUT vectors bigint, OUT ticket bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_held uuid[] := search.hold_faced_assets(p_owner, p_faces, ARRAY[p_person], NULL);
    v_faces uuid[] := ARRAY(
        SELECT unnest(p_faces)
        UNION SELECT l.face_id FROM search.face_links l WHERE l.owner = p_owner AND l.person_id = p_person);
BEGIN
    INSERT INTO search.face_tombstones (owner, face_id) SELECT p_owner, unnest(v_faces) ON CONFLICT DO NOTHING;
    DELETE FROM search.face_embeddings e WHERE e.owner = p_owner AND e.face_id = ANY (v_faces);
    GET DIAGNOSTICS vectors = ROW_COUNT;
    DELETE FROM search.face_links l WHERE l.owner = p_owner AND l.face_id = ANY (v_faces);
    PERFORM search.label_people(p_owner, v_held);
    INSERT INTO search.face_erasures (vectors) VALUES (vectors) RETURNING face_erasures.ticket INTO ticket;
END
$$;

-- The same for all faces of an asset that is being deleted; the asset's tombstone stands for theirs. The
-- caller holds the asset.
CREATE FUNCTION search.erase_asset_faces(p_owner text, p_asset uuid) RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_vectors bigint;
BEGIN
    DELETE FROM search.face_embeddings e WHERE e.owner = p_owner AND e.asset_id = p_asset;
    GET DIAGNOSTICS v_vectors = ROW_COUNT;
    DELETE FROM search.face_links l WHERE l.owner = p_owner AND l.asset_id = p_asset;
    IF v_vectors > 0 THEN
        INSERT INTO search.face_erasures (vectors) VALUES (v_vectors);
    END IF;
    RETURN v_vectors;
END
$$;

REVOKE ALL ON FUNCTION search.label_people, search.hold_faced_assets, search.link_faces, search.set_people,
    search.hear_consent, search.erase_faces, search.erase_asset_faces FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.label_people, search.hold_faced_assets, search.link_faces, search.set_people,
    search.hear_consent, search.erase_faces, search.erase_asset_faces TO search_api, search_worker;
