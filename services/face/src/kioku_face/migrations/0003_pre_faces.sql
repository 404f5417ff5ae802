-- Faces as they were found, whose they are, and what must not come back. No vector is kept here:
-- `search` is the only one who has them.
CREATE TABLE face.assets (
    owner text NOT NULL CHECK (owner <> ''),
    asset_id uuid NOT NULL,
    generation integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('IMAGE', 'VIDEO')),
    object_key text NOT NULL,
    sha256 text NOT NULL,
    pack text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DONE', 'FAILED')),
    reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, asset_id)
);
COMMENT ON TABLE face.assets IS 'what this service has heard of, so that crops can be cut and gaps be found';
COMMENT ON COLUMN face.assets.pack IS 'the pack that looked at it last';
CREATE INDEX assets_pending ON face.assets (updated_at) WHERE state = 'PENDING';

CREATE TABLE face.faces (
    owner text NOT NULL,
    face_id uuid NOT NULL,
    asset_id uuid,
    frame_no integer NOT NULL DEFAULT -1,
    time_ms bigint,
    generation integer NOT NULL,
    box real[] NOT NULL CHECK (cardinality(box) = 4),
    landmarks real[] NOT NULL CHECK (cardinality(landmarks) = 10),
    detection_score real NOT NULL,
    quality real NOT NULL CHECK (quality >= 0 AND quality <= 1),
    pixels real NOT NULL,
    sharpness real NOT NULL,
    yaw real NOT NULL,
    pitch real NOT NULL,
    roll real NOT NULL,
    flaws text[] NOT NULL DEFAULT '{}',
    space_id text NOT NULL DEFAULT '',
    person_id uuid,
    link_source text CHECK (link_source IN ('PERSON', 'LIKENESS')),
    link_version bigint NOT NULL DEFAULT 0,
    linked_version bigint NOT NULL DEFAULT 0,
    anonymous_id uuid,
    grouped boolean NOT NULL DEFAULT false,
    request_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, face_id),
    UNIQUE (owner, request_id),
    FOREIGN KEY (owner, person_id) REFERENCES face.people (owner, person_id),
    CHECK ((person_id IS NULL) = (link_source IS NULL)),
    CHECK (person_id IS NULL OR anonymous_id IS NULL)
);
COMMENT ON COLUMN face.faces.asset_id IS 'NULL: enrolled from a picture that was not kept';
COMMENT ON COLUMN face.faces.frame_no IS '-1: the picture itself';
COMMENT ON COLUMN face.faces.box IS 'left, top, width, height in parts of the upright picture';
COMMENT ON COLUMN face.faces.space_id IS 'of its vector; empty: none was made';
COMMENT ON COLUMN face.faces.link_version IS 'counts up with every change of person_id';
COMMENT ON COLUMN face.faces.linked_version IS 'the link_version that search has confirmed';
COMMENT ON COLUMN face.faces.grouped IS 'whether it was compared with the owner''s other faces';
CREATE INDEX faces_of_asset ON face.faces (owner, asset_id, frame_no);
CREATE INDEX faces_of_person ON face.faces (owner, person_id, quality DESC) WHERE person_id IS NOT NULL;
CREATE INDEX faces_of_anonymous ON face.faces (owner, anonymous_id, quality DESC) WHERE anonymous_id IS NOT NULL;
CREATE INDEX faces_ungrouped ON face.faces (owner, created_at) WHERE NOT grouped;
CREATE INDEX faces_unlinked ON face.faces (updated_at) WHERE link_version > linked_version;

-- "Not this person" is remembered.
CREATE TABLE face.rejections (
    owner text NOT NULL,
    face_id uuid NOT NULL,
    person_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, face_id, person_id),
    FOREIGN KEY (owner, face_id) REFERENCES face.faces (owner, face_id) ON DELETE CASCADE,
    FOREIGN KEY (owner, person_id) REFERENCES face.people (owner, person_id) ON DELETE CASCADE
);

-- Where somebody who took their consent back was seen: the same place in the same bytes gets no face
-- again, under whatever asset it comes.
CREATE TABLE face.erased_places (
    owner text NOT NULL,
    sha256 text NOT NULL,
    frame_no integer NOT NULL,
    box real[] NOT NULL CHECK (cardinality(box) = 4),
    erased_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX erased_places_of_bytes ON face.erased_places (owner, sha256, frame_no);

-- Ids of faces that were erased, so that no event brings them back; those of deleted assets too.
CREATE TABLE face.asset_tombstones (
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, asset_id)
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['assets', 'faces', 'rejections', 'erased_places', 'asset_tombstones'] LOOP
        EXECUTE format('ALTER TABLE face.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE face.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON face.%I TO face_api '
            'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
            'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', t || '_of_owner', t);
    END LOOP;
END
$$;
GRANT SELECT ON face.assets, face.asset_tombstones TO face_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON face.faces, face.rejections TO face_api;
GRANT SELECT, INSERT ON face.erased_places TO face_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON face.assets, face.faces, face.rejections TO face_worker;
GRANT SELECT, INSERT ON face.erased_places, face.asset_tombstones TO face_worker;
