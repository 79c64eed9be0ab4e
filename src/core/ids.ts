import type { Brand } from './brand.js';

export type TenantId = Brand<string, 'TenantId'>;
export type ConnectionId = Brand<string, 'ConnectionId'>;
export type ApplicationId = Brand<string, 'ApplicationId'>;
export type UserId = Brand<string, 'UserId'>;
export type GroupId = Brand<string, 'GroupId'>;
export type RoleId = Brand<string, 'RoleId'>;
export type AuditEventId = Brand<string, 'AuditEventId'>;

/** Makes ids and secrets; injected so that tests can know them. */
export interface Ids {
  /** A UUIDv7 (RFC 9562 section 5.7), lower case: sorted by time of creation. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- a new id is whatever the caller makes it for
  uuid<T extends string = string>(): T;
  /** `bytes` random bytes, base64url without padding. */
  secret(bytes?: number): string;
  /** A reference that a person can read out loud: `cw-XXXX-XXXX`, Crockford's alphabet, 40 random bits. */
  reference(): string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the text is a UUID in the form that Causeway writes (lower case, hyphens). */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The counter has 12 bits; when they are used up, the next millisecond begins early. */
const COUNTER_END = 0x1000;

/** Ids over a source of random bytes and a clock in milliseconds since the epoch. */
export function createIds(randomBytes: (size: number) => Uint8Array, nowMs: () => number): Ids {
  let lastMs = 0;
  let counter = 0;
  return {
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as declared
    uuid<T extends string>(): T {
      const bytes = randomBytes(16);
      // Ids of one millisecond count up from a random start (RFC 9562 section 6.2, method 1): order is order of making.
      const now = nowMs();
      counter = now > lastMs ? (((bytes[6] ?? 0) & 0x07) << 8) | (bytes[7] ?? 0) : counter + 1;
      lastMs = Math.max(lastMs, now) + Math.floor(counter / COUNTER_END);
      counter %= COUNTER_END;
      let time = lastMs;
      for (let i = 5; i >= 0; i -= 1) {
        bytes[i] = time % 256;
        time = Math.floor(time / 256);
      }
      bytes[6] = 0x70 | (counter >> 8);
      bytes[7] = counter & 0xff;
      bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
      const hex = Buffer.from(bytes).toString('hex');
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- brands exist only here
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as T;
    },
    secret: (bytes = 32) => Buffer.from(randomBytes(bytes)).toString('base64url'),
    reference() {
      const letters = [...randomBytes(8)].map((byte) => CROCKFORD[byte % 32]).join('');
      return `cw-${letters.slice(0, 4)}-${letters.slice(4)}`;
    },
  };
}
