"""Promise: what this machine's processor can do, told by the kernel."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_FAST = {
    "int8": {"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"},
    "bfloat16": {"avx512_bf16", "amx_bf16", "bf16"},
    "float16": {"avx512_fp16", "amx_fp16", "asimdhp"},
}


@lru_cache
def processor() -> str:
    """Digest of the processor's name and abilities; empty where the system does not tell."""
    facts = _facts()
    told = "\n".join(f"{name}: {facts[name]}" for name in sorted(facts))
    return hashlib.sha256(told.encode()).hexdigest()[:16] if facts else ""


def fast_precisions() -> frozenset[str]:
    """Those that it computes in hardware; float32 always."""
    facts = _facts()
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    return frozenset({"float32", *(name for name, any_of in _FAST.items() if flags & any_of)})


def _facts() -> dict[str, str]:
    """Of the first processor."""
    try:
        first = _CPUINFO.read_text().split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    wanted = ("model name", "flags", "Features", "CPU part")
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip() in wanted}
