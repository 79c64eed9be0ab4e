import type { Provider } from 'oidc-provider';

/** A device that waits for its person, and what is known of it. */
export interface WaitingDevice {
  /** As the device shows it: `BCDF-GHJK`. */
  readonly userCode: string;
  /** Seconds since the epoch: when it asked. */
  readonly askedAt: number;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** What it calls itself (`device_reference`). */
  readonly reference: string | null;
}

/** Reads a device code that has no answer yet; undefined for all others. Within a unit of work. */
export async function waitingDevice(
  provider: Provider,
  deviceCode: string | undefined,
): Promise<WaitingDevice | undefined> {
  const code = deviceCode === undefined ? undefined : await provider.DeviceCode.find(deviceCode);
  if (code === undefined || code.accountId !== undefined || code.error !== undefined) return undefined;
  return {
    userCode: code.userCode.replace(/^(.{4})/, '$1-'),
    askedAt: code.iat,
    ip: textOrNull(code.deviceInfo?.['ip']),
    userAgent: textOrNull(code.deviceInfo?.['userAgent']),
    reference: textOrNull(code.params?.['device_reference']),
  };
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
