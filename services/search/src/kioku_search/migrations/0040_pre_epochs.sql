-- Whether an answer of before is still right: one number an owner that goes up in the transaction
-- of whatever can change one of the owner's answers, and one for the spaces that are searched in.

-- An owner's number is the sum of their rows here. A writer counts up any row that nobody else
-- holds, and adds one where all are held: writers of one owner never wait for each other, so there
-- is no hot row and nothing to deadlock on; there are as many rows as there ever were writers at
-- once. Each row follows the clock, so that a database put back from a backup does not count
-- through the numbers it had before.
CREATE TABLE search.owner_epochs (
    owner text NOT NULL CHECK (owner <> ''),
    share bigint GENERATED ALWAYS AS IDENTITY,
    epoch bigint NOT NULL,
    PRIMARY KEY (owner, share)
) WITH (fillfactor = 50);
COMMENT ON COLUMN search.owner_epochs.epoch IS 'microseconds of the clock, or one more than before';

ALTER TABLE search.owner_epochs ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.owner_epochs FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_epochs_of_owner ON search.owner_epochs TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));
GRANT SELECT, INSERT, UPDATE ON search.owner_epochs TO search_api, search_worker;

-- Says that an answer of this owner may change with this transaction. Once is enough for each
-- transaction, so the second call costs nothing.
CREATE FUNCTION search.touch_owner(p_owner text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_now bigint := extract(epoch FROM clock_timestamp()) * 1000000;
    v_share bigint;
BEGIN
    IF current_setting('kioku.touched', true) = p_owner THEN
        RETURN;
    END IF;
    SELECT e.share INTO v_share FROM search.owner_epochs e
        WHERE e.owner = p_owner ORDER BY e.share LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND THEN
        UPDATE search.owner_epochs e SET epoch = greatest(e.epoch + 1, v_now)
            WHERE e.owner = p_owner AND e.share = v_share;
    ELSE
        INSERT INTO search.owner_epochs (owner, epoch) VALUES (p_owner, v_now);
    END IF;
    PERFORM set_config('kioku.touched', p_owner, true);
END
$$;
REVOKE ALL ON FUNCTION search.touch_owner FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.touch_owner TO search_api, search_worker;

-- Whether answers may come from a space. Of one where none do, the row is held until the
-- transaction ends: whoever begins to serve the space waits, and sees what was written to it.
-- It runs as its owner because a lock needs more than the right to read.
CREATE FUNCTION search.is_served(p_space_id text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_state text := (SELECT state FROM search.spaces WHERE space_id = p_space_id);
BEGIN
    IF v_state IN ('registered', 'backfilling') THEN
        SELECT state INTO v_state FROM search.spaces WHERE space_id = p_space_id FOR SHARE;
    END IF;
    RETURN v_state NOT IN ('registered', 'backfilling');
END
$$;
REVOKE ALL ON FUNCTION search.is_served FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.is_served TO search_api, search_worker;

-- By row and not by statement: a statement's trigger would need a copy of every row with its vector.
-- Back-filling a space where no answer comes from leaves the answers kept.
CREATE FUNCTION search.vector_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner text := CASE TG_OP WHEN 'DELETE' THEN OLD.owner ELSE NEW.owner END;
    v_space text := CASE TG_OP WHEN 'DELETE' THEN OLD.space_id ELSE NEW.space_id END;
BEGIN
    IF current_setting('kioku.touched', true) = v_owner
        OR current_setting('kioku.unserved', true) = v_space THEN
        RETURN NULL;
    END IF;
    IF search.is_served(v_space) THEN
        PERFORM search.touch_owner(v_owner);
    ELSE
        PERFORM set_config('kioku.unserved', v_space, true);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER image_embeddings_epoch AFTER INSERT OR UPDATE OR DELETE ON search.image_embeddings
    FOR EACH ROW EXECUTE FUNCTION search.vector_changed();

-- For any table with an owner whose rows an answer depends on.
CREATE FUNCTION search.owner_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM search.touch_owner(CASE TG_OP WHEN 'DELETE' THEN OLD.owner ELSE NEW.owner END);
    RETURN NULL;
END
$$;
-- What an answer shows of an asset, or decides by. An asset that is being uploaded is in no answer.
CREATE TRIGGER assets_epoch_insert AFTER INSERT ON search.assets FOR EACH ROW
    WHEN (NEW.state <> 'UPLOADING') EXECUTE FUNCTION search.owner_changed();
CREATE TRIGGER assets_epoch_delete AFTER DELETE ON search.assets FOR EACH ROW
    WHEN (OLD.state NOT IN ('UPLOADING', 'DELETING')) EXECUTE FUNCTION search.owner_changed();
CREATE TRIGGER assets_epoch_update AFTER UPDATE ON search.assets FOR EACH ROW
    WHEN (OLD.state <> 'UPLOADING' AND (OLD.state, OLD.kind, OLD.filename, OLD.tags, OLD.taken_at)
          IS DISTINCT FROM (NEW.state, NEW.kind, NEW.filename, NEW.tags, NEW.taken_at))
    EXECUTE FUNCTION search.owner_changed();

-- The same for what is common to all owners: which spaces there are, which are served, and how.
CREATE TABLE search.spaces_epoch (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch bigint NOT NULL
);
INSERT INTO search.spaces_epoch (epoch) VALUES (extract(epoch FROM clock_timestamp()) * 1000000);
GRANT SELECT ON search.spaces_epoch TO search_api, search_worker;

CREATE FUNCTION search.count_spaces_epoch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE search.spaces_epoch
        SET epoch = greatest(epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    RETURN NULL;
END
$$;
CREATE TRIGGER spaces_epoch_change AFTER INSERT OR DELETE ON search.spaces
    FOR EACH ROW EXECUTE FUNCTION search.count_spaces_epoch();
CREATE TRIGGER spaces_epoch_update AFTER UPDATE ON search.spaces FOR EACH ROW
    WHEN (to_jsonb(OLD) - 'updated_at' IS DISTINCT FROM to_jsonb(NEW) - 'updated_at')
    EXECUTE FUNCTION search.count_spaces_epoch();
