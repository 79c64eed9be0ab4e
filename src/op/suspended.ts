import type { Context } from 'koa';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> | '';
}

const reason = 'tenant_suspended';

/** What is good for an application while its tenant is suspended: nothing, in the words of each endpoint. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  // RFC 6749 section 5.2
  token: { status: 400, body: { error: 'invalid_grant', error_description: reason } },
  // RFC 9126 section 2.3
  par: { status: 400, body: { error: 'access_denied', error_description: reason } },
  // RFC 8628 section 3.2
  device_authorize: { status: 400, body: { error: 'access_denied', error_description: reason } },
  // RFC 6750 section 3.1
  userinfo: { status: 401, body: { error: 'invalid_token', error_description: reason } },
  // RFC 7591 section 3, RFC 7592 section 2
  clients: { status: 401, body: { error: 'invalid_token', error_description: reason } },
  client: { status: 401, body: { error: 'invalid_token', error_description: reason } },
  // RFC 7662 section 2.2
  introspect: { status: 200, body: { active: false } },
  // RFC 7009 section 2.2: whatever it was, it is no longer good
  revoke: { status: 200, body: '' },
  // Back-Channel Logout 1.0 section 2.8: from an upstream; every session here has ended with the suspension
  backchannel_logout: { status: 400, body: { error: 'invalid_request', error_description: reason } },
};

/**
 * Answers an application's own request at a suspended tenant.
 * @returns false for addresses that people's browsers open
 */
export function answerSuspended(ctx: Context, route: string | undefined): boolean {
  const answer = route === undefined ? undefined : ANSWERS[route];
  if (answer === undefined) return false;
  ctx.status = answer.status;
  ctx.set('Cache-Control', 'no-store');
  if (answer.status === 401)
    ctx.set('WWW-Authenticate', `Bearer error="invalid_token", error_description="${reason}"`);
  ctx.body = answer.body;
  return true;
}
