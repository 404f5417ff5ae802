"""The public attack vectors of Project Wycheproof against our JWS check."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from kioku_rt.auth.jws import NotAcceptable, check_signature, parse
from kioku_rt.auth.keys import KeySet, UnusableKey, load_key, public_key_set

FOLDER = Path(os.environ.get("KIOKU_EVAL_DATA", "../shared/data")) / "badinput" / "jwt"
ALGORITHMS = frozenset(
    f"{family}{bits}" for family in ("HS", "RS", "PS", "ES") for bits in (256, 384, 512)
)
# Byte for byte the same token as the valid vector 357: the padding they name is not in the file.
SAME_AS_VALID = {("json_web_signature_test", 367), ("json_web_signature_test", 370)}
# ROCA keys verify correctly; whoever publishes one has lost it already.
NOT_SIGNATURE_FAULTS = {("json_web_key_test", 7)}
# Valid by RFC 7515, refused by us: no payload, an `alg` that is not the key's, an unknown `alg`
# (ES521), a character outside base64url, and a set of symmetric keys.
STRICTER = {
    *(("json_web_signature_test", n) for n in (259, 264, 268, 272, 320, 325)),
    *(("json_web_signature_test", n) for n in (346, 347, 350, 351, 372, 373)),
    ("json_web_key_test", 2),
}


def cases(name: str) -> list[Any]:
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{path.name} is not here"))]
    groups = json.loads(path.read_text())["testGroups"]
    return [
        pytest.param((name, group, test), id=f"{test['tcId']}-{test['comment']}")
        for group in groups
        for test in group["tests"]
    ]


def key_set(group: dict[str, Any]) -> KeySet:
    """Load a group's keys as a service would: published ones as a set, secrets one by one."""
    keys = group.get("public", group["private"])
    if "public" in group or ("keys" in keys and len(keys["keys"]) > 1):
        document = keys if "keys" in keys else {"keys": [keys]}
        return public_key_set(json.dumps(document).encode(), ALGORITHMS)
    return KeySet([load_key(key, ALGORITHMS) for key in keys.get("keys", [keys])])


def accepts(group: dict[str, Any], token: str) -> bool:
    try:
        signed = parse(token)
        key = key_set(group).find(signed.key_id, signed.algorithm)
        if key is None:
            return False
        check_signature(signed, key)
    except (NotAcceptable, UnusableKey):
        return False
    return True


@pytest.mark.parametrize("case", cases("json_web_signature_test") + cases("json_web_key_test"))
def test_vector(case: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    """Every invalid vector is refused; every valid one we mean to support is accepted."""
    name, group, test = case
    number = (name, test["tcId"])
    token = test["jws"] if isinstance(test["jws"], str) else json.dumps(test["jws"])
    valid = test["result"] == "valid" or number in SAME_AS_VALID | NOT_SIGNATURE_FAULTS
    expected = valid and number not in STRICTER
    assert expected == accepts(group, token)
