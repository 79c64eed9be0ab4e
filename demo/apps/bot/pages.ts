import { decodeJwt, decodeProtectedHeader } from 'jose';
import { factList, time } from '../shared/facts.js';
import { html, type Html } from '../shared/html.js';
import type { Look } from '../shared/look.js';
import { page } from '../shared/page.js';
import type { BotOptions, Run } from './bot.js';

/** What the bot can say of itself: what it did last, or why that failed. */
export interface Standing {
  readonly last: Run | undefined;
  readonly fault: string | undefined;
}

/** What the bot did last, step by step, and what its token and the issuer say. */
export function botPage(look: Look, api: BotOptions['api'], { last, fault }: Standing): string {
  return page({
    look,
    title: 'What it did last',
    corner: html`<form method="post" action="/ask"><button class="button primary">Ask again</button></form>`,
    body: html`${
      fault !== undefined &&
      html`<p class="notice bad" role="alert">It didn't work: ${fault}. The button tries again.</p>`
    }
    ${last === undefined ? nothingYet() : stepsOf(last, api)}
    ${
      last !== undefined &&
      html`<section class="card wide" aria-labelledby="claims">
          <h2 id="claims">Claims of the access token</h2>
          ${factList(tokenFacts(last.accessToken))}
        </section>
        <section class="card wide" aria-labelledby="introspection">
          <h2 id="introspection">What the issuer says of it (introspection)</h2>
          ${factList(Object.entries(last.introspection))}
        </section>`
    }`,
  });
}

function nothingYet(): Html {
  return html`<section class="card narrow">
    <h1>It has done nothing yet</h1>
    <p>A program without people: it signs in by a key of its own, and files a report.</p>
  </section>`;
}

function stepsOf({ at, clientId, isNew, scope, tokenEndsAt, answer }: Run, api: BotOptions['api']): Html {
  const registration = isNew
    ? 'made a key, and registered itself with the public half'
    : 'used the registration and the key that it kept';
  return html`<section class="card wide" aria-labelledby="did">
    <h1 id="did">What it did last</h1>
    <p>A program without people: it proves itself by a key that it made and that never leaves it.</p>
    ${factList([
      ['when', at.toISOString()],
      ['registration', registration],
      ['client', clientId],
      ['asked for a token for', api.identifier],
      ['was given', scope],
      ['the API said', `${answer.status} ${answer.text}`],
    ])}
    <p class="soft">
      The token is good until ${time(new Date(tokenEndsAt))}. Each press of the button gets another.
    </p>
  </section>`;
}

/** It is meant for the API, not for the bot, which passes it on unread; a demo may look. */
function tokenFacts(token: string): readonly (readonly [string, unknown])[] {
  const { alg, kid, typ } = decodeProtectedHeader(token);
  const form = `JWT (${typ ?? 'no typ'}), signed with ${alg ?? '?'} by key ${kid ?? '?'}`;
  return [['form', form], ...Object.entries(decodeJwt(token))];
}
