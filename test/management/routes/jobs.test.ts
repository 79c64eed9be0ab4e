import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/core/logger.js';
import { runJob } from '../../../src/domain/job/run-job.js';
import { administrationJobs } from '../../../src/server/administration-jobs.js';
import { PostgresJobStore } from '../../../src/storage/job-store.js';
import { apiClient, type ApiClient } from '../../support/api.js';
import { Ledger } from '../../support/ledger.js';
import { startTestNode, type TestNode } from '../../support/node.js';

let causeway: TestNode;
let api: ApiClient;
let ledger: Ledger;

beforeAll(async () => {
  causeway = await startTestNode();
  await causeway.apply([{ slug: 'acme' }]);
  api = await apiClient(causeway, { tenant: 'acme' });
  ledger = await Ledger.open(causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await causeway.stop();
});

const begin = async (): Promise<string> => {
  const begun = await api.post('/tenants/acme/audit-events/verify');
  expect(begun).toMatchObject({
    status: 202,
    body: { state: 'waiting', kind: 'audit.verify', result: null },
  });
  expect(begun.headers.get('location')).toBe(`${api.base}/tenants/acme/jobs/${String(begun.body['id'])}`);
  return `/tenants/acme/jobs/${String(begun.body['id'])}`;
};

test('a job is done by a node, and its address tells what came of it', async () => {
  const at = await begin();
  const run = administrationJobs(causeway.node.database, silentLogger);
  expect(await run()).toBe(true);
  expect(await run()).toBe(false);
  expect((await api.get(at)).body).toMatchObject({
    state: 'done',
    result: { sound: true, firstBad: null },
    finishedAt: expect.any(String),
  });
  expect((await api.get('/tenants/acme/jobs')).body['items']).toHaveLength(1);
});

test('a job that was asked to stop before anybody began is over', async () => {
  const at = await begin();
  expect((await api.post(`${at}/stop`)).body).toMatchObject({ state: 'stopped', stopAsked: true });
  expect(await administrationJobs(causeway.node.database, silentLogger)()).toBe(false);
});

test('a job that was asked to stop on its way ends at its next step', async () => {
  const at = await begin();
  const jobs = new PostgresJobStore(causeway.node.database);
  await runJob(
    { jobs, log: silentLogger },
    {
      'audit.verify': async (_job, progress) => {
        await progress(1, 2);
        expect((await api.get(at)).body).toMatchObject({ state: 'running', done: 1, total: 2 });
        await api.post(`${at}/stop`);
        await progress(2, 2);
        throw new Error('it went on');
      },
    },
  );
  expect((await api.get(at)).body).toMatchObject({ state: 'stopped', done: 2, result: null });
});

test('F-24 a node that was paused past its lease writes nothing of a job that another has done since', async () => {
  const at = await begin();
  const jobs = new PostgresJobStore(causeway.node.database);
  const paused = await jobs.claim(30);
  await ledger.rows(`UPDATE jobs SET leased_until = now() - interval '1 second' WHERE finished_at IS NULL`);
  const other = await jobs.claim(30);
  if (paused === undefined || other === undefined) throw new Error('nothing to claim');
  expect(await jobs.claim(30)).toBeUndefined();
  expect(await jobs.progress(paused, { done: 9, total: 9 }, 30)).toBeUndefined();
  expect(await jobs.finish(other, { state: 'done', result: { by: 'other' } })).toBe(true);
  expect(await jobs.finish(paused, { state: 'failed', result: null })).toBe(false);
  expect((await api.get(at)).body).toMatchObject({ state: 'done', done: 0, result: { by: 'other' } });
});

test('a job that fails says so, and no more than that', async () => {
  const at = await begin();
  const jobs = new PostgresJobStore(causeway.node.database);
  await runJob(
    { jobs, log: silentLogger },
    { 'audit.verify': () => Promise.reject(new Error('secret detail')) },
  );
  const { body } = await api.get(at);
  expect(body).toMatchObject({ state: 'failed' });
  expect(JSON.stringify(body)).not.toContain('secret');
});
