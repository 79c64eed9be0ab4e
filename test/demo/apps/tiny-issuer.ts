import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose';
import {
  Provider,
  type Adapter,
  type AdapterPayload,
  type ClientMetadata,
  type Configuration,
} from 'oidc-provider';

/** What one provider keeps; nothing expires within a test. */
function memoryAdapter(): (kind: string) => Adapter {
  const kept = new Map<string, AdapterPayload>();
  const find = (test: (payload: AdapterPayload) => boolean) =>
    Promise.resolve([...kept.values()].find((payload) => test(payload)));
  return (kind) => ({
    upsert: async (id, payload) => void kept.set(`${kind}:${id}`, payload),
    find: (id) => Promise.resolve(kept.get(`${kind}:${id}`)),
    findByUid: (uid) => find((payload) => payload.uid === uid && payload.kind === kind),
    findByUserCode: () => Promise.resolve(undefined),
    consume: async (id) => void Object.assign(kept.get(`${kind}:${id}`) ?? {}, { consumed: 1 }),
    destroy: async (id) => void kept.delete(`${kind}:${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key);
    },
  });
}

/** An OpenID Provider that signs in whoever the test names, without asking. */
export interface TinyIssuer {
  readonly issuer: string;
  /** Who signs in next: claims beside `sub`. */
  person: Record<string, unknown> & { sub: string };
  /** Answer of the next sign-in instead of a code. */
  denial: { error: string; error_description?: string } | undefined;
  /** Requests in order: method and path with query. */
  readonly requests: string[];
  /** Signs whatever a test wants, by the key that is published. */
  sign(header: Partial<JWTHeaderParameters>, claims: JWTPayload): Promise<string>;
  /** Ends everything that the person was given. */
  endAccess(): Promise<void>;
  stop(): Promise<void>;
}

const CLAIMS = { openid: ['sub', 'roles'], profile: ['name'], email: ['email'], offline_access: [] };

/** One for all: making an RSA key takes long. */
const signingKey = generateKeyPair('RS256', { extractable: true }).then(async ({ privateKey }) => ({
  ...(await exportJWK(privateKey)),
  kid: 'k1',
  alg: 'RS256',
  use: 'sig',
}));

async function configuration(clients: ClientMetadata[], tiny: () => TinyIssuer): Promise<Configuration> {
  return {
    clients,
    adapter: memoryAdapter(),
    jwks: { keys: [await signingKey] },
    cookies: { keys: ['not-a-secret-in-a-test'] },
    claims: CLAIMS,
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    conformIdTokenClaims: false,
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => void (ctx.body = form) },
    },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    ttl: { AccessToken: 300, IdToken: 300, Interaction: 600, Session: 3600, Grant: 3600, RefreshToken: 3600 },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => tiny().person }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client?.clientId ?? '',
        accountId: ctx.oidc.session?.accountId ?? '',
      });
      grant.addOIDCScope('openid profile email offline_access');
      await grant.save();
      return grant;
    },
  };
}

/** Starts one that knows these clients. */
export async function startTinyIssuer(clients: ClientMetadata[]): Promise<TinyIssuer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const issuer = `http://localhost:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  const grants = new Set<string>();
  const tiny: TinyIssuer = {
    issuer,
    person: { sub: 'ada', name: 'Ada Byron', email: 'ada.byron@acme.example', roles: ['admin'] },
    denial: undefined,
    requests: [],
    sign: async (header, claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header })
        .sign(await importJWK(await signingKey)),
    endAccess: async () => {
      for (const grantId of grants) await provider.RefreshToken.revokeByGrantId(grantId);
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const provider = new Provider(issuer, await configuration(clients, () => tiny));
  provider.on('grant.success', (ctx) => {
    const { grantId } = ctx.oidc.entities.RefreshToken ?? ctx.oidc.entities.AccessToken ?? {};
    if (grantId !== undefined) grants.add(grantId);
  });
  const handle = provider.callback();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    tiny.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (request.url?.startsWith('/interaction/') !== true) {
      await handle(request, response);
      return;
    }
    const result = tiny.denial ?? { login: { accountId: tiny.person.sub } };
    tiny.denial = undefined;
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };
  server.on('request', (request, response) => void answer(request, response));
  return tiny;
}
