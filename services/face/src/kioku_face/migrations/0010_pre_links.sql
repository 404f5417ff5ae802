-- What holds for every link of a face to a person, whoever makes it: a call, a job, an event.

-- Two faces of one picture, or of one frame of a video, are two people.
CREATE UNIQUE INDEX faces_one_of_a_picture ON face.faces (owner, person_id, asset_id, frame_no)
    WHERE person_id IS NOT NULL AND asset_id IS NOT NULL;

-- Who became somebody else goes with them.
ALTER TABLE face.people ADD CONSTRAINT people_merged_into
    FOREIGN KEY (owner, merged_into) REFERENCES face.people (owner, person_id) ON DELETE CASCADE;
CREATE INDEX people_of_merged ON face.people (owner, merged_into) WHERE merged_into IS NOT NULL;

-- Makes changes of one owner's people and links wait for each other until the transaction ends. To be
-- called before any row is locked, so that no two of them ever wait for each other in a circle.
CREATE FUNCTION face.hold_people(p_owner text) RETURNS void LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('face people ' || p_owner, 0))
$$;

-- A person and all who became them: what is held of a human being is held under each of these ids.
CREATE FUNCTION face.same_people(p_owner text, p_person_id uuid) RETURNS SETOF uuid LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE same (person_id) AS (
        SELECT p.person_id FROM face.people p WHERE p.owner = p_owner AND p.person_id = p_person_id
        UNION
        SELECT p.person_id FROM face.people p JOIN same s ON p.merged_into = s.person_id WHERE p.owner = p_owner)
    SELECT person_id FROM same
$$;

-- Holds somebody's consent as it is until the transaction ends, and says whether it stands. Taking it
-- back waits for whoever links, and sees what they linked; who links afterwards sees that it is gone.
CREATE FUNCTION face.hold_consent(p_owner text, p_person_id uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM face.consent_states c WHERE c.owner = p_owner AND c.person_id = p_person_id FOR SHARE;
    -- A statement of its own: it sees what was committed while the one above waited.
    RETURN face.has_consented(p_owner, p_person_id);
END
$$;

-- Not only whose a face is: whether a match may go by it depends on who linked it and on its flaws.
CREATE FUNCTION face.count_links() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.link_version := greatest(NEW.link_version, (NEW.person_id IS NOT NULL)::integer);
    ELSIF (NEW.person_id, NEW.link_source) IS DISTINCT FROM (OLD.person_id, OLD.link_source)
        OR NEW.person_id IS NOT NULL AND (cardinality(NEW.flaws) = 0) <> (cardinality(OLD.flaws) = 0) THEN
        NEW.link_version := greatest(NEW.link_version, OLD.link_version + 1);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER faces_count_links BEFORE INSERT OR UPDATE ON face.faces
    FOR EACH ROW EXECUTE FUNCTION face.count_links();

-- Refuses a new link to somebody who is not there (KF002) or did not agree (KF001), and holds both until
-- the transaction ends.
CREATE FUNCTION face.check_link(p_owner text, p_person_id uuid) RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM face.people p WHERE p.owner = p_owner AND p.person_id = p_person_id FOR NO KEY UPDATE;
    -- A statement of its own: it sees what was committed while the one above waited.
    PERFORM FROM face.people p WHERE p.owner = p_owner AND p.person_id = p_person_id AND p.merged_into IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a face cannot be linked to somebody who is not there' USING ERRCODE = 'KF002';
    END IF;
    IF NOT face.hold_consent(p_owner, p_person_id) THEN
        RAISE EXCEPTION 'a face cannot be linked without consent' USING ERRCODE = 'KF001';
    END IF;
END
$$;

-- Once for a statement, not for a face: a merge of thousands looks at two people.
CREATE FUNCTION face.links_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM face.check_link(t.owner, t.person_id)
    FROM (SELECT DISTINCT a.owner, a.person_id FROM faces_after a JOIN faces_before b USING (owner, face_id)
          WHERE a.person_id IS NOT NULL AND a.person_id IS DISTINCT FROM b.person_id
          ORDER BY a.owner, a.person_id) t;
    UPDATE face.people p SET version = p.version + 1, updated_at = clock_timestamp()
    FROM (SELECT DISTINCT a.owner, x.person_id FROM faces_after a JOIN faces_before b USING (owner, face_id),
              unnest(ARRAY[a.person_id, b.person_id]) AS x (person_id)
          WHERE a.person_id IS DISTINCT FROM b.person_id) t
    WHERE p.owner = t.owner AND p.person_id = t.person_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER faces_links_changed AFTER UPDATE ON face.faces
    REFERENCING OLD TABLE AS faces_before NEW TABLE AS faces_after
    FOR EACH STATEMENT EXECUTE FUNCTION face.links_changed();

CREATE FUNCTION face.links_added() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM face.check_link(t.owner, t.person_id)
    FROM (SELECT DISTINCT a.owner, a.person_id FROM faces_added a WHERE a.person_id IS NOT NULL
          ORDER BY a.owner, a.person_id) t;
    UPDATE face.people p SET version = p.version + 1, updated_at = clock_timestamp()
    FROM (SELECT DISTINCT a.owner, a.person_id FROM faces_added a WHERE a.person_id IS NOT NULL) t
    WHERE p.owner = t.owner AND p.person_id = t.person_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER faces_links_added AFTER INSERT ON face.faces
    REFERENCING NEW TABLE AS faces_added
    FOR EACH STATEMENT EXECUTE FUNCTION face.links_added();

REVOKE ALL ON FUNCTION face.hold_people, face.same_people, face.hold_consent, face.check_link,
    face.count_links, face.links_changed, face.links_added FROM PUBLIC;
GRANT EXECUTE ON FUNCTION face.hold_people, face.same_people, face.hold_consent, face.check_link
    TO face_api, face_worker;
