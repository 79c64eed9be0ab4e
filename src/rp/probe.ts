import { buildAuthorizationUrlWithPAR, calculatePKCECodeChallenge } from 'openid-client';
import type { UpstreamCause } from '../domain/connection/diagnosis/cause.js';
import { OutboundError } from '../outbound/error.js';
import { UpstreamError } from './causes.js';
import type { UpstreamFacts, UpstreamStep } from './causes.js';
import { authenticate, credentialsOf, noCredential } from './client-auth.js';
import type { Credential } from './client-auth.js';
import { exchangeCode } from './code-exchange.js';
import { Deadline, SIGN_IN_MS } from './deadline.js';
import type { RelyingPartyDeps } from './deps.js';
import { clockDifference, getJson, noAnswer, refusedAnswer } from './get-json.js';
import type { JsonDocument } from './get-json.js';
import { readKeySet } from './key-set.js';
import { configure } from './library.js';
import { metadataUrl, readMetadata } from './metadata.js';
import type { UpstreamMetadata } from './metadata.js';
import { laneOf } from './party.js';
import type { UpstreamParty } from './party.js';
import { recordingFetch } from './token-request.js';

/** What is checked, in this order. */
export type ProbeId =
  'discovery' | 'clock' | 'client' | 'keys' | 'client_authentication' | 'secondary_secret' | 'callback';

/** One check of a connection that needs no person. */
export interface ProbeResult {
  readonly id: ProbeId;
  /** `skipped`: not tried, because it doesn't apply or an earlier check failed. */
  readonly status: 'passed' | 'failed' | 'skipped';
  /** What was found, for an admin: never a body, a token or a secret. */
  readonly detail: string;
  /** Why it failed. */
  readonly cause?: UpstreamCause;
  readonly facts?: UpstreamFacts;
}

/** More than this, and tokens are refused (F-13). */
const CLOCK_DIFFERENCE_SECONDS_MAX = 60;

/**
 * Asks the upstream all that can be asked without a person (A17), past every cache and in a lane of its own. A junk code
 * tells whether our credentials are good: Okta judges them before it looks at the code.
 */
export async function probeUpstream(
  party: UpstreamParty,
  deps: RelyingPartyDeps,
): Promise<readonly ProbeResult[]> {
  const prober = new Prober(party, deps);
  const found = await prober.discover();
  if (found.metadata === undefined)
    return [...found.results, ...REST.map((id) => skipped(id, 'The address comes first'))];
  const { metadata } = found;
  const [client, keys, credentials] = await Promise.all([
    prober.client(),
    prober.keys(metadata),
    prober.credentials(metadata),
  ]);
  const callback = await prober.callback(metadata, credentials.accepted);
  return [...found.results, client, keys, ...credentials.results, callback];
}

const REST: readonly ProbeId[] = ['client', 'keys', 'client_authentication', 'secondary_secret', 'callback'];

class Prober {
  readonly #party: UpstreamParty;
  readonly #deps: RelyingPartyDeps;

  constructor(party: UpstreamParty, deps: RelyingPartyDeps) {
    this.#party = party;
    this.#deps = deps;
  }

  async discover(): Promise<{
    readonly results: readonly ProbeResult[];
    readonly metadata?: UpstreamMetadata;
  }> {
    const { connection } = this.#party;
    let clock = skipped('clock', 'The upstream did not say what time it has');
    let metadata: UpstreamMetadata | undefined;
    const discovery = await this.#check('discovery', async () => {
      const { json, headers } = await this.#get(metadataUrl(connection.issuer), 'discovery');
      clock = this.#clock(headers) ?? clock;
      metadata = readMetadata(json, connection);
      return `${new URL(connection.issuer).host} answers as ${connection.issuer}`;
    });
    return { results: [discovery, clock], ...(metadata === undefined ? {} : { metadata }) };
  }

  /** Okta shows each client the issuer that its tokens will name, and refuses one that it doesn't know. */
  async client(): Promise<ProbeResult> {
    const { connection } = this.#party;
    if (connection.type !== 'okta') return skipped('client', 'Only Okta can be asked this');
    return this.#check('client', async () => {
      const clientId = encodeURIComponent(connection.settings.clientId);
      const { json } = await this.#get(
        `${metadataUrl(connection.issuer)}?client_id=${clientId}`,
        'discovery',
      );
      readMetadata(json, connection);
      return 'The client ID is known, and its tokens come from the issuer of the connection';
    });
  }

  async keys({ jwks_uri }: UpstreamMetadata): Promise<ProbeResult> {
    return this.#check('keys', async () => {
      const { json } = await this.#get(jwks_uri, 'keys');
      return `${readKeySet(json).length} signing keys`;
    });
  }

  /** Every credential is tried: a secondary secret that nobody has ever used may be mistyped. */
  async credentials(
    metadata: UpstreamMetadata,
  ): Promise<{ readonly results: readonly ProbeResult[]; readonly accepted: Credential | undefined }> {
    let accepted: Credential | undefined;
    const attempt = async (credential: Credential | undefined): Promise<string> => {
      if (credential === undefined) throw noCredential(this.#party);
      const detail = await this.#redeemJunk(credential, metadata);
      accepted ??= credential;
      return detail;
    };
    const [first, second] = credentialsOf(this.#party);
    const primary = await this.#check('client_authentication', () => attempt(first));
    const secondary =
      second === undefined
        ? skipped('secondary_secret', 'The connection has none')
        : await this.#check('secondary_secret', () => attempt(second));
    return { results: [primary, secondary], accepted };
  }

  /** A pushed request (RFC 9126) is judged like a real one: redirect URI, scopes and PKCE. */
  async callback(metadata: UpstreamMetadata, credential: Credential | undefined): Promise<ProbeResult> {
    const endpoint = metadata.pushed_authorization_request_endpoint;
    if (endpoint === undefined)
      return skipped('callback', 'The upstream takes no pushed requests: a test sign-in tells');
    if (credential === undefined) return skipped('callback', 'Client authentication comes first');
    return this.#check('callback', () => this.#push(metadata, endpoint, credential));
  }

  async #push(metadata: UpstreamMetadata, endpoint: string, credential: Credential): Promise<string> {
    const { redirectUri, connection } = this.#party;
    const { ids, outbound, clock } = this.#deps;
    const call = recordingFetch(outbound, this.#lane());
    const auth = await authenticate(this.#party, credential, endpoint, this.#deps);
    try {
      await buildAuthorizationUrlWithPAR(
        configure(metadata, connection.settings.clientId, { fetch: call.fetch, auth }),
        {
          redirect_uri: redirectUri,
          response_type: 'code',
          scope: [...new Set(['openid', ...connection.settings.scopes])].join(' '),
          state: ids.secret(16),
          nonce: ids.secret(16),
          code_challenge: await calculatePKCECodeChallenge(ids.secret(32)),
          code_challenge_method: 'S256',
        },
      );
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause instanceof OutboundError) throw noAnswer(cause, 'pushed_authorization');
      if (call.answer === undefined) throw error;
      // RFC 9126 section 2.2 says 201, Okta says 200, which the library doesn't take.
      if (call.answer.status !== 200) throw refusedAnswer(call.answer, 'pushed_authorization', clock, []);
    }
    return 'The redirect URI and the scopes are accepted';
  }

  async #redeemJunk(credential: Credential, metadata: UpstreamMetadata): Promise<string> {
    const { redirectUri, connection, secrets } = this.#party;
    const { ids, outbound, clock } = this.#deps;
    const expected = { state: ids.secret(16), nonce: ids.secret(16), codeVerifier: ids.secret(32) };
    try {
      await exchangeCode({
        outbound,
        clock,
        lane: this.#lane(),
        metadata,
        clientId: connection.settings.clientId,
        auth: await authenticate(this.#party, credential, metadata.token_endpoint, this.#deps),
        redirectUri,
        parameters: new URLSearchParams({
          code: `probe-${ids.secret(16)}`,
          state: expected.state,
          ...(metadata.authorization_response_iss_parameter_supported ? { iss: connection.issuer } : {}),
        }),
        expected,
        hidden: [secrets.clientSecret, secrets.secondarySecret].filter((secret) => secret !== undefined),
      });
    } catch (error) {
      if (error instanceof UpstreamError && error.facts.upstreamError === 'invalid_grant')
        return 'The credentials are accepted';
      throw error;
    }
    throw new UpstreamError(
      'response_invalid',
      'token',
      'The upstream gave tokens for a code that we made up',
    );
  }

  #clock(headers: Headers): ProbeResult | undefined {
    const seconds = clockDifference(headers, this.#deps.clock);
    if (seconds === undefined) return undefined;
    // The header has whole seconds, and the answer was on its way.
    const agrees = Math.abs(seconds) <= 2;
    const difference = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} ours`;
    const detail = agrees ? "The upstream's clock agrees with ours" : `The upstream's clock is ${difference}`;
    if (Math.abs(seconds) <= CLOCK_DIFFERENCE_SECONDS_MAX) return { id: 'clock', status: 'passed', detail };
    return {
      id: 'clock',
      status: 'failed',
      detail,
      cause: 'clock_skew',
      facts: { seconds: String(seconds) },
    };
  }

  #get(url: string, step: UpstreamStep): Promise<JsonDocument> {
    const { outbound, clock } = this.#deps;
    return getJson(url, { outbound, clock, lane: this.#lane(), step });
  }

  #lane(): ReturnType<typeof laneOf> {
    return laneOf(this.#party, new Deadline(SIGN_IN_MS), 'probe');
  }

  async #check(id: ProbeId, work: () => Promise<string>): Promise<ProbeResult> {
    try {
      return { id, status: 'passed', detail: await work() };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return { id, status: 'failed', detail: error.message, cause: error.reason, facts: error.facts };
    }
  }
}

function skipped(id: ProbeId, detail: string): ProbeResult {
  return { id, status: 'skipped', detail };
}
