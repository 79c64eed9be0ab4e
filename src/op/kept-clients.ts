import type { Client, Provider } from 'oidc-provider';

/**
 * Makes each application a client once. The library asks its adapter at every look-up, and knows the client again by a
 * hash of all its metadata; a provider serves one version of its tenant's applications, so their ids tell as much.
 */
export function keepClients(provider: Provider): void {
  const find = provider.Client.find.bind(provider.Client);
  const clients = new Map<string, Client>();
  Object.defineProperty(provider.Client, 'find', {
    value: async (id: string): Promise<Client | undefined> => {
      const client = clients.get(id) ?? (await find(id));
      // Those that don't exist could be asked for without end.
      if (client !== undefined) clients.set(id, client);
      return client;
    },
  });
}
