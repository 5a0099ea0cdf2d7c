"""On which machine of a Citus cluster the log of each site lies, and a connection of our own to it.

Every machine of a cluster answers for every site. The one where a site's rows lie does it alone: nothing is planned
twice, nothing travels on, and what is committed is committed there (docs/decisions/0048). Only speed depends on what is
remembered here: a machine that is asked for rows which it has no longer asks the one that has them.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left
from dataclasses import dataclass, field

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from consent import citus
from consent.sites.models import Site

TABLE = citus.DISTRIBUTED[0]
CONNECT = 5  # seconds that a connection to a machine may take
log = logging.getLogger("fairgate")


@dataclass(slots=True)
class _Memory:
    hashes: dict[int, int] = field(default_factory=dict)  # site → by which its shard is found; it never changes
    ends: list[int] = field(default_factory=list)  # the last hash of each shard, ascending
    aliases: list[str | None] = field(default_factory=list)  # of each shard; None: only by way of the coordinator
    nodes: dict[str, citus.Node] = field(default_factory=dict)  # by alias
    unreached: set[str] = field(default_factory=set)  # machines of which that was said


_memory = _Memory()
_mine = threading.local()  # .connections: by alias


def connection_to(alias: str) -> BaseDatabaseWrapper:
    """This thread's connection to a machine that `alias_of` named; `close` closes it."""
    known: dict[str, BaseDatabaseWrapper] = _mine.__dict__.setdefault("connections", {})
    if alias not in known:
        node, made = _memory.nodes[alias], connections[DEFAULT_DB_ALIAS].copy(alias)
        made.settings_dict |= {"HOST": node.name, "PORT": node.port}
        made.settings_dict["OPTIONS"]["connect_timeout"] = CONNECT
        known[alias] = made
    return known[alias]


def close() -> None:
    """Closes this thread's connections to machines."""
    for connection in _mine.__dict__.pop("connections", {}).values():
        connection.close()


def alias_of(site_id: int) -> str | None:
    """The alias (`connection_to`) of the machine where a site's log lies, as it was seen last; None when that is not
    known, or the machine is not reached from here. Asks nothing."""
    memory = _memory
    value = memory.hashes.get(site_id)
    if value is None or not memory.ends:
        return None
    place = bisect_left(memory.ends, value)
    return memory.aliases[place] if place < len(memory.aliases) else None


def lost(alias: str) -> None:
    """A machine did not answer: it is left to the coordinator until `look` has reached it again."""
    _memory.aliases = [None if known == alias else known for known in _memory.aliases]


def look() -> None:
    """Learns anew where the logs lie, and which machines are reached from here.

    For a thread that may wait for each of them (`CONNECT` seconds); its connections to them are closed afterwards.
    Raises DatabaseError when the coordinator does not answer.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if not citus.is_distributed(connection, TABLE):
        _memory.ends, _memory.aliases = [], []
        return
    reached = {node.id: _reach(node, identity) for node, identity in citus.identities(connection)}
    with connection.cursor() as cursor:
        cursor.execute(_SHARDS, [TABLE])
        shards = cursor.fetchall()
        newest = max(_memory.hashes, default=0)
        fresh = list(Site.objects.filter(pk__gt=newest).values_list("pk", flat=True))
        cursor.execute("SELECT id, worker_hash(id) FROM unnest(%s::bigint[]) id", [fresh])
        _memory.hashes.update(cursor.fetchall())
    aliases = [reached.get(node) for _, node in shards]
    _memory.ends, _memory.aliases = [], aliases  # never the ends of other machines
    _memory.ends = [end for end, _ in shards]


def _reach(node: citus.Node, identity: str) -> str | None:
    """The alias of a connection to a machine that is the one the coordinator means; None when there is none."""
    alias = str(node)
    _memory.nodes[alias] = node
    try:
        with connection_to(alias).cursor() as cursor:
            cursor.execute(citus.IDENTITY)
            [found] = cursor.fetchone()
        why = "" if str(found) == identity else "another server has this name here"
    except Error as error:
        why = str(error).strip()
    finally:
        close()
    if why and alias not in _memory.unreached:
        log.warning("Answers go by way of the coordinator to %s, which is not reached from here: %s", node, why)
    (_memory.unreached.add if why else _memory.unreached.discard)(alias)
    return None if why else alias


_SHARDS = (
    "SELECT s.shardmaxvalue::int, n.nodeid FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) "
    "JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary' "
    "WHERE s.logicalrelid = %s::regclass ORDER BY 1"
)
