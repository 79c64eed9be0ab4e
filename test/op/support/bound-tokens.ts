import type { DesiredTenant } from '../../../src/domain/configuration/desired.js';
import { ADA, APP_SECRET, startAcme, type Acme } from '../../support/acme.js';
import {
  authorizationRequest,
  post,
  walk,
  type TestApplication,
  type TokenAnswer,
} from '../../support/application.js';
import type { TestNode } from '../../support/node.js';
import { HttpBrowser } from '../../support/okta-sign-in.js';
import { proof, testKey, type ProofOptions, type TestKey } from './keys.js';
import { warm } from './warm.js';

export const API = 'https://api.acme.example';
export const REDIRECT = 'https://app.example/cb';

export type Form = Readonly<Record<string, string>>;

/** Applications that bind their tokens, may or must, on two nodes. */
export class BoundTokens {
  private constructor(
    readonly acme: Acme,
    readonly sibling: TestNode,
    readonly key: TestKey,
    readonly other: TestKey,
  ) {}

  static async start(): Promise<BoundTokens> {
    const acme = await startAcme();
    await warm(acme);
    await acme.causeway.apply([tenantOf(acme.app.issuer)]);
    return new BoundTokens(acme, await acme.causeway.sibling(), await testKey(), await testKey());
  }

  endpoint(name: string): string {
    return `${this.acme.app.issuer}/oauth2/v1/${name}`;
  }

  the(clientId: string): TestApplication {
    return {
      issuer: this.acme.app.issuer,
      clientId,
      redirectUri: REDIRECT,
      ...(clientId === 'spa' ? {} : { clientSecret: APP_SECRET }),
    };
  }

  /** A token request with a proof of its own. */
  async ask(
    clientId: string,
    form: Form,
    by: TestKey | undefined,
    options?: ProofOptions,
  ): Promise<TokenAnswer> {
    const headers =
      by === undefined ? {} : { dpop: await proof(by, 'POST', this.endpoint('token'), options) };
    return post(this.the(clientId), 'token', form, headers);
  }

  /** Signs Ada in, up to the code. */
  async codeFor(clientId: string, params: Form = {}): Promise<Form> {
    const request = authorizationRequest(this.the(clientId), params);
    const { end, page } = await walk(new HttpBrowser(), this.the(clientId), request.url, ADA);
    if (end?.searchParams.has('code') !== true)
      throw new Error(`no code: ${end?.href ?? ''} ${page.status} ${page.text.slice(-600)}`);
    return codeForm(end, request.verifier);
  }

  async tokensFor(clientId: string, params: Form = {}): Promise<TokenAnswer['body']> {
    const { status, body } = await this.ask(clientId, await this.codeFor(clientId, params), this.key);
    if (status !== 200) throw new Error(`no tokens: ${JSON.stringify(body)}`);
    return body;
  }

  refresh(clientId: string, token: unknown, by: TestKey | undefined): Promise<TokenAnswer> {
    return this.ask(clientId, refreshForm(token), by);
  }
}

export const refreshForm = (token: unknown): Form => ({
  grant_type: 'refresh_token',
  refresh_token: String(token),
});

export const codeForm = (end: URL | undefined, verifier: string): Form => ({
  grant_type: 'authorization_code',
  code: end?.searchParams.get('code') ?? '',
  redirect_uri: REDIRECT,
  code_verifier: verifier,
});

export const told = ({ status, body }: TokenAnswer): readonly unknown[] => [status, body['error']];

function tenantOf(issuer: string): Omit<DesiredTenant, 'path'> {
  const scim = `${issuer}/scim/v2`;
  const redirectUris = [REDIRECT];
  const web = { type: 'web', clientSecret: APP_SECRET, redirectUris } as const;
  const service = { type: 'service', clientSecret: APP_SECRET, apis: [API, scim] } as const;
  const grants = ['authorization_code', 'refresh_token', 'client_credentials'];
  return {
    slug: 'acme',
    apis: [
      { identifier: API, scopes: [{ name: 'read', default: true }] },
      { identifier: scim, scopes: [{ name: 'scim', default: true }] },
    ],
    accessPolicies: [
      { api: API, clients: 'all', grants, scopes: ['read'] },
      { api: scim, clients: 'all', grants: ['client_credentials'], scopes: ['scim'] },
    ],
    applications: [
      { ...web, clientId: 'app', apis: [API] },
      { ...web, clientId: 'bound', dpop: 'required' },
      { clientId: 'spa', type: 'spa', redirectUris, allowedOrigins: ['https://app.example'] },
      { ...service, clientId: 'bot' },
      { ...service, clientId: 'bound-bot', dpop: 'required' },
    ],
  };
}
