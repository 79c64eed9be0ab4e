import type { UpstreamPerson } from '../domain/sign-in/upstream-identity.js';
import { UpstreamError } from './causes.js';
import type { UpstreamStep } from './causes.js';
import { accessTokenClaims, gatherClaims } from './claim-sources.js';
import type { SignInNote } from './claim-sources.js';
import { verifyIdToken } from './id-token.js';
import type { TokenSource } from './id-token.js';
import type { Claims } from './profile.js';
import type { RefreshExchanged } from './refresh-exchange.js';
import { toPerson } from './upstream-person.js';

/** Whom the upstream is asked about again (A19). */
export interface RevalidationRequest {
  readonly refreshToken: string;
  /** The subject to whom it was given. */
  readonly subject: string;
}

/** What the upstream says of a person in between two sign-ins. */
export type Revalidation = {
  /** The refresh token that takes the place of the one that was used; undefined: that one stays. */
  readonly refreshToken: string | undefined;
} & (
  | { readonly kind: 'confirmed'; readonly person: UpstreamPerson; readonly notes: readonly SignInNote[] }
  /** The person, what they were assigned, or the refresh token itself is no more. */
  | { readonly kind: 'refused'; readonly error: UpstreamError }
  /** The answer is about another subject or from another issuer: nothing honest does that (OpenID Connect Core 12.2). */
  | { readonly kind: 'someone_else'; readonly error: UpstreamError }
  /** No answer, or none that says anything about the person: they may or may not have access. */
  | { readonly kind: 'unknown'; readonly error: UpstreamError }
);

/** An answer that is about somebody else. */
export class SomeoneElseError extends Error {
  override readonly name = 'SomeoneElseError';

  constructor(readonly refused: UpstreamError) {
    super(refused.message);
  }
}

export interface RefreshedSources {
  readonly source: TokenSource;
  /** What userinfo says, whoever that is about; undefined when it can't be asked. */
  readonly askUserinfo: () => Promise<Claims | undefined>;
}

/**
 * Whom the answer to a refresh is about, and what it says of them: by its ID Token, or by userinfo where none came.
 * @throws SomeoneElseError when it isn't about the subject, or comes from another issuer
 * @throws UpstreamError
 */
export async function verifyRefreshed(
  tokens: Extract<RefreshExchanged, { kind: 'refreshed' }>,
  subject: string,
  { source, askUserinfo }: RefreshedSources,
): Promise<{ readonly person: UpstreamPerson; readonly notes: readonly SignInNote[] }> {
  const { idToken, accessToken } = tokens;
  const claims = idToken === undefined ? {} : await verifyRefreshedIdToken(idToken, accessToken, source);
  if (tokens.objection !== undefined) throw tokens.objection;
  if (idToken !== undefined && claims['sub'] !== subject)
    throw someoneElse('id_token', 'The ID Token of a refresh is about another subject than the sign-in');
  const userinfo = async (): Promise<Claims> => {
    const told = await askUserinfo();
    if (told !== undefined) checkSubject(told, subject);
    return told ?? {};
  };
  const asked = idToken === undefined ? await userinfo() : undefined;
  if (asked !== undefined && asked['sub'] === undefined)
    throw new UpstreamError(
      'response_invalid',
      'token',
      'The answer to a refresh does not say whom it is about',
    );
  const gathered = await gatherClaims(source.connection.settings, {
    idToken: claims,
    userinfo: () => (asked === undefined ? userinfo() : Promise.resolve(asked)),
    accessToken: () => accessTokenClaims(accessToken, subject, source),
  });
  return { person: toPerson(source.connection, subject, gathered), notes: gathered.notes };
}

/** What the sign-in asked for was met then; the rest of an ID Token's rules hold again (OpenID Connect Core 12.2). */
async function verifyRefreshedIdToken(
  idToken: string,
  accessToken: string | undefined,
  source: TokenSource,
): Promise<Claims> {
  const expected = { nonce: undefined, accessToken, maxAgeSeconds: undefined, acrDemands: [] };
  try {
    return await verifyIdToken(idToken, expected, source);
  } catch (error) {
    if (error instanceof UpstreamError && FOREIGN_ISSUER.has(error.reason)) throw new SomeoneElseError(error);
    throw error;
  }
}

const FOREIGN_ISSUER: ReadonlySet<string> = new Set(['issuer_mismatch', 'wrong_authorization_server']);

function checkSubject({ sub }: Claims, subject: string): void {
  if (sub === subject) return;
  const what = 'Userinfo speaks of another subject than the sign-in';
  if (typeof sub === 'string') throw someoneElse('userinfo', what);
  throw new UpstreamError('userinfo_mismatch', 'userinfo', what);
}

function someoneElse(step: UpstreamStep, what: string): SomeoneElseError {
  return new SomeoneElseError(
    new UpstreamError(step === 'userinfo' ? 'userinfo_mismatch' : 'token_invalid', step, what),
  );
}
