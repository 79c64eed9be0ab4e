import type { KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import type { Context, Next } from 'koa';
import type { SigningKey } from '../keys.js';

/** The endpoints that a relying party calls, by the names that failures and the request log use. */
export const ENDPOINTS = [
  'discovery',
  'keys',
  'authorize',
  'par',
  'token',
  'userinfo',
  'introspect',
  'revoke',
  'logout',
  'groups',
] as const;

export type Endpoint = (typeof ENDPOINTS)[number];

export type Claims = Record<string, unknown>;

/** What an effect may know about the answer it spoils. */
export interface Facts {
  /** Seconds since the epoch, by the org's clock. */
  readonly now: number;
  readonly issuer: string;
  readonly clientId: string;
  /** The value that came with the failure, else the table's. */
  readonly value: string;
}

/** What a forged ID token may be made with. */
export interface SigningTools {
  readonly key: SigningKey;
  /** A key that the org never publishes. */
  readonly forger: KeyObject;
  readonly clientSecret: string | undefined;
}

/** Where a failure takes effect, and what it does there. */
export type Effect =
  | { readonly kind: 'claims'; readonly change: (claims: Claims, facts: Facts) => void }
  | {
      readonly kind: 'form';
      readonly write: (claims: Claims, tools: SigningTools, facts: Facts) => Promise<string>;
    }
  | { readonly kind: 'tokens'; readonly change: (body: Claims, facts: Facts) => void }
  | { readonly kind: 'userinfo'; readonly change: (body: Claims, facts: Facts) => void }
  | { readonly kind: 'metadata'; readonly change: (document: Claims, facts: Facts) => void }
  | { readonly kind: 'jwks'; readonly change: (keys: JWK[], facts: Facts) => JWK[] | Promise<JWK[]> }
  | { readonly kind: 'callback'; readonly change: (params: URLSearchParams, facts: Facts) => void }
  | { readonly kind: 'paging'; readonly change: (nextLink: string | undefined, facts: Facts) => string }
  | { readonly kind: 'refusal'; readonly endpoint: Endpoint; readonly error: (facts: Facts) => Error }
  | {
      readonly kind: 'answer';
      readonly endpoint: Endpoint;
      readonly answer: (ctx: Context, next: Next, value: string) => Promise<void>;
    }
  /** Somebody is in so many groups more; the value says who. */
  | { readonly kind: 'memberships'; readonly count: number }
  | { readonly kind: 'clock' };

export type EffectKind = Effect['kind'];

/** One way in which an org can go wrong. */
export interface Failure {
  /** Heading on the control page. */
  readonly group: string;
  /** What goes wrong, in a few words. */
  readonly title: string;
  /** What the relying party gets to see. */
  readonly detail: string;
  readonly effect: Effect;
  /** What `value` means for this failure, and what it is when none is given. */
  readonly value?: { readonly label: string; readonly default: string };
}
