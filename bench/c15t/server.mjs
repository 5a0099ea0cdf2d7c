/**
 * c15t's backend as its documentation has it, on PostgreSQL: `node server.mjs migrate` makes its tables, `node server.mjs`
 * serves on PORT with WORKERS processes. bench/peers.py loads it.
 */

import cluster from 'node:cluster';
import { c15tInstance } from '@c15t/backend';
import { kyselyAdapter } from '@c15t/backend/db/adapters/kysely';
import { migrator } from '@c15t/backend/db/migrator';
import { DB } from '@c15t/backend/db/schema';
import { serve } from '@hono/node-server';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';

const { DATABASE_URL: connectionString, PORT, WORKERS = '1' } = process.env;
const open = () => {
  const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString, max: 20 }) }) });
  return kyselyAdapter({ provider: 'postgresql', db });
};

if (process.argv[2] === 'migrate') {
  const result = await migrator({ db: DB.client(open()), schema: 'latest' });
  await result.execute();
  process.exit(0);
} else if (cluster.isPrimary && +WORKERS > 1) {
  for (let n = 0; n < +WORKERS; n++) cluster.fork();
  process.on('SIGTERM', () => process.exit(0));
} else {
  const c15t = c15tInstance({
    appName: 'bench',
    trustedOrigins: ['https://shop.example'],
    adapter: open(),
    logger: { level: 'error' },
  });
  serve({ fetch: c15t.handler, port: +PORT, hostname: '127.0.0.1' });
}
