"""The tables of `bench.embedder_peers`."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from bench.embedder_stage import SPECIFIED_MILLISECONDS, percentile
from bench.peers.load import Slice, joined

if TYPE_CHECKING:
    from bench.embedder_peers import Entry

# What an issue of ours promised, by peer: at least so many times its images/s.
TARGETS = {
    "infinity_emb 0.0.78": {"float32": 4.0, "bfloat16": 4.0, "int8": 5.0},
    "ONNX Runtime float32": {"float32": 1.8, "bfloat16": 1.8, "int8": 1.8},
}


def print_all(entries: list[Entry]) -> None:
    """Closed loop, open loop, the ratios that were promised, and what each side costs."""
    _print_closed(entries)
    _print_open(entries)
    _print_ratios(entries)
    _print_costs(entries)


def _print_closed(entries: list[Entry]) -> None:
    print("\nClosed loop")
    print("| side | clients | images/s | p50 ms | p95 ms | p99 ms | CPU-s/image | failed |")
    print("|---|---|---|---|---|---|---|---|")
    for entry in entries:
        for clients, slices in entry.closed.items():
            print(f"| {entry.side.name} | {clients} | {_figures(slices)} |")


def _print_open(entries: list[Entry]) -> None:
    print("\nOpen loop, latency from when a request was due")
    print("| side | asked/s | images/s | p50 ms | p95 ms | p99 ms | CPU-s/image | failed |")
    print("|---|---|---|---|---|---|---|---|")
    for entry in entries:
        for rate, slices in entry.opened.items():
            print(f"| {entry.side.name} | {rate:g} | {_figures(slices)} |")


def _figures(slices: list[Slice]) -> str:
    """Rate is the median of the slices; latencies are of all requests together."""
    whole = joined(slices)
    times = whole.milliseconds or [float("nan")]
    rate = median(each.rate for each in slices)
    shares = " | ".join(f"{percentile(times, share):.0f}" for share in (0.5, 0.95, 0.99))
    return f"{rate:.2f} | {shares} | {whole.cpu_per_image:.3f} | {whole.failed}"


def _print_ratios(entries: list[Entry]) -> None:
    """Ours against each peer, slice by slice: what ran next to each other is compared."""
    print(
        "\n| ours | peer | images/s, median ratio (worst slice to best) | target | p99 lower at |"
    )
    print("|---|---|---|---|---|")
    for ours in (entry for entry in entries if entry.ours):
        for peer in (entry for entry in entries if not entry.ours):
            ratios = sorted(_ratios(ours, peer))
            target = TARGETS.get(peer.side.name, {}).get(ours.precision)
            wanted = f">= {target:g}x" if target else "-"
            print(
                f"| {ours.side.name} | {peer.side.name} | {median(ratios):.2f}x "
                f"({ratios[0]:.2f}-{ratios[-1]:.2f}) | {wanted} | {_lower_at(ours, peer)} |"
            )


def _ratios(ours: Entry, peer: Entry) -> list[float]:
    return [
        one.rate / other.rate
        for clients in ours.closed
        for one, other in zip(ours.closed[clients], peer.closed[clients], strict=True)
    ]


def _lower_at(ours: Entry, peer: Entry) -> str:
    """The numbers of clients at which our p99 is the lower one."""

    def p99(entry: Entry, clients: int) -> float:
        return percentile(joined(entry.closed[clients]).milliseconds, 0.99)

    lower = [clients for clients in ours.closed if p99(ours, clients) < p99(peer, clients)]
    return ", ".join(map(str, lower)) + f" of {', '.join(map(str, ours.closed))}"


def _print_costs(entries: list[Entry]) -> None:
    print("\n| side | start to first answer s | resident MiB | one picture p50/p95 ms |")
    print("|---|---|---|---|")
    for entry in entries:
        alone = joined(entry.closed.get(1, []))
        times = alone.milliseconds or [float("nan")]
        print(
            f"| {entry.side.name} | {entry.first_answer_seconds:.1f} | "
            f"{entry.resident / 2**20:.0f} | {percentile(times, 0.5):.0f} / "
            f"{percentile(times, 0.95):.0f} (specified <= {SPECIFIED_MILLISECONDS:.0f}) |"
        )
