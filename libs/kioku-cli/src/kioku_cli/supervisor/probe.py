"""Asks one component whether it is ready; the answer is a value, never an exception."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from kioku_cli.plan.component import ExecProbe, HttpProbe, Probe

PROBE_SECONDS = 3.0
_REASON_CHARACTERS = 200


@dataclass(frozen=True)
class Verdict:
    """Whether it is ready; if not, why in a few words."""

    ready: bool
    reason: str = ""


READY = Verdict(ready=True)


class Prober:
    """Runs probes; owns the HTTP client that they share."""

    def __init__(self) -> None:
        self._http = httpx.AsyncClient(timeout=PROBE_SECONDS, trust_env=False)

    async def ask(self, probe: Probe) -> Verdict:
        """One probe, answered within PROBE_SECONDS."""
        if isinstance(probe, HttpProbe):
            return await self._get(probe)
        return await _run(probe)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _get(self, probe: HttpProbe) -> Verdict:
        try:
            answer = await self._http.get(probe.url)
        except httpx.TimeoutException:
            return Verdict(ready=False, reason=f"no answer within {PROBE_SECONDS:g} s")
        except httpx.HTTPError:
            return Verdict(ready=False, reason="does not answer yet")
        if answer.status_code == httpx.codes.OK:
            return READY
        said = " ".join(answer.text.split())[:_REASON_CHARACTERS]
        return Verdict(ready=False, reason=f"not ready ({answer.status_code}): {said}")


async def _run(probe: ExecProbe) -> Verdict:
    try:
        child = await asyncio.create_subprocess_exec(
            *probe.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        return Verdict(ready=False, reason=f"the probe cannot run: {error.strerror}")
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            code = await child.wait()
    except TimeoutError:
        return Verdict(ready=False, reason=f"no answer within {PROBE_SECONDS:g} s")
    finally:
        if child.returncode is None:
            child.kill()
    return READY if code == 0 else Verdict(ready=False, reason="does not accept work yet")
