import { memberOf } from './record.js';

/** What an ID Token says of how the person signed in. */
export interface Assurance {
  readonly acr: string | undefined;
  readonly amr: readonly string[] | undefined;
}

/**
 * Factor classes of `amr` values (RFC 8176, IANA registry, Okta's own names). What isn't a factor of its own, such as
 * `mfa`, `user`, `geo`, `rba` or `wia`, is in no class.
 */
const FACTOR_CLASS: Readonly<Record<string, 'knowledge' | 'possession' | 'inherence'>> = {
  kba: 'knowledge',
  pin: 'knowledge',
  pwd: 'knowledge',
  duo: 'possession',
  email: 'possession',
  fed: 'possession',
  google_otp: 'possession',
  hwk: 'possession',
  oauth_otp: 'possession',
  okta_verify: 'possession',
  otp: 'possession',
  phr: 'possession',
  phrh: 'possession',
  pop: 'possession',
  rsa: 'possession',
  sc: 'possession',
  sms: 'possession',
  swk: 'possession',
  symantec: 'possession',
  tel: 'possession',
  yubikey: 'possession',
  face: 'inherence',
  fpt: 'inherence',
  iris: 'inherence',
  retina: 'inherence',
  vbm: 'inherence',
};

type Proof = (has: (method: string) => boolean, amr: readonly string[]) => boolean;

const twoFactors: Proof = (has, amr) =>
  has('mfa') || new Set(amr.flatMap((method) => memberOf(FACTOR_CLASS, method) ?? [])).size >= 2;

/**
 * What proves a class that was asked for but isn't named in `acr`. Okta ignores values that an org doesn't support and
 * then names another class or none, so the request proves nothing. A key alone (`swk`, `hwk`) doesn't prove resistance to
 * phishing: a push notification is signed with one too. `pop` is what Okta writes for WebAuthn, `phr` for FastPass.
 */
const PROOF: Readonly<Record<string, Proof>> = {
  'urn:okta:loa:1fa:any': () => true,
  'urn:okta:loa:2fa:any:ifpossible': () => true,
  'urn:okta:loa:1fa:pwd': (has) => has('pwd'),
  'urn:okta:loa:2fa:any': twoFactors,
  phr: (has) => has('phr') || has('phrh') || has('pop'),
  phrh: (has) => has('phrh') || (has('hwk') && (has('phr') || has('pop'))),
};

/** Classes that another class includes. */
const INCLUDES: Readonly<Record<string, readonly string[]>> = { phrh: ['phr'] };

/**
 * Whether one of the classes asked for was reached: `acr` names it or one that includes it, or `amr` proves it.
 * Nothing asked: always. A class that isn't Okta's or EAP's is met by its name alone.
 */
export function meetsAssurance(asked: readonly string[], { acr, amr = [] }: Assurance): boolean {
  if (asked.length === 0) return true;
  const has = (method: string): boolean => amr.includes(method);
  return asked.some((value) => {
    if (acr === value || (acr !== undefined && memberOf(INCLUDES, acr)?.includes(value) === true))
      return true;
    return memberOf(PROOF, value)?.(has, amr) === true;
  });
}

/**
 * The classes to ask for when an application's demand meets the connection's own: those that satisfy both, so that the
 * upstream, which picks one, can't pick too little. Where no class is known to, the application's come first.
 */
export function classesToAsk(demanded: readonly string[], always: readonly string[]): readonly string[] {
  const all = [...new Set([...demanded, ...always])];
  const both = all.filter((acr) =>
    [demanded, always].every((asked) => meetsAssurance(asked, { acr, amr: undefined })),
  );
  return both.length > 0 ? both : all;
}
