-- Words know the filters by labels, and what words and backgrounds change ends kept answers.

-- The best of one owner's assets by words, in the shape of search.nearest_images; the distance is
-- 1 - score. The assets are read under row-level security.
-- p_tags: labels as a vector's row has them; of p_any_tags one is enough, of p_not_tags none may be there.
DROP FUNCTION search.nearest_words;
CREATE FUNCTION search.nearest_words(
    p_owner text, p_exact text[], p_loose text[], p_limit integer, p_least double precision DEFAULT 0.5,
    p_kind text DEFAULT NULL, p_tags text[] DEFAULT NULL,
    p_from timestamptz DEFAULT NULL, p_until timestamptz DEFAULT NULL,
    p_after_distance double precision DEFAULT NULL, p_after_asset uuid DEFAULT NULL,
    p_any_tags text[] DEFAULT NULL, p_not_tags text[] DEFAULT NULL
) RETURNS TABLE (asset_id uuid, distance double precision, filename text, kind text, tags text[],
                 taken_at timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
    v_owner text := set_config('kioku.owner', coalesce(p_owner, ''), true);
BEGIN
    -- Ordered first, so that assets are looked up, each by its key, until there are enough.
    RETURN QUERY
        SELECT a.asset_id, f.distance, a.filename, a.kind, a.tags, a.taken_at
        FROM (SELECT w.asset_id, 1 - w.score AS distance FROM search.words_of_owner(p_exact, p_loose, p_least) w
              WHERE p_after_distance IS NULL
                  OR (1 - w.score, w.asset_id) > (p_after_distance, p_after_asset)
              ORDER BY 1 - w.score, w.asset_id OFFSET 0) f
        CROSS JOIN LATERAL (
            SELECT * FROM search.assets s WHERE s.owner = v_owner AND s.asset_id = f.asset_id LIMIT 1
        ) a
        WHERE a.object_key <> '' AND a.state <> 'DELETING'
            AND (p_kind IS NULL OR a.kind = p_kind)
            AND (p_tags IS NULL OR search.labels(a.tags, a.albums, a.people) @> p_tags)
            AND (p_any_tags IS NULL OR a.tags && p_any_tags)
            AND (p_not_tags IS NULL OR NOT a.tags && p_not_tags)
            AND (p_from IS NULL OR coalesce(a.taken_at, a.created_at) >= p_from)
            AND (p_until IS NULL OR coalesce(a.taken_at, a.created_at) < p_until)
        ORDER BY f.distance, f.asset_id LIMIT p_limit;
END
$$;
REVOKE ALL ON FUNCTION search.nearest_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.nearest_words TO search_api;

-- Words are written by a job too, outside the transaction of their asset. Empty ones find nothing.
CREATE TRIGGER asset_words_epoch_insert AFTER INSERT ON search.asset_words FOR EACH ROW
    WHEN (NEW.words <> '') EXECUTE FUNCTION search.owner_changed();
CREATE TRIGGER asset_words_epoch_update AFTER UPDATE ON search.asset_words FOR EACH ROW
    WHEN (OLD.words IS DISTINCT FROM NEW.words) EXECUTE FUNCTION search.owner_changed();
CREATE TRIGGER asset_words_epoch_delete AFTER DELETE ON search.asset_words FOR EACH ROW
    WHEN (OLD.words <> '') EXECUTE FUNCTION search.owner_changed();

-- Relevance is told by what is known of a space, which is common to all owners.
CREATE TRIGGER space_backgrounds_epoch AFTER INSERT OR UPDATE OR DELETE ON search.space_backgrounds
    FOR EACH ROW EXECUTE FUNCTION search.count_spaces_epoch();
