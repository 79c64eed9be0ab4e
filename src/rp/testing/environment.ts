import type { Connection } from '../../domain/connection/connection.js';
import { OutboundError } from '../../outbound/error.js';
import type { UpstreamError } from '../causes.js';

/** Where Okta gives orgs their hosts: the same name may be an org of its own at each. */
const SUFFIXES = ['okta.com', 'oktapreview.com', 'okta-emea.com'] as const;

/**
 * Whether there may be no Okta org at all at an address that didn't answer as one: the name is unknown, or Okta says that
 * there is nothing. Other environments are only suggested, never asked: they may be somebody else's.
 */
export function missingOrg(
  error: UpstreamError,
  { type, issuer }: Pick<Connection, 'type' | 'issuer'>,
): { readonly suggestions: string } | undefined {
  if (type !== 'okta' || new URL(issuer).pathname !== '/') return undefined;
  const isUnknownName = error.cause instanceof OutboundError && error.cause.reason === 'dns';
  if (!isUnknownName && error.facts.status !== '404') return undefined;
  return { suggestions: otherEnvironments(new URL(issuer).hostname).join(' ') };
}

function otherEnvironments(host: string): readonly string[] {
  const suffix = SUFFIXES.find((known) => host.endsWith(`.${known}`));
  if (suffix === undefined) return [];
  const name = host.slice(0, -suffix.length - 1);
  return SUFFIXES.filter((other) => other !== suffix).map((other) => `${name}.${other}`);
}
