-- What was read, each thing a row: an entry (event, deadline, closure, notice), and below it its
-- date-times, places and notes; people on the picture as well.
CREATE TABLE vlm.vlm_detection_entities (
    owner text NOT NULL,
    entity_id uuid NOT NULL,
    observation_id uuid NOT NULL,
    parent_id uuid,
    type text NOT NULL CHECK (type IN ('EVENT', 'DEADLINE', 'CLOSED', 'NOTICE', 'DATETIME', 'PLACE', 'NOTE', 'PERSON')),
    name text NOT NULL DEFAULT '',
    ordinal integer NOT NULL DEFAULT 0,
    fields jsonb NOT NULL,
    confidence real NOT NULL DEFAULT 0,
    -- Of entries only.
    fingerprint text NOT NULL DEFAULT '',
    group_id uuid,
    read_day date,
    start_day date,
    end_day date,
    recurring boolean NOT NULL DEFAULT false,
    corrected boolean NOT NULL DEFAULT false,
    dismissed boolean NOT NULL DEFAULT false,
    read_version bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, entity_id),
    FOREIGN KEY (owner, observation_id) REFERENCES vlm.vlm_observations (owner, observation_id) ON DELETE CASCADE,
    FOREIGN KEY (owner, parent_id) REFERENCES vlm.vlm_detection_entities (owner, entity_id) ON DELETE CASCADE,
    CHECK (parent_id IS NULL OR type IN ('DATETIME', 'PLACE', 'NOTE')),
    CHECK ((group_id IS NULL) = (type IN ('DATETIME', 'PLACE', 'NOTE', 'PERSON')))
);
COMMENT ON COLUMN vlm.vlm_detection_entities.name IS 'which field of the entry: start, end, DOORS, place, address, …';
COMMENT ON COLUMN vlm.vlm_detection_entities.fields IS 'value, raw, confidence, resolved_by, evidence (page, box, quote), alternatives, flags; of an entry its title, rrule, zone and flags';
COMMENT ON COLUMN vlm.vlm_detection_entities.group_id IS 'entries of one group are the same event, read in several observations';
COMMENT ON COLUMN vlm.vlm_detection_entities.read_day IS 'first day as it was read';
COMMENT ON COLUMN vlm.vlm_detection_entities.start_day IS 'first day as it holds, corrections included; end_day likewise';
COMMENT ON COLUMN vlm.vlm_detection_entities.read_version IS 'version of the observation that found it last';
CREATE INDEX vlm_detection_entities_of ON vlm.vlm_detection_entities (owner, observation_id, ordinal) WHERE parent_id IS NULL;
CREATE INDEX vlm_detection_entities_parts ON vlm.vlm_detection_entities (owner, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX vlm_detection_entities_by_day ON vlm.vlm_detection_entities (owner, start_day, entity_id) WHERE group_id IS NOT NULL;
CREATE INDEX vlm_detection_entities_by_read_day ON vlm.vlm_detection_entities (owner, read_day) WHERE group_id IS NOT NULL;
CREATE INDEX vlm_detection_entities_group ON vlm.vlm_detection_entities (owner, group_id) WHERE group_id IS NOT NULL;

-- What people made of entries. They stand apart from what was read, so that no reading overwrites one;
-- each stays when it is taken back.
CREATE TABLE vlm.vlm_corrections (
    owner text NOT NULL,
    correction_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    field text NOT NULL CHECK (field IN ('kind', 'title', 'start', 'end', 'zone', 'rrule', 'place', 'address', 'notes', 'dismissed')),
    value text[] NOT NULL,
    read_before jsonb,
    actor text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    ended_by text NOT NULL DEFAULT '',
    PRIMARY KEY (owner, correction_id),
    FOREIGN KEY (owner, entry_id) REFERENCES vlm.vlm_detection_entities (owner, entity_id) ON DELETE CASCADE,
    CHECK ((ended_at IS NULL) = (ended_by = ''))
);
COMMENT ON COLUMN vlm.vlm_corrections.read_before IS 'what the reading of that moment said; NULL: nothing';
COMMENT ON COLUMN vlm.vlm_corrections.ended_at IS 'when it was taken back, or another took its place';
CREATE UNIQUE INDEX vlm_corrections_standing ON vlm.vlm_corrections (owner, entry_id, field) WHERE ended_at IS NULL;

-- Which documents of the app observations and entries became.
CREATE TABLE vlm.vlm_links (
    owner text NOT NULL,
    link_id uuid NOT NULL,
    observation_id uuid NOT NULL,
    entry_id uuid,
    document_path text NOT NULL CHECK (octet_length(document_path) BETWEEN 3 AND 1500),
    actor text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, link_id),
    UNIQUE NULLS NOT DISTINCT (owner, observation_id, entry_id, document_path),
    FOREIGN KEY (owner, observation_id) REFERENCES vlm.vlm_observations (owner, observation_id) ON DELETE CASCADE,
    FOREIGN KEY (owner, entry_id) REFERENCES vlm.vlm_detection_entities (owner, entity_id) ON DELETE CASCADE
);
CREATE INDEX vlm_links_of_document ON vlm.vlm_links (owner, document_path, link_id);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['vlm_detection_entities', 'vlm_corrections', 'vlm_links'] LOOP
        EXECUTE format('ALTER TABLE vlm.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE vlm.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON vlm.%I TO vlm_api '
            'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
            'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', t || '_of_owner', t);
    END LOOP;
END
$$;
GRANT SELECT ON vlm.vlm_detection_entities TO vlm_api;
GRANT UPDATE (start_day, end_day, recurring, corrected, dismissed, version, updated_at)
    ON vlm.vlm_detection_entities TO vlm_api;
GRANT SELECT, INSERT ON vlm.vlm_corrections TO vlm_api;
GRANT UPDATE (ended_at, ended_by) ON vlm.vlm_corrections TO vlm_api;
GRANT SELECT, INSERT, DELETE ON vlm.vlm_links TO vlm_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON vlm.vlm_detection_entities, vlm.vlm_corrections, vlm.vlm_links TO vlm_worker;
