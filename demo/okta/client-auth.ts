import { timingSafeEqual } from 'node:crypto';
import type { App } from './apps.js';
import { clientOfAssertion, verifyAssertion } from './client-assertion.js';
import { OAuthError, unknownClient } from './errors.js';
import { invokedUrl, type Ctx } from './http/context.js';
import type { OktaOrg } from './org.js';

interface BasicCredentials {
  readonly clientId: string;
  readonly secret: string;
}

/** What an Authorization header says, as it stands (not form-decoded). */
function basicCredentials(header: string): BasicCredentials | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { clientId: text.slice(0, colon), secret: text.slice(colon + 1) };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // Not form-encoded, then: what came is what was meant.
    return text;
  }
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function checkSecret(org: OktaOrg, app: App, candidates: readonly string[]): void {
  if (app.authMethod === 'none' || app.authMethod.endsWith('_jwt')) {
    throw new OAuthError(401, 'invalid_client', org.say('authentication_failed'));
  }
  const active = app.secrets.filter(({ status }) => status === 'ACTIVE');
  const right = active.some(({ value }) => candidates.some((candidate) => equal(candidate, value)));
  if (!right) throw new OAuthError(401, 'invalid_client', org.say('bad_secret'));
}

function knownApp(org: OktaOrg, clientId: string | null | undefined, alternative?: string): App {
  const app = org.findApp(clientId) ?? org.findApp(alternative);
  if (app === undefined || app.status !== 'ACTIVE') throw unknownClient(401);
  return app;
}

/**
 * The app that a request to a token, PAR, introspection or revocation endpoint proves to be, by a secret in
 * the header or the body, or by a signed assertion: one of them, never two (Okta refuses Basic and body
 * together even when equal).
 * @throws OAuthError, or ApiError for a client_id that no app has
 */
export async function authenticateClient(ctx: Ctx): Promise<App> {
  const { org, form } = ctx.state;
  const basic = basicCredentials(ctx.get('Authorization'));
  const secret = form.get('client_secret');
  const assertion = form.get('client_assertion');
  const credentials = [basic, secret, assertion].filter((one) => one !== undefined && one !== null);
  if (credentials.length > 1) throw new OAuthError(400, 'invalid_request', org.say('multiple_credentials'));

  if (assertion !== null) {
    const app = knownApp(org, form.get('client_id') ?? clientOfAssertion(org, form, assertion));
    await verifyAssertion({
      org,
      app,
      assertion,
      type: form.get('client_assertion_type'),
      audience: invokedUrl(ctx),
    });
    return app;
  }
  if (basic !== undefined) {
    const lenient = org.settings.basicCredentials === 'either';
    const app = knownApp(org, basic.clientId, lenient ? formDecoded(basic.clientId) : undefined);
    checkSecret(org, app, lenient ? [basic.secret, formDecoded(basic.secret)] : [basic.secret]);
    return app;
  }
  const clientId = form.get('client_id');
  if (clientId === null) throw new OAuthError(401, 'invalid_client', org.say('no_credentials'));
  const app = knownApp(org, clientId);
  if (secret !== null) checkSecret(org, app, [secret]);
  else if (app.authMethod !== 'none') throw new OAuthError(401, 'invalid_client', org.say('no_credentials'));
  return app;
}
