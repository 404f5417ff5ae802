-- What stands beside vectors, and in the index of tags, are labels: tags, albums and people.
CREATE OR REPLACE VIEW search.unindexed_tags WITH (security_invoker = true) AS
    SELECT a.owner, a.asset_id, one.tag
    FROM search.assets a
    CROSS JOIN LATERAL unnest(search.labels(a.tags, a.albums, a.people)) AS one(tag)
    WHERE NOT EXISTS (SELECT FROM search.asset_tags t
        WHERE t.owner = a.owner AND t.tag = one.tag AND t.asset_id = a.asset_id);
CREATE OR REPLACE VIEW search.overindexed_tags WITH (security_invoker = true) AS
    SELECT t.owner, t.asset_id, t.tag
    FROM search.asset_tags t LEFT JOIN search.assets a USING (owner, asset_id)
    WHERE a.asset_id IS NULL OR t.tag <> ALL (search.labels(a.tags, a.albums, a.people));
CREATE OR REPLACE VIEW search.drifted_copies WITH (security_invoker = true) AS
    SELECT e.space_id, e.owner, e.asset_id, e.frame_no,
        search.labels(a.tags, a.albums, a.people) AS tags, a.kind,
        coalesce(a.taken_at, a.created_at) AS shown_at
    FROM search.image_embeddings e JOIN search.assets a USING (owner, asset_id)
    WHERE a.state <> 'DELETING' AND (e.tags, e.kind, e.shown_at) IS DISTINCT FROM
        (search.labels(a.tags, a.albums, a.people), a.kind, coalesce(a.taken_at, a.created_at));
-- Albums and people begin with a control character, which is not for reading.
CREATE OR REPLACE VIEW search.drifted_tags WITH (security_invoker = true) AS
    SELECT owner, asset_id, NULL::integer AS frame_no,
        'not indexed: ' || ltrim(tag, E'\x01') AS detail FROM search.unindexed_tags
    UNION ALL SELECT owner, asset_id, NULL,
        'indexed, but not on the asset: ' || ltrim(tag, E'\x01') FROM search.overindexed_tags
    UNION ALL SELECT owner, asset_id, frame_no, 'the copy beside the vector in ' || space_id
        FROM search.drifted_copies;
