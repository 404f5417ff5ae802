-- What should be there beside what is, as views: for the report, its repairs, and a person at psql.
-- Over all owners, so for the worker alone; `security_invoker`, so that row-level security holds
-- for anybody else whatever is granted later.

-- Vectors whose asset is gone or being deleted.
CREATE VIEW search.orphan_vectors WITH (security_invoker = true) AS
    SELECT e.space_id, e.owner, e.asset_id, e.frame_no, e.updated_at,
        CASE WHEN a.state IS NULL THEN 'the asset is gone'
            ELSE 'the asset is being deleted' END AS detail
    FROM search.image_embeddings e LEFT JOIN search.assets a USING (owner, asset_id)
    WHERE a.asset_id IS NULL OR a.state = 'DELETING';

-- Tags of assets that the index of tags does not know, and rows of it that no asset has.
CREATE VIEW search.unindexed_tags WITH (security_invoker = true) AS
    SELECT a.owner, a.asset_id, one.tag
    FROM search.assets a CROSS JOIN LATERAL unnest(a.tags) AS one(tag)
    WHERE NOT EXISTS (SELECT FROM search.asset_tags t
        WHERE t.owner = a.owner AND t.tag = one.tag AND t.asset_id = a.asset_id);
CREATE VIEW search.overindexed_tags WITH (security_invoker = true) AS
    SELECT t.owner, t.asset_id, t.tag
    FROM search.asset_tags t LEFT JOIN search.assets a USING (owner, asset_id)
    WHERE a.asset_id IS NULL OR t.tag <> ALL (a.tags);

-- Vectors whose copies of the asset's fields are not what the asset says, with what it says.
CREATE VIEW search.drifted_copies WITH (security_invoker = true) AS
    SELECT e.space_id, e.owner, e.asset_id, e.frame_no, a.tags, a.kind,
        coalesce(a.taken_at, a.created_at) AS shown_at
    FROM search.image_embeddings e JOIN search.assets a USING (owner, asset_id)
    WHERE a.state <> 'DELETING' AND (e.tags, e.kind, e.shown_at)
        IS DISTINCT FROM (a.tags, a.kind, coalesce(a.taken_at, a.created_at));

CREATE VIEW search.drifted_tags WITH (security_invoker = true) AS
    SELECT owner, asset_id, NULL::integer AS frame_no, 'not indexed: ' || tag AS detail
        FROM search.unindexed_tags
    UNION ALL SELECT owner, asset_id, NULL, 'indexed, but not on the asset: ' || tag
        FROM search.overindexed_tags
    UNION ALL SELECT owner, asset_id, frame_no, 'the copy beside the vector in ' || space_id
        FROM search.drifted_copies;

-- Vectors of the active space of pictures, which is what ends stages.
CREATE VIEW search.ending_vectors WITH (security_invoker = true) AS
    SELECT e.owner, e.asset_id, e.frame_no, e.generation
    FROM search.image_embeddings e JOIN search.spaces s USING (space_id)
    WHERE s.state = 'active' AND s.kind = 'IMAGE';

-- Stages of pictures, and frames, that are done without a vector (`lost`) or not done although the
-- vector of this generation is there.
CREATE VIEW search.contradictory_stages WITH (security_invoker = true) AS
    SELECT a.owner, a.asset_id, NULL::integer AS frame_no, a.generation, g.attempts,
        g.state = 'DONE' AS lost, g.state || CASE g.state WHEN 'DONE' THEN ' without a vector'
            ELSE ' although its vector is there' END AS detail
    FROM search.assets a JOIN search.asset_stages g USING (owner, asset_id)
    WHERE a.kind = 'IMAGE' AND a.state <> 'DELETING' AND g.stage = 'embedding'
        AND (g.state = 'DONE') <> EXISTS (SELECT FROM search.ending_vectors e
            WHERE e.owner = a.owner AND e.asset_id = a.asset_id
                AND (g.state = 'DONE' OR e.generation = a.generation))
    UNION ALL SELECT a.owner, a.asset_id, f.frame_no, f.generation, 1,
        f.state = 'DONE', f.state || CASE f.state WHEN 'DONE' THEN ' without a vector'
            ELSE ' although its vector is there' END
    FROM search.assets a JOIN search.frames f USING (owner, asset_id)
    WHERE a.state <> 'DELETING'
        AND (f.state = 'DONE') <> EXISTS (SELECT FROM search.ending_vectors e
            WHERE e.owner = a.owner AND e.asset_id = a.asset_id AND e.frame_no = f.frame_no
                AND (f.state = 'DONE' OR e.generation = f.generation));

-- What the rows say of the object store: one object under `key`, or all that is under a prefix.
-- While an upload is completed its copy may be there before the row says so, and while an asset is
-- deleted its objects are its deletion's business.
CREATE VIEW search.object_claims WITH (security_invoker = true) AS
    WITH hashed AS (
        SELECT a.owner, a.asset_id, a.state, a.object_key,
            left(encode(sha256(convert_to(a.owner, 'UTF8')), 'hex'), 16) || '/' || a.asset_id || '/'
                AS place
        FROM search.assets a
    )
    SELECT 'derived/' || place AS key, true AS is_prefix, owner, asset_id, NULL::integer AS frame_no
        FROM hashed
    UNION ALL SELECT 'originals/' || place, true, owner, asset_id, NULL
        FROM hashed WHERE state IN ('UPLOADING', 'DELETING')
    UNION ALL SELECT object_key, false, owner, asset_id, NULL
        FROM hashed WHERE object_key <> '' AND state <> 'DELETING'
    UNION ALL SELECT f.s3_key, false, f.owner, f.asset_id, f.frame_no
        FROM search.frames f JOIN search.assets a USING (owner, asset_id)
        WHERE f.s3_key <> '' AND a.state <> 'DELETING';

GRANT SELECT ON search.orphan_vectors, search.unindexed_tags, search.overindexed_tags,
    search.drifted_copies, search.drifted_tags, search.ending_vectors,
    search.contradictory_stages, search.object_claims TO search_worker;
