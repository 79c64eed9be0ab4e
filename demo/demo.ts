import { APPLICATIONS, startApplication, type RunningApplication } from './applications.js';
import { startCauseway, type CausewayOptions, type RunningCauseway } from './causeway.js';
import { acmeOrg, globexOrg, type DemoOrgKey } from './okta/demo-orgs.js';
import { startOktaOrg, type RunningOktaOrg } from './okta/server.js';
import { checkPorts, portsAt } from './ports.js';
import { provisioningOf, startProvisioning } from './provisioning.js';
import { readSeed, SEED_SECRETS } from './seed.js';

export interface DemoOptions extends Omit<CausewayOptions, 'port'> {
  /** Added to every port of the demo. */
  readonly offset: number;
  /** Told what is being done, a line at a time. */
  readonly onProgress: (line: string) => void;
  /** Told of errors in the orgs and the applications. */
  readonly onError: (error: unknown) => void;
}

/** Everything that runs. */
export interface Demo {
  readonly causeway: RunningCauseway;
  readonly okta: Readonly<Record<DemoOrgKey, RunningOktaOrg>>;
  /** Addresses of the applications, in the order of `APPLICATIONS`. */
  readonly applicationUrls: readonly string[];
  /** Their client IDs, in the same order; undefined: it couldn't register itself. */
  readonly clientIds: readonly (string | undefined)[];
  /** What `causeway apply --json` printed: what changed, and each tenant's addresses. */
  readonly applied: Applied;
  stop(): Promise<void>;
}

/** Of the output of `causeway apply --json`, what the demo shows. */
export interface Applied {
  readonly plan: readonly unknown[];
  readonly tenants: readonly {
    readonly slug: string;
    readonly issuer: string;
    readonly scimBaseUrl: string;
  }[];
}

interface Stoppable {
  stop(): Promise<void>;
}

/**
 * Starts the orgs, Causeway and the applications, and applies the seed. What was started already is stopped again when
 * something fails.
 * @throws Error when a port is taken, Causeway doesn't start, or the seed can't be applied
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { offset, onProgress, onError } = options;
  const ports = portsAt(offset);
  await checkPorts(ports);
  const running: Stoppable[] = [];
  /** The last first: applications before the issuer that they ask. */
  const stop = async (): Promise<void> => {
    for (const one of running.splice(0).toReversed()) await one.stop();
  };
  const started = async <T extends Stoppable>(starting: Promise<T>): Promise<T> => {
    const one = await starting;
    running.push(one);
    return one;
  };
  try {
    onProgress('Starting two simulated Okta orgs…');
    const brokerUrl = `http://localhost:${ports.causeway}`;
    const okta = {
      acme: await started(startOktaOrg({ ...acmeOrg({ brokerUrl, port: ports.acmeOkta }), onError })),
      globex: await started(startOktaOrg({ ...globexOrg({ brokerUrl, port: ports.globexOkta }), onError })),
    };
    onProgress('Starting Causeway, with a database of its own…');
    const causeway = await started(startCauseway({ ...options, port: ports.causeway }));
    onProgress('Applying the seed…');
    const applied = await applySeed(causeway, offset);
    onProgress('Letting the orgs push their people and groups…');
    for (const line of await pushAll(okta, applied)) onProgress(line);
    onProgress('Starting the applications…');
    const applications: RunningApplication[] = [];
    for (const application of APPLICATIONS) {
      const starting = startApplication(application, {
        causewayUrl: causeway.url,
        port: ports[application.port],
        dataDir: options.dataDir,
        initialAccessToken: (tenant, api) => initialAccessToken(causeway, tenant, api),
        onError,
      });
      applications.push(await started(starting));
    }
    const applicationUrls = applications.map(({ url }) => url);
    const clientIds = applications.map(({ clientId }) => clientId);
    return { causeway, okta, applicationUrls, clientIds, applied, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Every org pushes to its tenant. Gives a line for each whose admin has something to do now. */
async function pushAll(okta: Demo['okta'], { tenants }: Applied): Promise<string[]> {
  const keys = ['acme', 'globex'] as const satisfies readonly DemoOrgKey[];
  await Promise.all(
    keys.map(async (key) => {
      const tenant = tenants.find(({ slug }) => slug === key);
      if (tenant !== undefined) await startProvisioning(key, okta[key], tenant.scimBaseUrl);
    }),
  );
  return keys.flatMap((key) => {
    const { length } = provisioningOf(key, okta[key]).tasks;
    return length === 0 ? [] : [`  ${length} tasks for the admin of ${key}: ${okta[key].url}/admin/tasks`];
  });
}

/** The deployment becomes what the seed says, whatever an earlier run has left or somebody has changed since. */
async function applySeed(causeway: RunningCauseway, offset: number): Promise<Applied> {
  const args = ['apply', '-f', '-', '--allow-delete', '--json'];
  const applied: unknown = JSON.parse(await causeway.command(args, readSeed(offset), SEED_SECRETS));
  if (!isApplied(applied)) throw new TypeError('causeway apply --json printed something else than agreed');
  return applied;
}

/** A token by which one service may register itself soon: with one API, and the one scope that it needs there. */
async function initialAccessToken(
  causeway: RunningCauseway,
  tenant: string,
  { identifier, scope }: { readonly identifier: string; readonly scope: string },
): Promise<string> {
  const bounds = ['--api', identifier, '--scope', scope, '--expires-in', '600'];
  const args = ['token', 'create', '--tenant', tenant, '--initial-access', '--name', 'bots', ...bounds];
  return (await causeway.command(args)).trim();
}

function isApplied(value: unknown): value is Applied {
  return (
    typeof value === 'object' &&
    value !== null &&
    'plan' in value &&
    Array.isArray(value.plan) &&
    'tenants' in value &&
    Array.isArray(value.tenants)
  );
}
