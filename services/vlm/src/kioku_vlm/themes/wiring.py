"""What `main` wires for themes: the service ThemeService."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kioku.vlm.v1.theme_service_pb2_grpc import add_ThemeServiceServicer_to_server
from kioku_rt.rpc import Registration

from kioku_vlm.themes import theme_servicer
from kioku_vlm.themes.gathering import Gathering
from kioku_vlm.themes.habits import HabitRules, Habits
from kioku_vlm.themes.labels_client import LabelsClient
from kioku_vlm.themes.lexicon import kioku_lexicon
from kioku_vlm.themes.library_client import LibraryClient
from kioku_vlm.themes.model_writer import ModelWriter
from kioku_vlm.themes.neighbour_client import NeighbourClient
from kioku_vlm.themes.suggesting import Suggesting, ThemeRules
from kioku_vlm.themes.template_writer import TemplateWriter
from kioku_vlm.themes.writing import Writing

if TYPE_CHECKING:
    import grpc

    from kioku_vlm.themes.library_client import Decoder, Fetch
    from kioku_vlm.themes.ports import Schedules, TextModel

SEARCH_SCOPES = ("assets.act", "search.act")
"""What the token of this service needs at `search`."""


@dataclass(frozen=True)
class ThemeServers:
    """What themes talk to; channels are closed by their owner.

    Attributes:
        embedder: channel to `embedder`.
        search: channel to `search`, with a token that has SEARCH_SCOPES.
        fetch: the bytes behind a URL that `search` signed: `library_client.HttpFetch`.
        decoder: for files above 16 MiB; None: they are left out.
        schedules: what was read from assets; None: nothing is.
        model: the local text model; None: themes are worded by templates.
    """

    embedder: grpc.aio.Channel
    search: grpc.aio.Channel
    fetch: Fetch
    decoder: Decoder | None = None
    schedules: Schedules | None = None
    model: TextModel | None = None


def theme_registration(
    servers: ThemeServers,
    rules: ThemeRules | None = None,
    habits: HabitRules | None = None,
    *,
    writing_seconds: float = 20.0,
) -> Registration:
    """ThemeService.

    Args:
        writing_seconds: for the words of all themes of a call.
    """
    rules, lexicon, plain = rules or ThemeRules(), kioku_lexicon(), TemplateWriter()
    library = LibraryClient(servers.search, servers.fetch, servers.decoder)
    labels = LabelsClient(servers.embedder, lexicon)
    writer = plain if servers.model is None else ModelWriter(servers.model, plain, lexicon)
    suggesting = Suggesting(
        Gathering(library, labels, NeighbourClient(servers.search), servers.schedules, lexicon),
        Habits(library, labels, lexicon, habits or HabitRules()),
        Writing(writer, plain, seconds=writing_seconds),
        lexicon,
        rules,
    )
    servicer = theme_servicer.ThemeServicer(suggesting, lexicon, rules.language)
    return Registration(theme_servicer.NAME, add_ThemeServiceServicer_to_server, servicer)
