-- Vectors of faces, one partition for each space of faces, and what `face` said of whose they are and
-- who may be matched. Every write of this file's tables is made under `hold_faces`.
CREATE TABLE search.face_embeddings (
    space_id text NOT NULL,
    owner text NOT NULL CHECK (owner <> ''),
    face_id uuid NOT NULL,
    asset_id uuid,
    frame_no integer NOT NULL DEFAULT -1 CHECK (frame_no >= -1),
    generation integer NOT NULL,
    person_id uuid,
    reference boolean NOT NULL DEFAULT false,
    link_version bigint NOT NULL DEFAULT 0,
    embedding public.halfvec NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, face_id, space_id)
) PARTITION BY LIST (space_id);
COMMENT ON COLUMN search.face_embeddings.asset_id IS 'NULL: enrolled from a picture that was not kept';
COMMENT ON COLUMN search.face_embeddings.frame_no IS '-1: the picture itself';
COMMENT ON COLUMN search.face_embeddings.person_id IS 'with the next two: as in face_links, so that a filter stays inside the index scan';

-- ANALYZE would keep samples of vectors in pg_statistic, where no erasure reaches them.
ALTER TABLE search.face_embeddings ALTER COLUMN embedding SET STATISTICS 0;

-- The readable model of each vector, `name@version`.
CREATE VIEW search.face_embedding_models WITH (security_invoker = true) AS
    SELECT e.asset_id, e.face_id, e.embedding, s.model || '@' || s.revision AS model, e.space_id, e.owner
    FROM search.face_embeddings e JOIN search.spaces s USING (space_id);

-- Whose face one is. A link may come before its vector, and has the word when both are there.
CREATE TABLE search.face_links (
    owner text NOT NULL CHECK (owner <> ''),
    face_id uuid NOT NULL,
    asset_id uuid,
    person_id uuid,
    reference boolean NOT NULL,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, face_id)
);
COMMENT ON COLUMN search.face_links.reference IS 'the person is matched with it';
CREATE INDEX face_links_of_person ON search.face_links (owner, person_id, face_id) WHERE person_id IS NOT NULL;
CREATE INDEX face_links_of_asset ON search.face_links (owner, asset_id) WHERE asset_id IS NOT NULL;

-- Who agreed to be matched. MATCH joins this table; a person without a row is nobody.
CREATE TABLE search.matchable_people (
    owner text NOT NULL CHECK (owner <> ''),
    person_id uuid NOT NULL,
    user_id text NOT NULL DEFAULT '',
    consented boolean NOT NULL,
    expires_at timestamptz,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, person_id)
);

-- Faces that were erased: no event, no replay and no link brings one back.
CREATE TABLE search.face_tombstones (
    owner text NOT NULL CHECK (owner <> ''),
    face_id uuid NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, face_id)
);

-- Which changes of consent were heard of. They may come in any order, so those beyond a gap are kept
-- apart until it is closed: an owner is up to date only when nothing in between is missing.
CREATE TABLE search.consent_sequences (
    owner text PRIMARY KEY CHECK (owner <> ''),
    sequence bigint NOT NULL DEFAULT 0,
    ahead bigint[] NOT NULL DEFAULT '{}'
);
COMMENT ON COLUMN search.consent_sequences.sequence IS 'every change up to this one was heard of';

-- Erasures whose bytes may still lie in the files: numbers and times, nothing of whom.
CREATE TABLE search.face_erasures (
    ticket bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vectors bigint NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    scrubbed_at timestamptz
);
CREATE INDEX face_erasures_open ON search.face_erasures (ticket) WHERE scrubbed_at IS NULL;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['face_embeddings', 'face_links', 'matchable_people', 'face_tombstones', 'consent_sequences'] LOOP
        EXECUTE format('ALTER TABLE search.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE search.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON search.%I TO search_api '
            'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
            'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', t || '_of_owner', t);
    END LOOP;
END
$$;
GRANT SELECT, UPDATE, DELETE ON search.face_embeddings TO search_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON search.face_embeddings TO search_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON search.face_links TO search_api, search_worker;
GRANT SELECT, INSERT, UPDATE ON search.matchable_people, search.consent_sequences TO search_api, search_worker;
GRANT SELECT, INSERT ON search.face_tombstones TO search_api, search_worker;
GRANT SELECT, INSERT ON search.face_erasures TO search_api;
GRANT SELECT, INSERT, UPDATE ON search.face_erasures TO search_worker;
GRANT SELECT ON search.face_embedding_models TO search_worker;

-- Whoever stores vectors of an owner's faces holds this with others, whoever links or erases holds it
-- alone: no vector is stored beside its own erasure. After the spaces, before any asset.
CREATE FUNCTION search.hold_faces(p_owner text, p_alone boolean) RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_alone THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('search.faces/' || p_owner, 0));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('search.faces/' || p_owner, 0));
    END IF;
END
$$;
REVOKE ALL ON FUNCTION search.hold_faces FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.hold_faces TO search_api, search_worker;
