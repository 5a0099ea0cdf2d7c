"""What the protocol leans on in uvicorn and httptools, by name: none of it is promised to anybody.

A release that takes one of these away, or gives it other parameters, fails here, in words, before a connection hangs.
Until the protocol follows, FAIRGATE_PROTOCOL=stock serves without it.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import httptools
import pytest
import uvicorn
from django.conf import settings
from uvicorn.protocols.http.flow_control import FlowControl, service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from cookiebanner.lane import protocol, server
from cookiebanner.lane.protocol import FastPost, LingeringTransport, Protocol

# Methods of uvicorn's protocol that ours extends, replaces or calls, each with its parameters.
METHODS = {
    "__init__": "config server_state app_state _loop",
    "_start_asgi_task": "cycle app",
    "_unset_keepalive_if_required": "",
    "connection_lost": "exc",
    "connection_made": "transport",
    "data_received": "data",
    "on_body": "body",
    "on_header": "name value",
    "on_headers_complete": "",
    "on_message_begin": "",
    "on_message_complete": "",
    "on_response_complete": "",
    "on_url": "url",  # the parser calls it; ours reads what it gathers
    "pause_writing": "",
    "resume_writing": "",
    "shutdown": "",
}
# Its attributes, and those of what it holds.
ATTRIBUTES = {
    "app", "client", "cycle", "flow", "headers", "loop", "parser", "pipeline", "server_state", "tasks",
    "timeout_keep_alive_task", "transport", "url",
}  # fmt: skip
FLOW_METHODS = {"pause_reading": "", "resume_reading": ""}
FLOW_ATTRIBUTES = {"read_paused", "write_paused"}
STATE = {"connections", "default_headers", "total_requests"}
CYCLE = {"disconnected", "keep_alive", "message_event", "response_complete", "response_started", "transport"}
# Methods of httptools' parser; it calls those of ours whose names begin with on_.
PARSER = {"feed_data", "get_http_version", "get_method", "should_keep_alive", "should_upgrade"}
CALLED = {"on_message_begin", "on_url", "on_header", "on_headers_complete", "on_body", "on_message_complete"}
# Methods of uvicorn's that may find a FastPost where they keep the cycle of a request.
MEET_FAST_POST = ("connection_lost", "on_headers_complete", "shutdown")


class Transport(asyncio.Transport):
    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return False


@pytest.fixture
def stock() -> Iterator[HttpToolsProtocol]:
    """A connection of uvicorn's own, as it is when a request begins."""
    loop = asyncio.new_event_loop()
    config = uvicorn.Config(lambda scope: None, interface="asgi3", ws="none", lifespan="off")
    config.load()
    made = HttpToolsProtocol(config, ServerState(), {}, loop)
    made.connection_made(Transport())
    made.on_message_begin()
    yield made
    loop.close()


def parameters(function: Any) -> str:
    return " ".join(list(inspect.signature(function).parameters)[1:])


def tree_of(thing: Any) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(thing)))


def chains(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(what, attribute) of every `what.attribute`, such as ("self.flow", "read_paused")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node.value), node.attr


def read_of(tree: ast.AST, *names: str) -> set[str]:
    """The attributes that the code takes from what has one of these names."""
    return {attribute for what, attribute in chains(tree) if what in names}


# --- what must be there -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "expected"), METHODS.items())
def test_a_method_of_the_protocol_has_its_parameters(name, expected):
    assert parameters(getattr(HttpToolsProtocol, name)) == expected


@pytest.mark.parametrize("name", sorted(ATTRIBUTES))
def test_an_attribute_of_the_protocol_is_there(stock, name):
    assert hasattr(stock, name)


def test_what_the_protocol_holds_has_its_attributes(stock):
    assert {name for name in FLOW_ATTRIBUTES if not hasattr(stock.flow, name)} == set()
    assert {name: parameters(getattr(FlowControl, name)) for name in FLOW_METHODS} == FLOW_METHODS
    assert {name for name in STATE if not hasattr(stock.server_state, name)} == set()
    assert stock.connections is stock.server_state.connections == {stock}  # the sweep finds connections there
    assert stock.tasks is stock.server_state.tasks
    assert list(inspect.signature(service_unavailable).parameters) == ["scope", "receive", "send"]


def test_a_request_through_uvicorn_makes_a_cycle_that_waits_in_the_pipeline(stock):
    """Pipelined requests are (cycle, application), the newest one first: `_refuse` puts its own in that place."""
    started = []
    stock._start_asgi_task = lambda cycle, app: started.append(cycle)
    stock.transport.pause_reading = lambda: None
    for path in (b"/1", b"/2", b"/3"):
        stock.data_received(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
    [first] = started
    assert type(first) is RequestResponseCycle
    assert {name for name in CYCLE if not hasattr(first, name)} == set()
    assert [(type(cycle), cycle.scope["path"], app) for cycle, app in stock.pipeline] == [
        (RequestResponseCycle, "/3", stock.app), (RequestResponseCycle, "/2", stock.app),
    ]  # fmt: skip
    assert (stock.cycle is stock.pipeline[0][0], first.on_response) == (True, stock.on_response_complete)


def test_the_parser_of_httptools_has_its_methods_and_calls_ours():
    called: list[str] = []
    told: dict[str, Any] = {}

    class Listener:
        def __getattr__(self, name: str) -> Any:
            if not name.startswith("on_"):
                raise AttributeError(name)
            return lambda *given: self.heard(name)

        def heard(self, name: str) -> None:
            called.append(name)
            if name == "on_headers_complete":
                told.update({method: getattr(parser, method)() for method in PARSER - {"feed_data"}})

    parser = httptools.HttpRequestParser(Listener())
    parser.feed_data(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
    assert CALLED <= set(called)
    assert told == {
        "get_http_version": "1.1", "get_method": b"POST", "should_keep_alive": True, "should_upgrade": False,
    }  # fmt: skip
    head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    with pytest.raises(httptools.HttpParserUpgrade) as stopped:
        httptools.HttpRequestParser(object()).feed_data(head + b"rest")
    assert stopped.value.args == (len(head),)
    assert issubclass(httptools.HttpParserCallbackError, httptools.HttpParserError)
    assert httptools.parse_url(b"/a?b").path == b"/a"
    with pytest.raises(httptools.HttpParserInvalidURLError):
        httptools.parse_url(b":")


# --- what stands where uvicorn expects its own ------------------------------------------------------------------------
def test_a_posted_request_has_what_uvicorn_takes_from_a_cycle():
    taken = set()
    for name in MEET_FAST_POST:
        taken |= read_of(tree_of(getattr(HttpToolsProtocol, name)), "self.cycle", "existing_cycle")
    posted = FastPost(lambda *given: None, b"", 0)
    assert taken == {"disconnected", "keep_alive", "message_event", "response_complete"}
    assert {name for name in taken if not hasattr(posted, name)} == set()
    assert read_of(tree_of(HttpToolsProtocol), "self.cycle.message_event") == {"set"}
    meet = {
        name
        for name, method in vars(HttpToolsProtocol).items()
        if inspect.isfunction(method) and read_of(tree_of(method), "self.cycle", "existing_cycle")
    }
    # Ours calls these two only for a request that uvicorn answers.
    assert meet == {*MEET_FAST_POST, "on_body", "on_message_complete"}


def test_the_transport_of_a_cycle_is_asked_for_no_more_than_ours_has():
    taken = read_of(tree_of(RequestResponseCycle), "self.transport")
    assert taken == {"close", "is_closing", "write"}
    assert {name for name in taken if not hasattr(LingeringTransport, name)} == set()


# --- whether the list is whole ----------------------------------------------------------------------------------------
def test_the_list_names_all_that_the_protocol_leans_on():
    tree = tree_of(protocol)
    [ours] = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == "Protocol"]
    own = {*Protocol.__slots__, *vars(Protocol)} - METHODS.keys()
    assert read_of(ours, "self") - own <= ATTRIBUTES | METHODS.keys()
    assert read_of(tree, "super()") <= METHODS.keys()
    assert {name for name in vars(Protocol) if not name.startswith("__") and hasattr(HttpToolsProtocol, name)} == (
        METHODS.keys() & vars(Protocol).keys()
    ) - {"__init__"}
    assert read_of(tree, "self.flow") == FLOW_METHODS.keys() | FLOW_ATTRIBUTES
    assert read_of(tree, "self.server_state", "state") == STATE
    assert read_of(tree, "self.parser", "parser") == PARSER
    assert read_of(tree, "cycle", "self.cycle", "self._running") == CYCLE
    assert {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("uvicorn", "httptools"))
        for alias in node.names
    } == {
        ("uvicorn.protocols.http.flow_control", "service_unavailable"),
        ("uvicorn.protocols.http.httptools_impl", "HttpToolsProtocol"),
        ("uvicorn.protocols.http.httptools_impl", "RequestResponseCycle"),
        ("uvicorn.server", "ServerState"),
    }


# --- the switch -------------------------------------------------------------------------------------------------------
def test_the_switch_needs_nothing_of_our_protocol(monkeypatch):
    monkeypatch.setitem(sys.modules, "cookiebanner.lane.protocol", None)  # as if uvicorn no longer went with it
    monkeypatch.setattr(settings, "FAIRGATE_PROTOCOL", "stock")
    config = uvicorn.Config(lambda scope: None, http=server.protocol(), interface="asgi3", lifespan="off")
    config.load()
    assert config.http_protocol_class.__module__.startswith("uvicorn.")
    monkeypatch.setattr(settings, "FAIRGATE_PROTOCOL", "fairgate")
    with pytest.raises(ImportError):
        server.protocol()


def test_ours_is_what_serves_without_the_switch():
    assert (settings.FAIRGATE_PROTOCOL, server.protocol()) == ("fairgate", Protocol)


def test_a_switch_that_is_neither_is_said_in_words(monkeypatch):
    monkeypatch.setenv("FAIRGATE_PROTOCOL", "h11")
    done = subprocess.run(
        [sys.executable, "-c", "import cookiebanner.settings"], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert "FAIRGATE_PROTOCOL must be fairgate or stock, not 'h11'" in done.stderr
