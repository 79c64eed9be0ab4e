import { expect } from '@jest/globals';
import type { DesiredTenant } from '../../../src/domain/configuration/desired.js';
import { ADA, APP_SECRET, startAcme, type Acme } from '../../support/acme.js';
import { post, signIn, type TestApplication, type TokenAnswer } from '../../support/application.js';
import { Ledger } from '../../support/ledger.js';
import { HttpBrowser } from '../../support/okta-sign-in.js';

export const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const TYPE = 'urn:ietf:params:oauth:token-type';
export const ACCESS = `${TYPE}:access_token`;
export const ID = `${TYPE}:id_token`;

export const ORDERS = 'https://orders.acme.example';
export const BILLING = 'https://billing.acme.example';
export const LEDGER = 'https://ledger.acme.example';
export const PLAIN = 'warehouse';

export const redirectUri = 'https://app.example/cb';
const exchanges = ['client_credentials', 'token_exchange'] as const;
const service = (clientId: string, apis: readonly string[]) =>
  ({ clientId, type: 'service', clientSecret: APP_SECRET, grantTypes: [...exchanges], apis }) as const;

/** APIs that call each other, and who may exchange tokens for them. */
export const EXCHANGES = {
  apis: [
    { identifier: ORDERS, scopes: [{ name: 'read', default: true }, { name: 'write' }] },
    {
      identifier: BILLING,
      scopes: [{ name: 'invoices', default: true }, { name: 'refunds' }],
      accessTokenSeconds: 60,
    },
    { identifier: LEDGER, scopes: [{ name: 'post' }], tokenFormat: 'opaque' },
    { identifier: PLAIN, scopes: [{ name: 'pick' }] },
  ],
  accessPolicies: [
    {
      api: ORDERS,
      clients: 'all',
      grants: ['authorization_code', 'refresh_token', 'client_credentials'],
      scopes: ['read', 'write'],
    },
    { api: LEDGER, clients: 'all', grants: ['authorization_code', 'client_credentials'], scopes: ['post'] },
    // `orders` is the back end of ORDERS and calls BILLING; `billing` is that of BILLING and calls the two others.
    { api: ORDERS, clients: ['orders'], grants: ['token_exchange'], scopes: ['read', 'write'] },
    { api: BILLING, clients: ['orders', 'billing'], grants: ['token_exchange'], scopes: ['invoices'] },
    { api: LEDGER, clients: 'all', grants: ['token_exchange'], scopes: ['post'] },
    { api: PLAIN, clients: 'all', grants: ['token_exchange'], scopes: ['pick'] },
  ],
  applications: [
    {
      clientId: 'web',
      type: 'web',
      clientSecret: APP_SECRET,
      redirectUris: [redirectUri],
      apis: [ORDERS, LEDGER, PLAIN],
      grantTypes: ['authorization_code', 'refresh_token', 'token_exchange'],
    },
    { clientId: 'other', type: 'web', clientSecret: APP_SECRET, redirectUris: [redirectUri], apis: [ORDERS] },
    service('orders', [ORDERS, BILLING, LEDGER, PLAIN]),
    service('billing', [ORDERS, BILLING, LEDGER]),
    service('stranger', [ORDERS, BILLING, LEDGER]),
    { ...service('partner', [LEDGER]), consent: true },
    { ...service('closed', [LEDGER]), assignment: { roles: ['viewer'] } },
    { clientId: 'machine', type: 'service', clientSecret: APP_SECRET, apis: [ORDERS] },
  ],
} as const satisfies Partial<DesiredTenant>;

export type Form = Readonly<Record<string, string>>;
type Body = TokenAnswer['body'];

export const AT_ORDERS = { resource: ORDERS, scope: 'openid offline_access read' };

/** Acme with APIs that call each other. */
export class ExchangeStage {
  static async set(): Promise<ExchangeStage> {
    const acme = await startAcme();
    await acme.causeway.apply([{ slug: 'acme', ...EXCHANGES }]);
    return new ExchangeStage(acme, await Ledger.open(acme.causeway.databaseUrl));
  }

  readonly #browser = new HttpBrowser();

  private constructor(
    readonly acme: Acme,
    readonly ledger: Ledger,
  ) {}

  async stop(): Promise<void> {
    await this.ledger.close();
    await this.acme.stop();
  }

  app(clientId: string): TestApplication {
    return { issuer: this.acme.app.issuer, clientId, clientSecret: APP_SECRET, redirectUri };
  }

  /** Ada's tokens at an application. */
  async tokensAt(clientId: string, params: Form = AT_ORDERS, from = this.#browser): Promise<Body> {
    return (await signIn(from, this.app(clientId), ADA, params)).body;
  }

  async machineToken(clientId: string, more: Form = { resource: ORDERS }): Promise<string> {
    const form = { grant_type: 'client_credentials', ...more };
    const { body } = await post(this.app(clientId), 'token', form);
    return String(body['access_token']);
  }

  exchange(clientId: string, subject: unknown, form: Form = {}, headers: Form = {}): Promise<TokenAnswer> {
    const subjectForm = { subject_token: String(subject), subject_token_type: ACCESS };
    return post(this.app(clientId), 'token', { grant_type: GRANT, ...subjectForm, ...form }, headers);
  }

  /** What an exchange that goes well answers. */
  async exchanged(...call: Parameters<ExchangeStage['exchange']>): Promise<Body> {
    const { status, body } = await this.exchange(...call);
    expect([status, body]).toEqual([200, expect.objectContaining({ issued_token_type: ACCESS })]);
    return body;
  }

  /** What an exchange that is refused says. */
  async refused(...call: Parameters<ExchangeStage['exchange']>): Promise<unknown> {
    const { status, body } = await this.exchange(...call);
    expect([status, typeof body['error'], body['access_token']]).toEqual([400, 'string', undefined]);
    return body['error'];
  }

  async isActive(clientId: string, token: unknown): Promise<unknown> {
    return (await post(this.app(clientId), 'introspect', { token: String(token) })).body['active'];
  }

  /** What introspection tells an application of a token. */
  async told(clientId: string, token: unknown): Promise<Body> {
    return (await post(this.app(clientId), 'introspect', { token: String(token) })).body;
  }
}
