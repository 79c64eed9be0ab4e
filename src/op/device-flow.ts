import {
  errors,
  interactionPolicy,
  Provider,
  type Configuration,
  type DeviceCode,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import { plainText } from '../core/text.js';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import { clientNetwork } from '../http/client-network.js';
import type { TenantContext } from '../http/tenant-context.js';
import { deviceRecord } from './device-audit.js';
import { isAnswered } from './device-code-adapter.js';
import type { OpDeps } from './deps.js';
import { showCodeForm, showDeviceNotice } from './device-pages.js';
import { DEVICE_CODE_KNOWN_SECONDS } from './lifetimes.js';
import { artifactHash } from './artifact-names.js';
import { UnitOfWork } from './unit-of-work.js';

/** The grant's name at the token endpoint (RFC 8628 section 3.4). */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
/** The pages of a device's person; everything that they do is bound to an interaction of their browser. */
const PERSON_ROUTES: ReadonlySet<string> = new Set(['code_verification', 'device_resume']);

/** Told to devices: how long to wait between two polls, in seconds (RFC 8628 section 3.2). */
const INTERVAL_SECONDS = 5;
/** What is enforced of it: a second less, for polls that take longer on their way than those before. */
const POLL_SECONDS_MIN = INTERVAL_SECONDS - 1;
const REFERENCE_CHARS_MAX = 200;

const USER_CODE = /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/;
const TRY_WINDOW_SECONDS = 60;
/** Wrong codes in a window: of one address (RFC 8628 section 5.1), of one person, of everybody who isn't signed in. */
const TRIES_MAX = { address: 5, person: 10, strangers: 100 } as const;

/** A person's try too many at the page that asks for a code. */
export class TooManyTries extends errors.OIDCProviderError {
  readonly retryAfterSeconds = TRY_WINDOW_SECONDS;
  constructor() {
    super(429, 'slow_down');
    this.error_description = 'too many codes were tried';
    this.expose = true;
  }
}

/** Whether a request is one of a device's person. */
export const isDevicePage = (ctx: KoaContextWithOIDC): boolean => PERSON_ROUTES.has(ctx.oidc.route);

/** The library's device flow: 20 letters without vowels, eight of them, 34 bits (RFC 8628 section 6.1). */
export function deviceFlow(
  tenant: TenantContext,
  deps: OpDeps,
  enabled: boolean,
): NonNullable<Configuration['features']>['deviceFlow'] {
  return {
    enabled,
    charset: 'base-20',
    mask: '****-****',
    deviceInfo: (ctx) => {
      const { ip, userAgent } = deps.originOf(ctx);
      return { ip, userAgent };
    },
    userCodeInputSource: (ctx, _form, out, error) => showCodeForm(ctx, { out, error }, tenant, deps),
    // What our form sends is the wish to go on; the question that counts is asked once it is known who answers.
    userCodeConfirmSource: (ctx) => showCodeForm(ctx, {}, tenant, deps),
    successSource: (ctx) => showDeviceNotice(ctx, 'done', tenant, deps),
  };
}

/**
 * `device_reference`: what the device calls itself, told to its person, to audit and to nobody else.
 * @throws InvalidRequest when it is longer than 200 characters or holds control characters
 */
export function checkDeviceReference(_ctx: KoaContextWithOIDC, reference: string | undefined): void {
  if (reference !== undefined && plainText(reference, REFERENCE_CHARS_MAX) !== reference)
    throw new errors.InvalidRequest(
      `device_reference must be text of at most ${REFERENCE_CHARS_MAX} characters without control characters`,
    );
}

const { Check, Prompt } = interactionPolicy;

/** Each device is confirmed by the person who is signed in, however long they have been (RFC 8628 section 5.4). */
export function devicePrompt(): interactionPolicy.Prompt {
  return new Prompt(
    { name: 'device', requestable: false },
    new Check('device_unconfirmed', 'the person has not confirmed the device', 'access_denied', (ctx) => {
      const { result, session } = ctx.oidc;
      const confirmed = (result as { readonly device?: { readonly confirmedBy?: string } } | undefined)
        ?.device;
      return isDevicePage(ctx) && (confirmed === undefined || confirmed.confirmedBy !== session?.accountId)
        ? Check.REQUEST_PROMPT
        : Check.NO_NEED_TO_PROMPT;
    }),
  );
}

/** Wires what the library leaves out: the interval, limits for guessing, audit. */
export function attachDeviceFlow(provider: Provider, tenant: TenantContext, deps: OpDeps): void {
  provider.on('device_authorization.success', (_ctx, body) => {
    Object.assign(body, { interval: INTERVAL_SECONDS });
  });
  provider.on('device_code.saved', (code) => {
    if (code.error === 'access_denied' && Provider.ctx !== undefined) recordDenial(Provider.ctx, code, deps);
  });
  provider.on('authorization.success', (ctx) => {
    const code = ctx.oidc.entities.DeviceCode;
    if (code === undefined) return;
    UnitOfWork.current.audit(deviceRecord(ctx, { action: 'device.approved', code }, deps));
  });
  const find = provider.DeviceCode.findByUserCode.bind(provider.DeviceCode);
  Object.defineProperty(provider.DeviceCode, 'findByUserCode', {
    value: (userCode: string, options?: { readonly ignoreExpiration?: boolean }) =>
      findGuarded(userCode, () => find(userCode, options), tenant, deps),
  });
}

/**
 * Looks a code up, against a limit. The try is counted before, so that many at once can't slip by, and forgiven when the
 * code was right. Whoever is signed in has a limit of their own, so that strangers can't lock them out.
 * @throws TooManyTries
 */
async function findGuarded(
  userCode: string,
  find: () => Promise<DeviceCode | undefined>,
  tenant: TenantContext,
  deps: OpDeps,
): Promise<DeviceCode | undefined> {
  const { ctx } = Provider;
  // What can't be a code is a slip of the fingers, and tells nothing about those that are.
  if (ctx === undefined || !USER_CODE.test(userCode)) return undefined;
  const accountId = ctx.oidc.session?.accountId;
  const limits: readonly (readonly [name: string, max: number])[] = [
    [`address:${clientNetwork(deps.originOf(ctx).ip)}`, TRIES_MAX.address],
    accountId === undefined ? ['strangers', TRIES_MAX.strangers] : [`user:${accountId}`, TRIES_MAX.person],
  ];
  const names = limits.map(([name]) => artifactHash('Tries', `device:${name}`));
  const counts = await deps.tries.count(tenant.id, names, TRY_WINDOW_SECONDS);
  const over = limits.findIndex(([, max], index) => (counts[index] ?? 0) > max);
  if (over >= 0) {
    // Once in a window: the first one that is too many.
    const [name = '', max = 0] = limits[over] ?? [];
    const details = { limit: name.replace(/:.*/, '') };
    if (counts[over] === max + 1)
      UnitOfWork.current.audit(deviceRecord(ctx, { action: 'device.tries_exceeded', details }, deps));
    throw new TooManyTries();
  }
  const code = await find();
  if (code !== undefined) await deps.tries.forgive(tenant.id, names);
  return code;
}

/**
 * Holds back a device that polls too fast while nobody has answered it (RFC 8628 section 3.5): the last poll that was
 * heard is kept in the database, so that it counts at every node. Costs one flush; an answer that is there costs none.
 * @throws SlowDown
 */
export async function holdBackPolls({ hash, payload, remainingSeconds }: Artifact): Promise<void> {
  if (isAnswered(payload) || remainingSeconds <= DEVICE_CODE_KNOWN_SECONDS) return;
  const { store, tenant } = UnitOfWork.current;
  const kind = 'DevicePoll';
  const mark = {
    hash: artifactHash(kind, hash.toString('base64url')),
    kind,
    lifetimeSeconds: POLL_SECONDS_MIN,
  };
  if (!(await store.claim(tenant.id, mark))) throw new errors.SlowDown();
}

/** Tells a device no, when its person may not use the application: nobody has to press anything for that (B13). */
export async function denyRefusedDevice(ctx: KoaContextWithOIDC, deps: OpDeps): Promise<void> {
  const { DeviceCode: code, Interaction: interaction } = ctx.oidc.entities;
  if (code === undefined || interaction?.prompt.name !== 'refused') return;
  code.error = 'access_denied';
  code.errorDescription = interaction.prompt.reasons[0] ?? 'not_assigned';
  await code.save();
  recordDenial(ctx, code, deps);
}

function recordDenial(ctx: KoaContextWithOIDC, code: DeviceCode, deps: OpDeps): void {
  // The library's own sentences are no reason codes.
  const told = code.errorDescription ?? '';
  const reason = /^[a-z_]+$/.test(told) ? told : 'access_denied';
  UnitOfWork.current.audit(deviceRecord(ctx, { action: 'device.denied', code, reason }, deps));
}
