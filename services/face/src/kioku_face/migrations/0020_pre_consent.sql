-- A face that is linked to a person refers to that person's consent for as long as it is given. Who
-- links is asked for consent by a trigger; this holds it afterwards: whatever ends a consent must
-- remove the linked faces in the same transaction, or it cannot commit. Looked at last, so that
-- whoever links without consent hears so from that trigger.
ALTER TABLE face.consent_states ADD CONSTRAINT consent_states_by_state UNIQUE (owner, person_id, state);
ALTER TABLE face.faces ADD COLUMN consent text
    GENERATED ALWAYS AS (CASE WHEN person_id IS NOT NULL THEN 'GRANTED' END) STORED;
COMMENT ON COLUMN face.faces.consent IS 'what a link needs; it refers to consent_states';
ALTER TABLE face.faces ADD CONSTRAINT faces_consented FOREIGN KEY (owner, person_id, consent)
    REFERENCES face.consent_states (owner, person_id, state) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX consent_states_ending ON face.consent_states (expires_at) WHERE state = 'GRANTED';

-- A person is found by id alone where their own user, or a service, asks; by the worker only.
CREATE INDEX people_by_id ON face.people (person_id);

-- How far `search` has been told of an owner's changes of consent.
ALTER TABLE face.consent_sequences ADD COLUMN told bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN face.consent_sequences.told IS 'every change up to this one is known to search';
CREATE INDEX consent_sequences_untold ON face.consent_sequences (owner) WHERE told < sequence;

-- What was erased, for whom and why, and how far that is.
CREATE TABLE face.erasures (
    owner text NOT NULL CHECK (owner <> ''),
    erasure_id uuid NOT NULL,
    person_id uuid,
    merged_ids uuid[] NOT NULL DEFAULT '{}',
    user_id text NOT NULL DEFAULT '',
    cause text NOT NULL CHECK (cause IN ('WITHDRAWN', 'EXPIRED', 'DELETED', 'RETENTION', 'RESTORED')),
    state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'ERASED', 'SCRUBBED')),
    faces bigint NOT NULL DEFAULT 0,
    had_vectors bigint NOT NULL DEFAULT 0,
    vectors bigint NOT NULL DEFAULT 0,
    scrub_ticket bigint,
    actor text NOT NULL,
    try_after timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_at timestamptz,
    scrubbed_at timestamptz,
    PRIMARY KEY (owner, erasure_id),
    CHECK ((state = 'PENDING') = (erased_at IS NULL)),
    CHECK ((state = 'SCRUBBED') = (scrubbed_at IS NOT NULL))
);
COMMENT ON COLUMN face.erasures.person_id IS 'NULL: faces of nobody known, whose time was over';
COMMENT ON COLUMN face.erasures.merged_ids IS 'people who had become that person, and went with them';
COMMENT ON COLUMN face.erasures.user_id IS 'who may ask how far it is, besides the owner';
COMMENT ON COLUMN face.erasures.had_vectors IS 'faces of it that had a vector';
COMMENT ON COLUMN face.erasures.try_after IS 'until then somebody is at it';
CREATE INDEX erasures_by_id ON face.erasures (erasure_id);
CREATE INDEX erasures_of_person ON face.erasures (owner, person_id, created_at);
CREATE INDEX erasures_pending ON face.erasures (try_after) WHERE state = 'PENDING';
CREATE INDEX erasures_unscrubbed ON face.erasures (erased_at) WHERE state = 'ERASED';

-- Ids of the faces that went with it: what `search` is asked to remove, and, when a backup of before
-- was restored, what it is asked to remove again.
CREATE TABLE face.erased_faces (
    owner text NOT NULL,
    erasure_id uuid NOT NULL,
    face_id uuid NOT NULL,
    PRIMARY KEY (owner, erasure_id, face_id),
    FOREIGN KEY (owner, erasure_id) REFERENCES face.erasures (owner, erasure_id)
);
CREATE INDEX erased_faces_by_face ON face.erased_faces (owner, face_id);

-- Faces of nobody known, by age: their time ends.
CREATE INDEX faces_unlinked_age ON face.faces (created_at) WHERE person_id IS NULL;

-- The same file may be two assets: what is erased in one is erased in the other.
CREATE INDEX assets_of_bytes ON face.assets (owner, sha256);

-- Intersection over union of two boxes (left, top, width, height), 0 to 1.
CREATE FUNCTION face.overlap(a real[], b real[]) RETURNS real LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN wide > 0 AND high > 0
        THEN wide * high / (a[3] * a[4] + b[3] * b[4] - wide * high) ELSE 0 END::real
    FROM (SELECT least(a[1] + a[3], b[1] + b[3]) - greatest(a[1], b[1]) AS wide,
                 least(a[2] + a[4], b[2] + b[4]) - greatest(a[2], b[2]) AS high) AS both_sides
$$;
REVOKE ALL ON FUNCTION face.overlap FROM PUBLIC;
GRANT EXECUTE ON FUNCTION face.overlap TO face_api, face_worker;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['erasures', 'erased_faces'] LOOP
        EXECUTE format('ALTER TABLE face.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE face.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON face.%I TO face_api '
            'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
            'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', t || '_of_owner', t);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON face.erasures, face.erased_faces TO face_api, face_worker;
GRANT UPDATE (faces, had_vectors) ON face.erasures TO face_api;
GRANT UPDATE ON face.erasures TO face_worker;
-- A withdrawal locks the pictures it takes faces out of; a lock needs the right to change something.
GRANT UPDATE (updated_at) ON face.assets TO face_api;
