"""(b) scripts a second: the lane's gate and its 304s beside the same file from nginx."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.answers import middle
from bench.machine import Load, Server, cpu_ms, fairgate, nginx, wrk
from consent.models import Artifact, Site
from tests.postgres import Cluster


def run(
    cluster: Cluster, site: Site, connections: tuple[int, ...], seconds: float, rounds: int, say: Callable[[str], None]
) -> dict[str, dict[int, Load]]:
    """{contender: {connections: Load}}, interleaved."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o755)
    root = folder / "www"
    (root / "v1").mkdir(parents=True)
    gate = Artifact.objects.get(release__site=site, release__number=1, name="gate.eu_opt_in.js")
    body = bytes(gate.content.brotli)
    (root / "v1" / "gate.js").write_bytes(body)  # the bytes that a browser gets: brotli, sent as they are
    env = {"DATABASE_URL": cluster.url, "FAIRGATE_RATE_LIMIT": "0", "FAIRGATE_DATA": str(folder), "SECRET_KEY": "bench"}
    seen: dict[str, dict[int, list[Load]]] = {}

    def get(server: Server, path: str, connections: int, *headers: str) -> Load:
        before = cpu_ms(server.pid)
        load = wrk(server.url + path, "get.lua", *headers, connections=connections, seconds=seconds)
        load.server_ms = (cpu_ms(server.pid) - before) / max(load.requests, 1)
        return load

    with ExitStack() as stack:
        one = stack.enter_context(fairgate(env, folder))
        two = stack.enter_context(fairgate(env, folder, workers=2))
        static = stack.enter_context(nginx(root, folder))
        path, browser = f"/v1/{site.uuid}/gate.js", "Accept-Encoding=gzip, deflate, br, zstd"
        etags = {server.port: header(server.url + path, "ETag", "br") for server in (one, two)}
        etags[static.port] = header(static.url + "/v1/gate.js", "ETag")
        for turn in range(rounds):
            for count in connections:
                for name, server, where in (
                    ("nginx", static, "/v1/gate.js"),
                    ("lane, 1 process", one, path),
                    ("lane, 2 processes", two, path),
                ):
                    for kind, more in (("200", ()), ("304", (f"If-None-Match={etags[server.port]}",))):
                        load = get(server, where, count, browser, *more)
                        seen.setdefault(f"{name}, {kind}", {}).setdefault(count, []).append(load)
                        say(f"round {turn + 1}: {name}, {kind}, {count} connections: {load.rate:,.0f}/s")
    return {name: {count: middle(runs) for count, runs in rows.items()} for name, rows in seen.items()}


def header(url: str, name: str, encoding: str = "identity") -> str:
    from urllib.request import Request, urlopen

    return urlopen(Request(url, headers={"Accept-Encoding": encoding})).headers[name]
