"""On which machine of a Citus cluster the log of each site lies, and a connection of our own to it.

Every machine of a cluster answers for every site. The one where a site's rows lie does it alone: nothing is planned
twice, nothing travels on, and what is committed is committed there (docs/decisions/0048). Only speed depends on what is
remembered here: a batch asks the machine itself (`not_here`) before it writes.
"""

from __future__ import annotations

import logging
import math
import threading
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from consent import citus
from consent.sites.models import Site

TABLE = citus.DISTRIBUTED[0]
CONNECT = 5  # seconds that a connection to a machine may take
# A machine that is gone without a word is given up after 10 seconds, not TCP's two hours; a URL may say otherwise.
_NOTICED = {"keepalives_idle": 4, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
log = logging.getLogger("fairgate")


@dataclass(frozen=True, slots=True)
class _Shards:
    """Never changed, only replaced: other threads read it meanwhile."""

    ends: tuple[int, ...] = ()  # the last hash of each, ascending
    aliases: tuple[str | None, ...] = ()  # of each; None: only by way of the coordinator


@dataclass(slots=True)
class _Memory:
    hashes: dict[int, int] = field(default_factory=dict)  # site → by which its shard is found; it never changes
    shards: _Shards = _Shards()
    nodes: dict[str, tuple[citus.Node, str]] = field(default_factory=dict)  # by alias, with the server's identity
    unreached: set[str] = field(default_factory=set)  # machines of which that was said
    lock: threading.Lock = field(default_factory=threading.Lock)  # who replaces `shards`


_memory = _Memory()
_mine = threading.local()  # .connections: by alias, with the identity of the server they lead to


def connection_to(alias: str) -> BaseDatabaseWrapper:
    """This thread's connection to a machine that `alias_of` named; `close` closes it. Raises OperationalError when
    another server answers than the coordinator means: one that took its place, its standby, a namesake."""
    known: dict[str, tuple[BaseDatabaseWrapper, str]] = _mine.__dict__.setdefault("connections", {})
    node, identity = _memory.nodes[alias]
    if alias in known:
        made, is_of = known[alias]
        if is_of == identity and made.connection is not None:
            return made
        made.close()
    made = connections[DEFAULT_DB_ALIAS].copy(alias)
    made.settings_dict |= {"HOST": node.name, "PORT": node.port}
    made.settings_dict["OPTIONS"] = _NOTICED | made.settings_dict["OPTIONS"] | {"connect_timeout": CONNECT}
    known[alias] = made, identity
    with made.cursor() as cursor:
        cursor.execute(citus.IDENTITY)
        [found] = cursor.fetchone()
    if str(found) != identity:
        made.close()
        raise OperationalError("another server has this name here, or it was started again a moment ago")
    return made


def close() -> None:
    """Closes this thread's connections to machines."""
    for connection, _ in _mine.__dict__.pop("connections", {}).values():
        connection.close()


def alias_of(site_id: int) -> str | None:
    """The alias (`connection_to`) of the machine where a site's log lies, as it was seen last; None when that is not
    known, or the machine is not reached from here. Asks nothing."""
    value, shards = _memory.hashes.get(site_id), _memory.shards
    if value is None:
        return None
    place = bisect_left(shards.ends, value)
    return shards.aliases[place] if place < len(shards.aliases) else None


def lost(alias: str) -> None:
    """A machine did not do its work: it is left to the coordinator until `look` has reached it again."""
    with _memory.lock:
        known = _memory.shards
        aliases = tuple(None if one == alias else one for one in known.aliases)
        _memory.shards = _Shards(known.ends, aliases)


def not_here(site_ids: Collection[int]) -> str:
    """A statement that tells a machine's connection which of these sites have no log on it, as it knows itself.

    A machine that was taken out of the cluster learns of no shard that moves, and would still write to where it was.
    It was empty when it was taken out: so it holds no site. To be asked with the rows of the heads locked, which no
    shard leaves. Raises DatabaseError on a server that knows of no cluster."""
    listed = ",".join(str(int(site)) for site in site_ids)
    return (
        f"SELECT site FROM unnest('{{{listed}}}'::bigint[]) site WHERE NOT EXISTS (SELECT FROM pg_dist_placement "  # noqa: S608
        f"JOIN pg_dist_local_group USING (groupid) "
        f"WHERE shardid = get_shard_id_for_distribution_column('{TABLE}', site))"
    )


def moved(site_ids: Collection[int]) -> None:
    """These sites' logs are no longer where they were seen: left to the coordinator until `look` has found them."""
    with _memory.lock:
        ends, aliases = _memory.shards.ends, list(_memory.shards.aliases)
        for site in site_ids:
            place = bisect_left(ends, _memory.hashes.get(site, math.inf))
            if place < len(aliases):
                aliases[place] = None
        _memory.shards = _Shards(ends, tuple(aliases))


def look() -> None:
    """Learns anew where the logs lie, and which machines are reached from here.

    For a thread that may wait for each of them (`CONNECT` seconds); its connections to them are closed afterwards.
    Raises DatabaseError when the coordinator does not answer.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if not citus.is_distributed(connection, TABLE):
        _memory.shards = _Shards()
        return
    reached = {node.id: _reach(node, identity) for node, identity in citus.identities(connection)}
    with connection.cursor() as cursor:
        cursor.execute(_SHARDS, [TABLE])
        shards = cursor.fetchall()
        # Not those after the newest: who got a number first may have committed last.
        fresh = [site for site in Site.objects.values_list("pk", flat=True) if site not in _memory.hashes]
        cursor.execute("SELECT id, worker_hash(id) FROM unnest(%s::bigint[]) id", [fresh])
        _memory.hashes.update(cursor.fetchall())
    with _memory.lock:
        ends, aliases = tuple(end for end, _ in shards), tuple(reached.get(node) for _, node in shards)
        _memory.shards = _Shards(ends, aliases)


def _reach(node: citus.Node, identity: str) -> str | None:
    """The alias of a connection to a machine that is the one the coordinator means; None when there is none."""
    alias = str(node)
    _memory.nodes[alias] = node, identity
    why = ""
    try:
        connection_to(alias)
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
