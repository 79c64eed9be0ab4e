import type { App } from './apps.js';
import type { Factor, User } from './people.js';
import type { AuthorizeRequest, SsoSession } from './sessions.js';

/**
 * The levels that Okta knows, and what each needs beside a password. Others are ignored, without an error.
 */
const LEVELS: Readonly<Record<string, (user: User) => Factor[] | 'nothing' | 'impossible'>> = {
  'urn:okta:loa:1fa:any': () => 'nothing',
  'urn:okta:loa:1fa:pwd': () => 'nothing',
  'urn:okta:loa:2fa:any': ({ factors }) => (factors.length > 0 ? factors : 'impossible'),
  'urn:okta:loa:2fa:any:ifpossible': ({ factors }) => (factors.length > 0 ? factors : 'nothing'),
  phr: ({ factors }) => (factors.includes('webauthn') ? ['webauthn'] : 'impossible'),
  phrh: ({ factors }) => (factors.includes('webauthn') ? ['webauthn'] : 'impossible'),
};

/** What a sign-in has to prove, for one person. */
interface Assurance {
  /** The level to say in `acr`; nothing when none was asked for. */
  readonly acr: string | undefined;
  /** Any one of these suffices; empty: a password does. */
  readonly factors: readonly Factor[];
}

/**
 * Which level this person will be held to: the first of those asked for that they can reach, and never less
 * than the app's own policy.
 * @returns `unmet` when they can reach none
 */
export function assuranceFor(
  app: App,
  request: AuthorizeRequest | undefined,
  user: User,
): Assurance | 'unmet' {
  const policy: Assurance | 'unmet' =
    app.signOnPolicy !== '2fa'
      ? { acr: undefined, factors: [] }
      : user.factors.length === 0
        ? 'unmet'
        : { acr: 'urn:okta:loa:2fa:any', factors: user.factors };
  if (policy === 'unmet') return 'unmet';
  const asked = (request?.acrValues ?? []).filter((level) => level in LEVELS);
  if (asked.length === 0) return policy;
  for (const acr of asked) {
    const needs = LEVELS[acr]?.(user) ?? 'impossible';
    if (needs !== 'impossible') return { acr, factors: needs === 'nothing' ? policy.factors : needs };
  }
  return 'unmet';
}

/** Whether what was proved so far reaches the level. */
export function satisfies(proved: ReadonlySet<'pwd' | Factor>, { factors }: Assurance): boolean {
  return proved.has('pwd') && (factors.length === 0 || factors.some((factor) => proved.has(factor)));
}

const AMR: Readonly<Record<Factor, readonly string[]>> = { otp: ['otp'], webauthn: ['hwk'] };

/** `amr` of a session: RFC 8176 names, in Okta's spelling. */
export function amrOf({ factors, idp }: SsoSession, orgId: string): string[] {
  const second = [...factors].filter((factor): factor is Factor => factor !== 'pwd');
  return [
    idp === orgId ? 'pwd' : 'fed',
    ...(second.length > 0 ? ['mfa'] : []),
    ...new Set(second.flatMap((factor) => AMR[factor])),
  ];
}
