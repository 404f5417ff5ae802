-- Rankings as they were when their first page was given, so that later pages neither repeat nor
-- skip. Ids, distances and places only: no vector, no words. Not logged: a crash of the server
-- loses them, and whoever turns a page then is told that its token has expired.
CREATE UNLOGGED TABLE search.result_pages (
    owner text NOT NULL CHECK (owner <> ''),
    ranking_id uuid NOT NULL,
    request_id uuid,
    digest bytea NOT NULL,
    about uuid[] NOT NULL DEFAULT '{}',
    space_id text NOT NULL,
    method text NOT NULL,
    route jsonb NOT NULL,
    findings jsonb NOT NULL DEFAULT '{}',
    complete boolean NOT NULL,
    continuation text NOT NULL DEFAULT '',
    asset_ids uuid[] NOT NULL,
    distances double precision[] NOT NULL,
    frame_nos integer[] NOT NULL,
    times bigint[] NOT NULL,
    details jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (owner, ranking_id),
    UNIQUE (owner, request_id)
);
COMMENT ON COLUMN search.result_pages.digest IS 'of the question, to tell a request id used twice';
COMMENT ON COLUMN search.result_pages.about IS 'what was asked about, and look-alikes that were folded; if one is deleted the ranking ends';
COMMENT ON COLUMN search.result_pages.route IS 'how it was found, as `explain` tells';
COMMENT ON COLUMN search.result_pages.findings IS 'what was found out about no single asset';
COMMENT ON COLUMN search.result_pages.complete IS 'nothing was found beyond the last one';
COMMENT ON COLUMN search.result_pages.continuation IS 'where the database goes on when the ranking is as long as it may be';
COMMENT ON COLUMN search.result_pages.asset_ids IS 'best first; NULL where one was deleted since';
COMMENT ON COLUMN search.result_pages.details IS 'places in lists, relevance, look-alikes and moments, one element for each asset';
CREATE INDEX result_pages_expiry ON search.result_pages (expires_at);

ALTER TABLE search.result_pages ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.result_pages FORCE ROW LEVEL SECURITY;
CREATE POLICY result_pages_of_owner ON search.result_pages TO search_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));
GRANT SELECT, INSERT, UPDATE, DELETE ON search.result_pages TO search_api;
GRANT SELECT, DELETE ON search.result_pages TO search_worker;
GRANT UPDATE (asset_ids) ON search.result_pages TO search_worker;

-- A ranking is made before it is kept, and an asset may be deleted in between: who keeps one waits
-- for deletions of the owner that are under way, and leaves out what has a tombstone.
CREATE FUNCTION search.without_deleted(p_owner text, p_ids uuid[]) RETURNS uuid[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_ids uuid[] := p_ids;
    v_dead uuid;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('search.result_pages ' || p_owner, 0));
    FOR v_dead IN SELECT d.asset_id FROM search.deletions d
        WHERE d.owner = p_owner AND d.asset_id = ANY (p_ids)
    LOOP
        v_ids := array_replace(v_ids, v_dead, NULL);
    END LOOP;
    RETURN v_ids;
END
$$;

-- A deletion takes the asset out of every ranking in its own transaction.
CREATE FUNCTION search.forget_ranked() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('search.result_pages ' || NEW.owner, 0));
    UPDATE search.result_pages r SET asset_ids = array_replace(r.asset_ids, NEW.asset_id, NULL)
        WHERE r.owner = NEW.owner AND NEW.asset_id = ANY (r.asset_ids);
    DELETE FROM search.result_pages r WHERE r.owner = NEW.owner AND NEW.asset_id = ANY (r.about);
    RETURN NULL;
END
$$;
CREATE TRIGGER deletions_forget_ranked AFTER INSERT ON search.deletions
    FOR EACH ROW EXECUTE FUNCTION search.forget_ranked();

-- Keeps a ranking; one round trip. False where the request id is taken: then another call with it
-- was quicker; or where something it is about has been deleted meanwhile.
CREATE FUNCTION search.keep_ranking(
    p_owner text, p_ranking_id uuid, p_request_id uuid, p_digest bytea, p_about uuid[], p_space_id text,
    p_method text, p_route jsonb, p_findings jsonb, p_complete boolean, p_continuation text, p_asset_ids uuid[],
    p_distances double precision[], p_frame_nos integer[], p_times bigint[], p_details jsonb,
    p_life interval
) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner text := set_config('kioku.owner', coalesce(p_owner, ''), true);
    v_ids uuid[] := search.without_deleted(v_owner, p_asset_ids);  -- first: it waits for its lock
BEGIN
    IF EXISTS (SELECT FROM search.deletions d WHERE d.owner = v_owner AND d.asset_id = ANY (p_about)) THEN
        RETURN false;
    END IF;
    IF p_request_id IS NOT NULL THEN
        DELETE FROM search.result_pages r
            WHERE r.owner = v_owner AND r.request_id = p_request_id AND (r.expires_at <= clock_timestamp()
                OR EXISTS (SELECT FROM search.spaces s WHERE s.space_id = r.space_id AND s.state = 'retired'));
    END IF;
    INSERT INTO search.result_pages (owner, ranking_id, request_id, digest, about, space_id, method,
        route, findings, complete, continuation, asset_ids, distances, frame_nos, times, details, expires_at)
    VALUES (v_owner, p_ranking_id, p_request_id, p_digest, p_about, p_space_id, p_method, p_route,
        p_findings, p_complete, p_continuation, v_ids, p_distances, p_frame_nos, p_times, p_details,
        clock_timestamp() + p_life)
    ON CONFLICT (owner, request_id) DO NOTHING;
    RETURN FOUND;
END
$$;

-- What tells whether an answer of before is still right: the owner's number, the spaces' number,
-- and whether the ranking its next page is cut from will be there for a while. One round trip.
CREATE FUNCTION search.answer_stamp(p_owner text, p_ranking_id uuid)
RETURNS TABLE (owner_epoch bigint, spaces_epoch bigint, ranking_kept boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner text := set_config('kioku.owner', coalesce(p_owner, ''), true);
BEGIN
    RETURN QUERY SELECT
        (SELECT coalesce(sum(e.epoch), 0)::bigint FROM search.owner_epochs e WHERE e.owner = v_owner),
        (SELECT s.epoch FROM search.spaces_epoch s),
        p_ranking_id IS NULL OR EXISTS (SELECT FROM search.result_pages r
            WHERE r.owner = v_owner AND r.ranking_id = p_ranking_id
                AND clock_timestamp() < r.created_at + (r.expires_at - r.created_at) / 2);
END
$$;
REVOKE ALL ON FUNCTION search.without_deleted, search.keep_ranking, search.answer_stamp FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.without_deleted, search.keep_ranking, search.answer_stamp TO search_api;
