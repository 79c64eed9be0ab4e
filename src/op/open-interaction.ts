import type { Context } from 'koa';
import { errors, type Interaction, type Provider } from 'oidc-provider';
import type { TenantContext } from '../http/tenant-context.js';
import type { OpDeps } from './deps.js';
import type { InteractionAnswer } from './interactions.js';
import type { ProviderCache } from './provider-cache.js';
import { UnitOfWork } from './unit-of-work.js';

/** An interaction of this browser's, opened by its cookie: read, and answered once. */
export class OpenInteraction {
  readonly #ctx: Context;
  readonly #provider: Provider;
  readonly #unit: UnitOfWork;

  constructor(
    ctx: Context,
    tenant: TenantContext,
    readonly uid: string,
    providers: ProviderCache,
    artifacts: OpDeps['artifacts'],
  ) {
    this.#ctx = ctx;
    this.#provider = providers.of(tenant).provider;
    this.#unit = new UnitOfWork(tenant, artifacts);
  }

  get hasCookie(): boolean {
    return this.#ctx.cookies.get(this.#provider.cookieName('interaction'), { signed: false }) !== undefined;
  }

  /** @throws SessionNotFound when the cookie is another browser's, or the interaction has expired */
  async find(): Promise<Interaction> {
    const interaction = await this.#unit.run(() =>
      this.#provider.interactionDetails(this.#ctx.req, this.#ctx.res),
    );
    if (interaction.uid !== this.uid)
      throw new errors.SessionNotFound('the cookie is of another interaction');
    return interaction;
  }

  /** Stores the answer and tells where the browser goes next. */
  async answer(answer: InteractionAnswer): Promise<string> {
    return this.#unit.run(async () => {
      const next = await this.#provider.interactionResult(this.#ctx.req, this.#ctx.res, answer);
      await this.#unit.commit();
      return next;
    });
  }
}
