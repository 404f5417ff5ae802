-- Which faces are to be compared with the owner's others, and when.
ALTER TABLE face.faces
    ADD COLUMN group_after timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN grouped_at timestamptz;
COMMENT ON COLUMN face.faces.group_after IS 'not compared before: its vector may not be stored yet';
COMMENT ON COLUMN face.faces.grouped_at IS 'when it was compared last; NULL: never';
DROP INDEX face.faces_ungrouped;
CREATE INDEX faces_to_group ON face.faces (owner, group_after, face_id) WHERE NOT grouped AND space_id <> '';

-- Whoever links a face calls the faces that look like it; whoever unlinks one leaves it to be
-- compared, unless it has a group. A statement that says itself whether a face is grouped is right.
CREATE FUNCTION face.regroup() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.link_source = 'PERSON' OR (NEW.person_id IS NULL AND NEW.anonymous_id IS NULL) THEN
        NEW.grouped := false;
        NEW.group_after := clock_timestamp();
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION face.regroup FROM PUBLIC;
CREATE TRIGGER faces_regroup BEFORE UPDATE OF person_id, link_source ON face.faces FOR EACH ROW
    WHEN ((OLD.person_id, OLD.link_source) IS DISTINCT FROM (NEW.person_id, NEW.link_source)
        AND NEW.grouped = OLD.grouped)
    EXECUTE FUNCTION face.regroup();
