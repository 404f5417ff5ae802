-- How often a picture was looked at, which frames of videos are, and whose vectors have to go.
ALTER TABLE face.assets ADD COLUMN looks integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN face.assets.looks IS 'how often its faces were stored; part of the ids of what is told of them';

-- Frames of a video that are looked at; each is an object of its own in the bucket.
CREATE TABLE face.frames (
    owner text NOT NULL,
    asset_id uuid NOT NULL,
    frame_no integer NOT NULL CHECK (frame_no >= 0),
    time_ms bigint NOT NULL,
    generation integer NOT NULL,
    object_key text NOT NULL,
    sha256 text NOT NULL,
    pack text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DONE', 'FAILED')),
    reason text NOT NULL DEFAULT '',
    looks integer NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, asset_id, frame_no),
    FOREIGN KEY (owner, asset_id) REFERENCES face.assets (owner, asset_id) ON DELETE CASCADE
);
COMMENT ON COLUMN face.frames.sha256 IS 'of the frame as it is stored; erased places count by that of the video';
CREATE INDEX frames_pending ON face.frames (updated_at) WHERE state = 'PENDING';

-- Faces that are not there any more, until `search` has removed their vectors.
CREATE TABLE face.vanished (
    owner text NOT NULL,
    face_id uuid NOT NULL,
    vanished_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, face_id)
);

ALTER TABLE face.faces ADD COLUMN checked_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN face.faces.checked_at IS 'when its vector was last sent, or asked for and there';
CREATE INDEX faces_unchecked ON face.faces (checked_at) WHERE space_id <> '' AND asset_id IS NOT NULL;

-- Events whose vectors are still in the outbox.
CREATE INDEX outbox_with_vectors ON face.outbox (id) WHERE subject = 'embedding.ready' AND payload <> '';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['frames', 'vanished'] LOOP
        EXECUTE format('ALTER TABLE face.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE face.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON face.%I TO face_api '
            'USING (owner = nullif(current_setting(''kioku.owner'', true), '''')) '
            'WITH CHECK (owner = nullif(current_setting(''kioku.owner'', true), ''''))', t || '_of_owner', t);
    END LOOP;
END
$$;
GRANT SELECT ON face.frames TO face_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON face.frames, face.vanished TO face_worker;
