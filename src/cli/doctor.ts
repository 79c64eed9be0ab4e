import { systemClock } from '../core/clock.js';
import { plainText } from '../core/text.js';
import { readKeyRing } from '../server/encryption-keys.js';
import { keyFault } from '../server/open-storage.js';
import type { KeyRing } from '../keys/sealing.js';
import { PostgresConfigurationStore } from '../storage/configuration-store.js';
import { currentSeconds, KEY_SCHEDULE } from '../domain/keys/key-schedule.js';
import type { Database } from '../storage/database.js';
import { listTenants, measureDatabase, overdueKeys, signingKeyCoverage } from '../storage/health.js';
import { lostPins } from '../storage/role-mapping-pins.js';
import { rowSecurityFaults } from '../storage/row-security.js';
import { judgeSchema, type SchemaState } from '../storage/schema.js';
import { checkClock, fail, ok, warn, type Check } from './checks.js';
import type { CommandContext, RemoteOptions } from './command-context.js';
import { EXIT, explain, type ExitCode } from './exit-codes.js';
import { withExistingDatabase } from './existing-database.js';
import { eitherWay } from './remote/api.js';
import { examineRemotely } from './remote/doctor.js';
import { printJson } from './terminal.js';
import { UpstreamProber } from './upstream-checks.js';

export interface DoctorOptions extends RemoteOptions {
  readonly json?: boolean;
  /** Only this tenant's upstreams. */
  readonly tenant?: string;
  /** false: ask no upstream. */
  readonly upstreams?: boolean;
}

const LATENCY_WARN_MS = 50;

/** `causeway doctor`: looks at everything that a deployment hangs on, and makes or changes nothing. */
export async function doctor(context: CommandContext, options: DoctorOptions): Promise<ExitCode> {
  const checks = await eitherWay<readonly Check[]>(context, options, {
    async remote(api) {
      context.terminal.err(ELSEWHERE);
      return examineRemotely(api, options.tenant);
    },
    local: () => examineHere(context, options),
  });
  if (options.json === true) printJson(context.terminal, { checks });
  else
    for (const check of checks)
      context.terminal.out(`${check.status.padEnd(4)} ${check.id}: ${check.detail}`);
  return checks.some((check) => check.status === 'fail') ? EXIT.faultsFound : EXIT.done;
}

const ELSEWHERE =
  "Database, schema, row security and keys are looked at by 'causeway doctor' where the deployment is configured, " +
  "an upstream by 'causeway connection test'.";

async function examineHere(context: CommandContext, options: DoctorOptions): Promise<readonly Check[]> {
  const checks: Check[] = [];
  try {
    checks.push(ok('configuration', `Causeway is at ${context.config.publicUrl}`));
    await withExistingDatabase(context, (state, open) =>
      open((database) => checkDatabase(context, { state, database, options }, checks)),
    );
  } catch (error) {
    const { exitCode, lines } = explain(error);
    if (exitCode === EXIT.internal) throw error;
    checks.push(fail(checks.length === 0 ? 'configuration' : 'database', lines.join('; ')));
  }
  return checks;
}

interface Patient {
  readonly state: SchemaState;
  readonly database: Database;
  readonly options: DoctorOptions;
}

/**
 * Adds to `checks` as it goes, so that what was found is told even when something later can't be looked at.
 */
async function checkDatabase(context: CommandContext, patient: Patient, checks: Check[]): Promise<void> {
  const { state, database, options } = patient;
  checks.push(...(await checkServer(state, database)));
  const schema = checkSchema(state);
  checks.push(schema);
  if (schema.status === 'fail') return;
  checks.push(await checkRowSecurity(database));
  const keyRing = await readKeys(context, checks);
  if (keyRing === undefined) return;
  const fault = await keyFault(new PostgresConfigurationStore(database), keyRing);
  checks.push(
    fault === undefined
      ? ok('encryption_keys', 'They open what the deployment has sealed')
      : fail('encryption_keys', fault),
  );
  checks.push(await checkSigningKeys(database));
  checks.push(await checkMappingPins(database));
  if (fault === undefined && options.upstreams !== false)
    checks.push(...(await checkUpstreams(context, database, keyRing, options.tenant)));
}

async function checkServer(state: SchemaState, database: Database): Promise<readonly Check[]> {
  const { latencyMs, now } = await measureDatabase(database);
  const version = `${Math.floor(state.serverVersion / 10_000)}.${state.serverVersion % 10_000}`;
  const detail = `PostgreSQL ${version} answers in ${latencyMs.toFixed(1)} ms`;
  const aheadSeconds = (now.getTime() - systemClock.now().getTime()) / 1000;
  return [
    latencyMs > LATENCY_WARN_MS
      ? warn('database', `${detail}: sign-ins need several trips, so put it nearer`)
      : ok('database', detail),
    checkClock(`The database's clock`, aheadSeconds),
  ];
}

function checkSchema(state: SchemaState): Check {
  try {
    if (judgeSchema(state) === 'old')
      return fail(
        'schema',
        `It lacks ${state.missing.join(', ')}: run 'causeway migrate', or start Causeway`,
      );
  } catch (error) {
    return fail('schema', explain(error).lines.join('; '));
  }
  if (state.unknown.length > 0)
    return warn(
      'schema',
      `A later Causeway has migrated it (${state.unknown.join(', ')}): update this one soon`,
    );
  return ok('schema', `It is current (${state.done.at(-1) ?? 'empty'})`);
}

async function checkRowSecurity(database: Database): Promise<Check> {
  const faults = await rowSecurityFaults(database);
  return faults.length === 0
    ? ok('row_security', 'The database itself keeps tenants apart')
    : fail('row_security', faults.join('; '));
}

async function readKeys(context: CommandContext, checks: Check[]): Promise<KeyRing | undefined> {
  const { config, log } = context;
  try {
    return await readKeyRing(config.encryptionKeys, config.dataDir, log);
  } catch (error) {
    checks.push(fail('encryption_keys', explain(error).lines.join('; ')));
    return undefined;
  }
}

/** All tenants of a large deployment may be due at once; a day is enough for that. */
const OVERDUE_SECONDS = 86_400;

async function checkSigningKeys(database: Database): Promise<Check> {
  const { tenants, missing } = await signingKeyCoverage(database);
  const overdue = await overdueKeys(database, {
    currentSeconds: currentSeconds(KEY_SCHEDULE),
    lateSeconds: OVERDUE_SECONDS,
  });
  if (missing.length === 0 && overdue.length > 0)
    return fail('signing_keys', `no node rotates keys: ${overdue.join('; ')}`);
  return missing.length === 0
    ? ok('signing_keys', `${tenants} tenants (with the deployment's own) have keys that sign`)
    : fail('signing_keys', missing.join('; '));
}

const LOST_PINS_SHOWN = 20;

/** A mapping or a grant by name means the group that it has met, not a later one of its name: an admin has to say so. */
async function checkMappingPins(database: Database): Promise<Check> {
  const lost: string[] = [];
  for (const { id, slug } of await listTenants(database)) {
    const pins = await lostPins(database, id, LOST_PINS_SHOWN + 1 - lost.length);
    lost.push(...pins.map(({ name, connection }) => `${slug}/${connection}: '${plainText(name, 100)}'`));
    if (lost.length > LOST_PINS_SHOWN) break;
  }
  if (lost.length === 0) return ok('role_mapping_pins', 'No mapping or grant waits for a group that is gone');
  const more = lost.length > LOST_PINS_SHOWN ? ' and others' : '';
  return warn(
    'role_mapping_pins',
    `Mappings and grants by name whose group was deleted while another bears the name give nobody anything: ` +
      `${lost.slice(0, LOST_PINS_SHOWN).join(', ')}${more}. Say whether the new group is meant: causeway mappings questions`,
  );
}

async function checkUpstreams(
  context: CommandContext,
  database: Database,
  keyRing: KeyRing,
  only: string | undefined,
): Promise<readonly Check[]> {
  const prober = new UpstreamProber(context, database, keyRing);
  try {
    const checks: Check[] = [];
    for (const { slug } of await listTenants(database))
      if (only === undefined || slug === only) checks.push(...(await prober.checkTenant(slug)));
    return checks;
  } finally {
    await prober.close();
  }
}
