"""What `main` wires for themes: the service ThemeService."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from kioku.vlm.v1.theme_service_pb2_grpc import add_ThemeServiceServicer_to_server
from kioku_rt.rpc import Registration

from kioku_vlm.themes import theme_servicer
from kioku_vlm.themes.entry_store import EntryPostgres
from kioku_vlm.themes.gathering import Gathering
from kioku_vlm.themes.habits import HabitRules, Habits
from kioku_vlm.themes.journal_store import JournalPostgres
from kioku_vlm.themes.labels_client import LabelsClient
from kioku_vlm.themes.lexicon import JAPANESE, kioku_lexicon
from kioku_vlm.themes.library_client import LibraryClient
from kioku_vlm.themes.model_writer import ModelWriter
from kioku_vlm.themes.neighbour_client import NeighbourClient
from kioku_vlm.themes.suggesting import Suggesting, ThemeRules
from kioku_vlm.themes.template_writer import TemplateWriter
from kioku_vlm.themes.writing import Writing

if TYPE_CHECKING:
    import asyncpg
    import grpc

    from kioku_vlm.themes.library_client import Decoder, Objects
    from kioku_vlm.themes.ports import TextModel

SCOPES = ("assets.act", "search.act", "embed")
"""What the token of this service needs: at `search`, at `search`, and at `embedder`."""


@dataclass(frozen=True)
class ThemeServers:
    """What themes talk to; channels are closed by their owner.

    Attributes:
        embedder: channel to `embedder`.
        search: channel to `search`, with a token that has SCOPES.
        api: of the role `vlm_api`: entries that were read, and the audit.
        objects: originals and frames.
        decoder: for files above 16 MiB; None: they are left out.
        model: the local text model; None: themes are worded by templates.
    """

    embedder: grpc.aio.Channel
    search: grpc.aio.Channel
    api: asyncpg.Pool
    objects: Objects
    decoder: Decoder | None = None
    model: TextModel | None = None


@dataclass(frozen=True)
class ThemeSettings:
    """What the deployment says of themes.

    Attributes:
        zone: IANA zone of days and months; empty: UTC.
        language: where a caller names none.
        sample: pictures of an owner that tell what all of them show; 0: none.
        near: neighbours of each picture; 0: none.
        words_seconds: for the words of all themes of a call.
    """

    zone: str = ""
    language: str = JAPANESE
    sample: int = 12
    near: int = 10
    words_seconds: float = 20.0


def theme_registration(servers: ThemeServers, said: ThemeSettings | None = None) -> Registration:
    """ThemeService."""
    said, lexicon, plain = said or ThemeSettings(), kioku_lexicon(), TemplateWriter()
    library = LibraryClient(servers.search, servers.objects, servers.decoder)
    labels = LabelsClient(servers.embedder, lexicon)
    writer = plain if servers.model is None else ModelWriter(servers.model, plain, lexicon)
    suggesting = Suggesting(
        Gathering(
            library,
            labels,
            NeighbourClient(servers.search),
            EntryPostgres(servers.api),
            lexicon,
            near=said.near,
        ),
        Habits(library, labels, lexicon, HabitRules(sample=said.sample)),
        Writing(writer, plain, seconds=said.words_seconds),
        JournalPostgres(servers.api),
        lexicon=lexicon,
        rules=ThemeRules(zone=ZoneInfo(said.zone or "UTC")),
    )
    servicer = theme_servicer.ThemeServicer(suggesting, lexicon, said.language)
    return Registration(theme_servicer.NAME, add_ThemeServiceServicer_to_server, servicer)
