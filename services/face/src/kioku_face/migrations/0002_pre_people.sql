-- People, and what they agreed to.
CREATE TABLE face.people (
    owner text NOT NULL CHECK (owner <> ''),
    person_id uuid NOT NULL,
    collection_id text NOT NULL DEFAULT 'default' CHECK (collection_id ~ '^[a-z0-9_-]{1,64}$'),
    name text NOT NULL DEFAULT '' CHECK (char_length(name) <= 200),
    user_id text NOT NULL DEFAULT '' CHECK (char_length(user_id) <= 255),
    hidden boolean NOT NULL DEFAULT false,
    merged_into uuid,
    version bigint NOT NULL DEFAULT 1,
    request_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, person_id),
    UNIQUE (owner, request_id),
    CHECK (merged_into <> person_id)
);
COMMENT ON COLUMN face.people.user_id IS 'the user of the app that this is; empty: none';
COMMENT ON COLUMN face.people.merged_into IS 'who they became; such a person is shown to nobody until that is undone';
CREATE INDEX people_by_name ON face.people (owner, collection_id, lower(name), person_id) WHERE merged_into IS NULL;
CREATE INDEX people_of_user ON face.people (user_id) WHERE user_id <> '';

-- Every entry stays: the newest version is what holds.
CREATE TABLE face.consents (
    owner text NOT NULL,
    person_id uuid NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('GRANTED', 'WITHDRAWN', 'EXPIRED')),
    scope text NOT NULL DEFAULT 'recognition' CHECK (scope = 'recognition'),
    text_version text NOT NULL DEFAULT '',
    actor text NOT NULL,
    sequence bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    PRIMARY KEY (owner, person_id, version),
    UNIQUE (owner, sequence),
    CHECK (state <> 'GRANTED' OR text_version <> '')
);
COMMENT ON TABLE face.consents IS 'outlives the person: that consent was given and taken back is what can be proved';
COMMENT ON COLUMN face.consents.sequence IS 'counts up with every change of consent of the owner, in the order of their commits';

-- What holds now, by the newest entry; a person without a row agreed to nothing.
CREATE TABLE face.consent_states (
    owner text NOT NULL,
    person_id uuid NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('GRANTED', 'WITHDRAWN', 'EXPIRED')),
    expires_at timestamptz,
    PRIMARY KEY (owner, person_id)
);

-- The last sequence of each owner; the row's lock makes their changes of consent one after another.
CREATE TABLE face.consent_sequences (
    owner text PRIMARY KEY,
    sequence bigint NOT NULL
);

-- Whether somebody may be linked and matched at this moment.
CREATE FUNCTION face.has_consented(p_owner text, p_person_id uuid) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM face.consent_states c
        WHERE c.owner = p_owner AND c.person_id = p_person_id AND c.state = 'GRANTED'
            AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp()))
$$;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['people', 'consents', 'consent_states', 'consent_sequences'] LOOP
        EXECUTE format('ALTER TABLE face.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE face.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON face.%I TO face_api '
            'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
            'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', t || '_of_owner', t);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON face.people, face.consent_states TO face_api, face_worker;
GRANT SELECT, INSERT ON face.consents TO face_api, face_worker;
GRANT SELECT, INSERT, UPDATE ON face.consent_sequences TO face_api, face_worker;
REVOKE ALL ON FUNCTION face.has_consented FROM PUBLIC;
GRANT EXECUTE ON FUNCTION face.has_consented TO face_api, face_worker;
