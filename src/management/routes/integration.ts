import { Type } from 'typebox';
import { DomainError } from '../../core/errors.js';
import { integrationOf } from '../../domain/application/integration.js';
import { named, operation, type Operation } from '../api/operation.js';

const closed = { additionalProperties: false } as const;
const Texts = Type.Record(Type.String(), Type.String());

const IntegrationResource = Type.Object(
  {
    issuer: Type.String(),
    clientId: Type.String(),
    endpoints: Texts,
    environment: Texts,
    snippets: Type.Array(
      Type.Object({ file: Type.String(), title: Type.String(), text: Type.String() }, closed),
    ),
    page: Type.String({ description: 'the same for people who are signed in to the console' }),
  },
  closed,
);

/** What whoever builds an application needs (B17): issuer, addresses, programs for its kind. */
export function integrationOperations(deps: {
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly readSnippet: (file: string) => Promise<string>;
}): readonly Operation[] {
  return [
    operation({
      id: 'getApplicationIntegration',
      method: 'GET',
      path: '/tenants/{tenant}/applications/{clientId}/integration',
      summary: 'What to build an application with: issuer, endpoints, and programs for common libraries',
      permission: 'applications.read',
      answer: named('ApplicationIntegration', IntegrationResource),
      async handle({ tenant }, { path }) {
        const clientId = String(path['clientId']);
        const application = tenant.configuration.applications.find((one) => one.clientId === clientId);
        if (application === undefined)
          throw new DomainError('not_found', `There is no application '${clientId}'.`);
        const { issuer, configuration } = tenant;
        const { snippets, ...facts } = integrationOf(application, { issuer, apis: configuration.apis });
        const texts = await Promise.all(
          snippets.map(async ({ file, title }) => ({ file, title, text: await deps.readSnippet(file) })),
        );
        const page = `${deps.publicUrl}/console/t/${tenant.slug}/applications/${encodeURIComponent(clientId)}`;
        return { body: { ...facts, snippets: texts, page } };
      },
    }),
  ];
}
