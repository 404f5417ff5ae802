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

-- KF001: no consent. KF002: the person is not there any more, or became somebody else.
CREATE FUNCTION face.check_link() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.person_id IS NULL THEN
            RETURN NEW;
        END IF;
        NEW.link_version := greatest(NEW.link_version, 1);
    -- Not only whose it is: whether a match may go by it depends on who linked it and on its flaws.
    ELSIF (NEW.person_id, NEW.link_source) IS DISTINCT FROM (OLD.person_id, OLD.link_source)
        OR NEW.person_id IS NOT NULL AND (cardinality(NEW.flaws) = 0) <> (cardinality(OLD.flaws) = 0) THEN
        NEW.link_version := greatest(NEW.link_version, OLD.link_version + 1);
    END IF;
    IF NEW.person_id IS NULL OR (TG_OP = 'UPDATE' AND NEW.person_id IS NOT DISTINCT FROM OLD.person_id) THEN
        RETURN NEW;
    END IF;
    PERFORM FROM face.people p WHERE p.owner = NEW.owner AND p.person_id = NEW.person_id FOR NO KEY UPDATE;
    PERFORM FROM face.people p WHERE p.owner = NEW.owner AND p.person_id = NEW.person_id AND p.merged_into IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a face cannot be linked to somebody who is not there' USING ERRCODE = 'KF002';
    END IF;
    IF NOT face.hold_consent(NEW.owner, NEW.person_id) THEN
        RAISE EXCEPTION 'a face cannot be linked without consent' USING ERRCODE = 'KF001';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER faces_check_link BEFORE INSERT OR UPDATE ON face.faces
    FOR EACH ROW EXECUTE FUNCTION face.check_link();

-- Once for a statement, not for a face: a merge of thousands changes two rows of people.
CREATE FUNCTION face.touch_linked_people() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE face.people p SET version = p.version + 1, updated_at = clock_timestamp()
    FROM (SELECT DISTINCT a.owner, x.person_id FROM faces_after a JOIN faces_before b USING (owner, face_id),
              unnest(ARRAY[a.person_id, b.person_id]) AS x (person_id)
          WHERE a.person_id IS DISTINCT FROM b.person_id) t
    WHERE p.owner = t.owner AND p.person_id = t.person_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER faces_touch_people AFTER UPDATE ON face.faces
    REFERENCING OLD TABLE AS faces_before NEW TABLE AS faces_after
    FOR EACH STATEMENT EXECUTE FUNCTION face.touch_linked_people();

CREATE FUNCTION face.touch_new_people() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE face.people p SET version = p.version + 1, updated_at = clock_timestamp()
    FROM (SELECT DISTINCT a.owner, a.person_id FROM faces_added a WHERE a.person_id IS NOT NULL) t
    WHERE p.owner = t.owner AND p.person_id = t.person_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER faces_touch_new_people AFTER INSERT ON face.faces
    REFERENCING NEW TABLE AS faces_added
    FOR EACH STATEMENT EXECUTE FUNCTION face.touch_new_people();

REVOKE ALL ON FUNCTION face.hold_people, face.same_people, face.hold_consent, face.check_link,
    face.touch_linked_people, face.touch_new_people FROM PUBLIC;
GRANT EXECUTE ON FUNCTION face.hold_people, face.same_people, face.hold_consent TO face_api, face_worker;
