"""The specification's path through the real edge: pending, then ready, then without reading."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
from kioku_stack.envoy import Edge

from tests.integration.vlm.rig import Db, notice, until

FAIR = {
    "title": "夏祭り",
    "start": "2026-07-18T16:00",
    "place": "中央公園",
    "notes": ["雨天中止"],
}


async def test_a_schedule_over_rest(db: Db, start_vlm: Any, envoy_factory: Any) -> None:
    """`POST /ai/schedule/from_image`, `GET /v1/observations/{id}`, a correction and a link."""
    async with start_vlm() as service:
        edge = envoy_factory(
            Edge(
                search=[("127.0.0.1", service.port)],
                embedder=[("127.0.0.1", service.port)],
                storage=[("127.0.0.1", 9)],
                vlm=[("127.0.0.1", service.port)],
                bucket="kioku",
                jwks_file=Path(service.settings.jwks),
                issuer=service.issuer.issuer,
                audience=service.issuer.audience,
            )
        )
        headers = {"Authorization": f"Bearer {service.issuer.mint('ann')}"}
        async with httpx.AsyncClient(base_url=edge.url, headers=headers, timeout=40) as web:
            body = {"image": base64.b64encode(notice(FAIR)).decode()}
            path = "/ai/schedule/from_image"
            service.reader.gate.clear()

            async def served() -> Any:
                answer = await web.post(path, json={**body, "wait_seconds": 0})
                return answer if answer.status_code == 200 else None

            pending = (await until(served)).json()
            assert "observation-pending" == pending["status"]
            assert (True, []) == (pending["retry_after_seconds"] > 0, pending["events"])
            service.reader.gate.set()
            ready = (await web.post(path, json={**body, "wait_seconds": 20})).json()
            assert ("ready", pending["observation_id"]) == (
                ready["status"],
                ready["observation_id"],
            )
            [event] = ready["events"]
            assert ("夏祭り", "2026-07-18T16:00", "中央公園", "雨天中止") == (
                event["title"]["value"],
                event["start"]["value"],
                event["place"]["value"],
                event["notes"][0]["value"],
            )
            assert "夏祭り" == event["title"]["evidence"][0]["quote"]
            home = f"/v1/observations/{ready['observation_id']}"
            corrected = await web.patch(
                f"{home}/entries/{event['entry_id']}",
                params={"update_mask": "place"},
                json={"place": {"value": "南公園"}},
            )
            assert "南公園" == corrected.json()["entry"]["place"]["value"]
            link = await web.post(f"{home}/links", json={"document_path": "families/f1"})
            assert "families/f1" == link.json()["link"]["document_path"]
            found = (await web.get(home)).json()["observation"]
            assert "OBSERVATION_STATE_READY" == found["state"]
            unknown = await web.get("/v1/observations/00000000-0000-7000-8000-000000000000")
            assert (404, "OBSERVATION_NOT_FOUND") == (
                unknown.status_code,
                unknown.json()["details"][0]["reason"],
            )
    assert 1 == len(service.reader.calls)
