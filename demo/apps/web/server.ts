import type { Look } from '../shared/look.js';
import { serve, type RunningApp } from '../shared/serve.js';
import { WebApp } from './app.js';
import { LogoutTokens } from './logout-tokens.js';
import { Sessions } from './sessions.js';
import { SignIn } from './sign-in.js';

export interface WebAppOptions {
  readonly look: Look;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Port of loopback; its redirect URI, `http://localhost:{port}/callback`, is registered with the issuer. */
  readonly port: number;
  readonly onError?: (error: unknown) => void;
}

/** Starts the server-side sample application. @throws Error when the port is taken */
export function startWebApp(options: WebAppOptions): Promise<RunningApp> {
  const { look, issuer, clientId, clientSecret, onError = () => undefined } = options;
  return serve(options.port, (url) => {
    const signIn = new SignIn(
      {
        issuer,
        clientId,
        clientSecret,
        redirectUri: `${url}/callback`,
        postLogoutRedirectUri: `${url}/signed-out`,
        scope: 'openid profile email offline_access',
      },
      Date.now,
    );
    // Browsers keep cookies by host, whatever the port: two applications on localhost need two names.
    const cookieName = `session_${new URL(url).port}`;
    return new WebApp({
      look,
      url,
      issuer,
      signIn,
      logoutTokens: new LogoutTokens(() => signIn.logoutTrust(), Date.now),
      sessions: new Sessions(Date.now),
      cookieName,
      onError,
    }).routes();
  });
}
