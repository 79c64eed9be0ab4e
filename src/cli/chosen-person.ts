import { plainText } from '../core/text.js';
import type { Application } from '../domain/application/application.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import type { NamedPerson, SessionListStore } from '../domain/session/session-list.js';
import { CliError, EXIT } from './exit-codes.js';

/**
 * The one whom an id or a userName means.
 * @param connection key of the connection they are of, where that is said
 * @throws CliError when it means nobody, or several people
 */
export async function personOf(
  store: Pick<SessionListStore, 'findPeople'>,
  { configuration }: ConfiguredTenant,
  idOrUserName: string,
  connection?: string,
): Promise<NamedPerson> {
  return onePerson(await store.findPeople(configuration.tenant.id, idOrUserName), idOrUserName, connection);
}

/** The only one of those whom a word may mean. @throws CliError when there is nobody, or several */
export function onePerson<P extends { readonly id: string; readonly connection: string | null }>(
  found: readonly P[],
  idOrUserName: string,
  connection: string | undefined,
): P {
  const people = found.filter((each) => connection === undefined || each.connection === connection);
  const [person, ...others] = people;
  const shown = plainText(idOrUserName, 100);
  if (person === undefined) throw new CliError(EXIT.usage, [`'${shown}' is no user of the tenant`]);
  if (others.length === 0) return person;
  throw new CliError(EXIT.usage, [
    `'${shown}' are several people; give the id of one:`,
    ...people.map((each) => `  ${each.id}  connection ${plainText(each.connection ?? '-', 100)}`),
  ]);
}

/** @throws CliError when the tenant has no such application */
export function applicationOf({ configuration }: ConfiguredTenant, clientId: string): Application {
  const application = configuration.applications.find((each) => each.clientId === clientId);
  if (application !== undefined) return application;
  throw new CliError(EXIT.usage, [`'${plainText(clientId, 60)}' is no application of the tenant`]);
}
