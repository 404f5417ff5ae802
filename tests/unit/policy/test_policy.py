"""What is inside and what is outside, in every spelling of an address."""

from __future__ import annotations

import pytest
from kioku_rt.errors import KiokuError
from kioku_rt.policy import AiPolicy, ExternalAi, is_inside, resolve
from kioku_rt.reasons import Reason
from kioku_rt.settings import RuntimeSettings

REFUSING = AiPolicy()


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("172.31.255.255", True),
        ("172.32.0.1", False),
        ("192.168.1.1", True),
        ("169.254.1.1", True),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("8.8.8.8", False),
        ("255.255.255.255", False),
        ("::1", True),
        ("::", False),
        ("fd12:3456::1", True),
        ("fe80::1%eth0", True),
        ("2001:4860:4860::8888", False),
        ("::ffff:127.0.0.1", True),
        ("::ffff:8.8.8.8", False),
        ("::127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("ff02::1", False),
    ],
)
def test_inside_is_loopback_private_and_link_local(address: str, inside: bool) -> None:
    """Mapped addresses count as what they map; tunnels and everything else are outside."""
    assert inside == is_inside(address)


@pytest.mark.parametrize(
    "addresses", [["8.8.8.8"], ["10.0.0.1", "8.8.8.8"], ["::1", "2001:db8::1"], []]
)
def test_one_address_outside_is_enough(addresses: list[str]) -> None:
    """A name must not hide a public address among private ones; no address is no permission."""
    with pytest.raises(KiokuError) as caught:
        REFUSING.check("ai.example", addresses)
    assert Reason.EXTERNAL_AI_REFUSED == caught.value.reason
    assert {"host": "ai.example"} == caught.value.metadata
    AiPolicy(ExternalAi.ALLOWED).check("ai.example", addresses)


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f.1", "127.1", "017700000001"])
async def test_odd_spellings_are_the_address_they_stand_for(spelling: str) -> None:
    """The system's own resolver reads them, so the check sees what would be connected to."""
    assert ["127.0.0.1"] == list(await resolve(spelling))


async def test_a_decimal_public_address_is_outside() -> None:
    """134744072 is 8.8.8.8."""
    with pytest.raises(KiokuError, match="EXTERNAL_AI_REFUSED"):
        await REFUSING.check_url("http://134744072/v1")
    with pytest.raises(KiokuError, match="EXTERNAL_AI_REFUSED"):
        await REFUSING.check_url("https://[::ffff:8.8.8.8]:8443/")


async def test_a_name_that_is_unknown_at_start_is_left_to_the_connection() -> None:
    """The start does not depend on a name server."""

    async def nowhere(_: str) -> list[str]:
        raise OSError

    await REFUSING.check_url("https://ai.example", resolver=nowhere)


def test_external_ai_is_refused_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """One variable for every service."""
    monkeypatch.delenv("KIOKU_EXTERNAL_AI", raising=False)
    assert AiPolicy(ExternalAi.REFUSED) == RuntimeSettings().ai_policy()
    monkeypatch.setenv("KIOKU_EXTERNAL_AI", "allowed")
    assert AiPolicy(ExternalAi.ALLOWED) == RuntimeSettings().ai_policy()
    monkeypatch.setenv("KIOKU_EXTERNAL_AI", "sure")
    with pytest.raises(ValueError, match="external_ai"):
        RuntimeSettings()
