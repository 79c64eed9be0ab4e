import { epochSeconds } from '../core/clock.js';
import { resumeAddress } from '../op/interactions.js';
import { showPage } from '../op/page-frame.js';
import { DEVICE_FIELD, renderConfirmDevice } from '../pages/device/confirm-device.js';
import { renderDeviceNotice } from '../pages/device/device-notice.js';
import { renderContinue } from '../pages/sign-in/continue.js';
import { readOwnForm } from './form.js';
import { refuse } from './refusal.js';
import { frame, type Visit } from './visit.js';

/**
 * Asks the person who is signed in whether they started the sign-in on the device, and shows what is known of it: a code
 * that came by mail or telephone is somebody else's (RFC 8628 section 5.4).
 */
export async function showDevice(visit: Visit): Promise<void> {
  const { ctx, tenant, open, interaction, address, deps } = visit;
  const device = await open.device();
  if (device === undefined) return showGone(visit);
  const account =
    interaction.accountId === undefined
      ? undefined
      : await deps.artifacts.account(tenant.id, interaction.accountId);
  const html = renderConfirmDevice(frame(visit), {
    action: address,
    code: device.userCode,
    askedSecondsAgo: epochSeconds(deps.clock) - device.askedAt,
    ip: device.ip,
    userAgent: device.userAgent,
    reference: device.reference,
    signedInAs: account?.profile.email ?? account?.profile.userName,
    useAnotherHref: `${address}?another=1`,
  });
  showPage(ctx, 200, html);
}

/** Takes the answer. A yes is bound to the person who gave it; a no ends the device's wait. */
export async function answerDevice(visit: Visit): Promise<void> {
  const { ctx, tenant, open, interaction, deps } = visit;
  const form = await readOwnForm(ctx, tenant);
  const { accountId, clientId } = interaction;
  const decision = form.get(DEVICE_FIELD);
  if (accountId === undefined || (decision !== 'continue' && decision !== 'stop'))
    return refuse(ctx, tenant, { reason: 'bad_request', clientId }, deps);
  if (decision === 'stop') {
    await open.answer({ error: 'access_denied', error_description: 'stopped_by_person' });
    ctx.status = 303;
    // A page of our own: unlike a yes, a no never leads on to another host.
    ctx.redirect(resumeAddress(tenant, interaction));
    return;
  }
  if ((await open.device()) === undefined) return showGone(visit);
  const href = await open.answer({ device: { confirmedBy: accountId } });
  const targetName = tenant.application(clientId)?.name ?? tenant.configuration.tenant.name;
  showPage(ctx, 200, renderContinue(frame(visit), { targetName, href }));
}

function showGone(visit: Visit): void {
  const enterCodeHref = `${visit.tenant.issuer}/device`;
  showPage(visit.ctx, 400, renderDeviceNotice(frame(visit), { notice: 'gone', enterCodeHref }));
}
