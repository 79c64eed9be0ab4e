import type { Fault } from './fault.js';
import type { DesiredTenant } from './desired.js';
import { Paths } from './paths.js';
import type { KnownSecrets } from './rules.js';

/**
 * What is wrong in the client secrets that a file names. One that `causeway secrets rotate` has replaced is refused, so
 * that no file undoes a rotation that it doesn't know of, nor stays silent until the secret's end.
 */
export function secretFaults(desired: DesiredTenant, secrets: KnownSecrets): readonly Fault[] {
  const paths = new Paths(desired);
  return (desired.applications ?? []).flatMap((application, index) => {
    const { clientId, clientSecret, secondarySecret } = application;
    const path = paths.entry('applications', index);
    const replaced = (['clientSecret', 'secondarySecret'] as const).flatMap((member): Fault[] => {
      const value = application[member];
      const end = typeof value === 'string' ? secrets.endOf(clientId, value) : undefined;
      if (end === undefined) return [];
      const message =
        `was replaced by 'causeway secrets rotate' and ends at ${end.toISOString()}: ` +
        `give the secret that took its place, or leave ${member} out`;
      return [{ path: `${path}.${member}`, message }];
    });
    const isTwice = typeof clientSecret === 'string' && clientSecret === secondarySecret;
    return isTwice
      ? [...replaced, { path: `${path}.secondarySecret`, message: 'must differ from clientSecret' }]
      : replaced;
  });
}
