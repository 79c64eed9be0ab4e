import { plainText } from '../../../core/text.js';
import type { Connection } from '../connection.js';
import type { SetUpCause } from '../diagnosis/cause.js';
import { normalizeIssuer, type IssuerCorrection } from '../issuer.js';
import type { Check } from './check.js';

const CAUSES: Readonly<Partial<Record<IssuerCorrection, SetUpCause>>> = {
  admin_host: 'admin_host',
  wellknown_suffix: 'wellknown_suffix',
  endpoint_suffix: 'address_shortened',
  page_path: 'address_shortened',
  trailing_slash: 'trailing_slash',
};

/** What became of the address that an admin typed: what was put right in it, or why it can't be the connection's. */
export function checkAddress(
  typed: string,
  { type, issuer }: Pick<Connection, 'type' | 'issuer'>,
  rules: { readonly allowHttpLoopback: boolean },
): Check {
  const shown = plainText(typed, 200);
  const read = normalizeIssuer(typed, { type, ...rules });
  if ('fault' in read) {
    const cause = read.fault === 'http' ? 'http' : 'metadata_invalid';
    return { id: 'address', status: 'failed', seen: `${shown} can't be an issuer (${read.fault})`, cause };
  }
  if (read.issuer !== issuer)
    return {
      id: 'address',
      status: 'warning',
      seen: `${shown} means ${read.issuer}; the connection has ${issuer}`,
      cause: 'issuer_mismatch',
      facts: { issuer: read.issuer },
    };
  const [cause] = read.corrections.flatMap((correction) => CAUSES[correction] ?? []);
  if (cause === undefined) return { id: 'address', status: 'passed', seen: `${issuer} was taken as it is` };
  return {
    id: 'address',
    status: 'passed',
    seen: `${shown} was changed to ${issuer}`,
    cause,
    facts: { corrections: read.corrections.join(' ') },
  };
}
