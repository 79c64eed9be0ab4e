import cluster from 'node:cluster';
import type { Logger } from '../core/logger.js';
import { messageOf } from '../core/errors.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { createCheckpointSigner } from '../keys/audit-checkpoint.js';
import type { KeyRing } from '../keys/sealing.js';
import { AuditChainer } from '../storage/audit-chain.js';
import { createDataSource } from '../storage/data-source.js';
import { systemIds, type Node, type Settings } from './compose.js';
import type { Config } from './config.js';
import { ConfigError } from './config-values.js';
import { openKeyRing } from './encryption-keys.js';
import type { Job } from './jobs.js';
import { createLogger } from './logger.js';
import { openStorage, type Storage } from './open-storage.js';
import { serve, type ServingNode } from './serve.js';
import { endOnSignal, printReady } from './process.js';
import { version } from './version.js';
import { addressOfDatabase, leadWorkers } from './workers.js';

/**
 * Runs this node until it is told to stop: opens the database, serves, prints the ready line on stdout, and ends with
 * exit code 0 after SIGTERM or SIGINT.
 * @throws ConfigError, SchemaError, EmbeddedDatabaseError when it can't start
 */
export async function startServer(config: Config): Promise<void> {
  const log = createLogger(config.logLevel);
  if (cluster.isWorker) return runWorker(config, log);
  const ids = systemIds();
  const storage = await openStorage(config, {
    log,
    ids,
    mode: 'own',
    onDatabaseExit: (reason) => fail(log, reason),
  });
  if (config.workers > 1) {
    await leadWorkers(config, storage, log);
    return;
  }
  const serving = await serveOrExplain(config, storage, storage.keyRing, log);
  endOnSignal(log, async () => {
    await serving.stop();
    await storage.close();
  });
  printReady(config, await serving.firstRunLink());
}

/** What a worker process does: it serves over the database that its leader has opened. */
async function runWorker(config: Config, log: Logger): Promise<void> {
  const dataSource = await createDataSource(addressOfDatabase()).initialize();
  const keyRing = await openKeyRing(config.encryptionKeys, config.dataDir, log);
  const serving = await serveOrExplain({ ...config, metricsPort: undefined }, { dataSource }, keyRing, log);
  endOnSignal(log, () => serving.stop());
  const link = cluster.worker?.id === 1 ? await serving.firstRunLink() : undefined;
  process.send?.({ ready: true, link });
}

async function serveOrExplain(
  config: Config,
  storage: Pick<Storage, 'dataSource'>,
  keyRing: KeyRing,
  log: Logger,
): Promise<ServingNode> {
  const { host, port, metricsPort, historyDays } = config;
  try {
    const settings = settingsOf(config);
    const options = { settings, host, port, metricsPort, historyDays, jobs: chainJob };
    return await serve(options, storage.dataSource, keyRing, log);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL')
      throw new ConfigError([`PORT: can't listen on ${host}:${port}: ${messageOf(error)}`]);
    throw error;
  }
}

/** What a node is told by the deployment's configuration. */
export function settingsOf(config: Config): Settings {
  return {
    version,
    publicUrl: config.publicUrl,
    trustedProxies: config.trustProxy,
    privateUpstreams: config.privateUpstreams,
    databaseKind: config.database.kind,
    metricsElsewhere: config.metricsPort !== undefined,
  };
}

/** Gives audit events their place in their tenants' chains, at most a second behind. */
function chainJob(node: Node): readonly Job[] {
  let signing: { readonly kid: string; readonly chainer: AuditChainer } | undefined;
  // Looked up each time, because keys rotate, and one that leaked must sign no more.
  const chainerNow = async (): Promise<AuditChainer> => {
    const system = await node.directory.find(SYSTEM_SLUG);
    const key = system?.signingKeys(null).find((candidate) => candidate.alg === 'EdDSA');
    if (system === undefined || key === undefined)
      throw new TypeError('the deployment has no key for checkpoints');
    if (signing?.kid !== key.kid)
      signing = {
        kid: key.kid,
        chainer: new AuditChainer(node.database, createCheckpointSigner(system.id, key)),
      };
    return signing.chainer;
  };
  const run = async (): Promise<void> => {
    const chainer = await chainerNow();
    let chained = await chainer.chainOnce();
    while (AuditChainer.hasMore(chained)) chained = await chainer.chainOnce();
  };
  return [{ name: 'audit_chain', everyMs: 500, run }];
}

function fail(log: Logger, reason: string): void {
  log.error('database.ended', { reason });
  process.exit(1);
}
