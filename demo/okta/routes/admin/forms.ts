import { HostedError } from '../../errors.js';
import { requestOrigin, type BaseCtx, type Ctx } from '../../http/context.js';

/** A field of the posted form, trimmed; empty when it wasn't sent. */
export function text(ctx: Ctx, name: string): string {
  return (ctx.state.form.get(name) ?? '').trim();
}

/** A field that must be filled in. @throws HostedError */
export function required(ctx: Ctx, name: string): string {
  const value = text(ctx, name);
  if (value === '') throw new HostedError(400, 'Something is missing', `Fill in “${name}”.`);
  return value;
}

export function checked(ctx: Ctx, name: string): boolean {
  return ctx.state.form.has(name);
}

/** One value a line. */
export function lines(ctx: Ctx, name: string): string[] {
  return (ctx.state.form.get(name) ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** One of the values that a select offers. @throws HostedError for any other */
export function oneOf<T extends string>(ctx: Ctx, name: string, values: readonly T[]): T {
  const value = text(ctx, name);
  const found = values.find((candidate) => candidate === value);
  if (found === undefined) throw new HostedError(400, 'That is no choice', `“${value}” is no ${name}.`);
  return found;
}

/**
 * The control pages act only for their own forms: another site's page in the same browser can't press a
 * button here.
 */
export function refuseForeignForm(ctx: BaseCtx): void {
  const origin = ctx.get('Origin');
  const own = [requestOrigin(ctx), `http://${ctx.get('Host')}`];
  if (origin !== '' && !own.includes(origin)) {
    throw new HostedError(403, 'Access Denied', 'This form was sent from another site.');
  }
}

/** What the org itself refuses (a name that is taken) becomes a page that says so. */
export function attempt<T>(change: () => T): T {
  try {
    return change();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof HostedError) throw error;
    throw new HostedError(400, "That can't be done", error.message);
  }
}
