-- What was changed about people, with the state before it, so that it can be taken back. Rows: where
-- the face or a person they speak of is removed, they go as well.
CREATE TABLE face.changes (
    owner text NOT NULL CHECK (owner <> ''),
    change_id uuid NOT NULL,
    action text NOT NULL CHECK (action IN ('merge', 'assign', 'reject', 'name', 'enroll', 'undo')),
    actor text NOT NULL,
    undoes uuid,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    undone_at timestamptz,
    PRIMARY KEY (owner, change_id),
    FOREIGN KEY (owner, undoes) REFERENCES face.changes (owner, change_id),
    CHECK ((action = 'undo') = (undoes IS NOT NULL))
);
CREATE INDEX changes_by_time ON face.changes (owner, created_at DESC, change_id DESC);

-- The people it touched. Nothing else of somebody who is merged is copied: their row stays as it was.
CREATE TABLE face.change_people (
    owner text NOT NULL,
    change_id uuid NOT NULL,
    person_id uuid NOT NULL,
    merged_before uuid,
    merged_after uuid,
    PRIMARY KEY (owner, change_id, person_id),
    FOREIGN KEY (owner, change_id) REFERENCES face.changes (owner, change_id) ON DELETE CASCADE,
    FOREIGN KEY (owner, person_id) REFERENCES face.people (owner, person_id) ON DELETE CASCADE
);
CREATE INDEX change_people_of_person ON face.change_people (owner, person_id);

-- The faces it touched, before and after.
CREATE TABLE face.change_faces (
    owner text NOT NULL,
    change_id uuid NOT NULL,
    face_id uuid NOT NULL,
    person_before uuid,
    source_before text,
    anonymous_before uuid,
    grouped_before boolean NOT NULL,
    person_after uuid,
    source_after text,
    anonymous_after uuid,
    grouped_after boolean NOT NULL,
    PRIMARY KEY (owner, change_id, face_id),
    FOREIGN KEY (owner, change_id) REFERENCES face.changes (owner, change_id) ON DELETE CASCADE,
    FOREIGN KEY (owner, face_id) REFERENCES face.faces (owner, face_id) ON DELETE CASCADE
);
COMMENT ON TABLE face.change_faces IS
    'people are no foreign keys: a merge of thousands would look each of them up twice; a trigger does their part';
CREATE INDEX change_faces_of_face ON face.change_faces (owner, face_id);
CREATE INDEX change_faces_of_before ON face.change_faces (owner, person_before) WHERE person_before IS NOT NULL;
CREATE INDEX change_faces_of_after ON face.change_faces (owner, person_after) WHERE person_after IS NOT NULL;

-- "Not this person", said by it or lifted by it.
CREATE TABLE face.change_rejections (
    owner text NOT NULL,
    change_id uuid NOT NULL,
    face_id uuid NOT NULL,
    person_id uuid NOT NULL,
    added boolean NOT NULL,
    rejected_at timestamptz NOT NULL,
    PRIMARY KEY (owner, change_id, face_id, person_id),
    FOREIGN KEY (owner, change_id) REFERENCES face.changes (owner, change_id) ON DELETE CASCADE,
    FOREIGN KEY (owner, face_id) REFERENCES face.faces (owner, face_id) ON DELETE CASCADE,
    FOREIGN KEY (owner, person_id) REFERENCES face.people (owner, person_id) ON DELETE CASCADE
);
CREATE INDEX change_rejections_of_face ON face.change_rejections (owner, face_id);
CREATE INDEX change_rejections_of_person ON face.change_rejections (owner, person_id);

-- Forgets which faces were somebody's, also those that are another person's now: no link to them may
-- come back by an undo, not even after they agree again.
CREATE FUNCTION face.forget_person_in_changes(p_owner text, p_person_id uuid) RETURNS void LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM face.change_faces c WHERE c.owner = p_owner
        AND (c.person_before = p_person_id OR c.person_after = p_person_id);
    DELETE FROM face.change_rejections c WHERE c.owner = p_owner AND c.person_id = p_person_id;
    DELETE FROM face.change_people c WHERE c.owner = p_owner
        AND (c.person_id = p_person_id OR c.merged_before = p_person_id OR c.merged_after = p_person_id);
$$;

-- By trigger, so that no way of taking consent back, or of removing somebody, can miss it.
CREATE FUNCTION face.forget_in_changes() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM face.forget_person_in_changes(coalesce(NEW.owner, OLD.owner), coalesce(NEW.person_id, OLD.person_id));
    RETURN NULL;
END
$$;
CREATE TRIGGER people_forget AFTER DELETE ON face.people
    FOR EACH ROW EXECUTE FUNCTION face.forget_in_changes();
CREATE TRIGGER consent_states_forget AFTER INSERT OR UPDATE ON face.consent_states
    FOR EACH ROW WHEN (NEW.state <> 'GRANTED') EXECUTE FUNCTION face.forget_in_changes();

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['changes', 'change_people', 'change_faces', 'change_rejections'] LOOP
        EXECUTE format('ALTER TABLE face.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE face.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON face.%I TO face_api '
            'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
            'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', t || '_of_owner', t);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON face.changes TO face_api, face_worker;
GRANT UPDATE (undone_at) ON face.changes TO face_api, face_worker;
GRANT SELECT, INSERT, DELETE ON face.change_people, face.change_faces, face.change_rejections
    TO face_api, face_worker;
REVOKE ALL ON FUNCTION face.forget_person_in_changes, face.forget_in_changes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION face.forget_person_in_changes TO face_api, face_worker;
