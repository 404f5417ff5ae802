"""Who passes the edge, and what of a caller's headers does."""

import httpx
import pytest


def _get(edge, token=None, path="/v1/assets/x", **headers):
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return httpx.get(edge.url + path, headers=headers)


def _reason(answer):
    return answer.json()["details"][0]["reason"]


def test_no_token(edge):
    """Without a token a call is 401 with its reason in JSON."""
    answer = _get(edge)
    assert (answer.status_code, _reason(answer)) == (401, "TOKEN_MISSING")
    assert answer.json()["code"] == 16


def test_expired_token(edge, edge_issuer):
    """A token that ended more than the leeway ago is 401."""
    answer = _get(edge, edge_issuer.mint("user-1", ttl=-60))
    assert (answer.status_code, _reason(answer)) == (401, "TOKEN_EXPIRED")


@pytest.mark.parametrize("wrong", ["audience", "issuer", "key", "garbage"])
def test_wrong_token(edge, edge_issuer, stack_dir, wrong):
    """Another issuer, audience or key, or no token at all, is 401."""
    kind = type(edge_issuer)
    made = {
        "audience": lambda: kind(stack_dir / "edge-issuer", audience="other").mint("user-1"),
        "issuer": lambda: kind(stack_dir / "edge-issuer", issuer="other").mint("user-1"),
        "key": lambda: kind(stack_dir / "other-issuer").mint("user-1"),
        "garbage": lambda: "not.a.token",
    }
    answer = _get(edge, made[wrong]())
    assert (answer.status_code, _reason(answer)) == (401, "TOKEN_INVALID")


def test_token_in_query_is_not_read(edge, token):
    """Tokens are read from the header alone: addresses end up in logs."""
    assert _get(edge, path=f"/v1/assets/x?access_token={token}").status_code in {400, 401}


def test_token_is_forwarded_and_claims_of_callers_are_not(edge, token, seen):
    """Services get the token, and no header that names an identity or a way around."""
    forged = {
        "X-User-Id": "root",
        "X-User": "root",
        "x-jwt-payload": "e30",
        "X-Forwarded-User": "root",
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Client-Cert": "By=root",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "x-envoy-retry-on": "5xx",
        "x-original-url": "/admin",
        "x-kioku-owner": "root",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    assert _get(edge, token, **forged).status_code == 200
    metadata = seen[-1][2]
    arrived = set(metadata) & {name.lower() for name in forged}
    assert arrived == {"traceparent", "x-forwarded-for"}
    assert "6.6.6.6" not in metadata["x-forwarded-for"]
    assert metadata["authorization"] == f"Bearer {token}"


def test_health_needs_no_token(edge):
    """/healthz says that the edge is up, /readyz that services are."""
    assert _get(edge, path="/healthz").status_code == 200
    assert _get(edge, path="/readyz").status_code == 200


def test_preflight_of_a_known_app(edge):
    """A preflight needs no token and allows the method and the headers that apps send."""
    answer = httpx.options(
        edge.url + "/v1/assets:createUpload",
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "authorization" in answer.headers["access-control-allow-headers"]


def test_preflight_of_a_stranger(edge):
    """Another origin is not allowed."""
    answer = httpx.options(
        edge.url + "/v1/assets",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"},
    )
    assert "access-control-allow-origin" not in answer.headers


def test_answers_name_the_app(edge, token):
    """An app may read answers and errors."""
    for known in (token, None):
        answer = _get(edge, known, Origin="https://app.example")
        assert answer.headers["access-control-allow-origin"] == "https://app.example"


def test_answers_carry_the_edge_s_request_id(edge, token):
    """Every answer, also a refusal, has an id that the edge chose."""
    ids = [
        _get(edge, known, **{"x-request-id": "mine"}).headers["x-request-id"]
        for known in (token, None)
    ]
    assert "mine" not in ids
    assert len(set(ids)) == 2
