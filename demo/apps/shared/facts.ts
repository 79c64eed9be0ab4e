import { html, type Html } from './html.js';

/** Something that a token or an answer says. */
export type Fact = readonly [name: string, value: unknown];

/** Claims that hold a time, in seconds since the epoch. */
const TIMES = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at']);

/** The texts of a claim that should be a list of them; an absent claim is an empty list. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((member) => typeof member === 'string') : [];
}

/** A claim's text; undefined when it is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Facts as a list: times readable, lists as pills. */
export function factList(facts: readonly Fact[]): Html {
  return html`<dl class="facts">
    ${facts.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${factValue(name, value)}</dd>`,
    )}
  </dl>`;
}

function factValue(name: string, value: unknown): Html {
  if (TIMES.has(name) && typeof value === 'number') return time(new Date(value * 1000));
  if (Array.isArray(value)) return pills(value.map(String), 'none');
  return html`${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

/** Texts as pills; `none` is what an empty list says. */
export function pills(texts: readonly string[], none: string): Html {
  return texts.length === 0
    ? html`<span class="pill none">${none}</span>`
    : html`${texts.map((text) => html`<span class="pill">${text}</span> `)}`;
}

/** A moment, to the second. */
export function time(moment: Date): Html {
  const text = moment.toISOString();
  return html`<time datetime="${text}">${text.slice(0, 19).replace('T', ' ')} UTC</time>`;
}
