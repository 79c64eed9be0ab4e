import type { Router } from '@koa/router';
import type { Endpoint } from '../failures/types.js';
import { factsOf, requestOrigin, type Ctx, type OktaState } from './context.js';

type Handler = (ctx: Ctx) => void | Promise<void>;

/**
 * Okta doesn't limit these (and benchmarks must not be slowed by a limit of the others, which only show
 * headers).
 */
const UNLIMITED: readonly Endpoint[] = ['discovery', 'keys'];

const SHOWN_LIMIT = 2_000;

/**
 * Declares an endpoint that relying parties call. It answers as its handler says, unless a failure that is
 * set for it refuses the request or spoils the answer.
 */
export function endpoint(
  router: Router<OktaState>,
  methods: readonly string[],
  paths: readonly string[],
  name: Endpoint,
  handler: Handler,
): void {
  const guarded: Handler = async (ctx) => {
    const { org, record } = ctx.state;
    record.endpoint = name;
    if (!UNLIMITED.includes(name)) {
      ctx.set('X-Rate-Limit-Limit', String(SHOWN_LIMIT));
      ctx.set('X-Rate-Limit-Remaining', String(SHOWN_LIMIT - 1));
      ctx.set('X-Rate-Limit-Reset', String(org.clock.now() + 60));
    }
    let run = async (): Promise<void> => {
      for (const { id, effect, value } of org.failures.take('refusal', name)) {
        record.failures.push(id);
        throw effect.error(factsOf(ctx, { issuer: requestOrigin(ctx), value }));
      }
      await handler(ctx);
    };
    for (const { id, effect, value } of org.failures.take('answer', name)) {
      record.failures.push(id);
      const inner = run;
      run = () => effect.answer(ctx, inner, value);
    }
    await run();
  };
  for (const path of paths) router.register(path, [...methods], (ctx) => guarded(ctx));
}

/** The two addresses of an endpoint: at the org's own authorization server and at the custom ones. */
export function atServers(path: string): string[] {
  return [`/oauth2/v1${path}`, `/oauth2/:serverId/v1${path}`];
}
