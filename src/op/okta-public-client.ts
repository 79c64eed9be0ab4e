import type { IncomingHttpHeaders } from 'node:http';
import { CLIENT_ID } from '../domain/application/application.js';

const BASIC = /^basic ([A-Za-z0-9+/]+={0,2})$/i;

/**
 * Okta's library for browsers names its application in a Basic header without a secret when it revokes or introspects,
 * and Okta takes that (B2). RFC 6749 section 2.3.1 has a colon in every such header, so this can be nothing else: the
 * name is put where public applications have it, in the form. One that has a secret isn't let in by that.
 */
export function moveNameOfPublicClient(
  headers: IncomingHttpHeaders,
  params: { client_id?: string | undefined },
): void {
  const [, encoded] = BASIC.exec(headers.authorization ?? '') ?? [];
  const name = Buffer.from(encoded ?? '', 'base64').toString('utf8');
  if (!CLIENT_ID.test(name) || (params.client_id !== undefined && params.client_id !== name)) return;
  delete headers.authorization;
  params.client_id = name;
}
