-- From which score on two faces count as the same person, by space. Every calibration stays: the
-- newest of a space is what holds. No row is about anybody.
CREATE TABLE face.calibrations (
    calibration_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    space_id text NOT NULL CHECK (space_id <> ''),
    threshold double precision NOT NULL CHECK (threshold BETWEEN -1 AND 1),
    slope double precision NOT NULL CHECK (slope > 0),
    intercept double precision NOT NULL,
    asked_rate double precision NOT NULL CHECK (asked_rate > 0 AND asked_rate < 1),
    false_match_rate double precision NOT NULL CHECK (false_match_rate BETWEEN 0 AND asked_rate),
    true_match_rate double precision NOT NULL CHECK (true_match_rate BETWEEN 0 AND 1),
    same_pairs bigint NOT NULL CHECK (same_pairs > 0),
    different_pairs bigint NOT NULL CHECK (different_pairs > 0),
    made_by text NOT NULL CHECK (made_by <> ''),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN face.calibrations.threshold IS 'least score, 1 - cosine distance, of two faces of one person';
COMMENT ON COLUMN face.calibrations.slope IS 'confidence = 1 / (1 + exp(-(slope * score + intercept)))';
COMMENT ON COLUMN face.calibrations.asked_rate IS 'the false-match rate that the threshold had to keep';
COMMENT ON COLUMN face.calibrations.false_match_rate IS 'measured: pairs of different people at or above the threshold';
CREATE INDEX calibrations_of_space ON face.calibrations (space_id, calibration_id DESC);
GRANT SELECT ON face.calibrations TO face_api;
GRANT SELECT, INSERT ON face.calibrations TO face_worker;
