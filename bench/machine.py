"""Servers under test, the load on them, and the CPU time that each side used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Load:
    """What one run of wrk saw. Rates in 1/s, latencies in ms."""

    requests: int
    seconds: float
    refused: int
    broken: int
    p50: float
    p99: float
    server_ms: float = 0.0  # CPU a request
    database_ms: float = 0.0
    batch: float = 0.0  # answers in one transaction

    @property
    def rate(self) -> float:
        return (self.requests - self.refused) / self.seconds


def wrk(url: str, script: str, *arguments: str, connections: int, seconds: float, threads: int = 1) -> Load:
    """Loads a URL. Raises SystemExit when wrk says something that we can't read."""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    done = subprocess.run(
        [*command, "-s", str(HERE / script), url, "--", *arguments], capture_output=True, text=True, check=False
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            requests, duration, refused, broken, p50, p99 = (float(word) for word in line.split()[1:])
            return Load(int(requests), duration / 1e6, int(refused), int(broken), p50 / 1e3, p99 / 1e3)
    raise SystemExit(f"wrk failed: {done.stdout}{done.stderr}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process group that serves on `port`; `with` starts it, waits until `path` answers, and ends it."""

    def __init__(
        self, command: list[str], env: dict[str, str], port: int, path: str, log: Path, checkout: Path = ROOT
    ) -> None:
        self.command, self.env, self.port, self.path, self.log = command, env, port, path, log
        self.checkout = checkout
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Raises RuntimeError when it does not run."""
        if self.process is None:
            raise RuntimeError("The server does not run.")
        return self.process.pid

    def start(self) -> Server:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.checkout, env={**os.environ, **self.env}, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(self.url + self.path, timeout=5).read()
                return self
            except urllib.error.HTTPError:
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{self.command} did not start:\n{self.log.read_text()}") from None
                time.sleep(0.1)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()


def fairgate(env: dict[str, str], folder: Path, workers: int = 1, checkout: Path = ROOT) -> Server:
    """`manage.py serve`, as in production, without the background worker; of another checkout, if given."""
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", str(workers), "--no-worker"]
    return Server(command, env, port, "/livez", folder / "serve.log", checkout)


def gunicorn(application: str, env: dict[str, str], folder: Path, path: str) -> Server:
    """gthread with two processes of eight threads, the usual advice for two cores."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "8", "-b", f"127.0.0.1:{port}",
        "--keep-alive", "75", "--worker-connections", "1000", "--log-level", "error", application,
    ]  # fmt: skip
    return Server(command, env, port, path, folder / "gunicorn.log")


def nginx(root: Path, folder: Path) -> Server:
    """Static files as nginx sends them, one process a core, precompressed."""
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off;\n"
        f"{'user root;' if os.geteuid() == 0 else ''}\n"
        "events { worker_connections 2048; }\n"
        "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=1000;\n"
        "  types { text/javascript js; } gzip_static on;\n"
        f"  server {{ listen 127.0.0.1:{port} backlog=2048; root {root};\n"
        "    add_header Cache-Control 'private, no-cache'; add_header Access-Control-Allow-Origin '*'; } }\n"
    )
    return Server(["nginx", "-c", str(folder / "nginx.conf")], {}, port, "/", folder / "nginx.out")


def cpu_ms(root: int) -> float:
    """CPU time in ms that a process, its living descendants and its reaped ones have used."""
    processes = living()
    return sum(processes[pid][1] for pid in family(root, processes)) * 1000 / TICK


def living() -> dict[int, tuple[int, float]]:
    """{process: (its parent, ticks of CPU that it and those it has reaped have used)}."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[int(entry.name)] = int(fields[1]), sum(float(field) for field in fields[11:15])
    return found


def family(root: int, processes: dict[int, tuple[int, float]] | None = None) -> list[int]:
    """A process and its living descendants."""
    known = living() if processes is None else processes
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in known.items():
        children.setdefault(parent, []).append(pid)
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found += [process] if process in known else []
        waiting += children.get(process, [])
    return found


def peak_mb(process: int) -> float:
    """The most resident memory that a process has had, in MB; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
