import type { Context } from 'koa';
import { errors, type Provider } from 'oidc-provider';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { OpDeps } from './deps.js';
import { pendingInteraction, type InteractionAnswer, type PendingInteraction } from './interactions.js';
import type { ProviderCache } from './provider-cache.js';
import { UnitOfWork } from './unit-of-work.js';
import { waitingDevice, type WaitingDevice } from './waiting-device.js';

/** An interaction of this browser's, opened by its cookie: read, and answered once. */
export class OpenInteraction {
  readonly #ctx: Context;
  readonly #provider: Provider;
  readonly #unit: UnitOfWork;
  #deviceCode: string | undefined;

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

  /** What waits for the person; undefined when the cookie is another browser's, or the interaction has expired. */
  async find(): Promise<PendingInteraction | undefined> {
    try {
      const interaction = await this.#unit.run(() =>
        this.#provider.interactionDetails(this.#ctx.req, this.#ctx.res),
      );
      this.#deviceCode = interaction.deviceCode;
      return interaction.uid === this.uid ? pendingInteraction(interaction) : undefined;
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return undefined;
      throw error;
    }
  }

  /** The interaction as it is kept, to be answered in another transaction than its own. */
  kept(): Promise<Artifact | undefined> {
    return this.#unit.run(() => this.#unit.loaded('Interaction', this.uid));
  }

  /** The device that waits for its person; undefined when the interaction is for none, or it waits no more. */
  device(): Promise<WaitingDevice | undefined> {
    return this.#unit.run(() => waitingDevice(this.#provider, this.#deviceCode));
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
