import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * An interaction that got its answer in the request that is being served, from the browser that it belongs to. `kept` is
 * what `uid` names.
 */
export interface AnsweredHere {
  readonly uid: string;
  readonly kept: Artifact;
}

const answered = new WeakMap<IncomingMessage, AnsweredHere>();

/** Says so of a request, before the provider gets it. The caller has made sure whose browser it is. */
export function markAnswered(req: IncomingMessage, answer: AnsweredHere): void {
  answered.set(req, answer);
}

/**
 * Lets the provider go on with what was answered in this request: the library's own cookie goes to another address, so
 * the browser doesn't send it here; and what was read with the answer needn't be read again.
 */
export function takeAnswered(ctx: Context, provider: Provider, unit: UnitOfWork): void {
  const answer = answered.get(ctx.req);
  if (answer === undefined) return;
  unit.know(answer.kept);
  const { cookies } = ctx;
  const name = provider.cookieName('resume');
  const get = cookies.get.bind(cookies);
  cookies.get = (asked, options) => (asked === name ? answer.uid : get(asked, options));
}
