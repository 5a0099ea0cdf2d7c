"""The rig of tests/faults on a coordinator and workers of its own."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import cast

from tests import corpus
from tests.citus.cluster import SETTINGS, Machines, run
from tests.faults.rig import Rig
from tests.postgres import Cluster

PLACE = (
    "SELECT nodename FROM pg_dist_shard JOIN pg_dist_placement USING (shardid) JOIN pg_dist_node USING (groupid) "
    "WHERE shardid = get_shard_id_for_distribution_column('consent_loghead', {})"
)


class SpreadRig(Rig):
    """Like `Rig`, with the tables of eight sites distributed over the first two of the `workers`."""

    def __init__(self, folder: Path, workers: int = 2, options: tuple[str, ...] = ()) -> None:
        self.machines = Machines(workers, stock=True, options=(*SETTINGS, *options), known=2)
        # All that the rig itself asks of its cluster, machines have, too.
        super().__init__(folder, cluster=cast(Cluster, self.machines), sites=8)

    def prepare(self) -> None:
        super().prepare()
        self.manage("distribute")

    def place(self, site_id: int) -> Cluster:
        """The machine that holds a site's log."""
        [[name]] = run(self.machines.url, PLACE.format(site_id))
        return next(cluster for cluster in self.machines.clusters if str(cluster.folder) == name)

    def on(self, cluster: Cluster) -> list[str]:
        """The sites whose logs lie on a machine."""
        return [site for site, site_id in self.sites.items() if self.place(site_id) is cluster]

    def answer(self, site: str) -> tuple[int, str | None]:
        """Sends one answer of a site; the status, and after how many seconds to come back."""
        record = str(uuid.uuid4())
        self.also_sent.add(record)
        body = json.dumps(corpus.DATA["body"] | {"id": record, "site": site}).encode()
        status, headers, _ = self.ask("POST", "/api/v1/consents", body, corpus.DATA["headers"])
        return status, {name.lower(): value for name, value in headers.items()}.get("retry-after")

    def prepared(self, cluster: Cluster) -> int:
        """How many transactions a machine has prepared and not yet settled."""
        [[count]] = run(cluster.url, "SELECT count(*) FROM pg_prepared_xacts")
        return int(count)
