import { errors, Provider, type DeviceCode, type KoaContextWithOIDC } from 'oidc-provider';
import type { Ids } from '../core/ids.js';
import type { CommitOutcome } from '../domain/artifact/artifact-store.js';
import { clientNetwork } from '../http/client-network.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { OpDeps } from './deps.js';
import { deviceRecord } from './device-audit.js';
import { artifactHash } from './artifact-names.js';
import { UnitOfWork } from './unit-of-work.js';

const WINDOW_SECONDS = 60;
/**
 * Codes in a window: for the devices of one network, and for all of a tenant. Anybody may ask for one in the name of a
 * public application; each is two rows for twenty minutes, and one more that a guess may hit.
 */
const CODES_MAX = { address: 60, tenant: 1_200 } as const;

/**
 * Too many codes were asked for. RFC 6749 section 5.2 has no error for that, and `invalid_request` would tell a device to
 * give up: `slow_down` is the one that devices know (RFC 8628 section 3.5), with the status and the header of HTTP
 * (RFC 6585 section 4).
 */
class TooManyCodes extends errors.OIDCProviderError {
  constructor() {
    super(429, 'slow_down');
    this.error_description = 'too many codes were asked for: wait before you ask again';
    this.expose = true;
  }
}

/** Counts each code before it is made, once it is known that its application may have one. */
export function limitDeviceCodes(provider: Provider, tenant: TenantContext, deps: OpDeps): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with the code that it is of
  const { save } = provider.DeviceCode.prototype;
  Object.defineProperty(provider.DeviceCode.prototype, 'save', {
    async value(this: DeviceCode): Promise<string> {
      const { ctx } = Provider;
      if (ctx?.oidc.route === 'device_authorization' && this.jti === undefined)
        await countCode(ctx, this, tenant, deps);
      return save.call(this);
    },
  });
}

/** @throws TooManyCodes */
async function countCode(
  ctx: KoaContextWithOIDC,
  code: DeviceCode,
  tenant: TenantContext,
  deps: OpDeps,
): Promise<void> {
  const names = [
    artifactHash('Tries', `device-code:address:${clientNetwork(deps.originOf(ctx).ip)}`),
    artifactHash('Tries', 'device-code:tenant'),
  ];
  const [address = 0, all = 0] = await deps.tries.count(tenant.id, names, WINDOW_SECONDS);
  const limit = address > CODES_MAX.address ? 'address' : all > CODES_MAX.tenant ? 'tenant' : undefined;
  if (limit === undefined) return;
  // Who is refused for their own address takes nothing of what others have.
  if (limit === 'address') await deps.tries.forgive(tenant.id, names.slice(1));
  // Once in a window: the first one that is too many.
  if ((limit === 'address' ? address : all) === CODES_MAX[limit] + 1)
    UnitOfWork.current.audit(
      deviceRecord(ctx, { action: 'device.requests_exceeded', code, details: { limit } }, deps),
    );
  ctx.set('Retry-After', String(WINDOW_SECONDS));
  throw new TooManyCodes();
}

const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;
/** Bytes from here on would make some letters likelier than others. */
const BYTES_END = 256 - (256 % LETTERS.length);
const CODES_TRIED_MAX = 3;

/** A user code like the library's: eight letters of twenty, each as likely as the other (RFC 8628 section 6.1). */
export function newUserCode(ids: Pick<Ids, 'secret'>): string {
  let letters = '';
  while (letters.length < LENGTH)
    for (const byte of Buffer.from(ids.secret(LENGTH * 2), 'base64url'))
      if (byte < BYTES_END && letters.length < LENGTH) letters += LETTERS.charAt(byte % LETTERS.length);
  return letters;
}

/**
 * Commits again with another user code, where a device that waits has the one that the library chose: two in a hundred
 * billion, but a fault of nobody's. The answer tells the code that was written, or to come again when several were taken.
 */
export async function commitWithAnotherCode(
  ctx: KoaContextWithOIDC,
  unit: UnitOfWork,
  deps: Pick<OpDeps, 'ids'>,
): Promise<CommitOutcome> {
  const { DeviceCode: code } = ctx.oidc.entities;
  if (code === undefined) throw new TypeError('no device code was made');
  const body = ctx.body as Record<string, unknown>;
  for (let tried = 0; tried < CODES_TRIED_MAX; tried += 1) {
    const userCode = newUserCode(deps.ids);
    Object.assign(code, { userCode });
    await code.save();
    const shown = `${userCode.slice(0, LENGTH / 2)}-${userCode.slice(LENGTH / 2)}`;
    const complete = new URL(String(body['verification_uri_complete']));
    complete.searchParams.set('user_code', shown);
    Object.assign(body, { user_code: shown, verification_uri_complete: complete.href });
    const outcome = await unit.commit();
    if (outcome !== 'collided') return outcome;
  }
  ctx.status = 503;
  ctx.set('Retry-After', '2');
  ctx.body = { error: 'temporarily_unavailable', error_description: 'no free user code was found' };
  return 'collided';
}
