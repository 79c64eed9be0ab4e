import type { ConnectionCause } from '../../domain/connection/diagnosis/cause.js';
import type { Check, CheckFacts, CheckId } from '../../domain/connection/testing/check.js';
import { UpstreamError } from '../causes.js';
import type { UpstreamStep } from '../causes.js';
import { credentialsOf, noCredential } from '../client-auth.js';
import type { Credential } from '../client-auth.js';
import type { RelyingPartyDeps } from '../deps.js';
import { clockDifference, getJson } from '../get-json.js';
import type { JsonDocument } from '../get-json.js';
import { readKeySet } from '../key-set.js';
import { metadataUrl, readMetadata } from '../metadata.js';
import type { UpstreamMetadata } from '../metadata.js';
import type { UpstreamParty } from '../party.js';
import { introspectJunk, laneFor, pushRequest, redeemJunk } from './ask.js';
import type { Asking } from './ask.js';
import { missingOrg } from './environment.js';

/** More than this, and tokens are refused (F-13). */
const CLOCK_SECONDS_MAX = 60;
/** More than this, and it is only a matter of time. */
const CLOCK_SECONDS_WARN = 20;

type ProbeDeps = Omit<RelyingPartyDeps, 'keySets'>;

/**
 * Asks the upstream all that can be asked without a person (A17), past every cache. A junk code tells whether our
 * credentials are good: Okta judges them before it looks at the code.
 * @param onChecks told of what is known so far, as it comes
 */
export async function probeUpstream(
  party: UpstreamParty,
  deps: ProbeDeps,
  onChecks: (checks: readonly Check[]) => Promise<void> = () => Promise.resolve(),
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const add = async (...found: readonly Check[]): Promise<void> => {
    checks.push(...found);
    await onChecks(checks);
  };
  const prober = new Prober(party, deps);
  const found = await prober.discover();
  await add(...found.checks);
  if (found.metadata === undefined) {
    await add(...AFTER_DISCOVERY.map((id) => notTried(id, 'The address comes first')));
    return checks;
  }
  const { metadata } = found;
  const [client, keys] = await Promise.all([prober.client(), prober.keys(metadata)]);
  await add(client, keys);
  if (client.cause === 'unknown_client') {
    await add(...AFTER_CLIENT.map((id) => notTried(id, 'The client ID comes first')));
    return checks;
  }
  const credentials = await prober.credentials({ party, deps, metadata });
  await add(...credentials.checks);
  await add(
    ...(await Promise.all([
      prober.callback(metadata, credentials.accepted),
      prober.introspection(metadata, credentials.accepted),
    ])),
  );
  return checks;
}

const AFTER_CLIENT = ['client_authentication', 'secondary_secret', 'callback', 'introspection'] as const;
const AFTER_DISCOVERY = ['client', 'keys', ...AFTER_CLIENT] as const;

class Prober {
  readonly #party: UpstreamParty;
  readonly #deps: ProbeDeps;

  constructor(party: UpstreamParty, deps: ProbeDeps) {
    this.#party = party;
    this.#deps = deps;
  }

  async discover(): Promise<{ readonly checks: readonly Check[]; readonly metadata?: UpstreamMetadata }> {
    const { connection } = this.#party;
    let clock = notTried('clock', 'The upstream did not say what time it has');
    let metadata: UpstreamMetadata | undefined;
    const discovery = await check(
      'discovery',
      async () => {
        const { json, headers } = await this.#get(metadataUrl(connection.issuer), 'discovery');
        clock = this.#clock(headers) ?? clock;
        metadata = readMetadata(json, connection);
        return `${new URL(connection.issuer).host} answers as ${connection.issuer}`;
      },
      (error) => {
        const missing = missingOrg(error, connection);
        return missing === undefined ? undefined : { cause: 'wrong_environment', facts: missing };
      },
    );
    return { checks: [discovery, clock], ...(metadata === undefined ? {} : { metadata }) };
  }

  /** Okta shows each client the issuer that its tokens will name, and refuses one that it doesn't know. */
  async client(): Promise<Check> {
    const { connection } = this.#party;
    if (connection.type !== 'okta') return notApplicable('client', 'Only Okta can be asked this');
    return check('client', async () => {
      const clientId = encodeURIComponent(connection.settings.clientId);
      const { json } = await this.#get(
        `${metadataUrl(connection.issuer)}?client_id=${clientId}`,
        'discovery',
      );
      readMetadata(json, connection);
      return 'The client ID is known, and its tokens come from the issuer of the connection';
    });
  }

  async keys({ jwks_uri }: UpstreamMetadata): Promise<Check> {
    return check('keys', async () => {
      const { json } = await this.#get(jwks_uri, 'keys');
      return `${readKeySet(json).length} signing keys`;
    });
  }

  /**
   * Every credential is tried: a secondary secret that nobody has ever used may be mistyped. One that is refused while
   * the other is accepted keeps nobody out.
   */
  async credentials(
    asking: Asking,
  ): Promise<{ readonly checks: readonly Check[]; readonly accepted: Credential | undefined }> {
    const [first, second] = credentialsOf(this.#party);
    const attempt = (credential: Credential | undefined): Promise<string> => {
      if (credential === undefined) throw noCredential(this.#party);
      return redeemJunk(asking, credential);
    };
    const tried = await Promise.all([
      check('client_authentication', async () => attempt(first)),
      second === undefined
        ? notApplicable('secondary_secret', 'The connection has none')
        : check('secondary_secret', () => attempt(second)),
    ]);
    const accepted = [first, second].find((_, index) => tried[index]?.status === 'passed');
    const checks = tried.map((one) => (accepted === undefined ? one : asWarning(one)));
    return { checks, accepted };
  }

  /** A pushed request is judged like a real one. */
  async callback(metadata: UpstreamMetadata, credential: Credential | undefined): Promise<Check> {
    const endpoint = metadata.pushed_authorization_request_endpoint;
    if (endpoint === undefined)
      return notApplicable('callback', 'The upstream takes no pushed requests: a test sign-in tells');
    if (credential === undefined) return notTried('callback', 'Client authentication comes first');
    const asking = { party: this.#party, deps: this.#deps, metadata };
    return check('callback', () => pushRequest(asking, endpoint, credential));
  }

  /** Sign-ins don't need it, so it keeps nobody out. */
  async introspection(metadata: UpstreamMetadata, credential: Credential | undefined): Promise<Check> {
    const endpoint = metadata.introspection_endpoint;
    if (endpoint === undefined) return notApplicable('introspection', 'The upstream offers none');
    if (credential === undefined) return notTried('introspection', 'Client authentication comes first');
    const asking = { party: this.#party, deps: this.#deps, metadata };
    return asWarning(await check('introspection', () => introspectJunk(asking, endpoint, credential)));
  }

  #clock(headers: Headers): Check | undefined {
    const seconds = clockDifference(headers, this.#deps.clock);
    if (seconds === undefined) return undefined;
    // The header has whole seconds, and the answer was on its way.
    const agrees = Math.abs(seconds) <= 2;
    const difference = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} ours`;
    const seen = agrees ? "The upstream's clock agrees with ours" : `The upstream's clock is ${difference}`;
    if (Math.abs(seconds) <= CLOCK_SECONDS_WARN) return { id: 'clock', status: 'passed', seen };
    const status = Math.abs(seconds) <= CLOCK_SECONDS_MAX ? 'warning' : 'failed';
    return { id: 'clock', status, seen, cause: 'clock_skew', facts: { seconds: String(seconds) } };
  }

  #get(url: string, step: UpstreamStep): Promise<JsonDocument> {
    const { outbound, clock } = this.#deps;
    return getJson(url, { outbound, clock, lane: laneFor(this.#party, this.#deps), step });
  }
}

/** A better name for a fault than the relying party has. */
type Renamed = { readonly cause: ConnectionCause; readonly facts?: CheckFacts } | undefined;

/** Runs a check; what the upstream does wrong is its result. */
export async function check(
  id: CheckId,
  work: () => Promise<string>,
  rename: (error: UpstreamError) => Renamed | Promise<Renamed> = () => undefined,
): Promise<Check> {
  try {
    return { id, status: 'passed', seen: await work() };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    const renamed = await rename(error);
    return {
      id,
      status: 'failed',
      seen: error.message,
      cause: renamed?.cause ?? error.reason,
      facts: { ...error.facts, ...renamed?.facts },
    };
  }
}

/** What failed, where that keeps nobody out. */
export const asWarning = (found: Check): Check =>
  found.status === 'failed' ? { ...found, status: 'warning' } : found;

export const notTried = (id: CheckId, seen: string): Check => ({ id, status: 'not_tried', seen });
export const notApplicable = (id: CheckId, seen: string): Check => ({ id, status: 'not_applicable', seen });
