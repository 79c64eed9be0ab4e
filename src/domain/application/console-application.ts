import type { ApplicationId } from '../../core/ids.js';
import { newApplicationSettings } from '../configuration/defaults.js';
import type { Application } from './application.js';
import { CONSOLE_CLIENT_ID } from './console-client-id.js';

/** Of no row: the console is in no table, and nothing refers to it. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one id that no store has made
const ID = '00000000-0000-7000-8000-000000000000' as ApplicationId;

/** Where the issuer sends browsers back to the console. */
export const consoleCallback = (publicUrl: string): string => `${publicUrl}/console/callback`;

/**
 * The console as each tenant's issuer knows it: a confidential client without any secret, so nobody redeems its codes at
 * the token endpoint; the console itself does so within the process. Who may use it is decided there, by console roles.
 * @param publicUrl without a slash at the end
 */
export function consoleApplication(publicUrl: string, slug: string): Application {
  return {
    id: ID,
    clientId: CONSOLE_CLIENT_ID,
    name: 'Causeway',
    type: 'web',
    source: 'operator',
    settings: {
      ...newApplicationSettings('web', ['authorization_code']),
      redirectUris: [consoleCallback(publicUrl)],
      initiateLoginUri: `${publicUrl}/console/sign-in?tenant=${slug}`,
      claims: { roles: false, groups: false },
    },
  };
}
