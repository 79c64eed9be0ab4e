import type { UpstreamKeySets } from '../../domain/connection/upstream-key-set.js';
import type { Check } from '../../domain/connection/testing/check.js';
import type { UpstreamError } from '../causes.js';
import type { RelyingPartyDeps } from '../deps.js';
import { getJson } from '../get-json.js';
import { readKeySet } from '../key-set.js';
import { metadataUrl, readMetadata } from '../metadata.js';
import type { UpstreamMetadata } from '../metadata.js';
import type { UpstreamParty } from '../party.js';
import { createRelyingParty } from '../relying-party.js';
import type { CompletedSignIn, ExpectedSignIn, RelyingParty, SignInRequest } from '../relying-party.js';
import { laneFor } from './ask.js';
import { check, probeUpstream } from './probe.js';
import { signInChecks } from './sign-in-checks.js';
import { signOutCheck } from './sign-out-check.js';

/** What a test sign-in came to; `completed` is undefined where it failed. */
export interface TrialSignIn {
  readonly checks: readonly Check[];
  readonly completed: CompletedSignIn | undefined;
}

/**
 * Tests connections: with the code that signs people in, but with nothing of theirs. Documents are always fetched and
 * never kept, and each test has a lane of its own, so that a draft which fails stops no live sign-in and an admin who has
 * mended it needn't wait for a circuit to close.
 */
export interface ConnectionTester {
  /** What can be asked without a person. Never throws for a fault of the upstream or the settings. */
  probe(
    party: UpstreamParty,
    onChecks?: (checks: readonly Check[]) => Promise<void>,
  ): Promise<readonly Check[]>;
  /** Where to send the browser. @throws UpstreamError */
  authorizationUrl(party: UpstreamParty, request: SignInRequest): Promise<URL>;
  /** The way back, with every check of a real sign-in. Never throws for a fault of the upstream or the settings. */
  complete(
    party: UpstreamParty,
    parameters: URLSearchParams,
    expected: ExpectedSignIn,
    postLogoutRedirectUri: string,
  ): Promise<TrialSignIn>;
}

type TesterDeps = Omit<RelyingPartyDeps, 'keySets' | 'lane' | 'secretUses'>;

export function createConnectionTester(deps: TesterDeps): ConnectionTester {
  return new FreshTester(deps);
}

/** Knows nothing, keeps nothing; and who asks for newer keys may. */
const FORGETFUL: UpstreamKeySets = {
  load: () => Promise.resolve(undefined),
  save: () => Promise.resolve(),
  claimRefetch: () => Promise.resolve(true),
  releaseRefetch: () => Promise.resolve(),
};

class FreshTester implements ConnectionTester {
  readonly #deps: TesterDeps;

  constructor(deps: TesterDeps) {
    this.#deps = deps;
  }

  probe(
    party: UpstreamParty,
    onChecks?: (checks: readonly Check[]) => Promise<void>,
  ): Promise<readonly Check[]> {
    return probeUpstream(party, this.#ownLane(), onChecks);
  }

  authorizationUrl(party: UpstreamParty, request: SignInRequest): Promise<URL> {
    return this.#relyingParty(this.#ownLane()).authorizationUrl(party, request);
  }

  async complete(
    party: UpstreamParty,
    parameters: URLSearchParams,
    expected: ExpectedSignIn,
    postLogoutRedirectUri: string,
  ): Promise<TrialSignIn> {
    const deps = this.#ownLane();
    const relyingParty = this.#relyingParty(deps);
    let completed: CompletedSignIn | undefined;
    const signIn = await check(
      'sign_in',
      async () => {
        completed = await relyingParty.completeSignIn(party, parameters, expected);
        return 'The code was redeemed, and the ID Token passed every check';
      },
      async (error) =>
        (await this.#isPinned(party, error, deps)) ? { cause: 'key_pinned' as const } : undefined,
    );
    if (completed === undefined) return { checks: [signIn], completed };
    const { idToken } = completed.identity;
    const signOut = await signOutCheck(relyingParty, party, { idToken, postLogoutRedirectUri }, deps);
    return { checks: [signIn, ...signInChecks(party.connection, completed), signOut], completed };
  }

  #ownLane(): TesterDeps & { readonly lane: string } {
    return { ...this.#deps, lane: `test-${this.#deps.ids.secret(9)}` };
  }

  #relyingParty(deps: TesterDeps & { readonly lane: string }): RelyingParty {
    return createRelyingParty({ ...deps, keySets: FORGETFUL });
  }

  /** Okta lists the key of a client that is pinned to one only for that client. */
  async #isPinned(
    party: UpstreamParty,
    { reason, facts }: UpstreamError,
    deps: TesterDeps & { readonly lane: string },
  ): Promise<boolean> {
    const { connection } = party;
    if (connection.type !== 'okta' || reason !== 'key_unknown' || facts.keyId === undefined) return false;
    const { outbound, clock } = deps;
    const get = (url: string, step: 'discovery' | 'keys') =>
      getJson(url, { outbound, clock, lane: laneFor(party, deps), step });
    const own = await check('keys', async () => {
      const metadata: UpstreamMetadata = readMetadata(
        (await get(metadataUrl(connection.issuer), 'discovery')).json,
        connection,
      );
      const clientId = encodeURIComponent(connection.settings.clientId);
      const { json } = await get(`${metadata.jwks_uri}?client_id=${clientId}`, 'keys');
      return readKeySet(json).some(({ kid }) => kid === facts.keyId) ? 'pinned' : 'not';
    });
    return own.status === 'passed' && own.seen === 'pinned';
  }
}
