"""The production server as a process: what it refuses, streams, opens and leaves behind."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import psycopg2
import pytest

from cookiebanner.management.commands.serve import listen
from cookiebanner.management.commands.worker import THREADS
from tests import corpus
from tests.postgres import Cluster
from tests.values import present

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parent.parent.parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def cluster():
    made = Cluster(stock=True, migrated=True).start()
    yield made
    made.remove()


@pytest.fixture
def env(cluster, tmp_path):
    """A migrated database of its own settings; no test setting leaks in."""
    unsafe = ("FAIRGATE_UNSAFE", "DJANGO_ALLOW_ASYNC_UNSAFE", "FAIRGATE_DEMO")
    given = {name: value for name, value in os.environ.items() if name not in unsafe}
    given |= {"DATABASE_URL": cluster.url, "FAIRGATE_DATA": str(tmp_path), "SECRET_KEY": "x", "FAIRGATE_THREADS": "4"}
    return given


class Running:
    def __init__(self, env, *command: str, port: int, pass_fds=()) -> None:
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=env, start_new_session=True, stderr=subprocess.PIPE,
            pass_fds=pass_fds,
        )  # fmt: skip

    def __enter__(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                if self.get("/livez") == 200:
                    return self
            except OSError:
                assert self.process.poll() is None, present(self.process.stderr).read().decode()
                assert time.monotonic() < deadline
                time.sleep(0.1)

    def __exit__(self, *exc):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status

    def family(self) -> list[int]:
        """The process and its descendants."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except OSError:
                    pass
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def memory(self) -> int:
        """MB that the family holds now."""
        total = 0
        for pid in self.family():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    total += int(line.split()[1]) // 1024
        return total


def serve(env, *more: str) -> Running:
    port = free_port()
    return Running(env, "manage.py", "serve", "--port", str(port), *more, port=port)


def big(env) -> Running:
    """A server process alone, with the downloads of big.py."""
    listener = socket.create_server(("127.0.0.1", 0))
    port, fd = listener.getsockname()[1], listener.fileno()
    target = "tests.cookiebanner.lane.big:application"
    started = Running(env, "-m", "cookiebanner.lane.server", str(fd), target, port=port, pass_fds=[fd])
    listener.close()
    return started


def test_a_download_of_400_mb_streams_to_a_slow_reader(env):
    with big(env) as server:
        server.get("/livez")
        before, most, size = server.memory(), 0, 0
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", "/big")
        response = connection.getresponse()
        while chunk := response.read(2**20):
            size += len(chunk)
            if size % (2**20 * 40) == 0:
                time.sleep(0.05)  # a slow reader: memory would fill meanwhile
                most = max(most, server.memory())
        assert size == 400 * 2**20
        assert most - before < 50


def test_database_connections_are_bounded_by_the_threads(env, cluster):
    with serve(env, "--no-worker") as server:
        statuses: list[int] = []
        threads = [threading.Thread(target=lambda: statuses.append(server.get("/readyz"))) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [200] * 60
        connection = psycopg2.connect(cluster.url)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
            [(count,)] = cursor.fetchall()
        connection.close()
        # Four of Django's, the writer's, the refresher's, the counters', two of the lane's, and ours.
        assert count <= 10


def test_it_keeps_a_worker_running_and_leaves_nothing_behind(env):
    with serve(env) as server:

        def worker(before: int = 0) -> int:
            """Another process than `before`, past its imports: its threads are there."""
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                for pid in server.family():
                    try:
                        named = b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                        if named and pid != before and len(os.listdir(f"/proc/{pid}/task")) > sum(THREADS.values()):
                            return pid
                    except OSError:
                        pass
                time.sleep(0.1)
            raise AssertionError("there is no worker")

        first = worker()
        os.kill(first, signal.SIGKILL)
        worker(before=first)
        family = server.family()
        server.process.terminate()
        assert server.process.wait(40) == 0
        assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []


def test_killed_it_leaves_no_server_process(env):
    with serve(env, "--no-worker", "--workers", "2") as server:
        family = server.family()
        assert len(family) >= 3
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        deadline = time.monotonic() + 15
        while [pid for pid in family if alive(pid)]:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def refused(env) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(free_port())],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    return done.stderr


def test_it_serves_a_unix_socket_and_takes_over_one_that_was_left_behind(env, tmp_path):
    path = tmp_path / "fairgate.sock"
    for turn in range(2):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--uds", str(path), "--no-worker", "--workers", "2"],
            cwd=ROOT, env=env, start_new_session=True,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    with socket.socket(socket.AF_UNIX) as client:
                        client.settimeout(60)
                        client.connect(str(path))
                        client.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        assert client.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"
                    break
                except (FileNotFoundError, ConnectionRefusedError):
                    assert time.monotonic() < deadline
                    time.sleep(0.1)
            if turn:
                process.terminate()
                assert process.wait(40) == 0
                assert not path.exists()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        deadline = time.monotonic() + 40
        while answers(path):  # its server processes end after it
            assert time.monotonic() < deadline
            time.sleep(0.1)


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True


def test_all_processes_listen_on_one_port_in_both_families():
    sockets = listen("::", 0, 3)
    [port] = {one.getsockname()[1] for one in sockets}
    for address in ("127.0.0.1", "::1"):
        socket.create_connection((address, port)).close()
    for one in sockets:
        one.close()


def test_a_port_that_is_taken_is_said_in_words(env):
    with serve(env, "--no-worker", "--workers", "2") as server:
        done = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", str(server.port), "--workers", "2"],
            cwd=ROOT, env=env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 1
        assert f"Can't listen on 127.0.0.1:{server.port}" in done.stderr


def test_a_killed_server_process_is_replaced_and_connections_wait_for_the_next(env):
    with serve(env, "--no-worker") as server:

        def child() -> int:
            [one] = [pid for pid in server.family()[1:] if alive(pid)]
            return one

        first = child()
        os.kill(first, signal.SIGKILL)
        assert server.get("/livez") == 200  # it waited in the listening socket's queue
        assert child() != first


def test_it_refuses_a_database_that_may_lose_answers(tmp_path, env):
    lossy = Cluster(migrated=True).start()
    try:
        unsafe = env | {"DATABASE_URL": lossy.url}
        accepted = unsafe | {"FAIRGATE_UNSAFE": "1"}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=accepted, check=True)
        assert "fairgate.E001" in refused(unsafe)
    finally:
        lossy.remove()


def test_it_refuses_a_database_that_is_not_migrated(tmp_path, env):
    assert "manage.py migrate" in refused(env | {"DATABASE_URL": "", "FAIRGATE_DATA": str(tmp_path / "empty")})


def set_up(env) -> None:
    command = [
        sys.executable,
        "manage.py",
        "setup",
        "--email",
        "ada@example.net",
        "--password",
        "correct horse battery",
    ]
    subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)


def test_somebody_logs_in_through_the_lane(env):
    """A form's body crosses from the server's loop to Django's thread."""
    set_up(env)
    with serve(env, "--no-worker") as server:
        browser = build_opener(HTTPCookieProcessor())
        address = f"http://127.0.0.1:{server.port}/accounts/login/"
        page = browser.open(address).read().decode()
        token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        form = {"login": "ada@example.net", "password": "correct horse battery", "csrfmiddlewaretoken": token}
        answer = browser.open(address, urlencode(form).encode())
        assert (answer.status, answer.url) == (200, f"http://127.0.0.1:{server.port}/dashboard/")


@pytest.fixture
def world(env):
    """The corpus's site in the database of `env`; removed afterwards, as the cluster is shared."""
    script = "import django; django.setup(); from tests.corpus import make_world; make_world()"
    setting = {"DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env | setting, capture_output=True, text=True)
    assert done.returncode == 0 or "already exists" in done.stderr, done.stderr


def answer(connection: http.client.HTTPConnection, forwarded: str = "", host: str = "x") -> int:
    headers = (
        corpus.DATA["headers"]
        | {"Host": host, "CF-IPCountry": "FR"}
        | ({"X-Forwarded-For": forwarded} if forwarded else {})
    )
    body = json.dumps(corpus.DATA["body"] | {"id": str(uuid.uuid4())})
    connection.request("POST", "/api/v1/consents", body, headers)
    response = connection.getresponse()
    response.read()
    return response.status


def test_the_limit_is_one_for_all_processes(env, world):
    limited = env | {"FAIRGATE_RATE_LIMIT": "12", "FAIRGATE_TRUSTED_PROXIES": "127.0.0.1"}
    with serve(limited, "--no-worker", "--workers", "3") as server:
        got = []
        for number in range(40):  # each connection meets one process; one client's meet all of them
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            got.append(answer(connection, f"2001:db8:1:2::{number:x}"))
            connection.close()
        kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        stays = [answer(kept, "198.51.100.1") for _ in range(14)]
        kept.close()
    assert (got.count(201), got.count(429)) == (12, 28)
    assert (stays.count(201), stays.count(429)) == (12, 2)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(self.path))


def test_behind_a_unix_socket_each_client_counts_logs_in_and_is_placed(env, cluster, world, tmp_path):
    set_up(env)
    path = tmp_path / "fairgate.sock"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--uds", str(path), "--no-worker"],
        cwd=ROOT, env=env | {"FAIRGATE_RATE_LIMIT": "2"}, start_new_session=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not path.exists() or not answers(path):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        link = UnixConnection(path)
        got = [answer(link, address) for address in ("198.51.100.1", "198.51.100.2", "2001:db8::1") for _ in range(3)]
        assert got == [201, 201, 429] * 3
        database = psycopg2.connect(cluster.url)
        with database.cursor() as cursor:
            cursor.execute("SELECT jurisdiction FROM consent_consentrecord ORDER BY received_at DESC LIMIT 6")
            assert cursor.fetchall() == [("FR",)] * 6
        database.close()
        link.request("GET", "/accounts/login/", headers={"X-Forwarded-For": "198.51.100.1"})
        page = link.getresponse()
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        token = page.read().decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        form = {"login": "ada@example.net", "password": "correct horse battery", "csrfmiddlewaretoken": token}
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        link.request("POST", "/accounts/login/", urlencode(form), headers)  # a proxy that says no address
        response = link.getresponse()
        response.read()
        assert (response.status, response.headers["Location"]) == (302, "/dashboard/")
        link.close()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_image_s_health_check_passes_with_hosts_set(env):
    [line] = [
        line for line in (ROOT / "deploy" / "Dockerfile").read_text().splitlines() if line.startswith("HEALTHCHECK")
    ]
    command = json.loads(line.partition("CMD ")[2])
    with serve(env | {"FAIRGATE_HOSTS": "consent.example.com"}, "--no-worker") as server:
        code = command[2].replace(":8000/", f":{server.port}/")
        assert subprocess.run([sys.executable, *command[1:2], code], timeout=30).returncode == 0
        assert server.get("/readyz") == 200
        assert server.get("/accounts/login/") == 400


def raw(port: int, request: bytes) -> tuple[bytes, bytes]:
    """The head and the body of what comes until the server ends the connection, or says nothing more."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        head, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")
        return head.lower(), body


@pytest.mark.parametrize("protocol", ["stock", "fairgate"])
def test_stock_uvicorn_serves_the_same(env, world, protocol):
    """Scripts, answers, replays, Django's pages, refusals and the end, with one switch."""
    site = corpus.DATA["site"]
    with serve(env | {"FAIRGATE_PROTOCOL": protocol}, "--no-worker", "--workers", "2") as server:
        # Only ours keeps a connection of HTTP/1.0: this is how the two are told apart.
        head, _ = raw(server.port, b"GET /livez HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
        assert (b"connection: keep-alive" in head) == (protocol == "fairgate")
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        for path in (f"/v1/{site}/gate.js", "/scripttemplates/otSDKStub.js", "/accounts/login/", "/readyz"):
            connection.request("GET", path, headers={"Host": "x"})
            response = connection.getresponse()
            assert (path, response.status) == (path, 200)
            response.read()
        body = json.dumps(corpus.DATA["body"] | {"id": str(uuid.uuid4())})
        told = []
        for _ in range(2):  # the second is a replay
            connection.request("POST", "/api/v1/consents", body, corpus.DATA["headers"] | {"Host": "x"})
            response = connection.getresponse()
            told.append((response.status, json.loads(response.read())["index"]))
        assert [status for status, _ in told] == [201, 200]
        assert told[0][1] == told[1][1]
        connection.request("POST", "/api/v1/consents", "{}", corpus.DATA["headers"] | {"Host": "x"})
        response = connection.getresponse()
        assert (response.status, "title" in json.loads(response.read())) == (400, True)
        connection.close()
        assert raw(server.port, b"what is this\r\n\r\n")[0].startswith(b"http/1.1 400 ")
        assert raw(server.port, b"GET /livez HTTP/1.1\r\n\r\n")[0].startswith(b"http/1.1 400 ")
        server.process.terminate()
        assert server.process.wait(40) == 0
