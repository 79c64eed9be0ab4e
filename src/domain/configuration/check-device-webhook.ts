import { webhookKey } from '../application/webhook-secret.js';
import type { TargetApplication } from './target.js';
import type { TenantCheck } from './tenant-check.js';

/** What is wrong in how an application wants to be told of devices. Nothing that it says repeats the secret. */
export function checkDeviceWebhook(
  { list }: TenantCheck,
  application: TargetApplication,
  path: string,
): void {
  const { settings, deviceWebhookSecret: secret } = application;
  if (settings.deviceWebhookUri !== null && !settings.grantTypes.includes('device_code'))
    list.add(`${path}.deviceWebhookUri`, 'needs the grant device_code: nothing else is told there');
  if (secret === undefined) return;
  if (settings.deviceWebhookUri === null)
    list.add(`${path}.deviceWebhookSecret`, 'is for a deviceWebhookUri, and there is none');
  if (webhookKey(secret) === undefined)
    list.add(`${path}.deviceWebhookSecret`, "must be 'whsec_' and 24 to 64 bytes in base64, or be left out");
}
