import { afterEach, expect, test } from '@jest/globals';
import { Counter, Gauge, Registry } from 'prom-client';
import type { LogFields, Logger } from '../../src/core/logger.js';
import type { Listener } from '../../src/server/listen.js';
import { listenForMetrics } from '../../src/server/metrics-listener.js';
import { send } from '../op/support/http.js';

const lines: (readonly [event: string, fields: LogFields | undefined])[] = [];
const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (event, fields) => void lines.push([event, fields]),
  child: () => log,
};
let listener: Listener | undefined;
afterEach(async () => {
  await listener?.stop(0);
  lines.length = 0;
});

async function scrape(registry: Registry, path = '/metrics') {
  listener = await listenForMetrics(registry, log, { host: '127.0.0.1', port: 0 });
  return send(`http://127.0.0.1:${listener.port}${path}`);
}

test('tells the metrics, and nothing else', async () => {
  const registry = new Registry();
  new Counter({ name: 'scrapes_total', help: 'Some', registers: [registry] }).inc(3);
  const told = await scrape(registry);
  expect([told.status, told.headers['content-type']]).toEqual([200, registry.contentType]);
  expect(told.text).toContain('scrapes_total 3');
  await listener?.stop(0);
  expect((await scrape(registry, '/')).status).toBe(404);
});

test('a metric that can’t be told is a 500 and a line in the log; the next scrape is answered', async () => {
  const registry = new Registry();
  let broken = true;
  const fragile = new Gauge({
    name: 'fragile',
    help: 'Breaks',
    registers: [registry],
    collect() {
      if (broken) throw new Error('no value');
      fragile.set(1);
    },
  });
  const failed = await scrape(registry);
  expect([failed.status, failed.text]).toEqual([500, 'metrics failed\n']);
  expect(lines).toEqual([['metrics.failed', { error: new Error('no value') }]]);
  broken = false;
  expect((await send(`http://127.0.0.1:${listener?.port}/metrics`)).text).toContain('fragile 1');
});
