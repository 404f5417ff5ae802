"""One vector library in a process of its own: built, searched and measured on request.

Run by `bench.search_peers` with the Python of the peers' environment `vectors`
(`bench/peers/setup`); it speaks JSON lines on stdin and stdout. Vectors come as `.npy` files of
float32 unit vectors that were rounded to half precision before, so that every side has the same.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

M, EF_CONSTRUCTION = 16, 128
THREADS = os.cpu_count() or 1


class Engine(ABC):
    """A library: built once, asked for the `k` nearest by cosine."""

    def __init__(self, ef: int) -> None:
        self.ef = ef

    @abstractmethod
    def load(self) -> None:
        """Import the library: only the one that is asked for, and not part of what rows take."""

    @abstractmethod
    def build(self, base: Any) -> None:
        """Take all rows."""

    @abstractmethod
    def one(self, query: Any, k: int) -> Any:
        """Row numbers nearest to one query, by one thread."""

    @abstractmethod
    def many(self, queries: Any, k: int) -> None:
        """All queries at once, by all cores."""


class Faiss(Engine):
    """`IndexFlat`, its half-precision form, or `IndexHNSWFlat`."""

    def __init__(self, ef: int, kind: str) -> None:
        super().__init__(ef)
        self.kind = kind

    def load(self) -> None:
        import faiss  # noqa: PLC0415

        self.faiss = faiss

    def build(self, base: Any) -> None:
        faiss, dimension = self.faiss, base.shape[1]
        inner = faiss.METRIC_INNER_PRODUCT
        if self.kind == "fp32":
            self.index = faiss.IndexFlat(dimension, inner)
        elif self.kind == "fp16":
            half = faiss.ScalarQuantizer.QT_fp16
            self.index = faiss.IndexScalarQuantizer(dimension, half, inner)
            self.index.train(base[:1])
        else:
            self.index = faiss.IndexHNSWFlat(dimension, M, inner)
            self.index.hnsw.efConstruction = EF_CONSTRUCTION
            self.index.hnsw.efSearch = self.ef
        self.index.add(np.ascontiguousarray(base))

    def one(self, query: Any, k: int) -> Any:
        self.faiss.omp_set_num_threads(1)
        return self.index.search(query[None], k)[1][0]

    def many(self, queries: Any, k: int) -> None:
        self.faiss.omp_set_num_threads(THREADS)
        self.index.search(queries, k)


class Hnswlib(Engine):
    """hnswlib's graph over inner products of unit vectors."""

    def load(self) -> None:
        import hnswlib  # noqa: PLC0415

        self.hnswlib = hnswlib

    def build(self, base: Any) -> None:
        self.index = self.hnswlib.Index("ip", base.shape[1])
        self.index.init_index(len(base), ef_construction=EF_CONSTRUCTION, M=M, random_seed=1)
        self.index.add_items(base, num_threads=THREADS)
        self.index.set_ef(self.ef)

    def one(self, query: Any, k: int) -> Any:
        return self.index.knn_query(query, k, num_threads=1)[0][0]

    def many(self, queries: Any, k: int) -> None:
        self.index.knn_query(queries, k, num_threads=THREADS)


class Usearch(Engine):
    """usearch's graph in half precision."""

    def load(self) -> None:
        import usearch.index  # noqa: PLC0415

        self.usearch = usearch.index

    def build(self, base: Any) -> None:
        self.index = self.usearch.Index(
            ndim=base.shape[1],
            metric="ip",
            dtype="f16",
            connectivity=M,
            expansion_add=EF_CONSTRUCTION,
            expansion_search=self.ef,
        )
        self.index.add(np.arange(len(base)), base, threads=THREADS)

    def one(self, query: Any, k: int) -> Any:
        return self.index.search(query, k, threads=1).keys

    def many(self, queries: Any, k: int) -> None:
        self.index.search(queries, k, threads=THREADS)


class Lance(Engine):
    """lancedb on disk: IVF with a graph in each part, half the rows' bytes, refined."""

    def load(self) -> None:
        import lancedb.index  # noqa: PLC0415
        import pyarrow as pa  # noqa: PLC0415

        self.lancedb, self.pyarrow = lancedb, pa

    def build(self, base: Any) -> None:
        lancedb, pa = self.lancedb, self.pyarrow
        self.folder = tempfile.TemporaryDirectory(prefix="kioku-lance-")
        flat = pa.array(np.ascontiguousarray(base).reshape(-1))
        vectors = pa.FixedSizeListArray.from_arrays(flat, base.shape[1])
        rows = pa.table({"number": np.arange(len(base)), "vector": vectors})
        self.table = lancedb.connect(self.folder.name).create_table("rows", rows)
        self.table.create_index(
            "vector",
            config=lancedb.index.HnswSq(
                distance_type="cosine",
                num_partitions=max(1, len(base) // 100_000),
                m=M,
                ef_construction=EF_CONSTRUCTION,
            ),
        )

    def one(self, query: Any, k: int) -> Any:
        asked = self.table.search(query).distance_type("cosine").nprobes(20).ef(self.ef)
        found = asked.refine_factor(2).limit(k).select(["number", "_distance"]).to_arrow()
        return found["number"].to_numpy()

    def many(self, queries: Any, k: int) -> None:
        for query in queries:  # it uses every core for one query
            self.one(query, k)


ENGINES = {
    "faiss flat fp32": lambda ef: Faiss(ef, "fp32"),
    "faiss flat fp16": lambda ef: Faiss(ef, "fp16"),
    "faiss hnsw": lambda ef: Faiss(ef, "hnsw"),
    "hnswlib": Hnswlib,
    "usearch f16": Usearch,
    "lancedb": Lance,
}


def anonymous_bytes() -> int:
    """Memory of this process that no file backs."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("Anonymous:")]
    return int(line.split()[1]) * 1024


def build(engine: Engine, base_file: str) -> dict[str, float]:
    """Build from a file; seconds and bytes."""
    base = np.load(base_file, mmap_mode="r")
    engine.load()
    before, started = anonymous_bytes(), time.perf_counter()
    engine.build(base)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "bytes": anonymous_bytes() - before}


def search(engine: Engine, queries: Any, k: int) -> dict[str, Any]:
    """Every query alone, then all at once."""
    ids, milliseconds = [], []
    for query in queries:
        started = time.perf_counter()
        found = engine.one(query, k)
        milliseconds.append((time.perf_counter() - started) * 1e3)
        ids.append([int(number) for number in found])
    started = time.perf_counter()
    engine.many(queries, k)
    qps = len(queries) / (time.perf_counter() - started)
    return {"ids": ids, "milliseconds": milliseconds, "qps": qps}


def main() -> None:
    """Serve one engine: `vector_engines.py NAME EF`."""
    engine = ENGINES[sys.argv[1]](int(sys.argv[2]))
    queries: Any = None
    for line in sys.stdin:
        asked = json.loads(line)
        if "base" in asked:
            queries = np.load(asked["queries"])
            answer: dict[str, Any] = build(engine, asked["base"])
        else:
            answer = search(engine, queries[asked["start"] : asked["end"]], asked["k"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
